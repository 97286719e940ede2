package org.lethe.report;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.lethe.Picture;
import org.lethe.report.Figure.Box;
import org.lethe.report.Report.AuditTable;
import org.lethe.study.Run;

/**
 * The pictures of one audit: a figure for each request and picture, in which the panels of all methods stand side by side on
 * the same axes. The first seed is shown; a panel that several methods share stands once.
 */
record PictureRows(Report report, Charts charts, AuditTable audit) {
    /** What decides the axes: methods that agree in it share a figure. */
    private record Axes(String request, long seed, String title, String horizontal, String vertical) {}

    /** Whose panel it is. */
    private record Shown(Picture.Panel panel, SequencedSet<String> methods) {}

    static List<String> titles(Report report, AuditTable audit) {
        return report.runs().stream()
                .flatMap(r -> pictures(r, audit))
                .map(Picture::title)
                .distinct()
                .toList();
    }

    /** How the audit's pictures are to be read, said once for all of them. */
    String notes() {
        return report.runs().stream()
                .flatMap(r -> pictures(r, audit))
                .map(Picture::note)
                .distinct()
                .map(note -> "<p class=\"quiet note\">" + Page.escape(note) + "</p>")
                .collect(joining());
    }

    private static Stream<Picture> pictures(Run run, AuditTable audit) {
        return run.results().stream()
                .filter(r -> r.audit().equals(audit.audit()))
                .flatMap(r -> r.pictures().stream());
    }

    private Stream<Picture.Scatter> scatters(Run run) {
        return pictures(run, audit).flatMap(p -> p instanceof Picture.Scatter s ? Stream.of(s) : Stream.empty());
    }

    /** Those of one model and its data. */
    String html(String data, String model) {
        SequencedMap<String, Long> seeds = new LinkedHashMap<>();
        SequencedMap<Axes, SequencedMap<List<Picture.Points>, Shown>> figures = new LinkedHashMap<>();
        report.runs().stream()
                .filter(r ->
                        r.recipe().data().equals(data) && r.recipe().model().equals(model))
                .sorted(Comparator.comparing(r -> r.role() == Run.Role.DO_NOTHING))
                .forEach(run -> scatters(run).forEach(picture -> {
                    Run.Recipe at = run.recipe();
                    if (seeds.computeIfAbsent(at.request(), r -> at.seed()) == at.seed()) {
                        Axes axes = new Axes(
                                at.request(), at.seed(), picture.title(), picture.horizontal(), picture.vertical());
                        for (Picture.Panel panel : picture.panels()) {
                            figures.computeIfAbsent(axes, a -> new LinkedHashMap<>())
                                    .computeIfAbsent(panel.classes(), c -> new Shown(panel, new LinkedHashSet<>()))
                                    .methods()
                                    .add(at.method());
                        }
                    }
                }));
        StringBuilder html = new StringBuilder();
        figures.forEach((axes, panels) -> html.append(figure(axes, List.copyOf(panels.values()))));
        return html.toString();
    }

    private String figure(Axes axes, List<Shown> panels) {
        ObjectNode data = Figure.object();
        List<Picture.Points> classes = panels.getFirst().panel().classes();
        StringBuilder legend = new StringBuilder("<p class=\"legend\">");
        for (int k = 0; k < classes.size(); k++) {
            data.withArray("classes")
                    .addObject()
                    .put("name", classes.get(k).label())
                    .put("color", hue(k))
                    .put("symbol", Charts.SYMBOLS.get(k % Charts.SYMBOLS.size()));
            legend.append("<span><b style=\"color:var(" + hue(k) + ")\">"
                    + Charts.GLYPHS.get(k % Charts.GLYPHS.size()) + "</b> "
                    + Page.escape(
                            classes.get(k).label() + " (" + classes.get(k).x().size() + ")")
                    + "</span>");
        }
        legend.append("</p>");
        range(data.putArray("x"), data.putArray("y"), panels);
        List<Box> boxes = new ArrayList<>();
        for (Shown shown : panels) {
            ObjectNode option = data.withArray("options").addObject();
            option.put("note", shown.panel().note());
            for (Picture.Points points : shown.panel().classes()) {
                ObjectNode of = option.withArray("classes").addObject();
                points.mean().forEach(of.putArray("mean")::add);
                ArrayNode at = of.putArray("at");
                for (int n = 0; n < points.x().size(); n++) {
                    at.add(points.x().get(n)).add(points.y().get(n));
                }
            }
            String name = name(shown, panels);
            boxes.add(new Box(
                    name, axes.title() + ", " + name + ": " + shown.panel().note(), 0));
        }
        String caption = upper(axes.title()) + " <span class=\"quiet\">" + Page.escape(axes.request()) + ", seed "
                + axes.seed() + "; to the right: " + Page.escape(axes.horizontal()) + "; upwards: "
                + Page.escape(axes.vertical()) + "</span>";
        return new Figure("points", caption, legend.toString(), boxes, data).html();
    }

    private static String hue(int k) {
        return "--h" + k % 8;
    }

    /** A panel is named after its method unless several methods share it, or there is one only. */
    private String name(Shown shown, List<Shown> all) {
        boolean one = all.stream().flatMap(s -> s.methods().stream()).distinct().count() == 1;
        return one || shown.methods().size() > 1
                ? shown.panel().name()
                : charts.name(shown.methods().getFirst()) + ", " + shown.panel().name();
    }

    /** Both axes are equally long in numbers, so that a circle is one. */
    private static void range(ArrayNode x, ArrayNode y, List<Shown> panels) {
        double[] across = ends(panels, Picture.Points::x);
        double[] upwards = ends(panels, Picture.Points::y);
        double half = 1.04 * Math.max(Math.max(across[1] - across[0], upwards[1] - upwards[0]) / 2, 0.5);
        around(x, across, half);
        around(y, upwards, half);
    }

    private static void around(ArrayNode axis, double[] ends, double half) {
        double middle = (ends[0] + ends[1]) / 2;
        axis.add(middle - half).add(middle + half);
    }

    private static double[] ends(List<Shown> panels, Function<Picture.Points, List<Float>> side) {
        double[] numbers = panels.stream()
                .flatMap(s -> s.panel().classes().stream())
                .flatMap(c -> side.apply(c).stream())
                .mapToDouble(Float::doubleValue)
                .toArray();
        return new double[] {
            Arrays.stream(numbers).min().orElse(0), Arrays.stream(numbers).max().orElse(0)
        };
    }

    private static String upper(String title) {
        return Page.escape(title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1));
    }
}
