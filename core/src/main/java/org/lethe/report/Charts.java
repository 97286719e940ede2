package org.lethe.report;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lethe.Aspect;
import org.lethe.Direction;
import org.lethe.report.Figure.Box;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Place;
import org.lethe.report.Report.Row;
import org.lethe.report.Report.Score;
import org.lethe.study.Run.Role;

/** The report's charts as options of Apache ECharts, which the page carries and {@code charts.js} hands them to. */
record Charts(Report report) {
    private static final int HUES = 8;
    static final List<String> SYMBOLS = List.of("circle", "rect", "triangle", "diamond");
    static final List<String> GLYPHS = List.of("●", "■", "▲", "◆");

    /** Bars with intervals of one audit: a chart per model and data, a group per request, a choice of what is shown. */
    String bars(AuditTable audit) {
        List<String> findings = audit.findings().stream()
                .filter(f -> measured(audit.rows(), f).stream()
                        .map(r -> at(r, f))
                        .anyMatch(m ->
                                m.direction() != Direction.NONE || m.standing().isPresent()))
                .toList();
        if (findings.isEmpty()) {
            return "";
        }
        String shown = audit.main().filter(findings::contains).orElse(findings.getFirst());
        SequencedMap<String, List<Row>> groups = groups(audit.shown());
        List<String> requests = report.distinct(r -> r.request());
        ObjectNode data = Figure.object();
        ObjectNode choices = data.putObject("show");
        for (String finding : findings) {
            BarOptions options = BarOptions.of(this, audit.rows(), finding, requests);
            ObjectNode choice = choices.putObject(finding).put("note", note(audit, finding));
            groups.values().forEach(rows -> choice.withArray("options").add(options.chart(rows)));
        }
        List<Box> boxes = new ArrayList<>();
        groups.forEach((title, rows) -> boxes.add(new Box(
                title,
                audit.audit() + " as bars with intervals, by method and request, " + title,
                BarOptions.height(rows, requests))));
        String select = "<select data-choice=\"show\" aria-label=\"what the bars show\">"
                + findings.stream().map(f -> option(f, f.equals(shown))).collect(joining())
                + "</select> <span class=\"quiet note\">" + Page.escape(note(audit, shown)) + "</span>";
        return new Figure("bars", select, "", boxes, data).html();
    }

    private static String note(AuditTable audit, String finding) {
        List<Row> rows = measured(audit.rows(), finding);
        return rows.stream()
                .findFirst()
                .map(r -> at(r, finding))
                .map(m -> Wording.better(m.direction())
                        + (m.unit().isEmpty() ? "" : ", in " + m.unit())
                        + (rows.stream().anyMatch(r -> at(r, finding).interval().isPresent())
                                ? "; whiskers are 95 % intervals"
                                : "")
                        + (rows.stream().anyMatch(r -> r.role() == Role.REFERENCE)
                                ? "; the dashed line is the reference"
                                : ""))
                .orElse("");
    }

    /**
     * Any finding against any other, a chart per model and data, with the intervals of both. Axes are differences from the reference where there
     * is one, else up and to the right is better. At first the main finding on what a model is good for stands against the main finding on the
     * effect.
     */
    String tradeOff() {
        List<Axis> axes = Axis.of(report);
        Optional<Axis> x =
                main(Aspect.EFFECT, axes).findFirst().or(() -> axes.stream().findFirst());
        if (x.isEmpty()) {
            return "";
        }
        Optional<Axis> y = against(x.get(), axes);
        if (y.isEmpty()) {
            return "";
        }
        List<String> requests = report.distinct(r -> r.request());
        ObjectNode data = Figure.object();
        axes.forEach(a -> data.withArray("axes")
                .addObject()
                .put("name", a.title())
                .put("lower", a.lower())
                .put("relative", a.relative())
                .put("least", a.least()));
        SequencedMap<String, ArrayNode> places = new LinkedHashMap<>();
        List<Row> rows = report.audits().getFirst().rows();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            int shape = requests.size() > 1 ? requests.indexOf(row.place().request()) : round(row.method(), row.role());
            ObjectNode series = places.computeIfAbsent(
                            title(row.place()),
                            p -> data.withArray("options").addObject().withArray("series"))
                    .addObject()
                    .put("name", row.role() + " " + row.method())
                    .put("symbol", SYMBOLS.get(shape % SYMBOLS.size()));
            paint(series.withObject("/itemStyle"), row.method(), row.role());
            ObjectNode dot = series.withArray("data")
                    .addObject()
                    .put("name", row.method() + ", " + row.place().request());
            for (Axis axis : axes) {
                coordinate(dot, axis, i);
            }
        }
        List<Box> boxes = places.sequencedKeySet().stream()
                .map(p -> new Box(p, "trade-off of the methods, " + p, 300))
                .toList();
        String caption = "Trade-off: " + axes("y", axes, y.get()) + " against " + axes("x", axes, x.get())
                + " <span class=\"quiet\">" + compass(axes) + "; lines are 95 % intervals</span>";
        return new Figure("scatter", caption, legend(requests), boxes, data).html();
    }

    /** What one audit asks for is best seen against what another does, and what should fall against what should not. */
    private Optional<Axis> against(Axis x, List<Axis> axes) {
        List<Axis> others =
                axes.stream().filter(a -> !a.table().equals(x.table())).toList();
        return main(Aspect.UTILITY, axes)
                .filter(a -> !a.equals(x))
                .sorted(Comparator.comparingLong(a -> -together(a, x)))
                .findFirst()
                .or(() -> others.stream().filter(a -> a.lower() != x.lower()).findFirst())
                .or(() -> others.stream().findFirst())
                .or(() -> axes.stream().filter(a -> a.lower() != x.lower()).findFirst())
                .or(() -> axes.stream().filter(a -> !a.equals(x)).findFirst());
    }

    /** Adds where a row stands on an axis, with its interval, to the dot of the row. */
    private static void coordinate(ObjectNode dot, Axis axis, int row) {
        ArrayNode value = dot.withArray("value");
        axis.at(row).map(m -> axis.place(row, m)).ifPresentOrElse(value::add, value::addNull);
        ArrayNode ends = dot.withArray("ends");
        axis.at(row)
                .flatMap(m -> axis.ends(row, m))
                .ifPresentOrElse(e -> ends.addArray().add(e[0]).add(e[1]), ends::addNull);
        dot.withArray("text").add(axis.at(row).map(Charts::words).orElse(""));
    }

    /** Where good methods stand. */
    private static String compass(List<Axis> axes) {
        if (axes.stream().noneMatch(Axis::relative)) {
            return "up and to the right is better";
        }
        return "the reference stands where the dashed lines cross: the nearer, the more like it"
                + (axes.stream().allMatch(Axis::relative)
                        ? ""
                        : "; on axes without the word reference, up and to the right is better");
    }

    private static Stream<Axis> main(Aspect aspect, List<Axis> axes) {
        return axes.stream()
                .filter(a -> a.table().aspect() == aspect && a.table().main().equals(Optional.of(a.finding())));
    }

    /** How many rows have a number on both axes: where audits suit some methods only, it may be none. */
    private static long together(Axis a, Axis b) {
        return IntStream.range(0, a.table().rows().size())
                .filter(row -> a.at(row).isPresent() && b.at(row).isPresent())
                .count();
    }

    private static String axes(String choice, List<Axis> axes, Axis chosen) {
        StringBuilder select =
                new StringBuilder("<select data-choice=\"" + choice + "\" aria-label=\"the " + choice + " axis\">");
        String group = "";
        for (int i = 0; i < axes.size(); i++) {
            Axis axis = axes.get(i);
            if (!axis.table().audit().equals(group)) {
                select.append(group.isEmpty() ? "" : "</optgroup>")
                        .append("<optgroup label=\"" + Page.escape(axis.table().audit()) + "\">");
                group = axis.table().audit();
            }
            select.append("<option value=\"" + i + "\"" + (axis.equals(chosen) ? " selected=\"\"" : "") + ">"
                    + Page.escape(axis.label()) + "</option>");
        }
        return select.append("</optgroup></select>").toString();
    }

    private String legend(List<String> requests) {
        StringBuilder legend = new StringBuilder("<p class=\"legend\">");
        for (Score score : report.methods()) {
            legend.append("<button type=\"button\" aria-pressed=\"true\" data-name=\""
                    + Page.escape(score.role() + " " + score.method()) + "\">"
                    + mark(score, requests.size() == 1 ? round(score.method(), score.role()) : 0)
                    + Page.escape(name(score.method())) + "</button>");
        }
        for (int i = 0; i < requests.size() && requests.size() > 1; i++) {
            legend.append("<span class=\"quiet\">" + GLYPHS.get(i % GLYPHS.size()) + " "
                    + Page.escape(Wording.shorter(requests.get(i), requests)) + "</span>");
        }
        return legend + "</p>";
    }

    private String mark(Score score, int round) {
        String colour = "style=\"color:var(" + hue(score.method(), score.role()) + ")\"";
        if (round > 0) {
            return "<b " + colour + ">" + GLYPHS.get(round % GLYPHS.size()) + "</b>";
        }
        return "<i class=\"" + (Wording.mustBeRejected(score.role()) ? "ring" : "dot") + "\" " + colour + "></i>";
    }

    static List<Row> measured(List<Row> rows, String finding) {
        return rows.stream()
                .filter(r -> r.findings().containsKey(finding)
                        && Double.isFinite(at(r, finding).mean()))
                .toList();
    }

    static Measured at(Row row, String finding) {
        return Objects.requireNonNull(row.findings().get(finding));
    }

    static String words(Measured m) {
        return Wording.mean(m)
                + Wording.spread(m)
                + m.interval().map(i -> " (" + Wording.interval(m, i) + ")").orElse("");
    }

    /** The same colour wherever a method is drawn; a control is an outline. */
    void paint(ObjectNode style, String method, Role role) {
        String hue = hue(method, role);
        style.put("color", Wording.mustBeRejected(role) ? "--card" : hue)
                .put("borderColor", hue)
                .put("borderWidth", 1.3);
    }

    /** A method's colour: its place among the tested ones; the reference is ink, a control grey. */
    String hue(String method, Role role) {
        return switch (role) {
            case REFERENCE -> "--ink";
            case DO_NOTHING, REJECTED -> "--quiet";
            case TESTED -> hue(tested(method));
        };
    }

    /** The colour of a number; colours come again after a round. */
    static String hue(int number) {
        return "--h" + number % HUES;
    }

    /** How often the colours came before a method's. */
    private int round(String method, Role role) {
        return role == Role.TESTED ? tested(method) / HUES : 0;
    }

    private int tested(String method) {
        return report.methods().stream()
                .filter(s -> s.role() == Role.TESTED)
                .map(Score::method)
                .toList()
                .indexOf(method);
    }

    private SequencedMap<String, List<Row>> groups(List<Row> rows) {
        SequencedMap<String, List<Row>> groups = new LinkedHashMap<>();
        rows.forEach(r ->
                groups.computeIfAbsent(title(r.place()), t -> new ArrayList<>()).add(r));
        return groups;
    }

    private String title(Place place) {
        List<String> data = report.distinct(r -> r.data());
        return Wording.name(place.model(), report.distinct(r -> r.model()))
                + (data.size() > 1 ? " on " + Wording.name(place.data(), data) : "");
    }

    String name(String method) {
        return Wording.name(method, report.distinct(r -> r.method()));
    }

    private static String option(String text, boolean selected) {
        return "<option" + (selected ? " selected=\"\"" : "") + ">" + Page.escape(text) + "</option>";
    }
}
