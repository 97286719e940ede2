package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Transformer;

/**
 * The planted task at the size of the specification, and the oracle of leave-one-in. The comparison of methods is
 * printed and not required: which of them wins depends on the base loss and the task.
 */
@Tag("slow")
class U2aExperimentTest {
    private static final double[] RATES = {2e-4, 5e-4, 1e-3};

    private static U2a u2a(InverseHessian.Form form, boolean weighted, double rate) {
        return new U2a(
                Base.GA, Goal.PREFERENCES, 25, 4, false, weighted, form, false, false, 0, 1, rate, 4, 16, 0.1, 2);
    }

    private static Map<String, List<Aligning>> methods() {
        Map<String, List<Aligning>> all = new LinkedHashMap<>();
        for (double rate : RATES) {
            Map<String, Aligning> at = new LinkedHashMap<>();
            at.put("u2a", u2a(InverseHessian.Form.IDENTITY, true, rate));
            at.put("u2a-unweighted", u2a(InverseHessian.Form.IDENTITY, false, rate));
            at.put("u2a-ggn", u2a(InverseHessian.Form.GGN, true, rate));
            at.put("all", new UnlearnNegatives(Base.GA, rate, 4, 16, 0.1, 2));
            at.put("random", new RandomNegatives(Base.GA, 25, rate, 4, 16, 0.1, 2));
            at.put("dpo", new Dpo(PreferenceLoss.Form.SIGMOID, 0.1, 0, rate, 8, 16, 2));
            at.put("grpo", new Grpo(8, 8, 40, 0.2, 0, RewardSource.PROGRAM, rate, 2));
            at.forEach((name, method) ->
                    all.computeIfAbsent(name, _ -> new ArrayList<>()).add(method));
        }
        return all;
    }

    @Test
    @SuppressWarnings("ReferenceEquality") // the same object, not an equal sample
    void unlearningWhatHelpsPaysAndChoosesWithoutMistakes() {
        int seeds = Integer.getInteger("lethe.seeds", 3);
        int betterThanRandom = 0;
        int betterThanAll = 0;
        for (int seed = 1; seed <= seeds; seed++) {
            Planted planted = new Planted(seed, 800, 0.3, 64);
            float[] weights = Planted.trained(Planted.LARGE, planted.training, 20, seed);
            var reward = new AlignmentObjective.ExpectedReward(planted.questions(planted.heldOut));
            Map<String, Double> rewards = new LinkedHashMap<>();
            try (var _ = new PointerScope()) {
                rewards.put("start", -reward.value(Planted.open(Planted.LARGE, weights)));
                List<Encoded> kept = new ArrayList<>(planted.training);
                kept.removeIf(s -> planted.candidates.stream().anyMatch(c -> c == s));
                float[] retrained = Planted.trained(Planted.LARGE, kept, 20, seed);
                rewards.put("retrain", -reward.value(Planted.open(Planted.LARGE, retrained)));
            }
            for (var entry : methods().entrySet()) {
                double best = Double.POSITIVE_INFINITY;
                for (Aligning method : entry.getValue()) {
                    try (var _ = new PointerScope()) {
                        Env env = Env.seeded(seed);
                        AlignmentRun run = Planted.run(
                                Planted.LARGE, planted.task(), weights, method.objective(), method.utilityFloor(), env);
                        AlignmentCourse course = method.align(run);
                        check(course, planted, entry.getKey());
                        if (course.result().heldOut() < best) { // the rate is chosen by held-out pairs, for all alike
                            best = course.result().heldOut();
                            rewards.put(entry.getKey(), -reward.value(run.model()));
                        }
                        times(entry.getKey(), seed, env);
                    }
                }
            }
            System.out.println("seed " + seed + ": "
                    + rewards.entrySet().stream()
                            .map(e -> String.format(Locale.ROOT, "%s %.3f", e.getKey(), e.getValue()))
                            .toList());
            betterThanRandom += rewards.getOrDefault("u2a", Double.NaN) > rewards.getOrDefault("random", Double.NaN) ? 1 : 0;
            betterThanAll += rewards.getOrDefault("u2a", Double.NaN) > rewards.getOrDefault("all", Double.NaN) ? 1 : 0;
            assertTrue(rewards.getOrDefault("u2a", Double.NaN) > rewards.getOrDefault("start", Double.NaN) + 0.05, "seed " + seed + ": " + rewards);
        }
        System.out.println(
                "u2a above random in " + betterThanRandom + ", above all in " + betterThanAll + " of " + seeds);
    }

    private static void check(AlignmentCourse course, Planted planted, String name) {
        if (!name.startsWith("u2a")) {
            return;
        }
        int[] members = course.selections().getLast().weights().members();
        long helpful =
                Arrays.stream(members).filter(i -> !planted.harmful.get(i)).count();
        assertTrue(helpful >= 0.9 * members.length, name + " precision " + helpful + " of " + members.length);
        assertTrue(course.result().heldOut() < course.points().getFirst().heldOut(), "held-out J falls");
    }

    private static void times(String name, int seed, Env env) {
        if (seed == 1) {
            System.out.println(name + " "
                    + env.ledger().cost().steps().entrySet().stream()
                            .map(e -> String.format(
                                    Locale.ROOT,
                                    "%s %.2f s",
                                    e.getKey(),
                                    e.getValue().stream().mapToDouble(d -> d).sum()))
                            .toList());
        }
    }

    @Test
    void scoresOrderCandidatesAsLeavingEachInDoes() {
        Architecture shape = Architecture.gpt(64, 16, 1, 2, 12, Planted.END);
        Planted planted = new Planted(3, 300, 0.4, 32);
        float[] weights = Planted.trained(shape, planted.training, 10, 3);
        double omega = 0.05;
        double lambda = 1;
        try (var _ = new PointerScope()) {
            AlignmentRun run = new AlignmentRun(
                    Planted.open(shape, weights),
                    Planted.open(shape, weights),
                    planted.task(),
                    Goal.PREFERENCES,
                    100,
                    Env.seeded(1));
            AnswerProblem problem = new AnswerProblem(run, Base.GA, lambda);
            Transformer model = run.model();
            double[] scores = ImplicitGradient.of(
                            problem,
                            new InverseHessian(InverseHessian.Form.IDENTITY),
                            new int[0],
                            new double[0],
                            Keyed.seed(1))
                    .scores();
            int n = 20;
            double before = run.objective().value(model);
            double[] improvement = new double[n];
            for (int i = 0; i < n; i++) {
                for (int step = 0; step < 30; step++) {
                    try (var _ = new PointerScope()) {
                        Tensor gradient = Flat.gradient(
                                        problem.losses(new int[] {i}).sum().mul(new Scalar(omega)), run.parameters())
                                .add(Flat.of(run.parameters()).sub(run.start()), new Scalar(2 * lambda));
                        Flat.add(run.parameters(), gradient, -0.25 / lambda);
                    }
                }
                improvement[i] = before - run.objective().value(model);
                Flat.set(run.parameters(), run.start());
            }
            double rho = spearman(Arrays.copyOf(scores, n), improvement);
            System.out.println("Spearman correlation with leave-one-in: " + rho);
            assertTrue(rho >= 0.8, "Spearman " + rho);
            assertEquals(before, run.objective().value(model), 1e-6);
        }
    }

    private static double spearman(double[] a, double[] b) {
        double[] x = ranks(a);
        double[] y = ranks(b);
        double n = a.length;
        double d = IntStream.range(0, a.length)
                .mapToDouble(i -> (x[i] - y[i]) * (x[i] - y[i]))
                .sum();
        return 1 - 6 * d / (n * (n * n - 1));
    }

    private static double[] ranks(double[] values) {
        int[] order = IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> values[i]))
                .mapToInt(i -> i)
                .toArray();
        double[] ranks = new double[values.length];
        for (int r = 0; r < order.length; r++) {
            ranks[order[r]] = r;
        }
        return ranks;
    }
}
