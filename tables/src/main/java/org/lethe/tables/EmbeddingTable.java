package org.lethe.tables;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.Safetensors;

/**
 * A table of embeddings: one row of numbers for each id, from whatever model.
 *
 * @param source where they come from, for messages
 * @param entities whose rows they are, with what is known about each
 * @param width length of a row
 * @param rows {@code [entities, width]}, finite
 * @param columns the names of the numbers in a row, or one name for a list of all; none where the file had none
 */
public record EmbeddingTable(String source, Entities entities, int width, float[] rows, List<String> columns) {
    /** Numbers that one table holds at most. */
    static final long MOST = Integer.MAX_VALUE - 8L;

    public EmbeddingTable {
        columns = List.copyOf(columns);
        Check.require(columns.size() <= 1 || columns.size() == width, "columns", columns.size(), "none, 1 or " + width);
        Check.require(width >= 1, "width", width, "at least 1");
        Check.require(
                rows.length == (long) entities.size() * width,
                "rows.length",
                rows.length,
                entities.size() + " · " + width);
        for (int at = 0; at < rows.length; at++) {
            if (!Float.isFinite(rows[at])) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        source + ", row " + (at / width + 1) + ": number " + (at % width + 1) + " is " + rows[at]
                                + ", expected a finite number");
            }
        }
        long[] hashes = new long[entities.size()];
        for (int u = 0; u < hashes.length; u++) {
            hashes[u] = (long) entities.id(u).hashCode() << 32 | u;
        }
        Arrays.sort(hashes);
        Map<String, Integer> alike = new HashMap<>(); // ids of one hash, few unless somebody chose them
        for (int n = 0; n < hashes.length; n++) {
            if (n > 0 && hashes[n - 1] >> 32 != hashes[n] >> 32) {
                alike.clear();
            }
            boolean shared = n > 0 && hashes[n - 1] >> 32 == hashes[n] >> 32
                    || n + 1 < hashes.length && hashes[n + 1] >> 32 == hashes[n] >> 32;
            int row = (int) hashes[n];
            Integer before = shared ? alike.put(entities.id(row), row) : null;
            if (before != null) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        source + ": rows " + (before + 1) + " and " + (row + 1)
                                + " have the same id, expected one row for each user");
            }
        }
    }

    /** Rows whose numbers have no names. */
    public EmbeddingTable(String source, Entities entities, int width, float[] rows) {
        this(source, entities, width, rows, List.of());
    }

    /**
     * Reads a file by the ending of its name.
     *
     * <p>CSV, TSV and Parquet have a column of ids, and columns of numbers or one column of lists. {@code .npy} is a
     * table of floats without ids. {@code .safetensors} has the table as a tensor, and the ids, if any, in a tensor
     * {@code ids}. Rows without ids are numbered from 0. Formats that can carry code are refused.
     *
     * @param id the column of ids
     * @param tensor the name of the tensor, or empty for the only one with two dimensions
     */
    public static EmbeddingTable read(Path file, String id, String tensor) throws IOException {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (!Files.isRegularFile(file)) {
            throw new LetheException(LetheException.Code.DATA, file + ": there is no such file");
        }
        for (String ending : List.of(".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".npz")) {
            if (name.endsWith(ending)) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": " + ending
                                + " files can carry code and are not read; expected .npy, .safetensors, .csv,"
                                + " .tsv or .parquet");
            }
        }
        DataFiles.refusePlaceholder(file);
        if (name.endsWith(".npy")) {
            Npy read = Npy.read(file);
            return new EmbeddingTable(file.toString(), Entities.numbered(read.rows()), read.width(), read.numbers());
        }
        return name.endsWith(".safetensors")
                ? tensor(file, tensor)
                : KeyedColumns.open(file).table(id);
    }

    private static EmbeddingTable tensor(Path file, String tensor) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            List<String> tables = read.entries().entrySet().stream()
                    .filter(e -> e.getValue().shape().size() == 2)
                    .map(Map.Entry::getKey)
                    .toList();
            if (tables.isEmpty()) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": has no table of two dimensions; tensors: "
                                + read.entries().entrySet().stream()
                                        .map(e -> Printable.text(e.getKey()) + " "
                                                + e.getValue().shape())
                                        .collect(Collectors.joining(", ")));
            }
            if (tensor.isEmpty() && tables.size() != 1) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        file + ": holds the tables " + String.join(", ", tables)
                                + "; say which by the name of the tensor");
            }
            String name = tensor.isEmpty() ? tables.getFirst() : tensor;
            List<Long> shape = read.require(name, -1, -1).shape();
            if (shape.get(0) < 1 || shape.get(1) < 1 || shape.get(0) * shape.get(1) > MOST) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": tensor \"" + name + "\" has shape " + shape
                                + ", expected at least one row and column");
            }
            int users = (int) (long) shape.get(0);
            Entities ids = Entities.numbered(users);
            if (read.entries().containsKey("ids")) {
                read.require("ids", users);
                ids = Entities.ofNumbers(read.longs("ids"));
            }
            return new EmbeddingTable(file.toString(), ids, (int) (long) shape.get(1), read.floats(name));
        }
    }

    /**
     * A table whose entities have an attribute, with counts of the ids that did not match.
     *
     * @param table the same rows
     * @param unknown rows of which the attributes say nothing
     * @param strangers entities with an attribute that have no row
     */
    public record Described(EmbeddingTable table, int unknown, int strangers) {}

    /**
     * The same table with an attribute from a CSV, TSV or Parquet file, matched by id. Nothing is known of entities that are
     * not in it, or whose value is missing. Where rows are numbered from 0, the id 0 must be in it: without it, ids that count
     * from 1 would give each row its neighbour's value.
     *
     * @param id the column of ids
     */
    public Described with(Path file, String id, String attribute) {
        if (!Files.isRegularFile(file)) {
            throw new LetheException(LetheException.Code.DATA, file + ": there is no such file");
        }
        if (columns.contains(attribute)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    source + ": column \"" + Printable.text(attribute)
                            + "\" is the attribute itself and stands among the numbers of the embeddings; expected a file"
                            + " without it");
        }
        AttributeFile.Matched matched = AttributeFile.of(file, id, attribute).matched(entities, "row", source);
        return new Described(
                new EmbeddingTable(source, matched.entities(), width, rows, columns),
                matched.unknown(),
                matched.strangers());
    }

    /** The same entities with other rows. */
    public EmbeddingTable withRows(float[] other) {
        return new EmbeddingTable(source, entities, width, other, columns);
    }

    /** How many columns hold only one value, and so no information. */
    public int constantColumns() {
        int constant = 0;
        for (int d = 0; d < width; d++) {
            boolean same = true;
            for (int at = d; same && at < rows.length; at += width) {
                same = rows[at] == rows[d];
            }
            constant += same ? 1 : 0;
        }
        return constant;
    }
}
