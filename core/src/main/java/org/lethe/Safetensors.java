package org.lethe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A safetensors file, read strictly: the only form in which weights come in and go out, because it cannot carry code.
 *
 * <p>The file is {@code u64 n}, little-endian, then n bytes of JSON (name → dtype, shape, offsets), then the data. It
 * is mapped, not read; a tensor is copied out when asked for. The header is believed only after it is compared with the
 * length of the file. Sorted by offset, the tensors must fill the data without gap or overlap, and a shape must need
 * exactly its range. Two rules are stricter than those of the reference library: a name given twice is refused, and so
 * is a header that does not begin with a brace. Names are names, never paths.
 */
public final class Safetensors implements AutoCloseable {
    private static final long LONGEST_HEADER = 100_000_000;
    private static final int DEEPEST = 8;
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;
    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxStringLength((int) LONGEST_HEADER)
                    .maxNameLength(1 << 16)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** The types of elements. */
    public enum Dtype {
        F64(8),
        F32(4),
        F16(2),
        BF16(2),
        I64(8),
        I32(4),
        I16(2),
        I8(1),
        U64(8),
        U32(4),
        U16(2),
        U8(1),
        BOOL(1),
        F8_E4M3(1),
        F8_E5M2(1);

        private final int bytes;

        Dtype(int bytes) {
            this.bytes = bytes;
        }

        /** Bytes of an element. */
        public int bytes() {
            return bytes;
        }
    }

    /**
     * The place of a tensor in the file.
     *
     * @param dtype of its elements
     * @param shape its dimensions, row-major; empty for a scalar
     * @param begin first byte, counted from the end of the header
     * @param end after the last byte
     */
    public record Entry(Dtype dtype, List<Long> shape, long begin, long end) {
        public Entry {
            shape = List.copyOf(shape);
        }

        /** Number of elements. */
        public long size() {
            return (end - begin) / dtype.bytes;
        }
    }

    /**
     * A tensor to be written.
     *
     * @param dtype of its elements
     * @param shape its dimensions, row-major; empty for a scalar
     * @param data its elements, little-endian
     */
    public record Tensor(Dtype dtype, List<Long> shape, MemorySegment data) {
        public Tensor {
            shape = List.copyOf(shape);
            Check.require(
                    data.byteSize() == size(shape) * dtype.bytes,
                    "bytes",
                    data.byteSize(),
                    "those of " + dtype + " " + shape);
        }

        /** A tensor of floats. */
        public static Tensor of(float[] values, long... shape) {
            MemorySegment data = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                    ? MemorySegment.ofArray(values)
                    : MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 4)]);
            if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
                for (int k = 0; k < values.length; k++) {
                    data.set(FLOAT, 4L * k, values[k]);
                }
            }
            return new Tensor(Dtype.F32, Arrays.stream(shape).boxed().toList(), data);
        }

        /** A tensor of doubles. */
        public static Tensor of(double[] values, long... shape) {
            MemorySegment data = MemorySegment.ofArray(values);
            if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
                data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 8)]);
                for (int k = 0; k < values.length; k++) {
                    data.set(DOUBLE, 8L * k, values[k]);
                }
            }
            return new Tensor(Dtype.F64, Arrays.stream(shape).boxed().toList(), data);
        }

        /** A tensor of whole numbers. */
        public static Tensor of(long[] values, long... shape) {
            MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 8)]);
            for (int k = 0; k < values.length; k++) {
                data.set(LONG, 8L * k, values[k]);
            }
            return new Tensor(Dtype.I64, Arrays.stream(shape).boxed().toList(), data);
        }

        private static long size(List<Long> shape) {
            long size = 1;
            for (long d : shape) {
                Check.require(d >= 0, "dimension", d, "at least 0");
                size = Math.multiplyExact(size, d);
            }
            return size;
        }
    }

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final Arena arena;
    private final MemorySegment data;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    private Safetensors(
            Path file, Arena arena, MemorySegment data, Map<String, Entry> entries, Map<String, String> metadata) {
        this.file = file;
        this.arena = arena;
        this.data = data;
        this.entries = Collections.unmodifiableMap(entries);
        this.metadata = Collections.unmodifiableMap(metadata);
    }

    /** Opens and checks a file; a {@code LetheException} says what is wrong with it. */
    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as what is returned, which closes it
    public static Safetensors open(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long length = channel.size();
            ByteBuffer head = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
            while (head.hasRemaining() && channel.read(head) >= 0) {
                // until nine bytes are there, or the end
            }
            head.flip();
            boolean brace = head.limit() == 9 && head.get(8) == '{';
            refuseCode(file, head, brace);
            if (length < 8) {
                throw wrong(file, "expected at least 8 bytes, found " + length);
            }
            long n = head.getLong(0);
            if (n < 0 || n > LONGEST_HEADER) {
                throw wrong(
                        file,
                        "the header is said to have " + Long.toUnsignedString(n)
                                + " bytes, expected at most 100,000,000");
            }
            if (n > length - 8) {
                throw wrong(
                        file, "the header is said to have " + n + " bytes, but the file ends after " + (length - 8));
            }
            if (!brace || n == 0) {
                throw wrong(file, "expected the header to begin with {");
            }
            Arena arena = Arena.ofShared();
            try {
                MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, length, arena);
                Header header = new Header(file);
                header.read(all.asSlice(8, n));
                MemorySegment data = all.asSlice(8 + n);
                header.requireTiling(data.byteSize());
                return new Safetensors(file, arena, data, header.entries, header.metadata);
            } catch (IOException | RuntimeException e) {
                arena.close();
                throw e;
            }
        }
    }

    private static void refuseCode(Path file, ByteBuffer head, boolean brace) {
        boolean zip = head.limit() >= 4 && head.getInt(0) == 0x04034B50;
        boolean pickle = head.limit() >= 2 && (head.get(0) & 0xFF) == 0x80 && head.get(1) >= 2 && head.get(1) <= 5;
        String name = String.valueOf(file.getFileName());
        boolean named = List.of(".bin", ".pt", ".pth", ".ckpt", ".pkl").stream().anyMatch(name::endsWith);
        if (!brace && (zip || pickle || named)) {
            throw wrong(
                    file,
                    "this is a " + (zip ? "zip archive" : "pickle")
                            + ", a form that can carry code, and is refused; on a machine you trust, load it with"
                            + " torch's weights-only loader, make every tensor contiguous, drop duplicates that share"
                            + " storage and whatever is not a tensor, and write it with the safetensors library");
        }
    }

    private static LetheException wrong(Path file, String message) {
        return new LetheException(LetheException.Code.DATA, file + ": " + message);
    }

    /** The header of one file, while it is read. */
    private static final class Header {
        private final Path file;
        private final Map<String, Entry> entries = new LinkedHashMap<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();

        Header(Path file) {
            this.file = file;
        }

        void read(MemorySegment bytes) throws IOException {
            String text;
            try {
                text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(bytes.asByteBuffer())
                        .toString();
            } catch (CharacterCodingException e) {
                throw new LetheException(LetheException.Code.DATA, file + ": the header is not UTF-8", e);
            }
            try (JsonParser json = JSON.createParser(text)) {
                expect(json.nextToken(), JsonToken.START_OBJECT, "the header");
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    String name = json.currentName();
                    json.nextToken();
                    if (name.equals("__metadata__")) {
                        readMetadata(json);
                    } else {
                        readEntry(json, name);
                    }
                }
                if (json.nextToken() != null) {
                    throw wrong(file, "expected nothing after the header's last brace, found more");
                }
            } catch (JsonProcessingException e) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": the header is not proper JSON: " + e.getOriginalMessage(),
                        e);
            }
        }

        private void readMetadata(JsonParser json) throws IOException {
            expect(json.currentToken(), JsonToken.START_OBJECT, "__metadata__");
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String key = json.currentName();
                expect(json.nextToken(), JsonToken.VALUE_STRING, "__metadata__." + key);
                metadata.put(key, json.getText());
            }
        }

        private void readEntry(JsonParser json, String name) throws IOException {
            expect(json.currentToken(), JsonToken.START_OBJECT, "tensor \"" + name + "\"");
            String dtype = "";
            List<Long> shape = List.of();
            List<Long> offsets = List.of();
            Set<String> found = new HashSet<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String key = json.currentName();
                found.add(key);
                JsonToken value = json.nextToken();
                switch (key) {
                    case "dtype" -> {
                        expect(value, JsonToken.VALUE_STRING, name + ".dtype");
                        dtype = json.getText();
                    }
                    case "shape" -> shape = wholes(json, name + ".shape");
                    case "data_offsets" -> offsets = wholes(json, name + ".data_offsets");
                    default -> json.skipChildren(); // as the reference does
                }
            }
            for (String key : List.of("dtype", "shape", "data_offsets")) {
                if (!found.contains(key)) {
                    throw wrong(file, "tensor \"" + name + "\" has no " + key);
                }
            }
            if (offsets.size() != 2) {
                throw wrong(file, "tensor \"" + name + "\" has " + offsets.size() + " data_offsets, expected 2");
            }
            entries.put(name, entry(name, dtype(name, dtype), shape, offsets.get(0), offsets.get(1)));
        }

        private Entry entry(String name, Dtype dtype, List<Long> shape, long begin, long end) {
            long bytes = dtype.bytes;
            for (long d : shape) {
                if (d > Long.MAX_VALUE / dtype.bytes) {
                    throw wrong(file, "tensor \"" + name + "\" has a dimension of " + d + ", which no array can have");
                }
                long high = Math.multiplyHigh(bytes, d);
                bytes *= d;
                if (high != 0 || bytes < 0) {
                    throw wrong(file, "tensor \"" + name + "\" of shape " + shape + " is larger than any file");
                }
            }
            if (end < begin) {
                throw wrong(file, "tensor \"" + name + "\" ends at " + end + ", before it begins at " + begin);
            }
            if (end - begin != bytes) {
                throw wrong(
                        file,
                        "tensor \"" + name + "\" is " + dtype + " " + shape + ", which is " + bytes
                                + " bytes, but its range has " + (end - begin));
            }
            return new Entry(dtype, shape, begin, end);
        }

        private Dtype dtype(String name, String dtype) {
            for (Dtype known : Dtype.values()) {
                if (known.name().equals(dtype)) {
                    return known;
                }
            }
            throw wrong(
                    file,
                    "tensor \"" + name + "\" is of dtype " + dtype + ", expected one of "
                            + Arrays.toString(Dtype.values()));
        }

        private List<Long> wholes(JsonParser json, String what) throws IOException {
            expect(json.currentToken(), JsonToken.START_ARRAY, what);
            List<Long> numbers = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, what);
                long number = json.getLongValue();
                if (number < 0) {
                    throw wrong(file, what + " has " + number + ", expected at least 0");
                }
                numbers.add(number);
            }
            return numbers;
        }

        private void expect(JsonToken found, JsonToken expected, String what) {
            if (found != expected) {
                throw wrong(file, what + " is " + found + ", expected " + expected);
            }
        }

        void requireTiling(long length) {
            List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
            sorted.sort(Comparator.<Map.Entry<String, Entry>>comparingLong(
                            e -> e.getValue().begin())
                    .thenComparingLong(e -> e.getValue().end()));
            long at = 0;
            for (Map.Entry<String, Entry> e : sorted) {
                if (e.getValue().begin() != at) {
                    throw wrong(
                            file,
                            "tensor \"" + e.getKey() + "\" begins at "
                                    + e.getValue().begin() + ", expected " + at + ", where the one before it ends");
                }
                at = e.getValue().end();
            }
            if (at != length) {
                throw wrong(file, "the header tells of " + at + " bytes of data, the file has " + length);
            }
        }
    }

    /** The tensors by name, in the header's order. */
    public Map<String, Entry> entries() {
        return entries;
    }

    /** The provenance that the writer of the file stated. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** A tensor, which must be there and, where a shape is given, of that shape; −1 matches any dimension. */
    public Entry require(String name, long... shape) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw wrong(file, "has no tensor \"" + name + "\", expected it among " + entries.keySet());
        }
        boolean fits = shape.length == 0 || shape.length == entry.shape.size();
        for (int d = 0; fits && d < shape.length; d++) {
            fits = shape[d] < 0 || shape[d] == entry.shape.get(d);
        }
        if (!fits) {
            throw wrong(
                    file, "tensor \"" + name + "\" has shape " + entry.shape + ", expected " + Arrays.toString(shape));
        }
        return entry;
    }

    /** The bytes of a tensor, as they stand in the file; valid until this is closed. */
    public MemorySegment bytes(String name) {
        Entry entry = require(name);
        return data.asSlice(entry.begin, entry.end - entry.begin);
    }

    /** A tensor of any floating-point dtype as floats, rounded where it is {@code F64}. */
    public float[] floats(String name) {
        Entry entry = require(name);
        MemorySegment bytes = bytes(name);
        float[] values = new float[length(name, entry)];
        if (entry.dtype == Dtype.F32 && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
            MemorySegment.ofArray(values).copyFrom(bytes);
            return values;
        }
        for (int k = 0; k < values.length; k++) {
            values[k] = switch (entry.dtype) {
                case F64 -> (float) bytes.get(DOUBLE, 8L * k);
                case F32 -> bytes.get(FLOAT, 4L * k);
                case F16 -> Float.float16ToFloat(bytes.get(SHORT, 2L * k));
                case BF16 -> Float.intBitsToFloat(bytes.get(SHORT, 2L * k) << 16);
                case F8_E5M2 -> Float.float16ToFloat((short) (bytes.get(ValueLayout.JAVA_BYTE, k) << 8));
                case F8_E4M3 -> e4m3(bytes.get(ValueLayout.JAVA_BYTE, k));
                case I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                    throw wrong(file, "tensor \"" + name + "\" is " + entry.dtype + ", expected floating point");
            };
        }
        return values;
    }

    /** A tensor of any floating-point dtype as doubles, exactly. */
    public double[] doubles(String name) {
        Entry entry = require(name);
        double[] values = new double[length(name, entry)];
        if (entry.dtype == Dtype.F64) {
            MemorySegment bytes = bytes(name);
            Arrays.setAll(values, k -> bytes.get(DOUBLE, 8L * k));
        } else {
            float[] floats = floats(name);
            Arrays.setAll(values, k -> floats[k]);
        }
        return values;
    }

    /** A tensor of any whole-number dtype as longs; {@code U64} above 2⁶³−1 comes out negative. */
    public long[] longs(String name) {
        Entry entry = require(name);
        MemorySegment bytes = bytes(name);
        long[] values = new long[length(name, entry)];
        for (int k = 0; k < values.length; k++) {
            values[k] = switch (entry.dtype) {
                case I64, U64 -> bytes.get(LONG, 8L * k);
                case I32 -> bytes.get(INT, 4L * k);
                case U32 -> Integer.toUnsignedLong(bytes.get(INT, 4L * k));
                case I16 -> bytes.get(SHORT, 2L * k);
                case U16 -> Short.toUnsignedLong(bytes.get(SHORT, 2L * k));
                case I8 -> bytes.get(ValueLayout.JAVA_BYTE, k);
                case U8, BOOL -> Byte.toUnsignedLong(bytes.get(ValueLayout.JAVA_BYTE, k));
                case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 ->
                    throw wrong(file, "tensor \"" + name + "\" is " + entry.dtype + ", expected whole numbers");
            };
        }
        return values;
    }

    private int length(String name, Entry entry) {
        if (entry.size() > LARGEST_ARRAY) {
            throw wrong(file, "tensor \"" + name + "\" has " + entry.size() + " elements, more than an array holds");
        }
        return (int) entry.size();
    }

    private static float e4m3(byte bits) {
        int exponent = bits >> 3 & 15;
        int mantissa = bits & 7;
        if (exponent == 15 && mantissa == 7) {
            return Float.NaN; // this form has no infinities
        }
        float magnitude =
                exponent == 0 ? Math.scalb((float) mantissa, -9) : Math.scalb((float) (8 + mantissa), exponent - 10);
        return bits < 0 ? -magnitude : magnitude;
    }

    @Override
    public void close() {
        arena.close();
    }

    /**
     * Writes a file: largest elements first, then by name, the header padded to 8 bytes; the same tensors give the same
     * bytes. It is written under another name, synced and renamed: a crash leaves the whole file or none.
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        List<Map.Entry<String, Tensor>> sorted = new ArrayList<>(tensors.entrySet());
        sorted.sort(Comparator.<Map.Entry<String, Tensor>>comparingInt(
                        e -> -e.getValue().dtype().bytes())
                .thenComparing(e -> e.getValue().dtype())
                .thenComparing(Map.Entry::getKey));
        byte[] header = header(sorted, metadata);
        Path parent = file.toAbsolutePath().getParent();
        Path unfinished = Files.createTempFile(parent, file.getFileName() + ".", ".part");
        try {
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
                writeAll(channel, length.putLong(0, header.length));
                writeAll(channel, ByteBuffer.wrap(header));
                for (Map.Entry<String, Tensor> e : sorted) {
                    MemorySegment rest = e.getValue().data();
                    byte[] block = new byte[1 << 16];
                    for (long at = 0; at < rest.byteSize(); at += block.length) {
                        int n = (int) Math.min(block.length, rest.byteSize() - at);
                        MemorySegment.copy(rest, at, MemorySegment.ofArray(block), 0, n);
                        writeAll(channel, ByteBuffer.wrap(block, 0, n));
                    }
                }
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static byte[] header(List<Map.Entry<String, Tensor>> sorted, Map<String, String> metadata)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart("__metadata__");
                for (Map.Entry<String, String> e : new TreeMap<>(metadata).entrySet()) {
                    json.writeStringField(e.getKey(), e.getValue());
                }
                json.writeEndObject();
            }
            long at = 0;
            for (Map.Entry<String, Tensor> e : sorted) {
                Check.require(!e.getKey().equals("__metadata__"), "name", e.getKey(), "another one");
                Tensor tensor = e.getValue();
                json.writeObjectFieldStart(e.getKey());
                json.writeStringField("dtype", tensor.dtype().name());
                json.writeArrayFieldStart("shape");
                for (long d : tensor.shape()) {
                    json.writeNumber(d);
                }
                json.writeEndArray();
                json.writeArrayFieldStart("data_offsets");
                json.writeNumber(at);
                at += tensor.data().byteSize();
                json.writeNumber(at);
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        while (out.size() % 8 != 0) {
            out.write(' ');
        }
        return out.toByteArray();
    }

    private static void writeAll(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
