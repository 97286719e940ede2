package org.lethe.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Place;
import org.lethe.report.Report.Row;
import org.lethe.report.Report.Score;
import org.lethe.report.Report.Standing;
import org.lethe.study.Run.Role;

/**
 * Charts as SVG written into the page: no script, so they print, scale, follow the theme, and cannot load anything.
 *
 * <p>Every mark has a title that a pointer or a screen reader finds.
 */
record Charts(Report report) {
    private static final List<String> ASPECTS = List.of("completeness", "utility", "efficiency", "fairness");
    private static final int WIDTH = 336;

    /** A finding per audit as bars with intervals: one panel per model and data, a group per request. */
    String bars(AuditTable audit) {
        Optional<String> main = audit.main();
        if (main.isEmpty()) {
            return "";
        }
        String finding = main.get();
        StringBuilder panels = new StringBuilder();
        groups(audit).forEach((title, rows) -> panels.append(barPanel(title, finding, rows, audit)));
        return figure(
                Page.escape(finding) + " <span class=\"quiet\">" + direction(audit, finding)
                        + "; whiskers are 95 % intervals</span>",
                panels.toString());
    }

    private static Map<String, List<Row>> groups(AuditTable audit) {
        Map<String, List<Row>> groups = new LinkedHashMap<>();
        audit.rows()
                .forEach(r -> groups.computeIfAbsent(title(r.place()), t -> new ArrayList<>())
                        .add(r));
        return groups;
    }

    private static String title(Place place) {
        return place.model() + " on " + place.data();
    }

    private static String direction(AuditTable audit, String finding) {
        return audit.rows().stream()
                .flatMap(r -> Optional.ofNullable(r.findings().get(finding)).stream())
                .findFirst()
                .map(m -> Wording.better(m.direction()) + (m.unit().isEmpty() ? "" : ", in " + Page.escape(m.unit())))
                .orElse("");
    }

    private String barPanel(String title, String finding, List<Row> rows, AuditTable audit) {
        double low = 0;
        double high = 0;
        for (Row row : measured(audit.rows(), finding)) {
            Measured m = at(row, finding);
            low = Math.min(
                    low,
                    m.interval()
                            .map(i -> Math.max(i.low(), m.mean() - 2 * spread(audit, finding)))
                            .orElse(m.mean()));
            high = Math.max(
                    high,
                    m.interval()
                            .map(i -> Math.min(i.high(), m.mean() + 2 * spread(audit, finding)))
                            .orElse(m.mean()));
        }
        if (high == low) {
            high = low + 1;
        }
        double from = 118;
        double to = WIDTH - 62;
        double base = low;
        double scale = (to - from) / (high - low);
        DoubleUnaryOperator x = v -> from + (Math.clamp(v, base, base + (to - from) / scale) - base) * scale;
        List<String> requests = report.distinct(r -> r.request());
        StringBuilder marks = new StringBuilder();
        double y = 4;
        String request = "";
        for (Row row : rows) {
            if (!row.place().request().equals(request)) {
                request = row.place().request();
                y += 16;
                marks.append(text(0, y, "start", "axis", Wording.shorter(request, requests), request));
                y += 6;
            }
            marks.append(text(
                    from - 8,
                    y + 10,
                    "end",
                    row.role() == Role.TESTED ? "label" : "label quiet",
                    clipped(row.method(), 18),
                    row.method()));
            Measured m = row.findings().get(finding);
            if (m == null || !Double.isFinite(m.mean())) {
                marks.append(text(
                        from + 4, y + 10, "start", "miss", row.failures().isEmpty() ? "not measured" : "failed", ""));
            } else {
                double end = x.applyAsDouble(m.mean());
                double zero = x.applyAsDouble(0);
                marks.append(String.format(
                        Locale.ROOT,
                        "<g><title>%s</title><rect class=\"bar %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"10\" rx=\"2\"/>",
                        Page.escape(row.method() + ": " + words(m)),
                        kind(row.role()),
                        Math.min(zero, end),
                        y + 1,
                        Math.max(0.8, Math.abs(end - zero))));
                if (m.interval().isPresent()) {
                    var i = m.interval().get();
                    marks.append(String.format(
                            Locale.ROOT,
                            "<path class=\"whisker\" d=\"M%.1f %.1fH%.1f\"/>",
                            x.applyAsDouble(i.low()),
                            y + 6,
                            x.applyAsDouble(i.high())));
                }
                marks.append("</g>");
                String mark = m.standing().equals(Optional.of(Standing.FAIL)) ? " ✕" : "";
                marks.append(text(
                        WIDTH - 2,
                        y + 10,
                        "end",
                        mark.isEmpty() ? "value" : "value miss",
                        Wording.number(m.mean()) + mark,
                        ""));
            }
            y += 14;
        }
        marks.append(String.format(Locale.ROOT, "<path class=\"rule\" d=\"M%.1f 24V%.1f\"/>", x.applyAsDouble(0), y));
        return panel(title, WIDTH, y + 4, marks.toString());
    }

    /** A wide interval must not squeeze every bar: the axis shows at most twice the largest value beyond a bar's end. */
    private static double spread(AuditTable audit, String finding) {
        return measured(audit.rows(), finding).stream()
                        .mapToDouble(r -> Math.abs(at(r, finding).mean()))
                        .max()
                        .orElse(1)
                * 0.25;
    }

    private static List<Row> measured(List<Row> rows, String finding) {
        return rows.stream()
                .filter(r -> r.findings().containsKey(finding)
                        && Double.isFinite(at(r, finding).mean()))
                .toList();
    }

    private static Measured at(Row row, String finding) {
        return java.util.Objects.requireNonNull(row.findings().get(finding));
    }

    /** Completeness against utility, one panel per model; top right is better whatever the findings' directions are. */
    String tradeOff() {
        Optional<AuditTable> across = report.audit("completeness");
        Optional<AuditTable> up = report.audit("utility");
        if (across.isEmpty()
                || up.isEmpty()
                || across.get().main().isEmpty()
                || up.get().main().isEmpty()) {
            return "";
        }
        String xName = across.get().main().get();
        String yName = up.get().main().get();
        List<String> requests = report.distinct(r -> r.request());
        StringBuilder panels = new StringBuilder();
        groups(across.get()).forEach((title, rows) -> {
            List<Dot> dots = new ArrayList<>();
            for (Row row : measured(rows, xName)) {
                up.get().rows().stream()
                        .filter(r -> r.place().equals(row.place())
                                && r.method().equals(row.method())
                                && r.role() == row.role())
                        .filter(r -> !measured(List.of(r), yName).isEmpty())
                        .forEach(r -> dots.add(new Dot(row, at(row, xName), at(r, yName))));
            }
            if (!dots.isEmpty()) {
                panels.append(scatter(title, dots, requests, xName, yName));
            }
        });
        if (panels.isEmpty()) {
            return "";
        }
        StringBuilder legend = new StringBuilder("<p class=\"legend\">");
        for (Score score : report.methods()) {
            legend.append("<span><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><circle class=\""
                    + hue(score.method(), score.role()) + "\" cx=\"6\" cy=\"6\" r=\"5\"/></svg>"
                    + Page.escape(score.method()) + "</span>");
        }
        for (int i = 0; i < requests.size() && requests.size() > 1; i++) {
            legend.append("<span class=\"quiet\"><svg width=\"12\" height=\"12\" aria-hidden=\"true\">"
                    + shape(i, 6, 6, "outline") + "</svg>" + Page.escape(Wording.shorter(requests.get(i), requests))
                    + "</span>");
        }
        return figure(
                "Trade-off <span class=\"quiet\">the nearer to the top right corner the better on both</span>",
                panels.toString(),
                legend + "</p>");
    }

    private record Dot(Row row, Measured x, Measured y) {}

    private String scatter(String title, List<Dot> dots, List<String> requests, String xName, String yName) {
        double[] xs = dots.stream().mapToDouble(d -> goodness(d.x())).toArray();
        double[] ys = dots.stream().mapToDouble(d -> goodness(d.y())).toArray();
        DoubleUnaryOperator x = axis(xs, 56, WIDTH - 16);
        DoubleUnaryOperator y = axis(ys, 214, 16);
        StringBuilder marks = new StringBuilder("<path class=\"rule\" d=\"M46 6V224H" + (WIDTH - 6) + "\"/>");
        for (int end = 0; end < 2; end++) {
            Dot atX = extreme(dots, xs, end == 1);
            Dot atY = extreme(dots, ys, end == 1);
            marks.append(text(
                    x.applyAsDouble(goodness(atX.x())),
                    240,
                    end == 0 ? "start" : "end",
                    "value",
                    Wording.number(atX.x().mean()),
                    ""));
            marks.append(text(
                    41,
                    y.applyAsDouble(goodness(atY.y())) + 4,
                    "end",
                    "value",
                    Wording.number(atY.y().mean()),
                    ""));
        }
        marks.append(text((46 + WIDTH) / 2.0, 254, "middle", "axis", clipped(xName, 30) + " → better", xName));
        marks.append("<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(10 115) rotate(-90)\">"
                + Page.escape(clipped(yName, 24)) + " → better</text>");
        for (int i = 0; i < dots.size(); i++) {
            Dot d = dots.get(i);
            marks.append("<g><title>"
                    + Page.escape(d.row().method() + ", " + d.row().place().request() + ": " + xName + " "
                            + words(d.x()) + ", " + yName + " " + words(d.y()))
                    + "</title>");
            marks.append(shape(
                            requests.indexOf(d.row().place().request()),
                            x.applyAsDouble(xs[i]),
                            y.applyAsDouble(ys[i]),
                            hue(d.row().method(), d.row().role())))
                    .append("</g>");
        }
        return panel(title, WIDTH, 260, marks.toString());
    }

    private static Dot extreme(List<Dot> dots, double[] values, boolean highest) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (highest ? values[i] > values[best] : values[i] < values[best]) {
                best = i;
            }
        }
        return dots.get(best);
    }

    private static DoubleUnaryOperator axis(double[] values, double from, double to) {
        double low = java.util.Arrays.stream(values).min().orElse(0);
        double high = java.util.Arrays.stream(values).max().orElse(1);
        return v -> high == low ? (from + to) / 2 : from + (v - low) / (high - low) * (to - from);
    }

    private static double goodness(Measured m) {
        return switch (m.direction()) {
            case LOWER -> -m.mean();
            case ZERO -> -Math.abs(m.mean());
            case HALF -> -Math.abs(m.mean() - 0.5);
            case HIGHER, NONE -> m.mean();
        };
    }

    /** One radar per method over the aspects that were audited; each axis runs from the study's worst method to its best. */
    String radar() {
        List<AuditTable> aspects = ASPECTS.stream()
                .flatMap(a -> report.audit(a).stream())
                .filter(a -> a.main().isPresent())
                .toList();
        if (aspects.size() < 3 || report.methods().size() < 2) {
            return "";
        }
        StringBuilder panels = new StringBuilder();
        for (Score score : report.methods()) {
            double[] scores = new double[aspects.size()];
            boolean complete = true;
            for (int a = 0; a < scores.length; a++) {
                scores[a] = relative(aspects.get(a), score);
                complete &= Double.isFinite(scores[a]);
            }
            if (complete) {
                panels.append(web(score, aspects, scores));
            }
        }
        return panels.isEmpty()
                ? ""
                : figure(
                        "Four aspects <span class=\"quiet\">per axis: the rim is the best method of each place, the centre the worst;"
                                + " relative, so two near-equal methods can look far apart</span>",
                        panels.toString());
    }

    /** Mean over places of where a method stands between the worst (0) and the best (1) there. */
    private static double relative(AuditTable audit, Score score) {
        String finding = audit.main().orElseThrow();
        double sum = 0;
        int places = 0;
        for (Row row : measured(audit.rows(), finding)) {
            if (!row.method().equals(score.method()) || row.role() != score.role()) {
                continue;
            }
            double[] all = measured(audit.rows(), finding).stream()
                    .filter(r -> r.place().equals(row.place()))
                    .mapToDouble(r -> goodness(at(r, finding)))
                    .toArray();
            sum += axis(all, 0, 1).applyAsDouble(goodness(at(row, finding)));
            places++;
        }
        return places == 0 ? Double.NaN : sum / places;
    }

    private String web(Score score, List<AuditTable> aspects, double[] scores) {
        double cx = 110;
        double cy = 84;
        double r = 56;
        StringBuilder marks = new StringBuilder();
        for (double ring : new double[] {0.5, 1}) {
            marks.append("<path class=\"rule\" d=\"" + polygon(cx, cy, r * ring, constant(1, scores.length)) + "\"/>");
        }
        marks.append("<path class=\"web " + hue(score.method(), score.role()) + "\" d=\"" + polygon(cx, cy, r, scores)
                + "\"/>");
        for (int a = 0; a < scores.length; a++) {
            double angle = 2 * Math.PI * a / scores.length;
            double sin = Math.sin(angle);
            double tx = cx + (r + 8) * sin;
            double ty = cy - (r + 8) * Math.cos(angle) + (Math.abs(sin) > 0.3 ? 3 : Math.cos(angle) < 0 ? 8 : 0);
            String anchor = sin > 0.3 ? "start" : sin < -0.3 ? "end" : "middle";
            AuditTable aspect = aspects.get(a);
            marks.append(text(
                    tx,
                    ty,
                    anchor,
                    "axis",
                    aspect.audit().substring(0, Math.min(aspect.audit().length(), 12)),
                    aspect.audit() + " by " + aspect.main().orElse("") + ": " + Wording.number(scores[a])));
        }
        return panel(score.method(), 220, 164, marks.toString());
    }

    private static double[] constant(double value, int n) {
        double[] values = new double[n];
        java.util.Arrays.fill(values, value);
        return values;
    }

    private static String polygon(double cx, double cy, double r, double[] scores) {
        StringBuilder path = new StringBuilder();
        for (int a = 0; a < scores.length; a++) {
            double angle = 2 * Math.PI * a / scores.length;
            double radius = r * Math.max(0.03, scores[a]);
            path.append(String.format(
                    Locale.ROOT,
                    "%s%.1f %.1f",
                    a == 0 ? "M" : "L",
                    cx + radius * Math.sin(angle),
                    cy - radius * Math.cos(angle)));
        }
        return path.append('Z').toString();
    }

    /** A method's colour: its place among the tested ones; controls are grey. */
    private String hue(String method, Role role) {
        return switch (role) {
            case REFERENCE -> "reference";
            case DO_NOTHING -> "idle";
            case TESTED ->
                "hue"
                        + report.methods().stream()
                                        .filter(s -> s.role() == Role.TESTED)
                                        .map(Score::method)
                                        .toList()
                                        .indexOf(method)
                                % 8;
        };
    }

    private static String kind(Role role) {
        return switch (role) {
            case REFERENCE -> "reference";
            case DO_NOTHING -> "idle";
            case TESTED -> "tested";
        };
    }

    private static String shape(int kind, double x, double y, String style) {
        String path = switch (kind % 4) {
            case 0 -> "M%1$.1f %2$.1fm-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0";
            case 1 -> "M%1$.1f %2$.1fm-4.4 -4.4h8.8v8.8h-8.8z";
            case 2 -> "M%1$.1f %2$.1fm0 -5.6l5.4 9.6h-10.8z";
            default -> "M%1$.1f %2$.1fm0 -6l6 6l-6 6l-6 -6z";
        };
        return "<path class=\"" + style + "\" d=\"" + String.format(Locale.ROOT, path, x, y) + "\"/>";
    }

    private static String words(Measured m) {
        return Wording.mean(m)
                + Wording.spread(m)
                + m.interval().map(i -> " (" + Wording.interval(m, i) + ")").orElse("");
    }

    private static String clipped(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length - 1) + "…";
    }

    private static String text(double x, double y, String anchor, String style, String words, String title) {
        return String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">",
                        x,
                        y,
                        anchor,
                        style)
                + (title.isEmpty() ? "" : "<title>" + Page.escape(title) + "</title>")
                + Page.escape(words) + "</text>";
    }

    private static String panel(String title, int width, double height, String marks) {
        return String.format(
                        Locale.ROOT,
                        "<div class=\"panel\"><h4>%s</h4><svg viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\" role=\"img\" aria-label=\"%s\">",
                        Page.escape(title),
                        width,
                        height,
                        width,
                        height,
                        Page.escape(title))
                + marks + "</svg></div>";
    }

    private static String figure(String caption, String panels, String... legend) {
        return "<figure><figcaption>" + caption + "</figcaption>" + String.join("", legend) + "<div class=\"panels\">"
                + panels + "</div></figure>";
    }
}
