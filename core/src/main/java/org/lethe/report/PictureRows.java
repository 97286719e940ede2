package org.lethe.report;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
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
 * The pictures of one audit: a figure for each request and picture, in which all methods stand side by side on the same axes.
 * The first seed is shown; what several methods share stands once.
 */
record PictureRows(Report report, Charts charts, AuditTable audit) {
    /** More methods than this would not be told apart in one chart. */
    private static final int OVERLAID = 8;

    private static final int NAMED = 3;

    /** A heat map of more columns takes the width of the page. */
    private static final int WIDE = 10;

    /** Height of a heat map without its rows: the key above, the names of the columns below. */
    private static final int HEAT_FRAME = 116;

    /** The key of a figure: methods whose pictures have the same axes share one. */
    private record Axes(String request, long seed, String title, List<Object> axes) {}

    /** A picture and the method it is of. */
    private record Owned(Run.Recipe at, Run.Role role, Picture picture) {}

    /** A part of a picture and the methods that have it. */
    private record Shown<T>(T part, SequencedSet<String> methods) {}

    static List<String> titles(Report report, AuditTable audit) {
        return report.runs().stream()
                .flatMap(r -> pictures(r, audit))
                .map(Picture::title)
                .distinct()
                .toList();
    }

    /** The note on how to read the pictures of the audit, given once. */
    String notes() {
        return report.runs().stream()
                .flatMap(r -> pictures(r, audit))
                .map(Picture::note)
                .filter(note -> !note.isBlank())
                .distinct()
                .map(note -> "<p class=\"quiet note\">" + Page.escape(note) + "</p>")
                .collect(joining());
    }

    private static Stream<Picture> pictures(Run run, AuditTable audit) {
        return run.results().stream()
                .filter(r -> r.audit().equals(audit.audit()))
                .flatMap(r -> r.pictures().stream());
    }

    /** Those of one model and its data. */
    String html(String data, String model) {
        SequencedMap<String, Long> seeds = new LinkedHashMap<>();
        SequencedMap<Axes, List<Owned>> figures = new LinkedHashMap<>();
        report.runs().stream()
                .filter(r ->
                        r.recipe().data().equals(data) && r.recipe().model().equals(model))
                .sorted(Comparator.comparing(r -> Wording.mustBeRejected(r.role())))
                .forEach(run -> pictures(run, audit).forEach(picture -> {
                    Run.Recipe at = run.recipe();
                    if (seeds.computeIfAbsent(at.request(), r -> at.seed()) == at.seed()) {
                        figures.computeIfAbsent(
                                        new Axes(at.request(), at.seed(), picture.title(), axes(picture)),
                                        a -> new ArrayList<>())
                                .add(new Owned(at, run.role(), picture));
                    }
                }));
        StringBuilder html = new StringBuilder();
        figures.forEach((axes, pictures) -> html.append(
                switch (pictures.getFirst().picture()) {
                    case Picture.Scatter first ->
                        scatter(
                                axes,
                                first,
                                shown(
                                        pictures,
                                        Picture.Scatter.class,
                                        Picture.Scatter::panels,
                                        Picture.Panel::classes));
                    case Picture.Curve first -> curves(axes, first, pictures);
                    case Picture.HeatMap first ->
                        heat(axes, first, shown(pictures, Picture.HeatMap.class, List::of, Picture.HeatMap::values));
                    case Picture.Strip first ->
                        strip(axes, shown(pictures, Picture.Strip.class, Picture.Strip::frames, frame -> frame));
                }));
        return html.toString();
    }

    private static List<Object> axes(Picture picture) {
        return switch (picture) {
            case Picture.Scatter s -> List.of("scatter", s.horizontal(), s.vertical());
            case Picture.Curve c -> List.of("curve", c.horizontal(), c.vertical());
            case Picture.HeatMap h -> List.of("heat", h.horizontal(), h.vertical(), h.columns(), h.rows());
            case Picture.Strip s -> List.of("strip");
        };
    }

    /** The parts of all methods; those that agree in what is drawn are one. */
    private static <P extends Picture, T> List<Shown<T>> shown(
            List<Owned> pictures, Class<P> kind, Function<P, List<T>> parts, Function<T, Object> drawn) {
        SequencedMap<Object, Shown<T>> shown = new LinkedHashMap<>();
        for (Owned owned : pictures) {
            for (T part : parts.apply(kind.cast(owned.picture()))) {
                shown.computeIfAbsent(drawn.apply(part), d -> new Shown<>(part, new LinkedHashSet<>()))
                        .methods()
                        .add(owned.at().method());
            }
        }
        return List.copyOf(shown.values());
    }

    private static String caption(Axes axes, String more) {
        return upper(axes.title()) + " <span class=\"quiet\">" + Page.escape(axes.request()) + ", seed " + axes.seed()
                + Page.escape(more) + "</span>";
    }

    private static String sides(String horizontal, String vertical) {
        return "; to the right: " + horizontal + "; upwards: " + vertical;
    }

    /** A part without a name of its own is named after its methods. */
    private String methods(SequencedSet<String> methods) {
        return methods.stream().limit(NAMED).map(charts::name).collect(joining(", "))
                + (methods.size() > NAMED ? " and " + (methods.size() - NAMED) + " more" : "");
    }

    /** Lines of all methods: in one chart where each has one line and they are few, else a chart for each method. */
    private String curves(Axes axes, Picture.Curve first, List<Owned> pictures) {
        List<Shown<List<Picture.Line>>> shown =
                shown(pictures, Picture.Curve.class, c -> List.of(c.lines()), lines -> lines);
        boolean single =
                shown.size() > 1 && shown.stream().allMatch(s -> s.part().size() == 1);
        boolean overlaid = single && shown.size() <= OVERLAID;
        List<String> names = single
                ? shown.stream().map(s -> methods(s.methods())).toList()
                : shown.stream()
                        .flatMap(s -> s.part().stream())
                        .map(Picture.Line::name)
                        .distinct()
                        .toList();
        List<String> hues = new ArrayList<>();
        for (int k = 0; k < names.size(); k++) {
            hues.add(single ? hue(shown.get(k), pictures) : Charts.hue(k));
        }
        ObjectNode data = Figure.object().put("horizontal", first.horizontal()).put("vertical", first.vertical());
        List<Picture.Line> all = shown.stream().flatMap(s -> s.part().stream()).toList();
        nice(data.putArray("x"), all.stream().flatMap(l -> l.x().stream()));
        nice(
                data.putArray("y"),
                all.stream().flatMap(l -> Stream.of(l.y(), l.low(), l.high()).flatMap(List::stream)));
        boolean dense = !overlaid && shown.size() > OVERLAID;
        List<Box> boxes = new ArrayList<>();
        for (Shown<List<Picture.Line>> of : shown) {
            if (!overlaid || boxes.isEmpty()) {
                String name = overlaid ? "" : methods(of.methods());
                boxes.add(new Box(
                        name,
                        axes.title() + ", " + String.join(", ", overlaid ? names : List.of(name)),
                        dense ? 170 : 220));
                data.withArray("options").addObject();
            }
            ArrayNode lines = data.withArray("options").get(boxes.size() - 1).withArray("lines");
            for (Picture.Line line : of.part()) {
                int k = single ? shown.indexOf(of) : names.indexOf(line.name());
                ObjectNode node = lines.addObject().put("name", names.get(k)).put("color", hues.get(k));
                numbers(node.putArray("x"), line.x());
                numbers(node.putArray("y"), line.y());
                numbers(node.putArray("low"), line.low());
                numbers(node.putArray("high"), line.high());
            }
        }
        StringBuilder legend = new StringBuilder();
        for (int k = 0; k < names.size() && (overlaid || !single); k++) { // else each chart is named above
            legend.append(
                    "<span><b style=\"color:var(" + hues.get(k) + ")\">—</b> " + Page.escape(names.get(k)) + "</span>");
        }
        return new Figure(
                        dense ? "curves dense" : "curves",
                        caption(axes, sides(first.horizontal(), first.vertical())),
                        legend.isEmpty() ? "" : "<p class=\"legend\">" + legend + "</p>",
                        boxes,
                        data)
                .html();
    }

    private String hue(Shown<?> shown, List<Owned> pictures) {
        String method = shown.methods().getFirst();
        return charts.hue(
                method,
                pictures.stream()
                        .filter(p -> p.at().method().equals(method))
                        .findFirst()
                        .orElseThrow()
                        .role());
    }

    private static void numbers(ArrayNode array, List<Float> numbers) {
        numbers.forEach(array::add);
    }

    /** Ends of an axis at round numbers. */
    private static void nice(ArrayNode axis, Stream<Float> values) {
        double[] numbers = values.mapToDouble(Float::doubleValue).toArray();
        double low = Arrays.stream(numbers).min().orElse(0);
        double high = Arrays.stream(numbers).max().orElse(1);
        if (!(high > low)) {
            low -= 0.5;
            high += 0.5;
        }
        double step = BarOptions.step((high - low) / 5);
        axis.add(Math.floor(low / step) * step)
                .add(Math.ceil(high / step) * step)
                .add(step);
    }

    /** Colours mean the same in every panel. */
    private String heat(Axes axes, Picture.HeatMap first, List<Shown<Picture.HeatMap>> shown) {
        ObjectNode data = Figure.object();
        first.columns().forEach(data.putArray("columns")::add);
        first.rows().forEach(data.putArray("rows")::add);
        double[] values = shown.stream()
                .flatMap(s -> s.part().values().stream().flatMap(List::stream))
                .mapToDouble(Float::doubleValue)
                .toArray();
        data.put("low", Arrays.stream(values).min().orElse(0))
                .put("high", Arrays.stream(values).max().orElse(1));
        List<Box> boxes = new ArrayList<>();
        for (Shown<Picture.HeatMap> of : shown) {
            ArrayNode rows = data.withArray("options").addObject().withArray("values");
            of.part().values().forEach(row -> numbers(rows.addArray(), row));
            String name = methods(of.methods());
            boxes.add(new Box(
                    name,
                    axes.title() + ", " + name,
                    HEAT_FRAME + heat(first.rows().size())));
        }
        return new Figure(
                        first.columns().size() > WIDE ? Figure.BROAD : "heat",
                        caption(axes, "; columns: " + first.horizontal() + "; rows: " + first.vertical()),
                        "",
                        boxes,
                        data)
                .html();
    }

    /** Height of all rows: as much as their numbers take, or less where there are very many. */
    private static int heat(int rows) {
        return Math.clamp(22L * rows, 44, 660);
    }

    /** Images as they are, scaled to fit; what several methods share comes first. */
    private String strip(Axes axes, List<Shown<Picture.Frame>> shown) {
        SequencedMap<SequencedSet<String>, List<Picture.Frame>> rows = new LinkedHashMap<>();
        long methods =
                shown.stream().flatMap(s -> s.methods().stream()).distinct().count();
        shown.stream()
                .sorted(Comparator.comparing(s -> s.methods().size() == 1))
                .forEach(s -> rows.computeIfAbsent(s.methods(), m -> new ArrayList<>())
                        .add(s.part()));
        StringBuilder html = new StringBuilder(
                "<figure class=\"strips\"><figcaption>" + caption(axes, "") + "</figcaption><div class=\"rows\">");
        rows.forEach((owners, frames) -> {
            String name = owners.size() == methods && methods > 1 ? "the same for every method" : methods(owners);
            html.append("<div class=\"strip\"><h4>" + Page.escape(name) + "</h4><div class=\"frames\">");
            for (Picture.Frame frame : frames) {
                html.append("<figure><img alt=\"" + Page.escape(axes.title() + ", " + name + ": " + frame.caption())
                        + "\" src=\"data:image/png;base64,"
                        + Base64.getEncoder().encodeToString(frame.png())
                        + "\"><figcaption>" + Page.escape(frame.caption()) + "</figcaption></figure>");
            }
            html.append("</div></div>");
        });
        return html.append("</div></figure>\n").toString();
    }

    private String scatter(Axes axes, Picture.Scatter first, List<Shown<Picture.Panel>> panels) {
        SequencedMap<String, Picture.Panel> named = new LinkedHashMap<>();
        panels.forEach(shown -> named.put(name(shown, panels), shown.part()));
        return points(axes.title(), caption(axes, sides(first.horizontal(), first.vertical())), named);
    }

    /** A scatter by itself, outside any study. */
    static String alone(Picture.Scatter scatter) {
        SequencedMap<String, Picture.Panel> named = new LinkedHashMap<>();
        scatter.panels().forEach(panel -> named.put(panel.name(), panel));
        String sides = sides(scatter.horizontal(), scatter.vertical()).substring("; ".length());
        return points(
                scatter.title(),
                upper(scatter.title()) + " <span class=\"quiet\">" + Page.escape(sides) + "</span>",
                named);
    }

    /** Panels side by side on the same axes, each with its name. */
    private static String points(String title, String caption, SequencedMap<String, Picture.Panel> panels) {
        ObjectNode data = Figure.object();
        List<Picture.Points> classes = panels.firstEntry().getValue().classes();
        StringBuilder legend = new StringBuilder("<p class=\"legend\">");
        for (int k = 0; k < classes.size(); k++) {
            data.withArray("classes")
                    .addObject()
                    .put("name", classes.get(k).label())
                    .put("color", Charts.hue(k))
                    .put("symbol", Charts.SYMBOLS.get(k % Charts.SYMBOLS.size()));
            legend.append("<span><b style=\"color:var(" + Charts.hue(k) + ")\">"
                    + Charts.GLYPHS.get(k % Charts.GLYPHS.size()) + "</b> "
                    + Page.escape(
                            classes.get(k).label() + " (" + classes.get(k).x().size() + ")")
                    + "</span>");
        }
        legend.append("</p>");
        range(data.putArray("x"), data.putArray("y"), List.copyOf(panels.values()));
        List<Box> boxes = new ArrayList<>();
        panels.forEach((name, panel) -> {
            ObjectNode option = data.withArray("options").addObject();
            option.put("note", panel.note());
            for (Picture.Points points : panel.classes()) {
                ObjectNode of = option.withArray("classes").addObject();
                points.mean().forEach(of.putArray("mean")::add);
                ArrayNode at = of.putArray("at");
                for (int n = 0; n < points.x().size(); n++) {
                    at.add(points.x().get(n)).add(points.y().get(n));
                }
            }
            boxes.add(new Box(name, title + ", " + name + ": " + panel.note(), 0));
        });
        return new Figure("points", caption, legend.toString(), boxes, data).html();
    }

    /** A panel is named after its method unless several methods share it, or there is one only. */
    private String name(Shown<Picture.Panel> shown, List<Shown<Picture.Panel>> all) {
        boolean one = all.stream().flatMap(s -> s.methods().stream()).distinct().count() == 1;
        return one || shown.methods().size() > 1
                ? shown.part().name()
                : charts.name(shown.methods().getFirst()) + ", " + shown.part().name();
    }

    /** Both axes are equally long in numbers, so that a circle is one. */
    private static void range(ArrayNode x, ArrayNode y, List<Picture.Panel> panels) {
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

    private static double[] ends(List<Picture.Panel> panels, Function<Picture.Points, List<Float>> side) {
        double[] numbers = panels.stream()
                .flatMap(panel -> panel.classes().stream())
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
