package org.lethe.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.lethe.Aspect;
import org.lethe.Cost;
import org.lethe.Direction;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.study.LeftOut;
import org.lethe.study.Run;

/** Made-up runs with the shape of the CURE4Rec comparison: 3 models, 3 requests, 6 methods and a control, 3 seeds. */
final class SampleRuns {
    static final List<String> METHODS =
            List.of("retrain", "sisa {shards: 10}", "receraser", "ultrare", "scif", "newton", "nothing");

    private SampleRuns() {}

    static List<Run> cure4rec() {
        List<Run> runs = new ArrayList<>();
        for (String model : List.of("wmf", "bpr", "lightgcn {layers: 3}")) {
            for (String choose : List.of("core", "random", "edge")) {
                for (int method = 0; method < METHODS.size(); method++) {
                    for (long seed = 1; seed <= 3; seed++) {
                        runs.add(run(model, "forget-users {choose: " + choose + ", percent: 5}", method, seed));
                    }
                }
            }
        }
        return runs;
    }

    private static Run run(String model, String request, int method, long seed) {
        Keyed noise = Keyed.seed(seed).of(model).of(request).of(method);
        double[] lost = {0, 0.06, 0.03, 0.02, 0.01, 0.012, 0};
        double[] auc = {0.503, 0.51, 0.512, 0.509, 0.548, 0.512, 0.71};
        double[] seconds = {2.1, 0.21, 0.42, 0.33, 0.05, 0.12, 0};
        double ndcg = 0.36 - lost[method] + 0.004 * Keyed.normal(noise.at(1));
        double mio = auc[method] + 0.006 * Keyed.normal(noise.at(2));
        double time = seconds[method] * (1 + 0.05 * Keyed.unit(noise.at(3)));
        double gap = mio - 0.503;
        double gf = 0.08 + (method >= 1 && method <= 3 ? 0.05 : 0.01) + 0.004 * Keyed.normal(noise.at(4));
        Run.Role role = method == 0 ? Run.Role.REFERENCE : method == 6 ? Run.Role.DO_NOTHING : Run.Role.TESTED;
        Exactness exactness = method == 0
                ? Exactness.EXACT
                : method <= 3 ? Exactness.EXACT_GIVEN_PARTITION : method < 6 ? Exactness.APPROXIMATE : Exactness.NONE;
        boolean fails = method == 5 && model.startsWith("light");
        List<Run.Result> results = fails
                ? List.of()
                : List.of(
                        new Run.Result(
                                "utility",
                                Aspect.UTILITY,
                                List.of(
                                        judged(
                                                new Finding("ndcgFull@20", ndcg, 943, Direction.HIGHER)
                                                        .within(around(ndcg, 0.012))
                                                        .tested(method == 0 ? 1 : lost[method] > 0.015 ? 0.002 : 0.2),
                                                ndcg >= 0.33,
                                                "at least 0.33"),
                                        new Finding("recall@20", ndcg * 0.8, 943, Direction.HIGHER)
                                                .within(around(ndcg * 0.8, 0.015))),
                                "Ranking quality on held-out interactions of this data set; tastes that change later are not in it."),
                        new Run.Result(
                                "completeness",
                                Aspect.EFFECT,
                                List.of(
                                        judged(
                                                new Finding("mio-auc", mio, 94, Direction.LOWER)
                                                        .within(around(mio, 0.04)),
                                                mio <= 0.53,
                                                "at most 0.53"),
                                        judged(
                                                new Finding("completeness-gap", gap, 94, Direction.ZERO)
                                                        .within(around(gap, 0.05)),
                                                gap <= 0.03,
                                                "within 0.03 of the reference"),
                                        new Finding("tpr@fpr=1%", Math.max(0.01, gap), 94, Direction.LOWER)),
                                "A stronger attack than the two that ran may still tell forgotten users from strangers.",
                                List.of(picture(method, noise))),
                        new Run.Result(
                                "efficiency",
                                Aspect.COST,
                                List.of(
                                        judged(
                                                new Finding("unlearn-seconds", time, 1, Direction.LOWER).in("s"),
                                                method == 6 || method == 0 || time < 1,
                                                "less than retraining"),
                                        new Finding(
                                                "interactions-trained",
                                                Math.round(80_000 * time / 2.1),
                                                1,
                                                Direction.LOWER)),
                                "Seconds of this machine; the counts are the machine-free part."),
                        new Run.Result(
                                "fairness",
                                Aspect.FAIRNESS,
                                List.of(
                                        new Finding("a-igf(ndcgFull)@20", gf, 943, Direction.LOWER)
                                                .within(around(gf, 0.01)),
                                        new Finding("shardGF", gf / 2, 10, Direction.LOWER)),
                                "Groups by activity only; other groups may fare worse."));
        return new Run(
                "cure4rec",
                "00",
                new Run.Recipe("recsys", "ml-100k", model, request, METHODS.get(method), seed),
                role,
                exactness,
                "",
                "",
                Map.of("lethe", "0.1.0", "jdk", "25", "kernels", "vector, 16 lanes"),
                new Cost(2.2, Map.of(), Map.of()),
                new Cost(time, Map.of(), Map.of()),
                new Cost(2.1, Map.of(), Map.of()),
                results,
                List.of(),
                fails
                        ? Optional.of(new Run.Failure(
                                LetheException.Code.NUMERIC,
                                "newton step 3: the residual is not finite, expected below 1e-6"))
                        : Optional.empty(),
                Optional.empty());
    }

    /** A run of protections of images with two audits: pictures of every kind, nothing promised, a second control. */
    static List<Run> pictures(int methods, int side) {
        List<Run> runs = new ArrayList<>();
        for (int method = 0; method < methods; method++) {
            Run.Role role = method == methods - 1
                    ? Run.Role.DO_NOTHING
                    : method == methods - 2 ? Run.Role.REJECTED : Run.Role.TESTED;
            String name = role == Run.Role.DO_NOTHING
                    ? "do-nothing"
                    : role == Run.Role.REJECTED ? "equal-noise" : "protection-" + (method + 1);
            Keyed noise = Keyed.seed(1).of(method);
            double hit = role == Run.Role.TESTED ? 0.3 + 0.02 * method : 0.7;
            double similar = 0.95 - 0.01 * method;
            runs.add(protection(
                    name,
                    role,
                    List.of(
                            new Run.Result(
                                    "mimicry {steps: 400}",
                                    Aspect.EFFECT,
                                    List.of(judged(
                                            new Finding("mimicry-success", hit, 50, Direction.LOWER)
                                                    .within(around(hit, 0.05)),
                                            hit < 0.5,
                                            "below 0.5")),
                                    "One artist, one training recipe.",
                                    List.of(
                                            curve("success over training", name, hit, noise, 1),
                                            curve("losses", name, hit, noise, 2),
                                            map(hit, side, side, noise),
                                            strip(method))),
                            new Run.Result(
                                    "similarity",
                                    Aspect.UTILITY,
                                    List.of(new Finding("ssim", similar, 50, Direction.HIGHER)),
                                    "One measure of likeness."))));
        }
        return runs;
    }

    /** Protections and attacks of which each suits some only, as in CopyrightMeter: a cell for each pair that suits. */
    static List<Run> block(int methods, int audits) {
        List<Run> runs = new ArrayList<>();
        for (int method = 0; method < methods; method++) {
            Run.Role role = method == methods - 1 ? Run.Role.DO_NOTHING : Run.Role.TESTED;
            List<Run.Result> results = new ArrayList<>();
            for (int audit = 0; audit < audits; audit++) {
                if (role == Run.Role.DO_NOTHING || method % 3 == audit % 3) {
                    double hit = role == Run.Role.TESTED ? (7 * method + 5 * audit) % 10 / 10.0 : 0.9;
                    results.add(new Run.Result(
                            "diffusion-purification-" + (audit + 1),
                            audit % 5 == 4 ? Aspect.UTILITY : Aspect.EFFECT,
                            List.of(judged(
                                    new Finding("success-after-attack", hit, 50, Direction.LOWER)
                                            .within(around(hit, 0.05)),
                                    hit < 0.6,
                                    "below 0.6")),
                            "Other attacks may do better."));
                }
            }
            runs.add(protection(
                    role == Run.Role.TESTED ? "adversarial-perturbation-" + (method + 1) : "do-nothing",
                    role,
                    results));
        }
        return runs;
    }

    /** The pairs that the product of such a study left out. */
    static List<LeftOut> leftOut(int methods, int audits) {
        List<LeftOut> leftOut = new ArrayList<>();
        for (int audit = 0; audit < audits; audit++) {
            for (int method = 0; method < methods - 1; method++) {
                if (method % 3 != audit % 3) {
                    String name = "diffusion-purification-" + (audit + 1);
                    leftOut.add(new LeftOut(
                            "",
                            "protect {works: art}",
                            "adversarial-perturbation-" + (method + 1),
                            name,
                            name + " attacks protections of kind " + audit % 3 + " only"));
                }
            }
        }
        return leftOut;
    }

    private static Run protection(String method, Run.Role role, List<Run.Result> results) {
        return new Run(
                "copyright",
                "00",
                new Run.Recipe("image", "planted", "ddpm", "protect {works: art}", method, 1),
                role,
                Exactness.NONE,
                "",
                "",
                Map.of("lethe", "0.1.0"),
                Cost.NONE,
                new Cost(3, Map.of(), Map.of()),
                Cost.NONE,
                results,
                List.of("the model could not be kept: no space left on the device"),
                Optional.empty(),
                Optional.empty());
    }

    private static Picture curve(String title, String method, double hit, Keyed noise, int lines) {
        List<Picture.Line> all = new ArrayList<>();
        for (int line = 0; line < lines; line++) {
            List<Float> x = new ArrayList<>();
            List<Float> y = new ArrayList<>();
            for (int n = 0; n <= 40; n++) {
                x.add(10f * n);
                y.add((float) ((hit + line) * (1 - Math.exp(-n / 10.0))
                        + 0.01 * Keyed.normal(noise.of(line).at(n))));
            }
            List<Float> low = line == 0 ? y.stream().map(v -> v - 0.04f).toList() : List.of();
            List<Float> high = line == 0 ? y.stream().map(v -> v + 0.04f).toList() : List.of();
            all.add(new Picture.Line(lines == 1 ? method : "line-" + line, x, y, low, high));
        }
        return new Picture.Curve(title, "training steps", "share of works imitated", "The mean of 50 works.", all);
    }

    private static Picture map(double hit, int rows, int columns, Keyed noise) {
        return new Picture.HeatMap(
                "success by artist and prompt",
                "prompts",
                "artists",
                "",
                IntStream.range(0, columns).mapToObj(c -> "prompt number " + c).toList(),
                IntStream.range(0, rows).mapToObj(r -> "artist " + r).toList(),
                IntStream.range(0, rows)
                        .mapToObj(r -> IntStream.range(0, columns)
                                .mapToObj(c -> (float)
                                        (hit + 0.2 * Keyed.normal(noise.of(r).at(c))))
                                .toList())
                        .toList());
    }

    private static Picture strip(int method) {
        return new Picture.Strip(
                "works before and after",
                "Chosen by their names, not by their looks.",
                List.of(
                        new Picture.Frame("original", png(256, 256, 0)),
                        new Picture.Frame("protected", png(256, 256, 10 + method)),
                        new Picture.Frame("imitated, a wide one", png(1024, 200, 60 + 5 * method))));
    }

    /** A gradient under stripes. */
    private static byte[] png(int width, int height, int stripes) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < width; x++) {
            for (int y = 0; y < height; y++) {
                image.setRGB(x, y, (255 * x / width) << 16 | (255 * y / height) << 8 | (stripes * x / width % 2) * 200);
            }
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return png.toByteArray();
    }

    /** Two classes apart before, and nearer to each other after. */
    private static Picture picture(int method, Keyed noise) {
        Picture.Panel before = panel("before", 2, Keyed.seed(1));
        return new Picture.Scatter(
                "users by group",
                "where they differ most",
                "where they do not",
                "Half of the users.",
                method == 6 ? List.of(before) : List.of(before, panel("after", 0.2 * method, noise.of("picture"))));
    }

    private static Picture.Panel panel(String name, double apart, Keyed noise) {
        return new Picture.Panel(
                name, "means " + apart + " apart", List.of(points("<women>", 0, noise), points("men", apart, noise)));
    }

    private static Picture.Points points(String label, double at, Keyed noise) {
        List<Float> x = new ArrayList<>();
        List<Float> y = new ArrayList<>();
        for (int n = 0; n < 100; n++) {
            x.add((float) (at + Keyed.normal(noise.of(label).at(n))));
            y.add((float) Keyed.normal(noise.of(label).of("y").at(n)));
        }
        return new Picture.Points(label, x, y, List.of((float) at, 0f));
    }

    private static Interval around(double value, double half) {
        return new Interval(value - half, value + half, 0.95);
    }

    private static Finding judged(Finding finding, boolean pass, String bar) {
        return finding.judged(pass ? new Verdict.Pass(bar) : new Verdict.Fail(bar));
    }
}
