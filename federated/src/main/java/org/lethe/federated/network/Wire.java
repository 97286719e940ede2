package org.lethe.federated.network;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * The binary form of messages and of what a server writes down: numbers are big-endian, texts UTF-8, and every text, array and
 * list has its length before it. A length is compared with what is left before memory is taken.
 */
final class Wire {
    private Wire() {}

    /** Bytes that are not what they claim to be. */
    static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    /** Writes one value as the caller says. */
    @FunctionalInterface
    interface Put<T> {
        void put(Writer to, T value);
    }

    /** Reads one value as the caller says. */
    @FunctionalInterface
    interface Take<T> {
        T take(Reader from);
    }

    /** Collects bytes. */
    static final class Writer {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(bytes);

        private interface Step {
            void run() throws IOException;
        }

        private Writer write(Step step) {
            try {
                step.run();
                return this;
            } catch (IOException e) {
                throw new UncheckedIOException(e); // memory does not fail
            }
        }

        Writer flag(boolean value) {
            return write(() -> out.writeBoolean(value));
        }

        Writer octet(int value) {
            return write(() -> out.writeByte(value));
        }

        Writer small(int value) {
            return write(() -> out.writeShort(value));
        }

        Writer number(int value) {
            return write(() -> out.writeInt(value));
        }

        Writer wide(long value) {
            return write(() -> out.writeLong(value));
        }

        Writer real(double value) {
            return write(() -> out.writeDouble(value));
        }

        Writer text(String value) {
            byte[] utf = value.getBytes(StandardCharsets.UTF_8);
            return write(() -> {
                out.writeInt(utf.length);
                out.write(utf);
            });
        }

        Writer choice(Enum<?> value) {
            return text(value.name());
        }

        Writer floats(float[] values) {
            ByteBuffer buffer = ByteBuffer.allocate(Math.multiplyExact(4, values.length));
            buffer.asFloatBuffer().put(values);
            return write(() -> {
                out.writeInt(values.length);
                out.write(buffer.array());
            });
        }

        Writer doubles(double[] values) {
            ByteBuffer buffer = ByteBuffer.allocate(Math.multiplyExact(8, values.length));
            buffer.asDoubleBuffer().put(values);
            return write(() -> {
                out.writeInt(values.length);
                out.write(buffer.array());
            });
        }

        Writer numbers(int[] values) {
            return write(() -> {
                out.writeInt(values.length);
                for (int value : values) {
                    out.writeInt(value);
                }
            });
        }

        Writer wides(long[] values) {
            return write(() -> {
                out.writeInt(values.length);
                for (long value : values) {
                    out.writeLong(value);
                }
            });
        }

        <T> Writer list(List<T> values, Put<T> each) {
            number(values.size());
            values.forEach(value -> each.put(this, value));
            return this;
        }

        Writer texts(List<String> values) {
            return list(values, Writer::text);
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }

    /** Takes bytes apart. */
    static final class Reader {
        private final ByteBuffer from;

        Reader(byte[] bytes) {
            this.from = ByteBuffer.wrap(bytes);
        }

        private void need(long bytes, String what) {
            if (bytes < 0 || bytes > from.remaining()) {
                throw new Malformed(what + " needs " + bytes + " bytes at " + from.position() + ", " + from.remaining()
                        + " are left");
            }
        }

        private int length(int each, String what) {
            need(4, "the length of " + what);
            int length = from.getInt();
            if (length < 0) {
                throw new Malformed("the length of " + what + " is " + length + ", expected at least 0");
            }
            need((long) length * each, what);
            return length;
        }

        boolean flag() {
            int value = octet();
            if (value > 1) {
                throw new Malformed("a flag is " + value + ", expected 0 or 1");
            }
            return value == 1;
        }

        int octet() {
            need(1, "a byte");
            return from.get() & 0xFF;
        }

        int small() {
            need(2, "a short number");
            return from.getShort() & 0xFFFF;
        }

        int number() {
            need(4, "a number");
            return from.getInt();
        }

        long wide() {
            need(8, "a long number");
            return from.getLong();
        }

        double real() {
            need(8, "a real number");
            return from.getDouble();
        }

        String text() {
            int length = length(1, "a text");
            ByteBuffer part = from.slice(from.position(), length);
            from.position(from.position() + length);
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(part).toString();
            } catch (CharacterCodingException _) {
                throw new Malformed("a text is not UTF-8");
            }
        }

        float[] floats() {
            float[] values = new float[length(4, "an array of floats")];
            from.asFloatBuffer().get(values);
            from.position(from.position() + 4 * values.length);
            return values;
        }

        double[] doubles() {
            double[] values = new double[length(8, "an array of doubles")];
            from.asDoubleBuffer().get(values);
            from.position(from.position() + 8 * values.length);
            return values;
        }

        int[] numbers() {
            int[] values = new int[length(4, "an array of numbers")];
            from.asIntBuffer().get(values);
            from.position(from.position() + 4 * values.length);
            return values;
        }

        long[] wides() {
            long[] values = new long[length(8, "an array of long numbers")];
            from.asLongBuffer().get(values);
            from.position(from.position() + 8 * values.length);
            return values;
        }

        <T> List<T> list(Take<T> each) {
            int size = length(1, "a list"); // every element takes at least a byte
            List<T> values = new ArrayList<>(Math.min(size, 1_024));
            for (int k = 0; k < size; k++) {
                values.add(each.take(this));
            }
            return values;
        }

        List<String> texts() {
            return list(Reader::text);
        }

        /** A constant by its name; an unknown one is an {@code IllegalArgumentException}. */
        <E extends Enum<E>> E choice(Class<E> of) {
            return Enum.valueOf(of, text());
        }

        void end() {
            if (from.hasRemaining()) {
                throw new Malformed(from.remaining() + " bytes are left after the end");
            }
        }
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /** The first eight bytes of the SHA-256 of some weights: says which model a message is about. */
    static long digest(float[] weights) {
        return ByteBuffer.wrap(sha256(new Writer().floats(weights).bytes())).getLong();
    }
}
