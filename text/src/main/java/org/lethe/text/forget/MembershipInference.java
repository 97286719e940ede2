package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Auc;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;
import org.lethe.text.MembershipScores;
import org.lethe.text.Reading;
import org.lethe.text.Sample;
import org.lethe.text.forget.Studied.Looks;

/**
 * Measures whether attackers can tell forgotten samples from samples that no model learnt.
 *
 * <p>The attacks are scores of a sample, oriented so that a high one says <em>not learnt</em>: loss (cross-entropy), zlib (cross-entropy by
 * compressed bytes), min-k (mean of the lowest 40 % of log-probabilities, Shi et al. 2024), min-k++ (the same, standardised; Zhang et al.
 * 2024). Each area under the curve is P(held-out score &gt; forgotten score): 1 says that forgotten samples still look learnt,
 * 0.5 that they look held out, below 0.5 that they look too strange, which also gives them away. PrivLeak = 100 · ((1 − AUC) − (1 −
 * AUC of the reference)) / (1 − AUC of the reference) (MUSE, Shi et al. 2024), of min-k: negative for too little
 * forgetting, positive for too much.
 *
 * <p>The bar of each area: like the reference's, by a bootstrap over samples with a margin, on both sides; undecided if the attack does
 * not tell the model before from the reference.
 *
 * <p>Cost: one reading of forgotten and held-out samples, of three models.
 *
 * @param k share of the lowest log-probabilities in min-k and min-k++
 * @param samples most held-out samples
 * @param margin difference of areas that passes even if it is not due to chance
 */
@Named("membership")
public record MembershipInference(double k, int samples, double margin) implements Audit<Corpus, LanguageModel> {
    public MembershipInference {
        Check.require(k > 0 && k <= 1, "k", k, "above 0, at most 1");
        Check.require(samples >= 2, "samples", samples, "at least 2");
        Check.require(margin >= 0 && margin < 0.5, "margin", margin, "0 or more, below 0.5");
    }

    /** The lowest 40 %, 200 held-out samples, a margin of 0.05. */
    public MembershipInference() {
        this(MembershipScores.FRACTION, 200, 0.05);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Corpus, LanguageModel> method) {
        return Studied.unsuited(this, request);
    }

    @Override
    public List<Finding> examine(Case<Corpus, LanguageModel> c, Env env) {
        Keyed random = env.random("membership");
        Studied studied = Studied.of(c, samples, random);
        int n = studied.forgotten().size() + studied.holdout().size();
        if (studied.forgotten().size() < 2 || studied.holdout().size() < 2) {
            return List.of(new Finding("auc(min-k)", 0.5, n, Direction.HALF)
                    .judged(new Verdict.Undecided(
                            bar(), "there are fewer than two forgotten or two held-out samples")));
        }
        Looks<Map<String, double[][]>> looks =
                Looks.at(c, List.of(this, studied), env, (model, e) -> scores(model, studied, e));
        Map<String, double[][]> before = looks.before();
        Map<String, double[][]> after = looks.after();
        Map<String, double[][]> reference = looks.reference();
        Keyed draws = random.of("resamples");
        List<Finding> findings = new ArrayList<>();
        for (String attack : after.keySet()) {
            Sampled of = sampled(of(after, attack), draws);
            Sampled ofBefore = sampled(of(before, attack), draws);
            Sampled ofReference = sampled(of(reference, attack), draws);
            findings.add(finding("auc(" + attack + ")", of, n, Direction.HALF)
                    .judged(Resampling.likeReference(
                            bar(), of.less(ofReference), ofBefore.less(ofReference), margin, n, "samples"))
                    .tested(Resampling.pValue(of.differences(ofReference))));
            findings.add(finding("auc-before(" + attack + ")", ofBefore, n, Direction.NONE));
            findings.add(finding("auc-reference(" + attack + ")", ofReference, n, Direction.NONE));
        }
        MembershipScores.privLeak(auc(of(after, "min-k")), Optional.of(auc(of(reference, "min-k"))))
                .value()
                .ifPresent(leak -> findings.add(new Finding("priv-leak", leak, n, Direction.ZERO)));
        return findings;
    }

    private static double[][] of(Map<String, double[][]> scores, String attack) {
        return Optional.ofNullable(scores.get(attack)).orElseThrow();
    }

    private static Auc auc(double[][] scores) {
        return MembershipScores.auc(scores[0], scores[1]);
    }

    /** Of each attack, the scores of forgotten and of held-out samples. */
    private Map<String, double[][]> scores(LanguageModel model, Studied studied, Env env) {
        List<Map<String, double[]>> both = new ArrayList<>();
        for (List<Sample> samples : List.of(studied.forgotten(), studied.holdout())) {
            Reading read = Studied.read(model, samples, env);
            Map<String, double[]> own = new LinkedHashMap<>();
            for (String attack : List.of("loss", "zlib", "min-k", "min-k++")) {
                double[] values = new double[samples.size()];
                Arrays.setAll(values, s -> score(attack, samples.get(s), read, s));
                own.put(attack, values);
            }
            both.add(own);
        }
        Map<String, double[][]> scores = new LinkedHashMap<>();
        both.getFirst()
                .forEach((attack, forgotten) -> scores.put(attack, new double[][] {
                    forgotten, Optional.ofNullable(both.getLast().get(attack)).orElseThrow()
                }));
        return scores;
    }

    private double score(String attack, Sample sample, Reading read, int place) {
        double[] logs = doubles(read.tokens().get(place));
        return switch (attack) {
            case "loss" -> MembershipScores.loss(logs);
            case "zlib" -> MembershipScores.zlib(logs, sample.answer());
            case "min-k" -> MembershipScores.minK(logs, k);
            default ->
                MembershipScores.minKPlusPlus(
                        logs,
                        doubles(read.means().get(place)),
                        Arrays.stream(doubles(read.variances().get(place)))
                                .map(Math::sqrt)
                                .toArray(),
                        k);
        };
    }

    private static double[] doubles(float[] values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, n -> values[n]);
        return wide;
    }

    /** The area, and in each resample of forgotten and of held-out samples. */
    private static Sampled sampled(double[][] scores, Keyed draws) {
        double[] drawn = Resampling.each(
                Statistics.RESAMPLES / 2,
                b -> MembershipScores.auc(
                                again(scores[0], draws.of(0).of(b)),
                                again(scores[1], draws.of(1).of(b)))
                        .value());
        return new Sampled(auc(scores).value(), drawn);
    }

    private static double[] again(double[] values, Keyed key) {
        double[] drawn = new double[values.length];
        Arrays.setAll(drawn, n -> values[Keyed.below(key.at(n), values.length)]);
        return drawn;
    }

    private static Finding finding(String name, Sampled measured, int n, Direction direction) {
        return new Finding(name, measured.value(), n, direction).on(Scale.SHARE).within(measured.interval());
    }

    private String bar() {
        return String.format(Locale.ROOT, "within %s of the reference's", margin);
    }

    @Override
    public String limits() {
        return "Four attacks that read a model's probabilities were run: no attack we ran distinguishes is all that a pass"
                + " says, and attackers with other data may do better.";
    }
}
