package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
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
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Reading;
import org.lethe.text.Sample;
import org.lethe.text.forget.Studied.Looks;
import org.lethe.text.model.Transformer;

/**
 * Measures whether what was forgotten comes back: after a little training on half of it, after the weights are rounded, and when
 * the questions are put in other words.
 *
 * <p><em>Relearning</em>: the model is trained for some steps on every other forgotten sample; the probability of the samples
 * <em>in between</em>, which it does not see, is then compared with the reference's after the same steps. Knowledge that was only hidden
 * comes back with its neighbours. <em>Quantisation</em>: matrices are rounded to 8 and 4 bits, with one scale a row (largest
 * magnitude / 127 or / 7). <em>Paraphrase</em>: the same answers after questions in other words, where the data have them.
 *
 * <p>The bar of each: at most {@code margin} above the reference; undecided if the interval crosses it, if the model before is not
 * above the reference itself, or if there are fewer than ten samples.
 *
 * <p>Cost: {@code steps} steps of training and five readings of the forgotten samples, of two models.
 *
 * @param steps steps of relearning
 * @param batch samples in a step
 * @param learningRate of relearning, with AdamW
 * @param margin by how much the mean probability may be above the reference's
 */
@Named("robustness")
public record Robustness(int steps, int batch, double learningRate, double margin)
        implements Audit<Corpus, LanguageModel> {
    public Robustness {
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 or more, below 1");
    }

    /** 20 steps of 8 samples at 1e-3, a margin of 0.05. */
    public Robustness() {
        this(20, 8, 1e-3, 0.05);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Corpus, LanguageModel> method) {
        return Studied.unsuited(this, request);
    }

    /**
     * Probabilities of one model.
     *
     * @param hidden of the samples in between, after relearning the others
     * @param eight of all samples with weights of 8 bits
     * @param four of all samples with weights of 4 bits
     * @param paraphrased of the samples with another question
     * @param course mean probability of the samples in between along relearning
     */
    private record Back(double[] hidden, double[] eight, double[] four, double[] paraphrased, List<Float> course) {}

    @Override
    public List<Finding> examine(Case<Corpus, LanguageModel> c, Env env) {
        Keyed random = env.random("robustness");
        List<Sample> samples = Studied.of(c, 1, random).forgotten();
        if (samples.size() < 4) {
            return List.of(new Finding("relearned-probability", 0, samples.size(), Direction.LOWER)
                    .judged(new Verdict.Undecided(
                            Studied.bar(margin), "fewer than four samples were to be forgotten")));
        }
        Looks<Back> looks = looks(c, samples, env);
        Keyed draws = random.of("resamples");
        List<Finding> findings = new ArrayList<>();
        findings.addAll(Studied.notAbove("relearned-probability", looks.map(Back::hidden), margin, draws));
        findings.addAll(Studied.notAbove("forget-probability-8-bit", looks.map(Back::eight), margin, draws));
        findings.addAll(Studied.notAbove("forget-probability-4-bit", looks.map(Back::four), margin, draws));
        Looks<double[]> paraphrased = looks.map(Back::paraphrased);
        if (paraphrased.after().length > 1) {
            findings.addAll(Studied.notAbove("forget-probability-paraphrased", paraphrased, margin, draws));
        }
        return findings;
    }

    private Looks<Back> looks(Case<Corpus, LanguageModel> c, List<Sample> samples, Env env) {
        return Looks.at(c, List.of(this, samples), env, (model, e) -> back(model, samples, e));
    }

    private Back back(LanguageModel model, List<Sample> samples, Env env) {
        List<Encoded> all = samples.stream().map(model::encode).toList();
        Relearning relearning = new Relearning(steps, batch, learningRate);
        List<Encoded> seen = Relearning.seen(all);
        List<Encoded> hidden = Relearning.hidden(all);
        List<Encoded> paraphrased = samples.stream()
                .filter(s -> s.paraphrasedPrompt().isPresent())
                .map(s -> model.encode(s.paraphrasedPrompt().orElseThrow(), s.answer()))
                .toList();
        double[] other = paraphrased.isEmpty()
                ? new double[0]
                : Reading.of(model, paraphrased, env).probabilities();
        List<Float> course = new ArrayList<>();
        double[] back;
        try (var _ = new PointerScope()) {
            Transformer open = model.open(env.device());
            course.add((float) mean(Reading.of(open, hidden, env).probabilities()));
            open.parameters().train(_ -> true);
            int parts = Math.min(4, steps);
            for (int part = 0; part < parts; part++) {
                int from = steps * part / parts;
                int to = steps * (part + 1) / parts;
                relearning.run(open, seen, from, to, env);
                course.add((float) mean(Reading.of(open, hidden, env).probabilities()));
            }
            back = Reading.of(open, hidden, env).probabilities();
        }
        return new Back(back, rounded(model, all, 127, env), rounded(model, all, 7, env), other, course);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(0);
    }

    private static double[] rounded(LanguageModel model, List<Encoded> samples, int levels, Env env) {
        return Reading.of(rounded(model, levels, env), samples, env).probabilities();
    }

    /** The model with its matrices rounded to a number of levels on either side of zero, one scale a row. */
    static LanguageModel rounded(LanguageModel model, int levels, Env env) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Transformer open = model.open(env.device());
            open.parameters().distinct().values().forEach(tensor -> {
                if (tensor.dim() == 2) {
                    Tensor scale = tensor.abs()
                            .amax(new long[] {1}, true)
                            .div(new Scalar(levels))
                            .clamp_min(new Scalar(1e-12));
                    tensor.copy_(tensor.div(scale).round().mul(scale));
                }
            });
            return LanguageModel.of(open, model.tokenizer(), model.format());
        }
    }

    @Override
    public List<Picture> pictures(Case<Corpus, LanguageModel> c, Env env) {
        List<Sample> samples = Studied.of(c, 1, env.random("robustness")).forgotten();
        if (samples.size() < 4) {
            return List.of();
        }
        Looks<Back> looks = looks(c, samples, env);
        return List.of(new Picture.Curve(
                "what comes back with relearning",
                "steps of training on the other half",
                "probability of the half that is not trained on",
                "",
                List.of(
                        line("before", looks.before()),
                        line("after", looks.after()),
                        line("reference", looks.reference()))));
    }

    private Picture.Line line(String name, Back back) {
        int parts = back.course.size() - 1;
        List<Float> x = IntStream.rangeClosed(0, parts)
                .mapToObj(p -> (float) (steps * p / parts))
                .toList();
        return new Picture.Line(name, x, back.course, List.of(), List.of());
    }

    @Override
    public String limits() {
        return "Relearning is tried at one learning rate for a few steps: more training brings anything back, in any"
                + " model.";
    }
}
