package org.lethe.federated;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.lethe.LetheException;

/**
 * Makes features of texts, by what the training rows show: categories, ranges and percentiles of the test rows are not looked
 * at. A category that no training row has gives zeros.
 *
 * @param parts how columns become features, in order
 */
record Encoding(List<Part> parts) {
    Encoding {
        parts = List.copyOf(parts);
    }

    Encoding(Part... parts) {
        this(List.of(parts));
    }

    /** How a column becomes features. */
    sealed interface Part {
        /** The column. */
        String column();

        /** One feature for each category, in alphabetical order. */
        record Categories(String column) implements Part {}

        /** A number, moved so that the training rows reach from 0 to 1. */
        record Scaled(String column) implements Part {}

        /** 1 for one text. */
        record Flag(String column, String text) implements Part {}

        /** One feature for each cut, 1 for numbers above it; cuts are percentiles of the training rows. */
        record Thermometer(String column, int... percentiles) implements Part {}

        /** One feature for each interval between cuts, which are percentiles of the training rows. */
        record Bins(String column, int... percentiles) implements Part {}
    }

    /** Fitted to training rows. */
    Fitted fit(Frame train) {
        List<String> names = new ArrayList<>();
        List<Column> columns = new ArrayList<>();
        for (Part part : parts) {
            int c = train.column(part.column());
            int first = names.size();
            switch (part) {
                case Part.Categories categories -> {
                    TreeSet<String> found = new TreeSet<>();
                    for (int row = 0; row < train.size(); row++) {
                        found.add(train.text(row, c));
                    }
                    found.forEach(text -> names.add(part.column() + "=" + text));
                    columns.add(new Column(part, first, List.copyOf(found), new double[0]));
                }
                case Part.Scaled _ -> {
                    double[] all = numbers(train, c);
                    names.add(part.column());
                    columns.add(new Column(
                            part, first, List.of(), new double[] {all[0], all[all.length - 1] - all[0]}));
                }
                case Part.Flag flag -> {
                    names.add(part.column() + "=" + flag.text);
                    columns.add(new Column(part, first, List.of(), new double[0]));
                }
                case Part.Thermometer thermometer -> {
                    double[] cuts = cuts(numbers(train, c), thermometer.percentiles);
                    for (double cut : cuts) {
                        names.add(part.column() + ">" + cut);
                    }
                    columns.add(new Column(part, first, List.of(), cuts));
                }
                case Part.Bins bins -> {
                    double[] cuts = cuts(numbers(train, c), bins.percentiles);
                    for (double cut : cuts) {
                        names.add(part.column() + "<=" + cut);
                    }
                    names.add(part.column() + " above");
                    columns.add(new Column(part, first, List.of(), cuts));
                }
            }
        }
        return new Fitted(List.copyOf(names), List.copyOf(columns));
    }

    private static double[] numbers(Frame frame, int column) {
        double[] all = new double[frame.size()];
        for (int row = 0; row < all.length; row++) {
            all[row] = frame.number(row, column);
        }
        Arrays.sort(all);
        if (all.length == 0) {
            throw new LetheException(LetheException.Code.DATA, frame.file() + ": expected rows, found none");
        }
        return all;
    }

    /** Different percentiles below the largest number. */
    private static double[] cuts(double[] sorted, int... percentiles) {
        return Arrays.stream(percentiles)
                .mapToDouble(p -> sorted[(int) Math.min(sorted.length - 1, (long) sorted.length * p / 100)])
                .filter(cut -> cut < sorted[sorted.length - 1])
                .distinct()
                .toArray();
    }

    /** One column, the number of its first feature, and what the training rows showed of it. */
    record Column(Part part, int first, List<String> categories, double[] numbers) {}

    /**
     * Features with what the training rows showed.
     *
     * @param names of the features
     */
    record Fitted(List<String> names, List<Column> columns) {
        /** The features of rows, with labels and attributes. */
        Records records(Frame frame, byte[] labels, List<Records.Attribute> attributes) {
            int[] starts = new int[frame.size() + 1];
            int[] at = new int[64];
            float[] values = new float[64];
            int[] fields = columns.stream()
                    .mapToInt(c -> frame.column(c.part.column()))
                    .toArray();
            Row row = new Row(at, values, 0);
            for (int r = 0; r < frame.size(); r++) {
                for (int k = 0; k < fields.length; k++) {
                    encode(columns.get(k), frame, r, fields[k], row);
                }
                starts[r + 1] = row.size;
            }
            return new Records(
                    names.size(),
                    starts,
                    Arrays.copyOf(row.columns, row.size),
                    Arrays.copyOf(row.values, row.size),
                    labels,
                    attributes);
        }

        private static void encode(Column column, Frame frame, int r, int field, Row row) {
            switch (column.part) {
                case Part.Categories _ -> {
                    int found = Collections.binarySearch(column.categories, frame.text(r, field));
                    if (found >= 0) {
                        row.add(column.first + found, 1);
                    }
                }
                case Part.Scaled _ -> {
                    double range = column.numbers[1];
                    double value = frame.number(r, field) - column.numbers[0];
                    row.add(column.first, range > 0 ? (float) (value / range) : 0);
                }
                case Part.Flag flag ->
                    row.add(column.first, frame.text(r, field).equals(flag.text) ? 1 : 0);
                case Part.Thermometer _ -> {
                    double value = frame.number(r, field);
                    for (int k = 0; k < column.numbers.length; k++) {
                        row.add(column.first + k, value > column.numbers[k] ? 1 : 0);
                    }
                }
                case Part.Bins _ -> {
                    double value = frame.number(r, field);
                    int bin = (int) Arrays.stream(column.numbers)
                            .filter(cut -> value > cut)
                            .count();
                    row.add(column.first + bin, 1);
                }
            }
        }
    }

    /** Values that grow. */
    private static final class Row {
        private int[] columns;
        private float[] values;
        private int size;

        Row(int[] columns, float[] values, int size) {
            this.columns = columns;
            this.values = values;
            this.size = size;
        }

        void add(int column, float value) {
            if (value == 0) {
                return;
            }
            if (size == columns.length) {
                columns = Arrays.copyOf(columns, 2 * size);
                values = Arrays.copyOf(values, 2 * size);
            }
            columns[size] = column;
            values[size++] = value;
        }
    }

    /** The labels of rows: 1 for some texts, 0 for any other that is not empty. */
    static byte[] labels(Frame frame, String column, List<String> positive) {
        int c = frame.column(column);
        byte[] labels = new byte[frame.size()];
        for (int row = 0; row < labels.length; row++) {
            String text = frame.text(row, c).strip();
            if (text.isEmpty()) {
                throw frame.wrong(row, c, "a label");
            }
            labels[row] = (byte) (positive.contains(text) ? 1 : 0);
        }
        return labels;
    }

    /** An attribute of rows, with labels in alphabetical order; an empty text is not known. */
    static Records.Attribute attribute(Frame frame, String name, Frame all) {
        int c = all.column(name);
        TreeSet<String> labels = new TreeSet<>();
        for (int row = 0; row < all.size(); row++) {
            if (!all.text(row, c).isBlank()) {
                labels.add(all.text(row, c));
            }
        }
        List<String> known = List.copyOf(labels);
        int[] of = IntStream.range(0, frame.size())
                .map(row -> {
                    int found = Collections.binarySearch(known, frame.text(row, c));
                    return Math.max(found, -1);
                })
                .toArray();
        return new Records.Attribute(name, known, of);
    }
}
