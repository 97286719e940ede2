package org.lethe.tables;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.lethe.LetheException;

/**
 * The lines of a text file of a published format, divided at a fixed separator; {@code .gz} is unpacked on the way.
 *
 * <p>Every complaint names the file, the line and what was expected there.
 */
public final class TextRows implements AutoCloseable {
    private static final int LONGEST = 1 << 26; // characters; a longer line is not text

    private final Path file;
    private final String separator;
    private final BufferedReader reader;
    private String line = "";
    private String[] fields = {};
    private long number;

    private TextRows(Path file, String separator, BufferedReader reader) {
        this.file = file;
        this.separator = separator;
        this.reader = reader;
    }

    public static TextRows open(Path file, String separator, Charset charset) {
        try {
            InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
            try {
                if (file.getFileName().toString().endsWith(".gz")) {
                    in = new GZIPInputStream(in, 1 << 16);
                }
            } catch (IOException e) {
                in.close();
                throw e;
            }
            return new TextRows(file, separator, new BufferedReader(new InputStreamReader(in, charset), 1 << 16));
        } catch (EOFException | ZipException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected a gzip file, found " + e.getMessage(), e);
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Goes to the next line that is not empty; false at the end. */
    public boolean next() {
        try {
            do {
                String read = reader.readLine();
                if (read == null) {
                    return false;
                }
                line = read;
                number++;
                if (line.length() > LONGEST) {
                    throw wrong("expected a line of text, found " + line.length() + " characters");
                }
            } while (line.isBlank());
        } catch (EOFException | ZipException e) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ":" + (number + 1) + ": the gzip file is cut off or damaged here: " + e.getMessage(),
                    e);
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
        }
        fields = divide();
        return true;
    }

    private String[] divide() {
        int parts = 1;
        for (int at = line.indexOf(separator); at >= 0; at = line.indexOf(separator, at + separator.length())) {
            parts++;
        }
        String[] divided = new String[parts];
        int from = 0;
        for (int n = 0; n < parts - 1; n++) {
            int to = line.indexOf(separator, from);
            divided[n] = line.substring(from, to);
            from = to + separator.length();
        }
        divided[parts - 1] = line.substring(from);
        return divided;
    }

    /** How many fields the line has. */
    public int count() {
        return fields.length;
    }

    /** Complains unless the line has this many fields; {@code names} says which. */
    public void expect(int fewest, int most, String names) {
        if (fields.length < fewest || fields.length > most) {
            String range = fewest == most ? "" + fewest : fewest + " to " + most;
            String by = separator.equals("\t") ? "tabs" : "\"" + separator + "\"";
            throw wrong(
                    "expected " + range + " fields (" + names + ") separated by " + by + ", found " + fields.length);
        }
    }

    /** A field as it stands, without blanks around it. */
    public String text(int field) {
        return fields[field].strip();
    }

    /** A field as a whole number. */
    public long whole(int field, String name) {
        String text = text(field);
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw wrong(name + " is \"" + text + "\", expected a whole number");
        }
    }

    /** A field as a dense number from 0. */
    public int dense(int field, String name) {
        long value = whole(field, name);
        if (value < 0 || value >= Integer.MAX_VALUE) {
            throw wrong(name + " is " + value + ", expected 0 to " + (Integer.MAX_VALUE - 1));
        }
        return (int) value;
    }

    /** A field as a finite number. */
    public float number(int field, String name) {
        String text = text(field);
        try {
            float value = Float.parseFloat(text);
            if (Float.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(name + " is \"" + text + "\", expected a finite number");
    }

    /** A complaint about this line. */
    public LetheException wrong(String message) {
        return new LetheException(LetheException.Code.DATA, file + ":" + number + ": " + message);
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be closed: " + e.getMessage(), e);
        }
    }
}
