package org.lethe.tables;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lethe.LetheException;

/**
 * A table in NumPy's own format, versions 1 to 3 (NEP 1): floats of 2, 4 or 8 bytes, little-endian, row by row. Anything
 * else is refused, objects first of all: they are a pickle, which can carry code.
 *
 * @param rows how many
 * @param width numbers in a row
 * @param numbers {@code [rows, width]}, rounded where the file has 8 bytes
 */
record Npy(int rows, int width, float[] numbers) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int LONGEST = 1 << 16; // bytes of a header
    private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*('[^']*'|\\[)");
    private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9,\\sL]*)\\)");

    static Npy read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer start = next(channel, 8, file);
            if (start.get(0) == (byte) 0x80) {
                throw wrong(
                        file, "this is a pickle, which can carry code and is not read; expected numpy.save's format");
            }
            for (int n = 0; n < MAGIC.length; n++) {
                if (start.get(n) != MAGIC[n]) {
                    throw wrong(file, "does not begin with NumPy's mark; expected a file that numpy.save wrote");
                }
            }
            int version = start.get(6);
            if (version < 1 || version > 3) {
                throw wrong(file, "is of version " + version + ", expected 1, 2 or 3");
            }
            long length = version == 1
                    ? Short.toUnsignedLong(next(channel, 2, file).getShort(0))
                    : Integer.toUnsignedLong(next(channel, 4, file).getInt(0));
            if (length > LONGEST) {
                throw wrong(file, "its header tells of " + length + " bytes of header, expected at most " + LONGEST);
            }
            String header = StandardCharsets.UTF_8
                    .decode(next(channel, (int) length, file))
                    .toString();
            return numbers(channel, header, file);
        } catch (EOFException e) {
            throw new LetheException(LetheException.Code.DATA, file + ": ends within its header", e);
        }
    }

    /** Writes floats of 4 bytes, version 1, as numpy.save does. */
    void write(Path file) throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(rows, width);
        int length = (MAGIC.length + 4 + header.length() + 1 + 63) / 64 * 64; // the numbers begin at a multiple of 64
        ByteBuffer start = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (length - MAGIC.length - 4));
        start.put(header.getBytes(StandardCharsets.US_ASCII));
        while (start.position() < length - 1) {
            start.put((byte) ' ');
        }
        start.put((byte) '\n').flip();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            all(channel, start);
            int step = 1 << 17;
            ByteBuffer block = ByteBuffer.allocate(4 * step).order(ByteOrder.LITTLE_ENDIAN);
            for (int from = 0; from < numbers.length; from += step) {
                int count = Math.min(step, numbers.length - from);
                block.clear().limit(4 * count);
                block.asFloatBuffer().put(numbers, from, count);
                all(channel, block);
            }
        }
    }

    private static void all(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static Npy numbers(FileChannel channel, String header, Path file) throws IOException {
        String descr = found(DESCR, header, "descr", file);
        int bytes = switch (descr) {
            case "'<f2'" -> 2;
            case "'<f4'" -> 4;
            case "'<f8'" -> 8;
            default ->
                throw wrong(
                        file,
                        descr.contains("O") || descr.equals("[")
                                ? "holds objects or records (" + descr
                                        + "), which can carry code and are not read; expected '<f4' or '<f8'"
                                : "holds numbers of type " + descr + ", expected '<f4' or '<f8'"
                                        + " (little-endian floats)");
        };
        if (found(ORDER, header, "fortran_order", file).equals("True")) {
            throw wrong(file, "is stored column by column (fortran_order), expected rows: numpy.ascontiguousarray");
        }
        String[] shape = found(SHAPE, header, "shape", file).strip().split("\\s*,\\s*");
        if (shape.length != 2) {
            throw wrong(file, "has " + shape.length + " dimensions, expected 2: users and numbers");
        }
        long rows = size(shape[0], file);
        long width = size(shape[1], file);
        if (rows < 1 || width < 1 || rows > EmbeddingTable.MOST / width) {
            throw wrong(
                    file,
                    "has shape " + rows + " x " + width + ", expected at least 1 x 1 and at most " + EmbeddingTable.MOST
                            + " numbers");
        }
        long rest = channel.size() - channel.position();
        if (rest != rows * width * bytes) {
            throw wrong(
                    file,
                    "header says " + rows + " x " + width + " numbers of " + bytes + " bytes, after it come " + rest
                            + " bytes");
        }
        float[] numbers = new float[(int) (rows * width)];
        int step = 1 << 17;
        for (int from = 0; from < numbers.length; from += step) {
            int count = Math.min(step, numbers.length - from);
            ByteBuffer block = next(channel, count * bytes, file);
            switch (bytes) {
                case 2 -> {
                    for (int n = 0; n < count; n++) {
                        numbers[from + n] = Float.float16ToFloat(block.getShort(2 * n));
                    }
                }
                case 4 -> block.asFloatBuffer().get(numbers, from, count);
                default -> {
                    for (int n = 0; n < count; n++) {
                        numbers[from + n] = (float) block.getDouble(8 * n);
                    }
                }
            }
        }
        return new Npy((int) rows, (int) width, numbers);
    }

    private static String found(Pattern pattern, String header, String key, Path file) {
        Matcher matcher = pattern.matcher(header);
        if (!matcher.find()) {
            throw wrong(file, "its header has no " + key + " as numpy.save writes it");
        }
        return matcher.group(1);
    }

    private static long size(String text, Path file) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": its shape has \"" + text + "\", expected a whole number", e);
        }
    }

    private static ByteBuffer next(FileChannel channel, int bytes, Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException(file + " ends early");
            }
        }
        return buffer.flip();
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
