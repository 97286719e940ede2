package org.lethe.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.lethe.Direction;
import org.lethe.Interval;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Row;
import org.lethe.report.Report.Standing;
import org.lethe.study.Run.Role;

/**
 * One finding as bars, on the same scale wherever it was measured.
 *
 * <p>A bar starts at 0, or at ½ where that is best; its row's value is {@code [mean, row, low, high, base, reference]}.
 *
 * @param low least value of the axis
 * @param high greatest value of the axis
 * @param step between two marks of the axis
 */
record BarOptions(
        Charts charts, String finding, List<String> requests, double base, double low, double high, double step) {
    private static final int ROW = 17;

    /** A wide interval must not squeeze every bar: the axis goes at most half the greatest bar beyond a bar's end. */
    static BarOptions of(Charts charts, List<Row> rows, String finding, List<String> requests) {
        List<Measured> all = Charts.measured(rows, finding).stream()
                .map(r -> Charts.at(r, finding))
                .toList();
        double base = all.stream().anyMatch(m -> m.direction() == Direction.HALF) ? 0.5 : 0;
        double room =
                all.stream().mapToDouble(m -> Math.abs(m.mean() - base)).max().orElse(1) / 2;
        double low = base;
        double high = base;
        for (Measured m : all) {
            low = Math.min(low, Math.max(end(m, Interval::low), m.mean() - room));
            high = Math.max(high, Math.min(end(m, Interval::high), m.mean() + room));
        }
        if (!(high > low)) {
            high = low + 1;
        }
        double step = step((high - low) / 3);
        return new BarOptions(
                charts, finding, requests, base, Math.floor(low / step) * step, Math.ceil(high / step) * step, step);
    }

    private static double end(Measured m, ToDoubleFunction<Interval> which) {
        return m.interval().map(which::applyAsDouble).filter(Double::isFinite).orElse(m.mean());
    }

    /** The least of 1, 2 and 5 times a power of ten that is not below the value. */
    static double step(double least) {
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        return power * (least <= power ? 1 : least <= 2 * power ? 2 : least <= 5 * power ? 5 : 10);
    }

    static int height(List<Row> rows, List<String> requests) {
        long here = rows.stream().map(r -> r.place().request()).distinct().count();
        return (int) (ROW * (rows.size() + (requests.size() > 1 ? here : 0)) + 30);
    }

    /** The rows of one place, under a heading per request where there are several. */
    ObjectNode chart(List<Row> rows) {
        ObjectNode option = Figure.object();
        option.withObject("/xAxis").put("min", low).put("max", high).put("interval", step);
        ArrayNode labels = option.withArray("yAxis").addObject().withArray("data");
        ArrayNode values = option.withArray("yAxis").addObject().withArray("data");
        ArrayNode bars = option.withArray("series").addObject().withArray("data");
        String request = "";
        for (Row row : rows) {
            if (requests.size() > 1 && !row.place().request().equals(request)) {
                request = row.place().request();
                label(labels, Wording.shorter(request, requests), "--ink").put("fontWeight", "bold");
                label(values, "", "--ink");
            }
            label(labels, charts.name(row.method()), row.role() == Role.TESTED ? "--ink" : "--quiet");
            Measured m = row.findings().get(finding);
            if (m == null || !Double.isFinite(m.mean())) {
                label(
                        values,
                        row.failures().isEmpty() ? "–" : "failed",
                        row.failures().isEmpty() ? "--quiet" : "--bad");
                continue;
            }
            boolean missed = m.standing().equals(Optional.of(Standing.FAIL));
            label(values, Wording.mean(m) + (missed ? " ✕" : ""), missed ? "--bad" : "--ink");
            ObjectNode bar = bars.addObject();
            charts.paint(bar.withObject("/itemStyle"), row.method(), row.role());
            bar.put(
                    "tip",
                    row.method() + ", " + row.place().request() + "\n" + finding + ": " + Charts.words(m)
                            + m.standing()
                                    .map(s -> "\n" + Wording.verdict(m, s))
                                    .orElse(""));
            ArrayNode value = bar.withArray("value")
                    .add(m.mean())
                    .add(labels.size() - 1)
                    .add(end(m, Interval::low))
                    .add(end(m, Interval::high))
                    .add(base);
            reference(rows, row).ifPresentOrElse(r -> value.add(r.mean()), value::addNull);
        }
        return option;
    }

    private Optional<Measured> reference(List<Row> rows, Row row) {
        return Charts.measured(rows, finding).stream()
                .filter(r -> r.role() == Role.REFERENCE && r.place().equals(row.place()))
                .map(r -> Charts.at(r, finding))
                .findFirst();
    }

    private static ObjectNode label(ArrayNode labels, String text, String colour) {
        return labels.addObject().put("value", text).withObject("/textStyle").put("color", colour);
    }
}
