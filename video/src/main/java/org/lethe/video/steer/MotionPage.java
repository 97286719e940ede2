package org.lethe.video.steer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.lethe.DataFolders;
import org.lethe.study.Storage;
import org.lethe.video.Labelled;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;

/**
 * The page of scored clips, which fetches nothing and runs no script: every clip by its two scores, what scores mean in pixels, and the numbers.
 *
 * <p>What scores mean is measured when the page is written, on clips drawn with known motion that the estimator never saw.
 */
final class MotionPage {
    private static final int DRAWN = 400;
    private static final int BINS = 6;
    private static final double MOST = 3; // pixels a frame of drawn clips
    private static final int WIDE = 460;
    private static final int HIGH = 300;
    private static final int LEFT = 44;
    private static final int BELOW = 36;

    private MotionPage() {}

    static void write(Path folder, ScoreMotion.Result result, Optional<MotionEstimator> trained) throws IOException {
        Files.createDirectories(folder);
        StringBuilder page = new StringBuilder("""
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
                <title>Motion of clips · Lethe</title><style>
                """);
        page.append(style())
                .append("</style></head><body>\n<main>\n<h1>Motion of clips</h1>\n<p class=\"quiet\">Scores: ")
                .append(escaped(result.scale()))
                .append(".</p>\n");
        page.append("<section><h2>Clips</h2>").append(map(result.clips())).append("</section>\n");
        trained.ifPresent(e -> page.append(calibration(e)));
        page.append(table(result.clips()));
        if (!result.failed().isEmpty()) {
            page.append("<section><h2>Not scored</h2><ul>");
            result.failed()
                    .forEach(
                            f -> page.append("<li>").append(escaped(f.reason())).append("</li>"));
            page.append("</ul></section>\n");
        }
        page.append("</main></body></html>\n");
        Storage.write(folder.resolve("report.html"), page.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String style() {
        return """
                :root { --paper:#fcfcfa; --card:#fff; --ink:#1c2024; --quiet:#68707a; --line:#e3e5e8; --one:#2f6fb3; --two:#d9822b; }
                @media (prefers-color-scheme: dark) { :root { --paper:#14171a; --card:#1b1f23; --ink:#e6e8ea; --quiet:#98a1ab;
                  --line:#30363c; --one:#6aa9e9; --two:#f0a458; } }
                * { box-sizing:border-box; } body { margin:0; background:var(--paper); color:var(--ink); font:15px/1.5 system-ui,sans-serif; }
                main { max-width:960px; margin:0 auto; padding:24px 16px; } h1 { margin:0; font-size:28px; } h2 { margin:0 0 8px; font-size:18px; }
                section { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:18px; margin:16px 0; overflow-x:auto; }
                .quiet { color:var(--quiet); } svg { width:100%; max-width:560px; height:auto; display:block; }
                svg text { fill:var(--quiet); font-size:11px; } .grid { stroke:var(--line); } .dot { fill:var(--one); }
                .one { stroke:var(--one); fill:none; stroke-width:2; } .two { stroke:var(--two); fill:none; stroke-width:2; stroke-dasharray:6 4; }
                table { border-collapse:collapse; width:100%; font-size:13.5px; } th,td { padding:5px 10px 5px 0; text-align:left;
                  border-bottom:1px solid var(--line); } td.n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
                th { color:var(--quiet); font-weight:500; white-space:nowrap; }
                th.n { text-align:right; }
                """;
    }

    /** A picture with axes; places inside go from 0 to 1, upwards. */
    private static String framed(
            double mostX, double mostY, String x, String y, double leastX, double leastY, String inside) {
        StringBuilder svg = new StringBuilder("<svg role=\"img\" aria-label=\"" + escaped(y + " over " + x)
                + "\" viewBox=\"0 0 " + WIDE + " " + HIGH + "\">");
        for (int n = 0; n <= 3; n++) {
            double share = n / 3.0;
            svg.append(line(placeX(share), placeY(0), placeX(share), placeY(1)));
            svg.append(line(placeX(0), placeY(share), placeX(1), placeY(share)));
            svg.append(text(
                    placeX(share),
                    HIGH - BELOW + 15,
                    n == 3 ? "end" : "middle",
                    brief(leastX + share * (mostX - leastX))));
            svg.append(text(LEFT - 6, placeY(share) + 4, "end", brief(leastY + share * (mostY - leastY))));
        }
        svg.append(text((LEFT + WIDE) / 2.0, HIGH - 4, "middle", x));
        svg.append("<text transform=\"translate(11 ")
                .append((HIGH - BELOW) / 2)
                .append(") rotate(-90)\" text-anchor=\"middle\">")
                .append(escaped(y))
                .append("</text>");
        return svg.append(inside).append("</svg>\n").toString();
    }

    private static double placeX(double share) {
        return LEFT + share * (WIDE - LEFT - 12);
    }

    private static double placeY(double share) {
        return 8 + (1 - share) * (HIGH - BELOW - 8);
    }

    private static String line(double x1, double y1, double x2, double y2) {
        return String.format(
                Locale.ROOT, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x1, y1, x2, y2);
    }

    private static String text(double x, double y, String anchor, String words) {
        return String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, escaped(words));
    }

    private static String map(List<ScoreMotion.Scored> clips) {
        double most = clips.stream()
                .mapToDouble(c -> Math.max(c.object(), c.camera()))
                .max()
                .orElse(1);
        boolean scores = clips.stream().allMatch(c -> c.object() >= 1 && c.camera() >= 1) && most <= 10;
        double least = scores ? 1 : 0;
        double end = scores ? 10 : Math.max(1e-9, most);
        StringBuilder dots = new StringBuilder();
        List<double[]> named = new ArrayList<>(); // where names stand: left, right, height
        for (ScoreMotion.Scored c : clips) {
            double x = placeX((c.camera() - least) / (end - least));
            double y = placeY((c.object() - least) / (end - least));
            dots.append(String.format(
                    Locale.ROOT,
                    "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%s</title></circle>",
                    x,
                    y,
                    escaped(c.clip().toString())));
            boolean before = x > WIDE * 0.66;
            double length = 6.2 * name(c.clip()).length();
            double[] place = {before ? x - 7 - length : x - 4, before ? x + 4 : x + 7 + length, y};
            if (named.stream().noneMatch(o -> o[0] < place[1] && place[0] < o[1] && Math.abs(o[2] - y) < 12)) {
                named.add(place);
                dots.append(text(x + (before ? -7 : 7), y + 4, before ? "end" : "start", name(c.clip())));
            }
        }
        return framed(end, end, "motion of the camera", "motion of objects", least, least, dots.toString());
    }

    private static String name(Path clip) {
        return String.valueOf(clip.getFileName());
    }

    /** Mean scores of drawn clips over their known motion. */
    private static String calibration(MotionEstimator estimator) {
        List<Labelled> clips = new PlantedClips(2, DRAWN, 32, 8, Texture.Kind.DRAWN, 0, 1)
                .load(new DataFolders(List.of()))
                .test();
        List<Measure.Score> scores =
                estimator.scores(clips.stream().map(Labelled::clip).toList());
        String curves = curve("one", clips, scores, Labelled::object, Measure.Score::object)
                + curve("two", clips, scores, Labelled::camera, Measure.Score::camera);
        StringBuilder section =
                new StringBuilder("<section><h2>What the scores mean</h2>\n<p class=\"quiet\">Mean score of "
                        + DRAWN
                        + " drawn clips with known motion, whose surfaces the estimator never saw. The unit is pixels a frame of a"
                        + " screen of 32 at 8 frames a second. Line: objects; dashes: camera.</p>");
        String svg = framed(MOST, 10, "known motion", "score", 0, 1, curves);
        return section.append(svg).append("</section>\n").toString();
    }

    private static String curve(
            String kind,
            List<Labelled> clips,
            List<Measure.Score> scores,
            ToDoubleFunction<Labelled> known,
            ToDoubleFunction<Measure.Score> score) {
        double[] sums = new double[BINS];
        int[] counts = new int[BINS];
        for (int n = 0; n < clips.size(); n++) {
            int bin = Math.min(BINS - 1, (int) (known.applyAsDouble(clips.get(n)) / MOST * BINS));
            sums[bin] += score.applyAsDouble(scores.get(n));
            counts[bin]++;
        }
        List<String> points = new ArrayList<>();
        for (int b = 0; b < BINS; b++) {
            if (counts[b] > 0) {
                points.add(String.format(
                        Locale.ROOT, "%.1f,%.1f", placeX((b + 0.5) / BINS), placeY((sums[b] / counts[b] - 1) / 9)));
            }
        }
        return "<polyline class=\"" + kind + "\" points=\"" + String.join(" ", points) + "\"/>";
    }

    private static String table(List<ScoreMotion.Scored> clips) {
        StringBuilder table = new StringBuilder(
                "<section><table><thead><tr><th>clip</th><th class=\"n\">frames</th><th class=\"n\">seconds</th>"
                        + "<th class=\"n\">object</th><th class=\"n\">camera</th>"
                        + "<th>camera is</th><th>second half / first</th></tr></thead><tbody>\n");
        for (ScoreMotion.Scored c : clips) {
            table.append("<tr><td>").append(escaped(name(c.clip()))).append("</td>");
            for (String value : List.of(
                    Integer.toString(c.frames()), number(c.seconds()), number(c.object()), number(c.camera()))) {
                table.append("<td class=\"n\">").append(value).append("</td>");
            }
            table.append("<td>").append(c.move().words()).append("</td><td>");
            table.append(c.freeze().map(MotionPage::number).orElse("-")).append(c.freezes() ? " freezes" : "");
            table.append("</td></tr>\n");
        }
        return table.append("</tbody></table></section>\n").toString();
    }

    private static String brief(double value) {
        return String.format(Locale.ROOT, value == Math.rint(value) ? "%.0f" : "%.1f", value);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
