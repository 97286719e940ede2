package org.lethe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lethe.Direction;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Measured;

/**
 * A finding as an axis of the trade-off. Where neither more nor less is better but nearness to a value, the axis is the
 * distance from that value.
 *
 * @param table the audit it comes from
 * @param finding its name there
 * @param label its name among all axes: with the audit, where several audits have a finding of this name
 * @param direction which way is better
 */
record Axis(AuditTable table, String finding, String label, Direction direction) {
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
                                d)));
            }
        }
        return axes;
    }

    String title() {
        return switch (direction) {
            case HIGHER, LOWER, NONE -> label;
            case ZERO -> "distance of " + label + " from 0";
            case HALF -> "distance of " + label + " from ½";
        };
    }

    /** Whether less of what {@link #place} says is better. */
    boolean lower() {
        return switch (direction) {
            case LOWER, ZERO, HALF -> true;
            case HIGHER, NONE -> false;
        };
    }

    double place(Measured m) {
        return switch (direction) {
            case HIGHER, LOWER, NONE -> m.mean();
            case ZERO -> Math.abs(m.mean());
            case HALF -> Math.abs(m.mean() - 0.5);
        };
    }

    /** The value of a row on this axis. All tables have the same rows in the same order. */
    Optional<Measured> at(int row) {
        return Optional.ofNullable(table.rows().get(row).findings().get(finding))
                .filter(m -> Double.isFinite(m.mean()));
    }
}
