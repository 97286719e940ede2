package org.lethe.tables;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Printable;

/** A file with named columns whose rows are read one after the other: CSV, TSV or Parquet. */
public abstract sealed class Columns permits TextColumns, ParquetColumns {
    private final Path file;

    Columns(Path file) {
        this.file = file;
    }

    /** By the ending of the name: {@code .csv}, {@code .tsv} and {@code .inter}, each also with {@code .gz}, or {@code .parquet}. */
    public static Columns open(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        String bare = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
        if (bare.endsWith(".csv")) {
            return separated(file, ",");
        }
        if (bare.endsWith(".tsv") || bare.endsWith(".inter")) {
            return separated(file, "\t");
        }
        if (name.endsWith(".parquet")) {
            return parquet(file);
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                file + ": the name does not say what the file is; expected an ending .csv, .tsv or .parquet");
    }

    /** A text file with a header, as RFC 4180 says, with any separator. */
    public static Columns separated(Path file, String separator) {
        return new TextColumns(file, separator);
    }

    /** A Parquet file. */
    public static Columns parquet(Path file) {
        return new ParquetColumns(file);
    }

    /** The kinds of value that a column is read as. */
    public enum As {
        /** For {@link Rows#id}. */
        ID,
        /** For {@link Rows#number} and {@link Rows#single}. */
        NUMBER,
        /** For {@link Rows#text}. */
        TEXT
    }

    /**
     * A column that is asked for.
     *
     * @param column its name, exactly as the file has it
     * @param as what it is read as
     */
    public record Want(String column, As as) {}

    /** The rows of a file, one at a time; columns are numbered from 0 as they were asked for. */
    public interface Rows extends AutoCloseable {
        /** Goes to the next row; false at the end. */
        boolean next();

        /** Adds the id in this row to those before; a {@code LetheException} where there is none. */
        void id(int column, Ids to);

        /** The text in this row, empty where there is none. */
        String text(int column);

        /** The number in this row; not-a-number where there is none. */
        double number(int column);

        /** The same, rounded once. */
        float single(int column);

        /** Where this row stands, for messages: a line, or a number of a row. */
        String place();

        /** A complaint about this row. */
        LetheException wrong(int column, String expected);

        @Override
        void close();
    }

    /** The file. */
    public final Path file() {
        return file;
    }

    /** The names of the columns in the order of the file, each once. */
    public final List<String> names() {
        return List.copyOf(types().keySet());
    }

    /** The names of the columns in the order of the file, and the type of each where the file says one. */
    abstract Map<String, String> types();

    /** Reads some columns. */
    public abstract Rows rows(List<Want> wanted);

    /** A hint on why a column is missing, or an empty text. */
    abstract String hint();

    /** A complaint unless each of these columns is there once; empty names are not asked for. */
    public final void require(String... wanted) {
        for (String column : wanted) {
            requireThere(column, "");
        }
        requireOnce(Arrays.asList(wanted));
    }

    /** The same for the column that a setting names. */
    final void requireFor(String setting, String column) {
        requireThere(column, " (" + setting + ")");
        requireOnce(List.of(column));
    }

    private void requireThere(String column, String setting) {
        Map<String, String> columns = types();
        if (column.isEmpty() || columns.containsKey(column)) {
            return;
        }
        if (columns.keySet().stream().anyMatch(name -> !Double.isNaN(Numbers.decimal(name)))) {
            // a row of data, perhaps, whose ids are not to be shown
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has no column \"" + Printable.text(column) + "\"" + setting
                            + ", and numbers among the names of its columns; expected a header in the first line"
                            + hint());
        }
        String near = columns.keySet().stream()
                .filter(c -> c.strip().equalsIgnoreCase(column.strip()))
                .findFirst()
                .map(c -> "; did you mean \"" + Printable.text(c) + "\"?")
                .orElse("");
        throw new LetheException(
                LetheException.Code.DATA,
                file + ": has no column \"" + Printable.text(column) + "\"" + setting + ", expected one of "
                        + columns.keySet().stream()
                                .filter(c -> !c.isEmpty())
                                .map(Printable::text)
                                .collect(Collectors.joining(", "))
                        + near
                        + hint());
    }

    /** A complaint where one of these names is that of two columns. */
    abstract void requireOnce(List<String> wanted);
}
