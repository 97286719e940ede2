package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.statistics.Auc;
import org.lethe.statistics.Statistics;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;
import org.lethe.text.Sample;
import org.lethe.text.forget.Studied.Looks;

/**
 * Judges the measures of forgetting themselves: whether they tell a model that knows from one that does not, and whether what they say
 * survives relearning and rounding (the idea of OpenUnlearning's meta-evaluation; the forms below are ours).
 *
 * <p>Each measure is oriented so that high means <em>knows</em>. <em>Faithfulness</em> is the area under the curve P(measure of a forgotten
 * sample in the model before &gt; in the reference). <em>Relearning</em> is min(1, Δ_reference / Δ_after), with Δ how much the mean grows
 * by a little training on every other forgotten sample: a measure that called knowledge gone although it comes back faster than it is learnt scores
 * low. <em>Rounding</em> is min(1, mean after / mean after with matrices of 8 bits). <em>Quality</em> is the harmonic mean of faithfulness and of the
 * harmonic mean of the other two; findings come in its order, the best first.
 *
 * <p>There is no bar: it ranks measures, not methods, and relearning and rounding depend on the method at hand. Cost: the measures of six
 * models, and twice {@code steps} steps of training.
 *
 * @param newTokens most tokens of a generated answer
 * @param steps steps of relearning
 */
@Named("metric-quality")
public record MetricQuality(int newTokens, int steps) implements Audit<Corpus, LanguageModel> {
    private static final int EIGHT_BITS = 127; // levels on either side of zero

    public MetricQuality {
        Check.require(newTokens >= 1, "newTokens", newTokens, "at least 1");
        Check.require(steps >= 1, "steps", steps, "at least 1");
    }

    /** 64 new tokens, 20 steps of relearning. */
    public MetricQuality() {
        this(64, 20);
    }

    @Override
    public Aspect aspect() {
        return Aspect.COST;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Corpus, LanguageModel> method) {
        return Studied.unsuited(this, request);
    }

    /** The measures of a model as it is, after relearning, and rounded. */
    private record Measured(
            Map<String, double[]> plain, Map<String, double[]> relearned, Map<String, double[]> rounded) {}

    /**
     * One measure.
     *
     * @param faithfulness the area
     * @param relearning its robustness to relearning
     * @param rounding its robustness to rounding
     */
    record Quality(String name, Auc faithfulness, double relearning, double rounding) {
        double robustness() {
            return harmonic(relearning, rounding);
        }

        double quality() {
            return harmonic(faithfulness.value(), robustness());
        }

        private static double harmonic(double a, double b) {
            return a + b == 0 ? 0 : 2 * a * b / (a + b);
        }
    }

    @Override
    public List<Finding> examine(Case<Corpus, LanguageModel> c, Env env) {
        List<Sample> samples = Studied.of(c, 1, env.random("metric-quality")).forgotten();
        int n = samples.size();
        if (n < 4) {
            return List.of(new Finding("forget-samples", n, n, Direction.NONE));
        }
        List<Finding> findings = new ArrayList<>();
        for (Quality q : qualities(c, samples, env)) {
            findings.add(new Finding("quality(" + q.name + ")", q.quality(), n, Direction.HIGHER));
            findings.add(new Finding("faithfulness(" + q.name + ")", q.faithfulness.value(), n, Direction.HIGHER)
                    .within(q.faithfulness.interval(Statistics.LEVEL)));
            findings.add(new Finding("relearning(" + q.name + ")", q.relearning, n, Direction.HIGHER));
            findings.add(new Finding("rounding(" + q.name + ")", q.rounding, n, Direction.HIGHER));
        }
        return findings;
    }

    private List<Quality> qualities(Case<Corpus, LanguageModel> c, List<Sample> samples, Env env) {
        Looks<Measured> looks = Looks.at(c, List.of(this, samples), env, (model, e) -> measured(model, samples, e));
        List<Quality> qualities = new ArrayList<>();
        looks.after().plain.keySet().forEach(name -> {
            Looks<Double> plain = looks.map(m -> mean(m.plain, name));
            Looks<Double> again = looks.map(m -> mean(m.relearned, name));
            qualities.add(new Quality(
                    name,
                    Auc.of(of(looks.before().plain, name), of(looks.reference().plain, name)),
                    share(again.reference() - plain.reference(), again.after() - plain.after()),
                    share(plain.after(), mean(looks.after().rounded, name))));
        });
        qualities.sort(Comparator.comparingDouble(q -> -q.quality()));
        return qualities;
    }

    /** min(1, part / whole), and 1 where there is nothing to explain. */
    static double share(double part, double whole) {
        return whole <= 0 ? 1 : Math.clamp(part / whole, 0, 1);
    }

    private Measured measured(LanguageModel model, List<Sample> samples, Env env) {
        Robustness usual = new Robustness();
        Relearning again = new Relearning(steps, usual.batch(), usual.learningRate());
        return new Measured(
                measures(model, samples, env),
                measures(again.of(model, samples, env), samples, env),
                measures(Robustness.rounded(model, EIGHT_BITS, env), samples, env));
    }

    private Map<String, double[]> measures(LanguageModel model, List<Sample> samples, Env env) {
        Knowledge.Known known = Knowledge.Known.of(model, samples, newTokens, env);
        Map<String, double[]> measures = new LinkedHashMap<>();
        measures.put("probability", known.probabilities());
        measures.put("rouge", known.rouge());
        measures.put("exact-memorisation", known.exact());
        measures.put("extraction-strength", known.strength());
        if (known.ratios().length > 1) {
            measures.put(
                    "truth-ratio",
                    Arrays.stream(known.ratios()).map(r -> 1 / (1 + r)).toArray());
        }
        return measures;
    }

    private static double[] of(Map<String, double[]> measures, String name) {
        return Optional.ofNullable(measures.get(name)).orElseThrow();
    }

    private static double mean(Map<String, double[]> measures, String name) {
        return Statistics.mean(of(measures, name));
    }

    @Override
    public List<Picture> pictures(Case<Corpus, LanguageModel> c, Env env) {
        List<Sample> samples = Studied.of(c, 1, env.random("metric-quality")).forgotten();
        if (samples.size() < 4) {
            return List.of();
        }
        List<Quality> qualities = qualities(c, samples, env);
        return List.of(new Picture.HeatMap(
                "quality of measures",
                "what is asked of a measure",
                "measure, the best first",
                "",
                List.of("faithfulness", "relearning", "rounding", "quality"),
                qualities.stream().map(Quality::name).toList(),
                qualities.stream()
                        .map(q -> List.of(
                                (float) q.faithfulness.value(), (float) q.relearning, (float) q.rounding, (float)
                                        q.quality()))
                        .toList()));
    }

    @Override
    public String limits() {
        return "Measures are ranked on one pair of models that know and do not know, and by one method: another pair may rank them"
                + " otherwise.";
    }
}
