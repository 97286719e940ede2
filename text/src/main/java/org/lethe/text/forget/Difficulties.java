package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.hipparchus.stat.correlation.SpearmansCorrelation;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Statistics;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Sample;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Optimiser;
import org.lethe.torch.UpdateRule;

/**
 * Judges scores of difficulty themselves, by their stability and by the updates that a sample needs.
 *
 * <p><em>Stability</em> is Spearman's correlation of MRD between two seeds: of the antithetic estimator, and of the published one-sided
 * form at σ = 1e-5. <em>Validity</em> is Spearman's correlation of a score with the number of updates that gradient ascent on that sample alone
 * needs until its mean token probability is half of that at the start (MRD, section on difficulty); the number is interpolated within the last
 * update. A high MRD means easy to unlearn, so the claim is a negative correlation. Baselines stand beside it; intervals are bootstraps
 * over samples. A sample that is not forgotten in {@code steps} updates counts as {@code steps}.
 *
 * <p>Nothing here depends on the method under test, and there is no bar: a score that foretells nothing is a result. Cost: two passes of each
 * estimator, and up to {@code steps} updates of each sample.
 *
 * @param samples most samples that are scored
 * @param steps most updates of a sample
 * @param learningRate of gradient ascent
 * @param adam whether it follows AdamW, else plain gradients
 */
@Named("difficulty")
public record Difficulties(int samples, int steps, double learningRate, boolean adam)
        implements Audit<Corpus, LanguageModel> {
    public Difficulties {
        Check.require(samples >= 4, "samples", samples, "at least 4");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0, below 1000");
    }

    /** 80 samples, 50 plain updates at 0.01. */
    public Difficulties() {
        this(80, 50, 0.01, false);
    }

    @Override
    public Aspect aspect() {
        return Aspect.COST;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Corpus, LanguageModel> method) {
        return Studied.unsuited(this, request);
    }

    /** Scores by name, the updates that each sample needs, and seconds by score. */
    private record Scored(Map<String, double[]> scores, double[] updates, Map<String, Double> seconds) {}

    @Override
    public List<Finding> examine(Case<Corpus, LanguageModel> c, Env env) {
        Keyed random = env.random("difficulty");
        List<Sample> forgotten = Studied.of(c, 1, random).forgotten();
        List<Sample> chosen = forgotten.subList(0, Math.min(samples, forgotten.size()));
        if (chosen.size() < 4) {
            return List.of(new Finding("difficulty-samples", chosen.size(), chosen.size(), Direction.NONE));
        }
        Scored scored = c.baseline().of(List.of("difficulty", this, chosen), env, e -> scored(c.before(), chosen, e));
        int n = chosen.size();
        List<Finding> findings = new ArrayList<>();
        for (String estimator : List.of("mrd", "mrd-paper")) {
            findings.add(correlation(
                    "stability(" + estimator + ")",
                    of(scored, estimator),
                    of(scored, estimator + "-again"),
                    random.of("stability"),
                    Direction.HIGHER));
        }
        scored.scores.forEach((name, scores) -> {
            if (!name.endsWith("-again")) {
                findings.add(correlation(
                        "validity(" + name + ")", scores, scored.updates, random.of("validity"), Direction.NONE));
            }
        });
        findings.add(new Finding("updates-needed", Statistics.mean(scored.updates), n, Direction.NONE));
        findings.add(new Finding("updates-needed-sd", n > 1 ? Statistics.sd(scored.updates) : 0, n, Direction.NONE));
        scored.seconds.forEach((name, seconds) ->
                findings.add(new Finding("seconds(" + name + ")", seconds, 1, Direction.LOWER).in("s")));
        return findings;
    }

    private static double[] of(Scored scored, String name) {
        return Optional.ofNullable(scored.scores.get(name)).orElseThrow();
    }

    private static Finding correlation(String name, double[] a, double[] b, Keyed key, Direction direction) {
        double value = spearman(a, b);
        double[] drawn = Resampling.each(Statistics.RESAMPLES / 2, r -> {
            double[] x = new double[a.length];
            double[] y = new double[a.length];
            for (int n = 0; n < a.length; n++) {
                int place = Keyed.below(key.of(r).at(n), a.length);
                x[n] = a[place];
                y[n] = b[place];
            }
            return spearman(x, y);
        });
        Interval interval = Resampling.interval(value, drawn);
        return new Finding(name, value, a.length, direction).within(interval).tested(Resampling.pValue(drawn));
    }

    /** 0 where one of the two does not vary: it says nothing then. */
    static double spearman(double[] a, double[] b) {
        boolean constant = Arrays.stream(a).distinct().count() < 2
                || Arrays.stream(b).distinct().count() < 2;
        return constant ? 0 : new SpearmansCorrelation().correlation(a, b);
    }

    private Scored scored(LanguageModel model, List<Sample> chosen, Env env) {
        List<Encoded> encoded = chosen.stream().map(model::encode).toList();
        Map<String, double[]> scores = new LinkedHashMap<>();
        Map<String, Double> seconds = new LinkedHashMap<>();
        Keyed key = env.random("difficulty-scores");
        try (var _ = new PointerScope()) {
            Transformer open = model.open(env.device());
            Mrd antithetic = new Mrd();
            Mrd paper = antithetic.with(new Mrd.Paper());
            timed(
                    "mrd",
                    seconds,
                    () -> scores.put(
                            "mrd", antithetic.of(open, encoded, key.of(1)).score()));
            scores.put("mrd-again", antithetic.of(open, encoded, key.of(2)).score());
            timed(
                    "mrd-paper",
                    seconds,
                    () -> scores.put(
                            "mrd-paper", paper.of(open, encoded, key.of(1)).score()));
            scores.put("mrd-paper-again", paper.of(open, encoded, key.of(2)).score());
            org.lethe.text.forget.Scored read = org.lethe.text.forget.Scored.of(open, encoded, "", 32);
            open.parameters().train(_ -> true);
            for (Difficulty measure : Difficulty.values()) {
                String name = measure.name().toLowerCase(Locale.ROOT).replace('_', '-');
                timed(name, seconds, () -> scores.put(name, measure.of(read, key.of(name))));
            }
            double[] updates = IntStream.range(0, encoded.size())
                    .mapToDouble(n -> updates(model, open, encoded.get(n)))
                    .toArray();
            return new Scored(scores, updates, seconds);
        }
    }

    private static void timed(String name, Map<String, Double> seconds, Runnable part) {
        long from = System.nanoTime();
        part.run();
        seconds.put(name, (System.nanoTime() - from) / 1e9);
    }

    /** The updates until a sample's mean token probability is half of that at the start. */
    private double updates(LanguageModel model, Transformer open, Encoded sample) {
        model.set(open);
        try (var _ = new PointerScope()) {
            TokenBatch batch = TokenBatch.of(List.of(sample), open.device());
            UpdateRule rule =
                    adam ? new UpdateRule.AdamW(learningRate, 0) : new UpdateRule.Sgd(learningRate, 0, 0, false);
            Optimiser optimiser = new Optimiser(rule, open.parameters(), Optimiser.ALL);
            double start = 0;
            double last = 0;
            for (int step = 0; step <= steps; step++) {
                try (var _ = new PointerScope()) {
                    TokenScores scores = TokenScores.of(open, batch);
                    double p = scores.tokens().detach().exp().mean().item_double();
                    start = step == 0 ? p : start;
                    if (p <= start / 2 && step > 0) {
                        return step - 1 + (last - start / 2) / Math.max(last - p, 1e-12);
                    }
                    last = p;
                    if (step < steps) {
                        Tensor loss = scores.crossEntropy().neg();
                        loss.backward();
                        optimiser.step(1);
                        optimiser.dropGradients();
                    }
                }
            }
            return steps;
        } finally {
            model.set(open);
        }
    }

    @Override
    public String limits() {
        return "Difficulty is that of unlearning one sample alone by gradient ascent: beside others, or by another method, the"
                + " order may differ.";
    }
}
