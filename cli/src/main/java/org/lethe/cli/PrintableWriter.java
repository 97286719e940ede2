package org.lethe.cli;

import java.io.PrintWriter;
import java.io.Writer;
import org.lethe.Printable;

/** Makes every text that passes printable, so that nothing in a file reaches the terminal as a command. */
final class PrintableWriter extends Writer {
    private final PrintWriter to;

    private PrintableWriter(PrintWriter to) {
        this.to = to;
    }

    /** A writer before another. */
    static PrintWriter before(PrintWriter to) {
        return new PrintWriter(new PrintableWriter(to), true);
    }

    @Override
    public void write(char[] text, int from, int length) {
        to.write(Printable.lines(new String(text, from, length).replace("\r\n", "\n"))
                .replace("\n", System.lineSeparator()));
    }

    @Override
    public void flush() {
        to.flush();
    }

    @Override
    public void close() {
        to.close();
    }
}
