package org.lethe.tables;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.study.Storage;

/**
 * A file to which embeddings are written; {@link EmbeddingTable#read} reads it again, in the same order.
 *
 * <p>CSV, TSV and Parquet have the ids first and then the columns the rows came with; a list stays one in Parquet and becomes
 * columns in text. {@code .npy} has no ids. {@code .safetensors} has the ids in a tensor {@code ids}, unless they are the
 * numbers of the rows. The file is there whole or not at all.
 *
 * @param path the file; the ending of its name says what it is
 * @param format by that ending
 * @param id the column of ids
 * @param tensor the name of the tensor
 */
public record EmbeddingFile(Path path, Format format, String id, String tensor) {
    /** What a file may be. */
    public enum Format {
        NPY,
        SAFETENSORS,
        CSV,
        TSV,
        PARQUET
    }

    /** By the ending of the name; a {@code LetheException} where it says nothing, or there is no such folder. */
    public static EmbeddingFile of(Path path, String id, String tensor) {
        String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        if (!Files.isDirectory(path.toAbsolutePath().normalize().resolveSibling(""))) {
            throw new LetheException(LetheException.Code.STORAGE, path + ": there is no folder to write it to");
        }
        for (Format format : Format.values()) {
            if (name.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
                return new EmbeddingFile(path, format, id, tensor.isEmpty() ? "users" : tensor);
            }
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                path
                        + ": the name does not say what is to be written; expected an ending .npy, .safetensors, .csv, .tsv"
                        + " or .parquet");
    }

    /** An error where the file cannot hold these rows: text ids do not fit into {@code .safetensors}. */
    public void require(EmbeddingTable table) {
        if (format == Format.SAFETENSORS && !whole(table.entities())) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    path + ": holds ids as whole numbers, and those of " + table.source()
                            + " are not; expected an ending .csv, .tsv or .parquet");
        }
        if (table.columns().contains(id)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    path + ": the ids and a column of numbers are both called \"" + id + "\"");
        }
    }

    /** Writes the rows, to a temporary name first. */
    public void write(EmbeddingTable table) throws IOException {
        require(table);
        switch (format) {
            case NPY ->
                Storage.write(
                        path,
                        temporary -> new Npy(table.entities().size(), table.width(), table.rows()).write(temporary));
            case SAFETENSORS -> Safetensors.write(path, tensors(table), Map.of());
            case CSV -> Storage.write(path, temporary -> text(table, ',', temporary));
            case TSV -> Storage.write(path, temporary -> text(table, '\t', temporary));
            case PARQUET -> Storage.write(path, temporary -> parquet(table, temporary));
        }
    }

    private Map<String, Safetensors.Tensor> tensors(EmbeddingTable table) {
        Map<String, Safetensors.Tensor> tensors = new HashMap<>();
        int n = table.entities().size();
        long[] ids = new long[n];
        boolean numbered = true;
        for (int u = 0; u < n; u++) {
            ids[u] = Long.parseLong(table.entities().id(u));
            numbered &= ids[u] == u;
        }
        tensors.put(tensor, Safetensors.Tensor.of(table.rows(), n, table.width()));
        if (!numbered) {
            tensors.put("ids", Safetensors.Tensor.of(ids, n));
        }
        return tensors;
    }

    private static boolean whole(Entities entities) {
        for (int u = 0; u < entities.size(); u++) {
            if (!entities.id(u).matches("-?(0|[1-9][0-9]{0,17})")) {
                return false;
            }
        }
        return true;
    }

    private void text(EmbeddingTable table, char separator, Path to) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(to)) {
            out.write(field(id, separator));
            for (String column : names(table)) {
                out.write(separator);
                out.write(field(column, separator));
            }
            out.write('\n');
            for (int u = 0; u < table.entities().size(); u++) {
                out.write(field(table.entities().id(u), separator));
                for (int d = 0; d < table.width(); d++) {
                    out.write(separator);
                    out.write(Float.toString(table.rows()[u * table.width() + d])); // the shortest that reads the same
                }
                out.write('\n');
            }
        }
    }

    private static String field(String text, char separator) {
        boolean plain = text.chars().noneMatch(c -> c == separator || c == '"' || c == '\n' || c == '\r');
        return plain && !text.isEmpty() && text.equals(text.strip()) ? text : ParquetColumns.quoted(text, '"');
    }

    /** The names the numbers came with; {@code d0}, {@code d1}, … where they had none of their own. */
    private static List<String> names(EmbeddingTable table) {
        if (table.columns().size() == table.width()) {
            return table.columns();
        }
        List<String> names = new ArrayList<>();
        for (int d = 0; d < table.width(); d++) {
            names.add("d" + d);
        }
        return names;
    }

    private void parquet(EmbeddingTable table, Path to) throws IOException {
        boolean whole = whole(table.entities());
        boolean list = table.columns().size() == 1 && table.width() > 1;
        StringBuilder create = new StringBuilder("CREATE TABLE rows (i ").append(whole ? "BIGINT" : "VARCHAR");
        List<String> chosen = new ArrayList<>();
        List<String> names = names(table);
        for (int d = 0; d < table.width(); d++) {
            create.append(", c").append(d).append(" FLOAT");
            chosen.add("c" + d + (list ? "" : " AS " + ParquetColumns.name(names.get(d))));
        }
        String numbers = String.join(", ", chosen);
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute(create.append(')').toString());
            try (DuckDBAppender rows = duck.unwrap(DuckDBConnection.class).createAppender("rows")) {
                for (int u = 0; u < table.entities().size(); u++) {
                    rows.beginRow();
                    if (whole) {
                        rows.append(Long.parseLong(table.entities().id(u)));
                    } else {
                        rows.append(table.entities().id(u));
                    }
                    for (int d = 0; d < table.width(); d++) {
                        rows.append(table.rows()[u * table.width() + d]);
                    }
                    rows.endRow();
                }
            }
            statement.execute("COPY (SELECT i AS " + ParquetColumns.name(id) + ", "
                    + (list
                            ? "[" + numbers + "] AS "
                                    + ParquetColumns.name(table.columns().getFirst())
                            : numbers)
                    + " FROM rows) TO "
                    + ParquetColumns.quoted(to.toAbsolutePath().toString(), '\'') + " (FORMAT parquet)");
        } catch (SQLException e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
    }
}
