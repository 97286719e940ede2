package org.lethe.tables;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Printable;

/**
 * The columns of a Parquet file, read by DuckDB. DuckDB may open this file and nothing else: no network, no extensions,
 * no other path. Rows stream through; ids that are whole numbers never become text.
 */
final class ParquetColumns extends Columns {
    private static final Set<String> WHOLE =
            Set.of("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER");

    private final String literal; // a pattern that this file alone matches
    private final String table;
    private final Map<String, String> types = new LinkedHashMap<>();

    ParquetColumns(Path file) {
        super(file);
        DataFiles.refusePlaceholder(file);
        // the name is no pattern, the folders say nothing about columns, and bytes without a type are text
        literal = file.toAbsolutePath().toString().replaceAll("[*?\\[]", "[$0]");
        table = "read_parquet(" + quoted(literal, '\'') + ", hive_partitioning = false, binary_as_string = true)";
        asked("SELECT * FROM (DESCRIBE SELECT * FROM " + table + ")", found -> {
            do {
                types.put(found.getString(1), found.getString(2));
            } while (found.next());
            return types.size();
        });
    }

    @Override
    Map<String, String> types() {
        return new LinkedHashMap<>(types);
    }

    @Override
    String hint() {
        return "";
    }

    @Override
    void requireOnce(List<String> wanted) {
        // DuckDB gives the second of two columns with one name another name
    }

    private interface Answer<T> {
        T of(ResultSet found) throws SQLException;
    }

    private <T> T asked(String query, Answer<T> answer) {
        try (Connection duck = connect(false);
                Statement statement = duck.createStatement()) {
            lock(statement);
            try (ResultSet found = statement.executeQuery(query)) {
                found.next();
                return answer.of(found);
            }
        } catch (SQLException e) {
            throw trouble(e);
        }
    }

    /** A streaming connection needs little memory. */
    private static Connection connect(boolean stream) throws SQLException {
        Properties settings = new Properties();
        settings.setProperty("jdbc_stream_results", Boolean.toString(stream));
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        settings.setProperty("threads", "1");
        return DriverManager.getConnection("jdbc:duckdb:", settings);
    }

    private void lock(Statement statement) throws SQLException {
        statement.execute("SET allowed_paths = ["
                + quoted(file().toAbsolutePath().toString(), '\'') + ", " + quoted(literal, '\'') + "]");
        statement.execute("SET enable_external_access = false");
        statement.execute("SET lock_configuration = true");
    }

    /**
     * The length of the lists in a column; a complaint where they differ or one is missing.
     *
     * @param most numbers in a list
     */
    int length(String column, int most) {
        String name = name(column);
        long[] found = asked(
                "SELECT MIN(LEN(" + name + ")), MAX(LEN(" + name + ")), COUNT(*) - COUNT(" + name + ") FROM " + table,
                row -> new long[] {row.getLong(1), row.getLong(2), row.getLong(3)});
        if (found[0] != found[1] || found[2] > 0 || found[1] > most) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file() + ": column \"" + Printable.text(column) + "\" has lists of " + found[0] + " to " + found[1]
                            + " numbers, expected one length, none missing, at most " + most);
        }
        return (int) found[1];
    }

    @Override
    public Rows rows(List<Want> wanted) {
        return rows(wanted, "", 0);
    }

    /** Some columns, and after them the elements of a column of lists. */
    Rows rows(List<Want> wanted, String list, int length) {
        List<String> expressions = wanted.stream().map(this::expression).collect(Collectors.toList());
        for (int d = 1; d <= length; d++) {
            expressions.add("TRY_CAST(" + name(list) + "[" + d + "] AS FLOAT)");
        }
        try {
            Connection duck = connect(true);
            try {
                Statement statement = duck.createStatement();
                lock(statement);
                ResultSet found = statement.executeQuery("SELECT " + String.join(", ", expressions) + " FROM " + table);
                return new Found(wanted, list, duck, found);
            } catch (SQLException e) {
                duck.close();
                throw e;
            }
        } catch (SQLException e) {
            throw trouble(e);
        }
    }

    private String expression(Want want) {
        String name = name(want.column());
        String type = types.getOrDefault(want.column(), "");
        return switch (want.as()) {
            case ID -> WHOLE.contains(type) ? "CAST(" + name + " AS BIGINT)" : "CAST(" + name + " AS VARCHAR)";
            // DuckDB 2.0.0.1 makes an error of what is no number where TRY_CAST asks
            case NUMBER -> type.equals("FLOAT") ? name : "TRY(CAST(" + name + " AS DOUBLE))";
            case TEXT -> "CAST(" + name + " AS VARCHAR)";
        };
    }

    private final class Found implements Rows {
        private final List<Want> wanted;
        private final String list;
        private final Connection duck;
        private final ResultSet found;
        private long row;

        Found(List<Want> wanted, String list, Connection duck, ResultSet found) {
            this.wanted = wanted;
            this.list = list;
            this.duck = duck;
            this.found = found;
        }

        @Override
        public boolean next() {
            try {
                row++;
                return found.next();
            } catch (SQLException e) {
                throw trouble(e);
            }
        }

        @Override
        public void id(int column, Ids to) {
            try {
                if (WHOLE.contains(types.getOrDefault(wanted.get(column).column(), ""))) {
                    long id = found.getLong(column + 1);
                    if (found.wasNull()) {
                        throw wrong(column, "an id");
                    }
                    to.add(id);
                    return;
                }
                String id = found.getString(column + 1);
                if (id == null || id.isEmpty()) {
                    throw wrong(column, "an id");
                }
                to.add(id);
            } catch (SQLException e) {
                throw trouble(e);
            }
        }

        @Override
        public String text(int column) {
            try {
                String text = found.getString(column + 1);
                return text == null ? "" : text.strip();
            } catch (SQLException e) {
                throw trouble(e);
            }
        }

        @Override
        public double number(int column) {
            try {
                double number = found.getDouble(column + 1);
                return found.wasNull() ? Double.NaN : number;
            } catch (SQLException e) {
                throw trouble(e);
            }
        }

        @Override
        public float single(int column) {
            try {
                float number = found.getFloat(column + 1);
                return found.wasNull() ? Float.NaN : number;
            } catch (SQLException e) {
                throw trouble(e);
            }
        }

        @Override
        public String place() {
            return file() + ", row " + row;
        }

        @Override
        public LetheException wrong(int column, String expected) {
            String name = column < wanted.size() ? wanted.get(column).column() : list;
            return new LetheException(
                    LetheException.Code.DATA,
                    file() + ", row " + row + ": expected " + expected + " in column \"" + Printable.text(name) + "\"");
        }

        @Override
        public void close() {
            try {
                duck.close();
            } catch (SQLException e) {
                throw trouble(e);
            }
        }
    }

    private LetheException trouble(SQLException e) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("UTF8") || message.contains("string encoding") || message.contains("Invalid result set")) {
            return new LetheException(
                    LetheException.Code.DATA, file() + ": holds text that is not UTF-8, or is damaged", e);
        }
        if (message.contains("magic bytes") || message.contains("too small to be a Parquet")) {
            return new LetheException(LetheException.Code.DATA, file() + ": is no Parquet file, or is cut off", e);
        }
        String first = message.lines().limit(2).reduce((a, b) -> a + " " + b).orElse(message);
        // what DuckDB puts in quotation marks may stand in a row, and be the id of a person
        return new LetheException(
                LetheException.Code.DATA,
                file() + ": cannot be read: " + Printable.text(first.replaceAll("'[^']*'|\"[^\"]*\"", "…")),
                e);
    }

    static String name(String column) {
        return quoted(column, '"');
    }

    static String quoted(String text, char quote) {
        return quote + text.replace("" + quote, "" + quote + quote) + quote;
    }
}
