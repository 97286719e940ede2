package org.lethe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
                                "utility", Aspect.UTILITY,
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
                                "completeness", Aspect.EFFECT,
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
                                "efficiency", Aspect.COST,
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
                                "fairness", Aspect.FAIRNESS,
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
                exactness, "",
                "",
                Map.of("lethe", "0.1.0", "jdk", "25", "kernels", "vector, 16 lanes"),
                new Cost(2.2, Map.of(), Map.of()),
                new Cost(time, Map.of(), Map.of()),
                new Cost(2.1, Map.of(), Map.of()),
                results, List.of(),
                fails
                        ? Optional.of(new Run.Failure(
                                LetheException.Code.NUMERIC,
                                "newton step 3: the residual is not finite, expected below 1e-6"))
                        : Optional.empty());
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
