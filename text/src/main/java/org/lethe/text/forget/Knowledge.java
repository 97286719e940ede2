package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
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
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Statistics;
import org.lethe.text.Bands;
import org.lethe.text.Corpus;
import org.lethe.text.KolmogorovSmirnov;
import org.lethe.text.LanguageModel;
import org.lethe.text.Memorisation;
import org.lethe.text.Reading;
import org.lethe.text.Sample;
import org.lethe.text.TofuMetrics;
import org.lethe.text.forget.Studied.Looks;

/**
 * Measures what a model still knows of the samples that it was to forget, beside the model before and the reference.
 *
 * <p><em>Probability</em> is exp(−cross-entropy) of the answer, ROUGE-L recall that of the greedy answer, <em>truth ratio</em> p(wrong) /
 * p(right) (TOFU, Maini et al. 2024, section 2.2), <em>extraction strength</em> the share of an answer that the rest draws out, and
 * <em>forget quality</em> the p-value of a two-sample Kolmogorov-Smirnov test between the truth ratios of this model and of the
 * reference: a high one says that the two are not told apart, not that ratios are high. <em>Completeness</em> is
 * the mean of 1 − probability, 1 − ROUGE and 1 − extraction strength (MRD's UC as defined here, as the paper's definition is
 * not known).
 *
 * <p>There are three bars. Forget probability must not be above the reference's by more than {@code margin}: fail if the
 * paired bootstrap interval over samples lies beyond it, undecided if the interval crosses it, or if the model before is not above the
 * reference by more than the margin. No more samples than in the reference may keep over half of their probability
 * ({@code never-forgotten}): a mean can hide a few that are known as before. Both need ten samples. Forget quality must be at least
 * 0.05; it is undecided if it already was for the model before. A model that falls far below the reference meets the first two bars and may
 * fail the third.
 *
 * <p>Cost: 7 readings of each forgotten sample and one greedy answer, of three models.
 *
 * @param newTokens most tokens of a generated answer
 * @param margin by how much the mean forget probability may be above the reference's
 */
@Named("knowledge")
public record Knowledge(int newTokens, double margin) implements Audit<Corpus, LanguageModel> {
    private static final double LEVEL = 0.05;

    public Knowledge {
        Check.require(newTokens >= 1, "newTokens", newTokens, "at least 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 or more, below 1");
    }

    /** 64 new tokens, a margin of 0.05. */
    public Knowledge() {
        this(64, 0.05);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Corpus, LanguageModel> method) {
        return Studied.unsuited(this, request);
    }

    /** What one model knows of the samples. */
    record Known(double[] probabilities, double[] rouge, double[] ratios, double[] exact, double[] strength) {
        static Known of(LanguageModel model, List<Sample> samples, int newTokens, Env env) {
            Reading read = Studied.read(model, samples, env);
            return new Known(
                    read.probabilities(),
                    Studied.rouge(model, samples, newTokens, env),
                    Studied.truthRatios(model, samples, env),
                    read.right().stream()
                            .mapToDouble(r -> Memorisation.exact(withoutEnd(r)))
                            .toArray(),
                    read.right().stream()
                            .mapToDouble(r -> Memorisation.extractionStrength(withoutEnd(r)))
                            .toArray());
        }

        /** The end token counts for neither measure. */
        private static boolean[] withoutEnd(boolean[] right) {
            return right.length == 1 ? right : Arrays.copyOf(right, right.length - 1);
        }

        double[] completeness() {
            return IntStream.range(0, probabilities.length)
                    .mapToDouble(n -> 1 - (probabilities[n] + rouge[n] + strength[n]) / 3)
                    .toArray();
        }
    }

    @Override
    public List<Finding> examine(Case<Corpus, LanguageModel> c, Env env) {
        Keyed random = env.random("knowledge");
        Studied studied = Studied.of(c, 1, random);
        List<Sample> samples = studied.forgotten();
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("forget-samples", samples.size(), samples.size(), Direction.NONE));
        if (samples.size() < 2) {
            findings.set(
                    0,
                    findings.getFirst()
                            .judged(new Verdict.Undecided(
                                    Studied.bar(margin), "fewer than two samples were to be forgotten")));
            return findings;
        }
        Looks<Known> looks = looks(c, samples, env);
        Known before = looks.before();
        Known after = looks.after();
        Known reference = looks.reference();
        Keyed draws = random.of("resamples");
        int n = samples.size();
        findings.addAll(Studied.notAbove("forget-probability", looks.map(Known::probabilities), margin, draws));
        beside(findings, "forget-rouge", draws, n, before.rouge, after.rouge, reference.rouge, Direction.LOWER);
        beside(findings, "exact-memorisation", draws, n, before.exact, after.exact, reference.exact, Direction.LOWER);
        beside(
                findings,
                "extraction-strength",
                draws,
                n,
                before.strength,
                after.strength,
                reference.strength,
                Direction.LOWER);
        beside(
                findings,
                "completeness",
                draws,
                n,
                before.completeness(),
                after.completeness(),
                reference.completeness(),
                Direction.HIGHER);
        double[] sorted = after.probabilities.clone();
        Arrays.sort(sorted);
        findings.add(new Finding("forget-probability-90", Statistics.quantile(sorted, 0.9), n, Direction.LOWER)
                .on(Scale.SHARE));
        findings.add(neverForgotten(looks.map(Known::probabilities)));
        quality(findings, before.ratios, after.ratios, reference.ratios);
        return findings;
    }

    private Looks<Known> looks(Case<Corpus, LanguageModel> c, List<Sample> samples, Env env) {
        return Looks.at(c, List.of(this, samples), env, (model, e) -> Known.of(model, samples, newTokens, e));
    }

    /** Samples that kept more than half of their probability: a mean can hide that a few are known as before. */
    static Finding neverForgotten(Looks<double[]> probabilities) {
        String bar = "no more than in the reference";
        int n = probabilities.after().length;
        long kept = kept(probabilities.before(), probabilities.after());
        Verdict verdict = n < Studied.FEWEST
                ? new Verdict.Undecided(bar, "fewer than " + Studied.FEWEST + " samples")
                : Verdict.of(kept <= kept(probabilities.before(), probabilities.reference()), bar);
        return new Finding("never-forgotten", kept, n, Direction.LOWER)
                .on(Scale.POSITIVE)
                .judged(verdict);
    }

    private static long kept(double[] before, double[] now) {
        return IntStream.range(0, now.length)
                .filter(i -> now[i] > before[i] / 2)
                .count();
    }

    private static void beside(
            List<Finding> findings,
            String name,
            Keyed draws,
            int n,
            double[] before,
            double[] after,
            double[] reference,
            Direction direction) {
        findings.add(
                Studied.finding(name, Bands.mean(after, draws), n, direction).on(Scale.SHARE));
        findings.add(Studied.finding(name + "-before", Bands.mean(before, draws), n, Direction.NONE)
                .on(Scale.SHARE));
        findings.add(Studied.finding(name + "-reference", Bands.mean(reference, draws), n, Direction.NONE)
                .on(Scale.SHARE));
    }

    private static void quality(List<Finding> findings, double[] before, double[] after, double[] reference) {
        if (after.length < 2) {
            return; // no wrong answers to compare with
        }
        String bar = "at least " + LEVEL;
        KolmogorovSmirnov test = KolmogorovSmirnov.of(after, reference);
        double already = KolmogorovSmirnov.of(before, reference).p();
        Verdict verdict = already >= LEVEL
                ? new Verdict.Undecided(
                        bar,
                        String.format(
                                Locale.ROOT,
                                "%d truth ratios do not tell the model before from the reference (p = %.2g)",
                                before.length,
                                already))
                : Verdict.of(test.p() >= LEVEL, bar);
        findings.add(new Finding("forget-quality", test.p(), after.length, Direction.HIGHER)
                .on(Scale.SHARE)
                .judged(verdict));
        findings.add(new Finding("log10-forget-quality", test.log10P(), after.length, Direction.HIGHER));
        findings.add(new Finding("forget-quality-before", already, before.length, Direction.NONE).on(Scale.SHARE));
        findings.add(
                new Finding("forget-truth-ratio", TofuMetrics.forgetTruthRatio(after), after.length, Direction.HIGHER));
        findings.add(new Finding(
                "forget-truth-ratio-before", TofuMetrics.forgetTruthRatio(before), before.length, Direction.NONE));
        findings.add(new Finding(
                "forget-truth-ratio-reference",
                TofuMetrics.forgetTruthRatio(reference),
                reference.length,
                Direction.NONE));
    }

    @Override
    public List<Picture> pictures(Case<Corpus, LanguageModel> c, Env env) {
        Studied studied = Studied.of(c, 1, env.random("knowledge"));
        if (studied.forgotten().size() < 2) {
            return List.of();
        }
        Looks<double[]> looks = Looks.at(
                c,
                List.of(this, studied.forgotten(), "probabilities"),
                env,
                (model, e) -> Studied.read(model, studied.forgotten(), e).probabilities());
        return List.of(new Picture.Curve(
                "probability of each forgotten answer",
                "share of the forgotten samples",
                "probability",
                "Samples are sorted anew for each model, so a place on the axis is not the same sample.",
                List.of(
                        line("before", looks.before()),
                        line("after", looks.after()),
                        line("reference", looks.reference()))));
    }

    private static Picture.Line line(String name, double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        List<Float> x = new ArrayList<>();
        List<Float> y = new ArrayList<>();
        for (int n = 0; n < sorted.length; n++) {
            x.add((float) (n + 0.5) / sorted.length);
            y.add((float) sorted[n]);
        }
        return new Picture.Line(name, x, y, List.of(), List.of());
    }

    @Override
    public String limits() {
        return "Answers are scored as they stand in the data, and one greedy answer is generated: other questions or a longer"
                + " conversation may still draw a forgotten answer out.";
    }
}
