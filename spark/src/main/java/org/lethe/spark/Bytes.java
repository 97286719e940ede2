package org.lethe.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;

/** Objects as bytes. Tasks and results travel so, because Spark then needs none of their classes to handle them. */
final class Bytes {
    private Bytes() {}

    static byte[] of(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    /** The object, with the classes of the thread that reads: an executor loads Lethe through a loader of its own. */
    static Object read(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new Reader(new ByteArrayInputStream(bytes))) {
            return in.readObject();
        }
    }

    private static final class Reader extends ObjectInputStream {
        Reader(InputStream in) throws IOException {
            super(in);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass described) throws IOException, ClassNotFoundException {
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            try {
                return Class.forName(
                        described.getName(), false, loader == null ? Bytes.class.getClassLoader() : loader);
            } catch (ClassNotFoundException _) {
                return super.resolveClass(described); // primitive types
            }
        }
    }
}
