package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Difference;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.text.Bands;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Reading;
import org.lethe.text.Rouge;
import org.lethe.text.Sample;
import org.lethe.text.TofuMetrics;
import org.lethe.text.model.Generation;

/**
 * The samples that audits look at: those that a request takes away, some of those that remain, and some that no model learnt.
 *
 * @param forgotten samples of the data that do not remain
 * @param retained samples that remain, at most as many as asked for, drawn by the seed
 * @param holdout samples that no model learnt, at most as many as asked for
 */
record Studied(List<Sample> forgotten, List<Sample> retained, List<Sample> holdout) {
    static final int FEWEST = 10;

    /** Those of a case. */
    static Studied of(Case<Corpus, LanguageModel> c, int most, Keyed key) {
        Map<Sample, Integer> left = new HashMap<>();
        c.remaining().training().forEach(s -> left.merge(s, 1, Integer::sum));
        List<Sample> forgotten = new ArrayList<>();
        for (Sample sample : c.data().training()) {
            if (left.merge(sample, -1, Integer::sum) < 0) {
                forgotten.add(sample);
            }
        }
        return new Studied(
                forgotten,
                drawn(c.remaining().training(), most, key.of("retained")),
                drawn(c.data().holdout(), most, key.of("holdout")));
    }

    /**
     * The same look at each model of a case. The models before and of reference are those of many cases, so they are looked at once.
     *
     * @param <T> what is seen of a model
     */
    record Looks<T>(T before, T after, T reference) {
        /**
         * Looks at all three.
         *
         * @param what everything that the look depends on besides the model and the seed
         */
        static <T> Looks<T> at(
                Case<Corpus, LanguageModel> c, List<?> what, Env env, BiFunction<LanguageModel, Env, T> look) {
            return new Looks<>(
                    at(c, c.before(), what, env, look),
                    at(c, c.after(), what, env, look),
                    at(c, c.reference(), what, env, look));
        }

        /** A part of what is seen, of each model. */
        <S> Looks<S> map(Function<T, S> part) {
            return new Looks<>(part.apply(before), part.apply(after), part.apply(reference));
        }

        @SuppressWarnings("ReferenceEquality") // a control is the model before itself
        private static <T> T at(
                Case<Corpus, LanguageModel> c,
                LanguageModel model,
                List<?> what,
                Env env,
                BiFunction<LanguageModel, Env, T> look) {
            return model == c.before() || model == c.reference()
                    ? c.baseline().of(List.of(what, model), env, e -> look.apply(model, e))
                    : look.apply(model, env);
        }
    }

    /** Why an audit of forgetting does not suit a request, if it does not. */
    static Optional<String> unsuited(Audit<?, ?> audit, Request request) {
        return request instanceof ForgetSamples
                ? Optional.empty()
                : Optional.of(Named.Of.name(audit) + " looks at requests to forget, not " + Named.Of.name(request));
    }

    private static List<Sample> drawn(List<Sample> samples, int most, Keyed key) {
        if (samples.size() <= most) {
            return samples;
        }
        return IntStream.range(0, samples.size())
                .boxed()
                .sorted((a, b) -> Long.compare(key.at(a), key.at(b)))
                .limit(most)
                .sorted()
                .map(samples::get)
                .toList();
    }

    /** What a model makes of the answers of some samples. */
    static Reading read(LanguageModel model, List<Sample> samples, Env env) {
        List<Encoded> encoded = samples.stream().map(model::encode).toList();
        return Reading.of(model, encoded, env);
    }

    /** ROUGE-L recall of a model's greedy answer to each prompt, with stems. */
    static double[] rouge(LanguageModel model, List<Sample> samples, int newTokens, Env env) {
        List<String> answers;
        try (var _ = new PointerScope()) {
            answers = Generation.greedy(newTokens)
                    .answers(
                            model.open(env.device()),
                            model.tokenizer(),
                            model.format(),
                            samples.stream().map(Sample::prompt).toList(),
                            env.random("answers"),
                            env.progress());
        }
        return IntStream.range(0, samples.size())
                .mapToDouble(n ->
                        Rouge.of(samples.get(n).answer(), answers.get(n), true).recall())
                .toArray();
    }

    /**
     * Truth ratios R = p(wrong) / p(right) of samples that have wrong answers: right is the paraphrased answer where there is one, and
     * p(wrong) the geometric mean over wrong answers, all length-normalised (TOFU, section 2.2.2).
     */
    static double[] truthRatios(LanguageModel model, List<Sample> samples, Env env) {
        List<Encoded> all = new ArrayList<>();
        List<Integer> counts = new ArrayList<>();
        for (Sample sample : samples) {
            if (!sample.wrongAnswers().isEmpty()) {
                all.add(model.encode(sample.prompt(), sample.paraphrasedAnswer().orElse(sample.answer())));
                sample.wrongAnswers().forEach(wrong -> all.add(model.encode(sample.prompt(), wrong)));
                counts.add(sample.wrongAnswers().size());
            }
        }
        if (all.isEmpty()) {
            return new double[0];
        }
        double[] entropies = Reading.of(model, all, env).crossEntropies();
        double[] ratios = new double[counts.size()];
        int at = 0;
        for (int n = 0; n < ratios.length; n++) {
            double right = entropies[at];
            double[] wrong = Arrays.copyOfRange(entropies, at + 1, at + 1 + counts.get(n));
            ratios[n] = TofuMetrics.truthRatio(right, wrong);
            at += 1 + wrong.length;
        }
        return ratios;
    }

    /** The bar of {@link #notAbove}. */
    static String bar(double margin) {
        return String.format(Locale.ROOT, "at most %s above the reference's", margin);
    }

    /**
     * The mean of a probability or another share of what is known, which must not be above the reference's by more than a margin, with those of the other
     * two models. By a paired bootstrap over samples: undecided where the interval crosses the bar, where the model before is not
     * above the reference either, or where there are fewer than {@value #FEWEST} samples, whose intervals are too narrow.
     */
    static List<Finding> notAbove(String name, Looks<double[]> measure, double margin, Keyed draws) {
        int n = measure.after().length;
        Sampled after = Bands.mean(measure.after(), draws);
        Sampled before = Bands.mean(measure.before(), draws);
        Sampled reference = Bands.mean(measure.reference(), draws);
        Verdict verdict = n < FEWEST
                ? new Verdict.Undecided(bar(margin), "fewer than " + FEWEST + " samples")
                : verdict(bar(margin), after.less(reference), before.less(reference), margin, n);
        return List.of(
                finding(name, after, n, Direction.LOWER).on(Scale.SHARE).judged(verdict),
                finding(name + "-before", before, n, Direction.NONE).on(Scale.SHARE),
                finding(name + "-reference", reference, n, Direction.NONE).on(Scale.SHARE));
    }

    private static Verdict verdict(String bar, Difference difference, Difference known, double margin, int n) {
        if (known.interval().low() <= margin) {
            return new Verdict.Undecided(
                    bar,
                    String.format(
                            Locale.ROOT,
                            "the model before is only %.3f above the reference by %d samples",
                            known.value(),
                            n));
        }
        if (difference.interval().high() <= margin) {
            return new Verdict.Pass(bar);
        }
        return difference.interval().low() > margin
                ? new Verdict.Fail(bar)
                : new Verdict.Undecided(bar, "the interval of the difference crosses the bar");
    }

    /** A measure with its interval. */
    static Finding finding(String name, Sampled measured, int n, Direction direction) {
        return new Finding(name, measured.value(), n, direction).within(measured.interval());
    }
}
