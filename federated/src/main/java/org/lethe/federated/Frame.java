package org.lethe.federated;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.tables.Columns;
import org.lethe.tables.TextRows;

/**
 * A table of texts in memory, with the place of each row for messages.
 *
 * @param file where it comes from
 * @param names of the columns
 * @param rows the texts
 * @param places where each row stands
 */
record Frame(Path file, List<String> names, List<String[]> rows, List<String> places) {
    /** A text file without a header. */
    static Frame bare(Path file, String separator, String... names) {
        List<String[]> rows = new ArrayList<>();
        List<String> places = new ArrayList<>();
        try (TextRows read = TextRows.open(file, separator, StandardCharsets.UTF_8)) {
            while (read.next()) {
                read.expect(names.length, names.length, String.join(", ", names));
                String[] row = new String[names.length];
                for (int c = 0; c < row.length; c++) {
                    row[c] = read.text(c);
                }
                rows.add(row);
                places.add(file + ":" + read.line());
            }
        }
        return new Frame(file, List.of(names), rows, places);
    }

    /** A text file whose first line names the columns. */
    static Frame headed(Path file, String separator) {
        List<String> names = header(file, separator);
        return columns(Columns.separated(file, separator), names);
    }

    /** The names of the columns of a text file with a header. */
    static List<String> header(Path file, String separator) {
        try (TextRows read = TextRows.quoted(file, separator)) {
            List<String> names = new ArrayList<>();
            if (read.next()) {
                for (int c = 0; c < read.count(); c++) {
                    names.add(read.text(c));
                }
            }
            return names;
        }
    }

    /** Some columns of a file. */
    static Frame columns(Columns columns, List<String> names) {
        columns.require(names.toArray(String[]::new));
        List<String[]> rows = new ArrayList<>();
        List<String> places = new ArrayList<>();
        try (Columns.Rows read = columns.rows(
                names.stream().map(n -> new Columns.Want(n, Columns.As.TEXT)).toList())) {
            while (read.next()) {
                String[] row = new String[names.size()];
                for (int c = 0; c < row.length; c++) {
                    row[c] = read.text(c);
                }
                rows.add(row);
                places.add(read.place());
            }
        }
        return new Frame(columns.file(), names, rows, places);
    }

    /** The same with the rows of another one below. */
    Frame and(Frame other) {
        List<String[]> all = new ArrayList<>(rows);
        all.addAll(other.rows);
        List<String> where = new ArrayList<>(places);
        where.addAll(other.places);
        return new Frame(file, names, all, where);
    }

    int size() {
        return rows.size();
    }

    /** The number of a column; a complaint where there is none. */
    int column(String name) {
        int c = names.indexOf(name);
        if (c < 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has no column \"" + Printable.text(name) + "\", expected one of "
                            + names.stream().map(Printable::text).collect(Collectors.joining(", ")));
        }
        return c;
    }

    String text(int row, int column) {
        return rows.get(row)[column];
    }

    /** A number; a complaint where the text is none. */
    double number(int row, int column) {
        String text = text(row, column).strip();
        try {
            double value = Double.parseDouble(text);
            if (Double.isFinite(value) && Character.isLetterOrDigit(text.charAt(text.length() - 1))) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(row, column, "a finite number");
    }

    LetheException wrong(int row, int column, String expected) {
        return new LetheException(
                LetheException.Code.DATA,
                places.get(row) + ": " + Printable.text(names.get(column)) + " is \""
                        + Printable.text(text(row, column)) + "\", expected " + expected);
    }

    /** The same with one more column, made from the texts of another one. */
    Frame with(String name, String from, Function<String, String> made) {
        int c = column(from);
        List<String> more = new ArrayList<>(names);
        more.add(name);
        List<String[]> longer = new ArrayList<>();
        for (String[] row : rows) {
            String[] copy = Arrays.copyOf(row, row.length + 1);
            copy[row.length] = made.apply(row[c]);
            longer.add(copy);
        }
        return new Frame(file, more, longer, places);
    }

    /** Some of the rows, in the order given. */
    Frame only(int... chosen) {
        List<String[]> some = new ArrayList<>();
        List<String> where = new ArrayList<>();
        for (int row : chosen) {
            some.add(rows.get(row));
            where.add(places.get(row));
        }
        return new Frame(file, names, some, where);
    }
}
