package org.lethe.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** Standard output that remembers why something could not be written; a {@code PrintStream} alone forgets. */
final class StandardOutput extends OutputStream {
    private final OutputStream to = new FileOutputStream(FileDescriptor.out);
    private @Nullable IOException failure;

    /** Puts it in the place of {@code System.out}. */
    static StandardOutput installed() {
        StandardOutput output = new StandardOutput();
        System.setOut(new PrintStream(new BufferedOutputStream(output), false, System.out.charset()));
        return output;
    }

    /** The exit code once all is written: {@code code}, unless some output is lost. */
    int ended(int code) {
        System.out.flush();
        if (failure == null) {
            return code;
        }
        String why = String.valueOf(failure.getMessage());
        if (!why.contains("Broken pipe")) { // otherwise the reader has closed the pipe on purpose
            System.err.println("standard output cannot be written: " + why);
        }
        return code == Lethe.DONE ? Lethe.SURROUNDINGS : code;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        try {
            to.write(bytes, from, length);
        } catch (IOException e) {
            failure = failure == null ? e : failure;
            throw e;
        }
    }
}
