package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.text.Bands;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;
import org.lethe.text.Reading;
import org.lethe.text.Sample;
import org.lethe.text.forget.Studied.Looks;

/**
 * Measures what a model still knows of everything else: of samples that remain, and of text that no model learnt.
 *
 * <p><em>Utility</em> is TOFU's model utility over the sets there are: the harmonic mean of probability, ROUGE-L recall and
 * max(0, 1 − truth ratio) of retained samples (TOFU, Maini et al. 2024, section 2.2, has two further sets of real people and facts,
 * which mean nothing to a model trained from scratch). The cross-entropy of held-out samples says whether the model still
 * writes the same language.
 *
 * <p>The bar: utility at most {@code margin} below the reference's, by a paired bootstrap over samples; undecided if the
 * interval crosses the bar, or if a model that lost what the model before knows is only as bad as a bad reference.
 *
 * <p>Cost: 7 readings and one greedy answer of at most {@code samples} samples, of three models.
 *
 * @param samples most retained samples, and most held-out ones, that are looked at
 * @param newTokens most tokens of a generated answer
 * @param margin by how much utility may be below the reference's
 */
@Named("model-utility")
public record ModelUtility(int samples, int newTokens, double margin) implements Audit<Corpus, LanguageModel> {
    public ModelUtility {
        Check.require(samples >= 2, "samples", samples, "at least 2");
        Check.require(newTokens >= 1, "newTokens", newTokens, "at least 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 or more, below 1");
    }

    /** 100 samples, 64 new tokens, a margin of 0.05. */
    public ModelUtility() {
        this(100, 64, 0.05);
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    /** The measures of one model on the retained samples. */
    private record Known(double[] probabilities, double[] rouge, double[] truth, double[] holdout) {
        Sampled utility(Keyed draws) {
            List<double[]> paired = List.of(probabilities, rouge);
            return Bands.harmonicMean(truth.length == 0 ? List.of(paired) : List.of(paired, List.of(truth)), draws);
        }
    }

    @Override
    public List<Finding> examine(Case<Corpus, LanguageModel> c, Env env) {
        Keyed random = env.random("model-utility");
        Studied studied = Studied.of(c, samples, random);
        List<Finding> findings = new ArrayList<>();
        if (studied.retained().size() < 2) {
            return List.of(new Finding("utility", 0, studied.retained().size(), Direction.HIGHER)
                    .judged(new Verdict.Undecided(bar(), "fewer than two samples remain")));
        }
        Looks<Known> looks =
                Looks.at(c, List.of(this, studied.retained()), env, (model, e) -> known(model, studied, e));
        Known before = looks.before();
        Known after = looks.after();
        Known reference = looks.reference();
        Keyed draws = random.of("resamples");
        int n = studied.retained().size();
        Sampled utility = after.utility(draws);
        Sampled ofReference = reference.utility(draws);
        Sampled ofBefore = before.utility(draws);
        findings.add(finding("utility", utility, n, Direction.HIGHER)
                .on(Scale.SHARE)
                .judged(verdict(utility, ofReference, ofBefore)));
        findings.add(finding("utility-before", ofBefore, n, Direction.NONE).on(Scale.SHARE));
        findings.add(
                finding("utility-reference", ofReference, n, Direction.NONE).on(Scale.SHARE));
        findings.add(mean("retain-probability", after.probabilities, draws, Direction.HIGHER)
                .on(Scale.SHARE));
        findings.add(mean("retain-probability-before", before.probabilities, draws, Direction.NONE)
                .on(Scale.SHARE));
        findings.add(mean("retain-probability-reference", reference.probabilities, draws, Direction.NONE)
                .on(Scale.SHARE));
        findings.add(mean("retain-rouge", after.rouge, draws, Direction.HIGHER).on(Scale.SHARE));
        findings.add(
                mean("retain-rouge-before", before.rouge, draws, Direction.NONE).on(Scale.SHARE));
        if (after.truth.length > 1) {
            findings.add(mean("retain-truth", after.truth, draws, Direction.HIGHER));
            findings.add(mean("retain-truth-before", before.truth, draws, Direction.NONE));
        }
        if (after.holdout.length > 1) {
            findings.add(mean("holdout-cross-entropy", after.holdout, draws, Direction.LOWER)
                    .on(Scale.POSITIVE));
            findings.add(mean("holdout-cross-entropy-before", before.holdout, draws, Direction.NONE)
                    .on(Scale.POSITIVE));
            findings.add(mean("holdout-cross-entropy-reference", reference.holdout, draws, Direction.NONE)
                    .on(Scale.POSITIVE));
        }
        return findings;
    }

    /** A reference that is worse than the model before would let pass a method that ruins the model just as much. */
    Verdict verdict(Sampled after, Sampled reference, Sampled before) {
        Verdict verdict = Resampling.notWorse(bar(), after.less(reference).interval(), margin);
        boolean poor = Resampling.notWorse(bar(), reference.less(before).interval(), margin) instanceof Verdict.Fail;
        boolean kept = Resampling.notWorse(bar(), after.less(before).interval(), margin) instanceof Verdict.Pass;
        return verdict instanceof Verdict.Pass && poor && !kept
                ? new Verdict.Undecided(
                        bar(),
                        String.format(
                                Locale.ROOT,
                                "the reference, whose utility is %.3f below that of the model before, is a poor one",
                                before.value() - reference.value()))
                : verdict;
    }

    private Known known(LanguageModel model, Studied studied, Env env) {
        List<Sample> retained = studied.retained();
        Reading read = Studied.read(model, retained, env);
        double[] holdout = studied.holdout().isEmpty()
                ? new double[0]
                : Studied.read(model, studied.holdout(), env).crossEntropies();
        return new Known(
                read.probabilities(),
                Studied.rouge(model, retained, newTokens, env),
                Arrays.stream(Studied.truthRatios(model, retained, env))
                        .map(r -> Math.max(0, 1 - r))
                        .toArray(),
                holdout);
    }

    private static Finding mean(String name, double[] values, Keyed draws, Direction direction) {
        return finding(name, Bands.mean(values, draws), values.length, direction);
    }

    private static Finding finding(String name, Sampled measured, int n, Direction direction) {
        return new Finding(name, measured.value(), n, direction).within(measured.interval());
    }

    private String bar() {
        return String.format(Locale.ROOT, "at most %s below the reference's", margin);
    }

    @Override
    public String limits() {
        return "Only samples of the data and held-out samples of the same kind are looked at: other abilities of a model may"
                + " have suffered.";
    }
}
