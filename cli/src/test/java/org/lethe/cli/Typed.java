package org.lethe.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A command as if typed: how it ended, and what it printed.
 *
 * @param code the exit code
 * @param out what went to standard output
 * @param err what went to standard error
 */
record Typed(int code, String out, String err) {
    /** Runs the command in this process. */
    static Typed lethe(List<String> words) {
        return lethe(words.toArray(String[]::new));
    }

    /** Runs the command in this process. */
    static Typed lethe(String... args) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream toOut = new ByteArrayOutputStream();
        ByteArrayOutputStream toErr = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(toOut, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(toErr, true, StandardCharsets.UTF_8));
            int code = Lethe.execute(args);
            return new Typed(code, toOut.toString(StandardCharsets.UTF_8), toErr.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}
