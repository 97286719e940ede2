package org.lethe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.lethe.Aspect;
import org.lethe.Direction;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Row;
import org.lethe.study.Run.Role;

/**
 * A finding as an axis of the trade-off. Where each place has a reference, and the finding is about effect, utility or fairness, the axis is
 * the difference from the reference: a method that does nothing is then as far away as it is, and not the best. Else, where nearness to a
 * value is better, it is the distance from that value.
 *
 * @param table the audit it comes from
 * @param finding its name there
 * @param label its name among all axes: with the audit, where several audits have a finding of this name
 * @param direction which way is better
 * @param relative whether it shows differences from the reference
 */
record Axis(AuditTable table, String finding, String label, Direction direction, boolean relative) {
    /** The number of a bar that compares with the reference. */
    private static final Pattern MARGIN = Pattern.compile(
            "(?<=within |at most )[0-9.]*[0-9](?= of the reference| above the reference)|(?<=than the reference by more than )[0-9.]*[0-9]");

    /** The number of a bar that is a threshold. */
    private static final Pattern THRESHOLD =
            Pattern.compile("(?<=at least |at most |below |above |under )-?[0-9]*\\.?[0-9]+(?![0-9.]* ?%)");

    /** Every finding of the report that is better one way than another, with a number for some row. */
    static List<Axis> of(Report report) {
        List<Axis> axes = new ArrayList<>();
        List<String> names = report.audits().stream().map(AuditTable::audit).toList();
        for (AuditTable table : report.audits()) {
            for (String finding : table.findings()) {
                Charts.measured(table.rows(), finding).stream()
                        .map(r -> Charts.at(r, finding).direction())
                        .findFirst()
                        .filter(d -> d != Direction.NONE)
                        .ifPresent(d -> axes.add(new Axis(
                                table,
                                finding,
                                report.audits().stream()
                                                        .filter(a ->
                                                                a.findings().contains(finding))
                                                        .count()
                                                > 1
                                        ? Wording.name(table.audit(), names) + ": " + finding
                                        : finding,
                                d,
                                relative(table, finding))));
            }
        }
        return axes;
    }

    private static boolean relative(AuditTable table, String finding) {
        return table.aspect() != Aspect.COST
                && Charts.measured(table.rows(), finding).stream()
                        .allMatch(row -> reference(table, finding, row).isPresent());
    }

    /** The finding of the reference at the place of a row. */
    private static Optional<Measured> reference(AuditTable table, String finding, Row row) {
        return Charts.measured(table.rows(), finding).stream()
                .filter(r -> r.role() == Role.REFERENCE && r.place().equals(row.place()))
                .findFirst()
                .map(r -> Charts.at(r, finding));
    }

    String title() {
        if (relative) {
            return label + " − reference";
        }
        return switch (direction) {
            case HIGHER, LOWER, NONE -> label;
            case ZERO -> "distance of " + label + " from 0";
            case HALF -> "distance of " + label + " from ½";
        };
    }

    /** Whether less of what {@link #place} says is better; on differences from the reference neither is. */
    boolean lower() {
        return !relative
                && switch (direction) {
                    case LOWER, ZERO, HALF -> true;
                    case HIGHER, NONE -> false;
                };
    }

    /** Where a row stands on this axis. */
    double place(int row, Measured m) {
        return placed(row, m.mean());
    }

    /** Both ends of the interval of a row on this axis, the smaller first. */
    Optional<double[]> ends(int row, Measured m) {
        return m.interval().map(i -> {
            double low = placed(row, i.low());
            double high = placed(row, i.high());
            boolean across = !relative
                    && (direction == Direction.ZERO && i.contains(0) || direction == Direction.HALF && i.contains(0.5));
            return new double[] {across ? 0 : Math.min(low, high), Math.max(low, high)};
        });
    }

    private double placed(int row, double value) {
        if (relative) {
            return value
                    - reference(table, finding, table.rows().get(row))
                            .orElseThrow()
                            .mean();
        }
        return switch (direction) {
            case HIGHER, LOWER, NONE -> value;
            case ZERO -> Math.abs(value);
            case HALF -> Math.abs(value - 0.5);
        };
    }

    /**
     * How far the axis reaches at least on both sides of the reference: the margin of the bar, or the distance from the reference to the
     * threshold of the bar, or where the bar names neither, half the interval of the reference. Differences that no bar would see are not drawn as large ones.
     */
    double least() {
        if (!relative) {
            return 0;
        }
        double margin = Charts.measured(table.rows(), finding).stream()
                .flatMap(r -> MARGIN.matcher(Charts.at(r, finding).bar()).results())
                .mapToDouble(found -> Double.parseDouble(found.group()))
                .max()
                .orElseGet(this::toThreshold);
        return margin > 0
                ? margin
                : Charts.measured(table.rows(), finding).stream()
                        .filter(r -> r.role() == Role.REFERENCE)
                        .flatMap(r -> Charts.at(r, finding).interval().stream())
                        .mapToDouble(i -> (i.high() - i.low()) / 2)
                        .max()
                        .orElse(0);
    }

    private double toThreshold() {
        return Charts.measured(table.rows(), finding).stream()
                .flatMapToDouble(row -> THRESHOLD
                        .matcher(Charts.at(row, finding).bar())
                        .results()
                        .mapToDouble(found -> Double.parseDouble(found.group()))
                        .map(bar -> Math.abs(bar
                                - reference(table, finding, row).orElseThrow().mean())))
                .max()
                .orElse(0);
    }

    /** The value of a row on this axis. All tables have the same rows in the same order. */
    Optional<Measured> at(int row) {
        return Optional.ofNullable(table.rows().get(row).findings().get(finding))
                .filter(m -> Double.isFinite(m.mean()));
    }
}
