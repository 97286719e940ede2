package org.lethe.tables;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.tables.Columns.As;
import org.lethe.tables.Columns.Want;

/** A file with one row for each id, in named columns: CSV, TSV or Parquet. */
final class KeyedColumns {
    private static final Set<String> NUMBERS = Set.of(
            "",
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
    private static final int LONGEST = 65_536; // numbers in a list

    /** The names that pandas gives the numbers of rows, or none, where it writes them as a column. */
    private static final Pattern INDEX = Pattern.compile("|__index_level_\\d+__|Unnamed: \\d+");

    /** The words that programs write for a missing value. */
    private static final Set<String> MISSING =
            Set.of("", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nat", "\\n");

    private final Columns columns;

    private KeyedColumns(Columns columns) {
        this.columns = columns;
    }

    static KeyedColumns open(Path file) {
        return new KeyedColumns(Columns.open(file));
    }

    /** Every column but that of ids, as numbers; a single column of lists of equal length counts as its elements. */
    EmbeddingTable table(String id) {
        columns.require(id);
        Map<String, String> types = columns.types();
        columns.requireOnce(List.copyOf(types.keySet()));
        types.remove(id);
        types.keySet().stream()
                .filter(c -> INDEX.matcher(c).matches())
                .findFirst()
                .ifPresent(c -> {
                    throw wrong((c.isEmpty() ? "the column without a name" : "column \"" + c + "\"")
                            + " looks like an index that pandas wrote, not like numbers of the embeddings; expected a file without"
                            + " it (index=False), or its name as that of the ids");
                });
        List<String> lists = types.entrySet().stream()
                .filter(e -> e.getValue().endsWith("]"))
                .map(Map.Entry::getKey)
                .toList();
        types.forEach((column, type) -> {
            if (!number(type) && !lists.contains(column)) {
                throw wrong("column \"" + Printable.text(column) + "\" is " + type
                        + ", expected numbers, or one column of lists of numbers beside the ids");
            }
        });
        if (!lists.isEmpty() && types.size() > 1) {
            throw wrong("column \"" + lists.getFirst() + "\" has lists of numbers, and beside it stand "
                    + types.keySet().stream()
                            .filter(c -> !c.equals(lists.getFirst()))
                            .map(Printable::text)
                            .collect(Collectors.joining(", "))
                    + "; expected the ids alone beside a column of lists");
        }
        List<String> names = List.copyOf(types.keySet());
        Growing rows = new Growing();
        Ids ids = new Ids();
        if (!lists.isEmpty() && columns instanceof ParquetColumns parquet) {
            int width = parquet.length(names.getFirst(), LONGEST);
            try (Columns.Rows found = parquet.rows(List.of(new Want(id, As.ID)), names.getFirst(), width)) {
                numbers(found, width, ids, rows);
            }
        } else if (names.size() == 1 && listed(names.getFirst())) {
            lists(id, names.getFirst(), ids, rows);
        } else {
            List<Want> wanted = new ArrayList<>(List.of(new Want(id, As.ID)));
            names.forEach(name -> wanted.add(new Want(name, As.NUMBER)));
            try (Columns.Rows found = columns.rows(wanted)) {
                numbers(found, names.size(), ids, rows);
            }
        }
        if (ids.size() == 0 || rows.size == 0) {
            throw wrong("has " + ids.size() + " rows and " + names.size()
                    + " columns of numbers, expected at least one of each");
        }
        return new EmbeddingTable(
                columns.file().toString(), ids.entities(ids.keys()), rows.size / ids.size(), rows.all(), names);
    }

    private static boolean number(String type) {
        return NUMBERS.contains(type) || type.startsWith("DECIMAL");
    }

    private void numbers(Columns.Rows found, int width, Ids ids, Growing rows) {
        while (found.next()) {
            found.id(0, ids);
            for (int d = 1; d <= width; d++) {
                rows.add(finite(found, d, found.single(d)));
            }
        }
    }

    private float finite(Columns.Rows found, int column, float number) {
        if (!Float.isFinite(number)) {
            throw found.wrong(column, "a finite number");
        }
        return number;
    }

    /** Whether a column of text begins with a list. */
    private boolean listed(String column) {
        try (Columns.Rows found = columns.rows(List.of(new Want(column, As.TEXT)))) {
            return found.next() && found.text(0).startsWith("[");
        }
    }

    /** Lists as pandas and NumPy print them: {@code [0.1, 0.2]} or {@code [0.1 0.2]}. */
    private void lists(String id, String column, Ids ids, Growing rows) {
        int width = -1;
        try (Columns.Rows found = columns.rows(List.of(new Want(id, As.ID), new Want(column, As.TEXT)))) {
            while (found.next()) {
                found.id(0, ids);
                String list = found.text(1);
                if (!list.startsWith("[") || !list.endsWith("]")) {
                    throw found.wrong(1, "a list of numbers in [ and ]");
                }
                String[] numbers = list.substring(1, list.length() - 1).strip().split("\\s*,\\s*|\\s+");
                if (width >= 0 && numbers.length != width) {
                    throw found.wrong(
                            1, "a list of " + width + " numbers as in the rows before, found " + numbers.length);
                }
                width = numbers.length;
                for (String number : numbers) {
                    rows.add(finite(found, 1, Numbers.single(number)));
                }
            }
        }
    }

    /** Numbers as they come. */
    private final class Growing {
        private float[] numbers = new float[1 << 10];
        private int size;

        void add(float number) {
            if (size == numbers.length) {
                if (size == EmbeddingTable.MOST) {
                    throw wrong("has more than " + EmbeddingTable.MOST + " numbers, which is the most a table holds");
                }
                numbers = Arrays.copyOf(numbers, (int) Math.min(EmbeddingTable.MOST, 2L * size));
            }
            numbers[size++] = number;
        }

        float[] all() {
            return Arrays.copyOf(numbers, size);
        }
    }

    /** A complaint unless the column of ids, which a setting names, is there once. */
    void requireId(String setting, String id) {
        columns.requireFor(setting, id);
    }

    /** The names of all columns but that of ids; a column without a name is left alone. */
    List<String> besides(String id) {
        return columns.types().keySet().stream()
                .filter(c -> !c.isEmpty() && !c.equals(id))
                .toList();
    }

    /**
     * Some attributes; numbers of more than {@code labels} different values stay numbers, everything else is labels. Words that
     * stand for a missing value, as {@code nan}, are missing values.
     */
    Entities attributes(String id, List<String> names, int labels) {
        columns.require(id);
        columns.require(names.toArray(String[]::new));
        List<Want> wanted = new ArrayList<>(List.of(new Want(id, As.ID)));
        names.forEach(name -> wanted.add(new Want(name, As.TEXT)));
        List<List<String>> values = new ArrayList<>();
        names.forEach(name -> values.add(new ArrayList<>()));
        List<String> places = new ArrayList<>();
        Ids ids = new Ids();
        try (Columns.Rows found = columns.rows(wanted)) {
            while (found.next()) {
                found.id(0, ids);
                for (int c = 0; c < names.size(); c++) {
                    String value = found.text(c + 1).strip();
                    values.get(c).add(MISSING.contains(value.toLowerCase(Locale.ROOT)) ? "" : Printable.text(value));
                }
                places.add(found.place());
            }
        }
        if (ids.size() == 0) {
            throw wrong("has no rows, expected one for each id");
        }
        long[] keys = ids.keys();
        int[] kept = firstOfEach(keys, names, values, places);
        Entities entities =
                ids.entities(Arrays.stream(kept).mapToLong(n -> keys[n]).toArray());
        for (int c = 0; c < names.size(); c++) {
            List<String> all = values.get(c);
            String[] of = Arrays.stream(kept).mapToObj(all::get).toArray(String[]::new);
            entities = entities.with(
                    names.get(c),
                    numeric(names.get(c), all, places, labels)
                            ? new Entities.Numeric(Arrays.stream(of)
                                    .mapToDouble(v -> v.isEmpty() ? Double.NaN : Numbers.decimal(v))
                                    .toArray())
                            : Entities.Categorical.of(of));
        }
        return entities;
    }

    /** The first row of each id; a complaint where a later one has another value. */
    private static int[] firstOfEach(long[] keys, List<String> names, List<List<String>> values, List<String> places) {
        Map<Long, Integer> first = new HashMap<>();
        Set<Integer> kept = new LinkedHashSet<>();
        for (int n = 0; n < keys.length; n++) {
            Integer before = first.putIfAbsent(keys[n], n);
            if (before == null) {
                kept.add(n);
                continue;
            }
            for (int c = 0; c < names.size(); c++) {
                String value = values.get(c).get(n);
                if (!values.get(c).get(before).equals(value)) {
                    throw new LetheException(
                            LetheException.Code.DATA,
                            places.get(n) + ": column \"" + Printable.text(names.get(c)) + "\" is \"" + value
                                    + "\" for the same id for which it is \""
                                    + values.get(c).get(before) + "\" in "
                                    + places.get(before) + ", expected one value for each id");
                }
            }
        }
        return kept.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Whether values are numbers; a complaint where all are but for one or two words. */
    private static boolean numeric(String attribute, List<String> values, List<String> places, int labels) {
        Set<String> different = new HashSet<>(values);
        different.remove("");
        Set<String> words = different.stream()
                .filter(v -> !Double.isFinite(Numbers.decimal(v)))
                .collect(Collectors.toSet());
        if (different.size() - words.size() <= labels || words.size() > 2) {
            return false;
        }
        for (int n = 0; n < values.size(); n++) {
            if (words.contains(values.get(n))) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        places.get(n) + ": column \"" + Printable.text(attribute) + "\" is \"" + values.get(n)
                                + "\", expected a number as in the other rows, or nothing");
            }
        }
        return true;
    }

    private LetheException wrong(String message) {
        return new LetheException(LetheException.Code.DATA, columns.file() + ": " + message);
    }
}
