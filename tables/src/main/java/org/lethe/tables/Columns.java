package org.lethe.tables;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lethe.LetheException;

/**
 * A file with named columns, read by DuckDB, which is told to open this file and nothing else: no network, no
 * extensions, no other path. Rows stream through; ids that are whole numbers never become text.
 */
public final class Columns {
    private static final Pattern LINE = Pattern.compile("CSV Error on Line: (\\d+)");
    private static final String WHOLE = "'-?(0|[1-9][0-9]{0,17})'";

    private final Path file;
    private final boolean text;
    private final List<String> header; // of a text file
    private final String table;

    public Columns(Path file, String kind, String separator) {
        this.file = file;
        this.text = kind.equals("csv");
        String path = quoted(file.toAbsolutePath().toString(), '\'');
        header = text ? header(separator) : List.of();
        table = text
                ? "read_csv(" + path + ", auto_detect = false, header = true, delim = " + quoted(separator, '\'')
                        + ", quote = '\"', escape = '\"', strict_mode = true, parallel = false, columns = {"
                        + header.stream()
                                .map(column -> quoted(column, '\'') + ": 'VARCHAR'")
                                .collect(Collectors.joining(", "))
                        + "})"
                : "read_parquet(" + path + ")";
    }

    /** The names in the first line; read here, since a reader that guesses skips lines it does not like. */
    private List<String> header(String separator) {
        try (TextRows rows = TextRows.open(file, separator, StandardCharsets.UTF_8)) {
            if (!rows.next()) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": expected a header with the names of columns, found nothing");
            }
            List<String> names = new ArrayList<>();
            for (int field = 0; field < rows.count(); field++) {
                String name = rows.text(field).replace("\uFEFF", "").replaceAll("^\"|\"$", "");
                if (name.isEmpty() || names.contains(name)) {
                    throw rows.wrong("expected a header with different names, found \"" + name + "\"");
                }
                names.add(name);
            }
            return names;
        }
    }

    /** What is done with an open file. */
    public interface Work<T> {
        T with(Statement statement) throws SQLException;
    }

    /** Opens DuckDB on this file alone; a streaming connection needs little memory and says little about trouble. */
    public <T> T connected(boolean stream, Work<T> work) {
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:", settings(stream));
                Statement statement = duck.createStatement()) {
            lock(statement);
            return work.with(statement);
        } catch (SQLException e) {
            throw trouble(e);
        }
    }

    /** What stands after FROM. */
    public String table() {
        return table;
    }

    private static Properties settings(boolean stream) {
        Properties settings = new Properties();
        settings.setProperty("jdbc_stream_results", Boolean.toString(stream));
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        settings.setProperty("threads", "1");
        return settings;
    }

    private void lock(Statement statement) throws SQLException {
        statement.execute("SET allowed_paths = [" + quoted(file.toAbsolutePath().toString(), '\'') + "]");
        statement.execute("SET enable_external_access = false");
        statement.execute("SET lock_configuration = true");
    }

    /** The columns and their types, in the order of the file. */
    public Map<String, String> columns(Statement statement) throws SQLException {
        Map<String, String> columns = new LinkedHashMap<>();
        header.forEach(column -> columns.put(column, "VARCHAR"));
        try (ResultSet found = statement.executeQuery("DESCRIBE SELECT * FROM " + table)) {
            while (!text && found.next()) {
                columns.put(found.getString(1), found.getString(2));
            }
        }
        return columns;
    }

    public void requireColumns(Statement statement, String... wanted) throws SQLException {
        Set<String> columns = columns(statement).keySet();
        for (String column : wanted) {
            if (!column.isEmpty() && !columns.contains(column)) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": has no column \"" + column + "\", expected one of " + String.join(", ", columns));
            }
        }
    }

    /** Whether every value of a column is a whole number. */
    public boolean whole(Statement statement, String column) throws SQLException {
        String query = "SELECT COUNT(*) FROM " + table + " WHERE NOT REGEXP_FULL_MATCH(CAST(" + name(column)
                + " AS VARCHAR), " + WHOLE + ")";
        try (ResultSet found = statement.executeQuery(query)) {
            return found.next() && found.getLong(1) == 0;
        }
    }

    public LetheException wrong(long row, String column, String expected) {
        String where = text ? file + ":" + (row + 1) : file + ", row " + row;
        return new LetheException(
                LetheException.Code.DATA, where + ": expected " + expected + " in column \"" + column + "\"");
    }

    private LetheException trouble(SQLException e) {
        String message = String.valueOf(e.getMessage());
        Matcher line = LINE.matcher(message);
        String where = line.find() ? file + ":" + line.group(1) : file.toString();
        String first = message.lines().limit(2).reduce((a, b) -> a + " " + b).orElse(message);
        return new LetheException(LetheException.Code.DATA, where + ": cannot be read: " + first, e);
    }

    /** A column as a number, or nothing where it is none; DuckDB 2.0.0.1 makes an error of that where TRY_CAST asks. */
    public static String number(String column, String type) {
        return "TRY(CAST(" + name(column) + " AS " + type + "))";
    }

    public static String name(String column) {
        return quoted(column, '"');
    }

    static String quoted(String text, char quote) {
        return quote + text.replace("" + quote, "" + quote + quote) + quote;
    }

    /** The ids of one column: numbers as they are, anything else as names, in the order they come. */
    public static final class Ids {
        private final boolean numbers;
        private final Map<String, Integer> known = new HashMap<>();
        private final List<String> names = new ArrayList<>();

        public Ids(boolean numbers) {
            this.numbers = numbers;
        }

        public String column(String column) {
            return "CAST(" + name(column) + " AS " + (numbers ? "BIGINT" : "VARCHAR") + ")";
        }

        public long next(ResultSet row, int column) throws SQLException {
            if (numbers) {
                long id = row.getLong(column);
                return row.wasNull() ? -1 : id;
            }
            String id = row.getString(column);
            if (id == null) {
                return -1;
            }
            Integer number = known.get(id);
            if (number == null) {
                number = names.size();
                known.put(id, number);
                names.add(id);
            }
            return number;
        }

        /** The entities of ids that came out of {@link #next}. */
        public Entities entities(long[] ids) {
            return entities(Entities.ofNumbers(ids));
        }

        public Entities entities(Entities counted) {
            if (numbers) {
                return counted;
            }
            String[] kept = new String[counted.size()];
            Arrays.setAll(kept, n -> names.get(Integer.parseInt(counted.id(n))));
            return Entities.ofNames(kept);
        }
    }
}
