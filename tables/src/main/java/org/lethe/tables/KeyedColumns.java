package org.lethe.tables;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.lethe.LetheException;

/** A file with one row for each user, in named columns: CSV, TSV or Parquet. */
final class KeyedColumns {
    private static final Set<String> NUMBERS = Set.of(
            "FLOAT",
            "DOUBLE",
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "HUGEINT");

    private final Path file;
    private final boolean text;
    private final Columns columns;

    private KeyedColumns(Path file, boolean text, Columns columns) {
        this.file = file;
        this.text = text;
        this.columns = columns;
    }

    /** By the ending of its name. */
    static KeyedColumns open(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        name = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
        if (name.endsWith(".csv") || name.endsWith(".tsv")) {
            return new KeyedColumns(file, true, new Columns(file, "csv", name.endsWith(".csv") ? "," : "\t"));
        }
        if (name.endsWith(".parquet")) {
            return new KeyedColumns(file, false, new Columns(file, "parquet", ""));
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                file + ": the name does not say what the file is; expected an ending .csv, .tsv or .parquet");
    }

    /** How the numbers of a row are asked for, and the columns they come from. */
    private record Shape(int rows, boolean wholeIds, List<String> expressions, List<String> names) {}

    /** Every column but that of ids, as numbers; a single column of lists of equal length counts as its elements. */
    EmbeddingTable table(String id) {
        Shape shape = columns.connected(false, statement -> shape(statement, id));
        int width = shape.expressions.size();
        if ((long) shape.rows * width > EmbeddingTable.MOST) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has " + shape.rows + " rows of " + width + " numbers, expected at most " + EmbeddingTable.MOST
                            + " numbers");
        }
        return columns.connected(true, statement -> {
            Columns.Ids ids = new Columns.Ids(shape.wholeIds);
            float[] rows = new float[shape.rows * width];
            long[] keys = new long[shape.rows];
            String query = "SELECT " + ids.column(id) + ", " + String.join(", ", shape.expressions) + " FROM "
                    + columns.table();
            try (ResultSet found = statement.executeQuery(query)) {
                for (int row = 0; found.next(); row++) {
                    keys[row] = id(found, ids, row, id);
                    for (int d = 0; d < width; d++) {
                        float number = found.getFloat(d + 2);
                        if (found.wasNull() || !Float.isFinite(number)) {
                            throw columns.wrong(row + 1L, shape.names.get(d), "a finite number");
                        }
                        rows[row * width + d] = number;
                    }
                }
            }
            return new EmbeddingTable(
                    file.toString(),
                    ids.entities(keys),
                    width,
                    rows,
                    shape.names.stream().distinct().toList());
        });
    }

    private Shape shape(Statement statement, String id) throws SQLException {
        columns.requireColumns(statement, id);
        boolean whole = columns.whole(statement, id); // reads the whole of a text file, and complains about its lines
        int rows = Math.toIntExact(count(statement, "COUNT(*)"));
        Map<String, String> types = columns.columns(statement);
        types.remove(id);
        List<String> expressions = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, String> column : types.entrySet()) {
            String name = Columns.name(column.getKey());
            String type = column.getValue();
            if (type.endsWith("]") && types.size() == 1) {
                long longest = count(statement, "MAX(LEN(" + name + "))");
                long shortest = count(statement, "MIN(LEN(" + name + "))");
                if (shortest != longest || count(statement, "COUNT(" + name + ")") < rows || longest > 65_536) {
                    throw new LetheException(
                            LetheException.Code.DATA,
                            file + ": column \"" + column.getKey() + "\" has lists of " + shortest + " to " + longest
                                    + " numbers, expected one length, none missing, at most 65536");
                }
                for (int d = 1; d <= longest; d++) {
                    expressions.add("TRY_CAST(" + name + "[" + d + "] AS FLOAT)");
                    names.add(column.getKey());
                }
            } else if (text || NUMBERS.contains(type) || type.startsWith("DECIMAL")) {
                expressions.add(Columns.number(column.getKey(), "FLOAT"));
                names.add(column.getKey());
            } else {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": column \"" + column.getKey() + "\" is " + type
                                + ", expected numbers, or one column of lists of numbers beside the id");
            }
        }
        if (rows == 0 || expressions.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has " + rows + " rows and " + expressions.size()
                            + " columns of numbers, expected at least one of each");
        }
        return new Shape(rows, whole, expressions, names);
    }

    /** An attribute; numbers of more than {@code labels} different values stay numbers, everything else is labels. */
    Entities attribute(String id, String attribute, int labels) {
        boolean[] kinds = columns.connected(false, statement -> {
            columns.requireColumns(statement, id, attribute);
            return new boolean[] {columns.whole(statement, id), numeric(statement, Columns.name(attribute), labels)};
        });
        return columns.connected(true, statement -> {
            Columns.Ids ids = new Columns.Ids(kinds[0]);
            List<String> values = new ArrayList<>();
            List<Long> keys = new ArrayList<>();
            String query = "SELECT " + ids.column(id) + ", CAST(" + Columns.name(attribute) + " AS VARCHAR) FROM "
                    + columns.table();
            try (ResultSet found = statement.executeQuery(query)) {
                while (found.next()) {
                    keys.add(id(found, ids, values.size(), id));
                    String value = found.getString(2);
                    values.add(value == null ? "" : value.strip());
                }
            }
            Entities users = ids.entities(keys.stream().mapToLong(k -> k).toArray());
            return users.with(
                    attribute,
                    kinds[1]
                            ? new Entities.Numeric(values.stream()
                                    .mapToDouble(v -> v.isEmpty() ? Double.NaN : Double.parseDouble(v))
                                    .toArray())
                            : Entities.Categorical.of(values.toArray(String[]::new)));
        });
    }

    private boolean numeric(Statement statement, String column, int labels) throws SQLException {
        String value = "NULLIF(TRIM(CAST(" + column + " AS VARCHAR)), '')";
        return count(statement, "COUNT(DISTINCT " + value + ")") > labels
                && count(
                                statement,
                                "COUNT(*) FILTER (WHERE " + value + " IS NOT NULL AND TRY_CAST(" + value
                                        + " AS DOUBLE) IS NULL)")
                        == 0;
    }

    private long count(Statement statement, String what) throws SQLException {
        try (ResultSet found = statement.executeQuery("SELECT " + what + " FROM " + columns.table())) {
            return found.next() ? found.getLong(1) : 0;
        }
    }

    private long id(ResultSet found, Columns.Ids ids, int row, String column) throws SQLException {
        long id = ids.next(found, 1);
        if (id < 0 && found.wasNull()) {
            throw columns.wrong(row + 1L, column, "an id");
        }
        return id;
    }
}
