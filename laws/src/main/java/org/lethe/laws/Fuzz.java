package org.lethe.laws;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.lethe.LetheException;

/**
 * Readers against changed files: whatever a file holds, a reader takes it or refuses it with a {@code LetheException}, within a
 * second. The system property {@code lethe.fuzz} multiplies the number of files, for the night.
 *
 * @param name of the reader, for messages
 * @param file which the reader reads
 * @param seeds files as they should be
 * @param reader that is tried
 */
public record Fuzz(String name, Path file, List<byte[]> seeds, Reader reader) {
    private static final long SECOND = 1_000_000_000L;
    private static final int MOST_CHANGES = 6;
    private static final int MOST_BYTES = 1 << 16;
    private static final String LIKELY = "\0\t\n\r \"'#&*,-.:;/<>[]{}|019eEn\u007f\u0080\u00c3\u00ed\u00ef\u00ff";
    private static final List<String> WORDS = List.of(
            "\r\n",
            "\"\"",
            "::",
            "NaN",
            "-1",
            "1e999",
            "2147483647",
            "2147483648",
            "9223372036854775807",
            "99999999999999999999",
            "-0",
            "0x10",
            "null",
            "true",
            "\u00ef\u00bb\u00bf",
            "\u00ed\u00a0\u0080",
            "../",
            "{}",
            "[]");
    private static final long[] SIZES = {
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        65_535,
        65_536,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        100_000_000
    };

    /** Something that reads a file. */
    @FunctionalInterface
    public interface Reader {
        /** Reads all of it. */
        void read(Path file) throws IOException;
    }

    /**
     * What came of it.
     *
     * @param files how many were tried
     * @param refused how many of them the reader refused
     * @param slowest seconds that one took at most
     * @param seconds that all took
     */
    public record Outcome(String name, int files, int refused, double slowest, double seconds) {
        @Override
        public String toString() {
            return "%-28s %,9d files, %,9d refused, slowest %.3f s, all %.1f s"
                    .formatted(name, files, refused, slowest, seconds);
        }
    }

    /** Tries a number of changed files, and each seed as it is, which must not be refused. */
    public Outcome run(int usual) throws IOException {
        for (byte[] seed : seeds) {
            write(seed);
            reader.read(file);
        }
        long began = System.nanoTime();
        int count = usual * Integer.getInteger("lethe.fuzz", 1);
        int refused = 0;
        long slowest = 0;
        for (int n = 0; n < count; n++) {
            byte[] changed = changed(new SplittableRandom(n));
            write(changed);
            long took = 0;
            boolean taken = false;
            for (int attempt = 0;
                    attempt < 3 && (attempt == 0 || took > SECOND);
                    attempt++) { // the machine may be busy
                long from = System.nanoTime();
                taken = read(n, changed);
                took = attempt == 0 ? System.nanoTime() - from : Math.min(took, System.nanoTime() - from);
            }
            refused += taken ? 0 : 1;
            slowest = Math.max(slowest, took);
            assertTrue(took <= SECOND, where(n, changed) + " takes " + took / 1e9 + " s");
        }
        Outcome outcome = new Outcome(name, count, refused, slowest / 1e9, (System.nanoTime() - began) / 1e9);
        if (count > usual) {
            System.out.println(outcome); // for who looks at a long run
        }
        return outcome;
    }

    /** Without emptying the file first, after which some file systems wait for the disk: a hundred times as long. */
    private void write(byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.truncate(bytes.length);
        }
    }

    /** Whether the reader took the file; an error for any exception but the one for users. */
    private boolean read(int number, byte[] bytes) {
        try {
            reader.read(file);
            return true;
        } catch (LetheException refused) {
            return false;
        } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError(where(number, bytes) + " ends in " + e, e);
        }
    }

    private String where(int number, byte[] bytes) {
        byte[] start = Arrays.copyOf(bytes, Math.min(bytes.length, 400));
        return "%s: file %d, of %d bytes, which begin %s (%s)"
                .formatted(
                        name,
                        number,
                        bytes.length,
                        HexFormat.of().formatHex(start),
                        new String(start, StandardCharsets.ISO_8859_1));
    }

    private byte[] changed(SplittableRandom random) {
        byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int changes = 1 + random.nextInt(MOST_CHANGES); changes > 0; changes--) {
            bytes = change(bytes, random);
        }
        return bytes;
    }

    private byte[] change(byte[] bytes, SplittableRandom random) {
        if (bytes.length == 0) {
            return word(random);
        }
        int at = random.nextInt(bytes.length);
        int length = Math.min(bytes.length - at, 1 + random.nextInt(1 << random.nextInt(8)));
        return switch (random.nextInt(12)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                yield bytes;
            }
            case 1 -> {
                bytes[at] = (byte) LIKELY.charAt(random.nextInt(LIKELY.length()));
                yield bytes;
            }
            case 2 -> Arrays.copyOf(bytes, at);
            case 3 -> with(bytes, at, length, new byte[0]);
            case 4 -> with(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
            case 5 -> with(bytes, at, 0, word(random));
            case 6 -> with(bytes, at, length, word(random));
            case 7 -> { // a part of another seed
                byte[] other = seeds.get(random.nextInt(seeds.size()));
                int from = random.nextInt(other.length);
                yield with(bytes, at, length, Arrays.copyOfRange(other, from, Math.min(other.length, from + length)));
            }
            case 8 -> size(bytes, at, 4, random);
            case 9 -> size(bytes, at, 8, random);
            case 10 -> number(bytes, at, random);
            default -> with(bytes, at, 0, repeated(random));
        };
    }

    private static byte[] word(SplittableRandom random) {
        return WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** One character again and again, as brackets that open. */
    private static byte[] repeated(SplittableRandom random) {
        byte[] many = new byte[1 << random.nextInt(14)];
        Arrays.fill(many, (byte) LIKELY.charAt(random.nextInt(LIKELY.length())));
        return many;
    }

    /** A number where a size may stand, in the order of bytes of most formats. */
    private static byte[] size(byte[] bytes, int at, int width, SplittableRandom random) {
        byte[] size = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(SIZES[random.nextInt(SIZES.length)])
                .array();
        System.arraycopy(size, 0, bytes, at, Math.min(width, bytes.length - at));
        return bytes;
    }

    /** Another number in place of the first one that is written in digits. */
    private static byte[] number(byte[] bytes, int at, SplittableRandom random) {
        int from = at;
        while (from < bytes.length && (bytes[from] < '0' || bytes[from] > '9')) {
            from++;
        }
        int to = from;
        while (to < bytes.length && bytes[to] >= '0' && bytes[to] <= '9') {
            to++;
        }
        String other = String.format(Locale.ROOT, "%d", SIZES[random.nextInt(SIZES.length)]);
        return with(bytes, from, to - from, other.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] with(byte[] bytes, int at, int length, byte[] inserted) {
        byte[] changed = new byte[bytes.length - length + inserted.length];
        System.arraycopy(bytes, 0, changed, 0, at);
        System.arraycopy(inserted, 0, changed, at, inserted.length);
        System.arraycopy(bytes, at + length, changed, at + inserted.length, bytes.length - at - length);
        return changed.length > MOST_BYTES ? bytes : changed;
    }
}
