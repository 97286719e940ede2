package org.lethe.tables;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.lethe.LetheException;
import org.lethe.Printable;

/**
 * The rows of a delimited text file, divided at a separator; {@code .gz} is unpacked on the way.
 *
 * <p>This is the only reader of delimited text. Lines end with a line feed, a carriage return or both; blank lines are
 * skipped. Every error names the file, the line where the row begins, and what was expected there; but not what stands there,
 * as that may be the id of a person.
 */
public final class TextRows implements AutoCloseable {
    private static final int LONGEST = 1 << 26; // bytes or characters; a longer row is not text
    private static final List<String> SEPARATORS = List.of(",", ";", "\t", "|");

    private static final byte PLAIN = 0;
    private static final byte QUOTED = 1;
    private static final byte WITH_QUOTES_INSIDE = 2;

    private final Path file;
    private final String separator;
    private final Charset charset;
    private final boolean quotes;
    private final InputStream in;
    private byte[] buffer = new byte[1 << 16];
    private int at;
    private int end;
    private boolean lineFeedMayFollow; // the line before ended with a carriage return

    private String row = "";
    private long line; // in which the row begins
    private long lines; // read so far
    private int count;
    private int[] from = new int[16];
    private int[] to = new int[16];
    private byte[] kind = new byte[16];

    private TextRows(Path file, String separator, Charset charset, boolean quotes, InputStream in) {
        this.file = file;
        this.separator = separator;
        this.charset = charset;
        this.quotes = quotes;
        this.in = in;
    }

    /** A file in which a quotation mark is a character like any other. */
    public static TextRows open(Path file, String separator, Charset charset) {
        return new TextRows(file, separator, charset, false, stream(file));
    }

    /** A UTF-8 file in which a field may stand in quotation marks, as RFC 4180 says. */
    public static TextRows quoted(Path file, String separator) {
        return new TextRows(file, separator, StandardCharsets.UTF_8, true, stream(file));
    }

    /** The first of some separators that stands in the first line, or the first of all if none does. */
    public static String separator(Path file, String... separators) {
        try (TextRows rows = open(file, separators[0], StandardCharsets.ISO_8859_1)) {
            String first = rows.next() ? rows.row : "";
            return Arrays.stream(separators).filter(first::contains).findFirst().orElse(separators[0]);
        }
    }

    private static InputStream stream(Path file) {
        DataFiles.refusePlaceholder(file);
        try {
            InputStream in = Files.newInputStream(file);
            try {
                return file.getFileName().toString().endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in;
            } catch (IOException e) {
                in.close();
                throw e;
            }
        } catch (EOFException | ZipException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected a gzip file, found " + e.getMessage(), e);
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Goes to the next row that is not blank; false at the end. */
    public boolean next() {
        do {
            String read = readLine();
            if (read == null) {
                return false;
            }
            row = read;
            line = lines;
        } while (row.isBlank() && !(separator.equals("\t") && row.contains(separator)));
        divide();
        return true;
    }

    private @Nullable String readLine() {
        int scanned = at;
        while (true) {
            for (; scanned < end; scanned++) {
                byte b = buffer[scanned];
                if (b == '\n' || b == '\r') {
                    if (b == '\n' && lineFeedMayFollow && scanned == at) {
                        at++;
                        lineFeedMayFollow = false;
                        continue;
                    }
                    lineFeedMayFollow = b == '\r';
                    return text(scanned, scanned + 1);
                }
            }
            int length = end - at;
            if (length > LONGEST) {
                line = lines + 1;
                throw wrong("expected a line of text, found more than " + LONGEST + " bytes");
            }
            if (at > 0) {
                System.arraycopy(buffer, at, buffer, 0, length);
            } else if (end == buffer.length) {
                buffer = Arrays.copyOf(buffer, 2 * buffer.length);
            }
            at = 0;
            end = length;
            scanned = length;
            int more = fill();
            if (more < 0) {
                return length == 0 ? null : text(end, end);
            }
            end += more;
        }
    }

    private int fill() {
        try {
            return in.read(buffer, end, buffer.length - end);
        } catch (EOFException | ZipException e) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ":" + (lines + 1) + ": the gzip file is cut off or damaged here: " + e.getMessage(),
                    e);
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** The bytes from {@code at} on as text. */
    private String text(int stop, int next) {
        lines++;
        String text = new String(buffer, at, stop - at, charset);
        if (text.indexOf('\uFFFD') >= 0 || text.indexOf('\0') >= 0) {
            requireText(stop);
        }
        at = next;
        return lines == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text; // a byte order mark
    }

    private void requireText(int stop) {
        line = lines;
        try {
            if (charset.newDecoder()
                    .decode(ByteBuffer.wrap(buffer, at, stop - at))
                    .chars()
                    .anyMatch(c -> c == 0)) {
                throw wrong("expected text, found a zero byte");
            }
        } catch (CharacterCodingException e) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ":" + line + ": is not " + charset + " text; expected the file in " + charset,
                    e);
        }
    }

    private void divide() {
        count = 0;
        int start = 0;
        while (true) {
            if (count == from.length) {
                from = Arrays.copyOf(from, 2 * count);
                to = Arrays.copyOf(to, 2 * count);
                kind = Arrays.copyOf(kind, 2 * count);
            }
            int stop;
            if (quotes && start < row.length() && row.charAt(start) == '"') {
                stop = closing(start + 1);
                from[count] = start + 1;
                to[count] = stop++;
                if (stop < row.length() && !row.startsWith(separator, stop)) {
                    throw unexpectedAfterQuote(row.substring(stop));
                }
                stop = stop < row.length() ? stop : -1;
            } else {
                stop = row.indexOf(separator, start);
                from[count] = start;
                to[count] = stop < 0 ? row.length() : stop;
                kind[count] = PLAIN;
            }
            count++;
            if (stop < 0) {
                return;
            }
            start = stop + separator.length();
        }
    }

    /** Where the quotation mark stands that ends a field; the row goes on in the next lines until there is one. */
    private int closing(int start) {
        kind[count] = QUOTED;
        for (int search = start; ; ) {
            int quote = row.indexOf('"', search);
            if (quote < 0) {
                lengthen();
            } else if (quote + 1 < row.length() && row.charAt(quote + 1) == '"') {
                kind[count] = WITH_QUOTES_INSIDE;
                search = quote + 2;
            } else {
                return quote;
            }
        }
    }

    private void lengthen() {
        StringBuilder longer = new StringBuilder(row);
        while (true) {
            String more = readLine();
            if (more == null || longer.length() + more.length() > LONGEST) {
                throw wrong("field " + (count + 1) + " begins with a quotation mark, but no other one ends it");
            }
            longer.append('\n').append(more);
            if (more.chars().filter(c -> c == '"').count() % 2 == 1) {
                row = longer.toString();
                return;
            }
        }
    }

    private LetheException unexpectedAfterQuote(String rest) {
        String hint = SEPARATORS.stream()
                .filter(s -> !s.equals(separator) && rest.startsWith(s))
                .findFirst()
                .map(s -> "; the separator looks like " + name(s))
                .orElse("; inside a field in quotation marks write \"\", as a backslash does not escape one");
        return wrong("field " + (count + 1) + " ends with a quotation mark, after which " + rest.length()
                + " more characters stand; expected " + name(separator) + " or the end of the line" + hint);
    }

    private static String name(String separator) {
        return separator.equals("\t") ? "a tab" : "\"" + separator + "\"";
    }

    /** Says what else separates the fields of a row that has only one, or nothing. */
    String looksSeparatedOtherwise() {
        return count > 1
                ? ""
                : SEPARATORS.stream()
                        .filter(s -> !s.equals(separator) && row.contains(s))
                        .findFirst()
                        .map(s -> "; the separator looks like " + name(s) + ", expected " + name(separator))
                        .orElse("");
    }

    /** How many fields the row has. */
    public int count() {
        return count;
    }

    /** Complains unless the row has this many fields; {@code names} says which. */
    public void expect(int fewest, int most, String names) {
        if (count < fewest || count > most) {
            String range = fewest == most ? "" + fewest : fewest + " to " + most;
            String by = separator.equals("\t") ? "tabs" : "\"" + separator + "\"";
            throw wrong("expected " + range + " fields (" + Printable.text(names) + ") separated by " + by + ", found "
                    + count);
        }
    }

    /** A field without blanks around it, or just as it stands between quotation marks. */
    public String text(int field) {
        String text = row.substring(from[field], to[field]);
        return switch (kind[field]) {
            case PLAIN -> text.strip();
            case QUOTED -> text;
            default -> text.replace("\"\"", "\"");
        };
    }

    /** A field as a whole number. */
    public long whole(int field, String name) {
        int start = from[field];
        int stop = to[field];
        if (stop > start && row.charAt(start) > ' ' && row.charAt(stop - 1) > ' ') {
            try {
                return Long.parseLong(row, start, stop, 10);
            } catch (NumberFormatException e) {
                // said below
            }
        }
        String text = text(field).strip();
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw wrong("expected a whole number in field " + (field + 1) + " (" + name + ")");
        }
    }

    /** A field as a dense number from 0. */
    public int dense(int field, String name) {
        long value = whole(field, name);
        if (value < 0 || value >= Integer.MAX_VALUE) {
            throw wrong("expected a number from 0 to " + (Integer.MAX_VALUE - 1) + " in field " + (field + 1) + " ("
                    + name + ")");
        }
        return (int) value;
    }

    /** A field as a finite number. */
    public float number(int field, String name) {
        String text = text(field);
        float value = Numbers.single(text);
        if (!Float.isFinite(value)) {
            throw wrong("expected a finite number in field " + (field + 1) + " (" + name + ")");
        }
        return value;
    }

    /** The line in which the row begins, from 1. */
    public long line() {
        return line;
    }

    /** A complaint about this row. */
    public LetheException wrong(String message) {
        return new LetheException(LetheException.Code.DATA, file + ":" + line + ": " + message);
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be closed: " + e.getMessage(), e);
        }
    }
}
