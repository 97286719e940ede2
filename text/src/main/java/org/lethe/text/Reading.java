package org.lethe.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Tensors;

/**
 * What a model makes of samples when it reads them: of each scored token its log-probability, whether it is the most
 * probable one, and mean and variance of log p under the model's own distribution. All metrics that need no generated text rest
 * on it. Costs one pass without gradients; samples of like length are read together.
 *
 * @param tokens log p of the scored tokens, by sample
 * @param right whether a scored token is the most probable one, by sample
 * @param means of log p under the model's distribution at each scored token, by sample
 * @param variances of log p under the model's distribution at each scored token, by sample
 */
public record Reading(List<float[]> tokens, List<boolean[]> right, List<float[]> means, List<float[]> variances) {
    private static final int TOKENS_AT_ONCE = 2_048; // of a batch, padding included
    private static final int SHOWN = 8; // fewer batches are over before anybody sees their progress

    /** Reads samples with a model that computes for this call alone. */
    public static Reading of(LanguageModel model, List<Encoded> samples, Env env) {
        try (var _ = new PointerScope()) {
            return of(model.open(env.device()), samples, env);
        }
    }

    /** Reads samples. */
    public static Reading of(Transformer model, List<Encoded> samples, Env env) {
        float[][] tokens = new float[samples.size()][];
        boolean[][] right = new boolean[samples.size()][];
        float[][] means = new float[samples.size()][];
        float[][] variances = new float[samples.size()][];
        each(model, samples, (scores, places) -> read(scores, places, tokens, right, means, variances), env.progress());
        return new Reading(Arrays.asList(tokens), Arrays.asList(right), Arrays.asList(means), Arrays.asList(variances));
    }

    /** Places of samples of like length, together no larger than a batch may be. */
    static List<int[]> batches(List<Encoded> samples) {
        int[] byLength = IntStream.range(0, samples.size())
                .boxed()
                .sorted(Comparator.comparingInt(n -> samples.get(n).length()))
                .mapToInt(Integer::intValue)
                .toArray();
        List<int[]> batches = new ArrayList<>();
        int from = 0;
        for (int n = 1; n <= byLength.length; n++) {
            if (n == byLength.length
                    || (n + 1 - from) * samples.get(byLength[n]).length() > TOKENS_AT_ONCE) {
                batches.add(Arrays.copyOfRange(byLength, from, n));
                from = n;
            }
        }
        return batches;
    }

    /**
     * Reads samples in batches of like length, without gradients.
     *
     * @param use takes the scores of a batch and the places of its samples in the list; tensors end with the call
     */
    public static void each(
            Transformer model, List<Encoded> samples, BiConsumer<TokenScores, int[]> use, Progress progress) {
        List<int[]> batches = batches(samples);
        Progress shown = batches.size() < SHOWN ? Progress.NONE : progress;
        try (Progress.Step bar = shown.begin("read", samples.size())) {
            for (int[] places : batches) {
                try (var _ = new PointerScope();
                        var _ = new NoGradGuard()) {
                    List<Encoded> own =
                            Arrays.stream(places).mapToObj(samples::get).toList();
                    use.accept(TokenScores.of(model, TokenBatch.of(own, model.device())), places);
                }
                bar.advance(places.length);
            }
        }
    }

    private static void read(
            TokenScores scores,
            int[] places,
            float[][] tokens,
            boolean[][] right,
            float[][] means,
            float[][] variances) {
        TokenBatch batch = scores.batch();
        Tensor all = torch.log_softmax(scores.logits(), 1);
        Tensor p = all.exp();
        Tensor weighted = p.mul(all);
        Tensor mean = weighted.sum(1);
        Tensor variance = weighted.mul(all).sum(1).sub(mean.square()).clamp_min(new Scalar(0));
        Tensor hit = scores.logits()
                .argmax(new org.bytedeco.pytorch.LongOptional(1), false)
                .eq(batch.labels());
        float[] logs = Tensors.floats(scores.tokens());
        float[] hits = Tensors.floats(hit.to(ScalarType.Float));
        float[] centres = Tensors.floats(mean);
        float[] spreads = Tensors.floats(variance);
        int at = 0;
        for (int r = 0; r < places.length; r++) {
            int to = at + batch.counts()[r];
            int place = places[r];
            tokens[place] = Arrays.copyOfRange(logs, at, to);
            for (float log : tokens[place]) {
                if (!Float.isFinite(log)) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            "log p of a token of sample " + place + " is " + log + ", expected a finite number");
                }
            }
            means[place] = Arrays.copyOfRange(centres, at, to);
            variances[place] = Arrays.copyOfRange(spreads, at, to);
            right[place] = new boolean[to - at];
            for (int t = at; t < to; t++) {
                right[place][t - at] = hits[t] > 0;
            }
            at = to;
        }
    }

    /** Cross-entropy of each sample: −mean log p of its scored tokens. */
    public double[] crossEntropies() {
        return tokens.stream()
                .mapToDouble(t -> {
                    double sum = 0;
                    for (float log : t) {
                        sum += log;
                    }
                    return -sum / t.length;
                })
                .toArray();
    }

    /** Probability of each sample, length-normalised: exp(−cross-entropy). */
    public double[] probabilities() {
        return Arrays.stream(crossEntropies()).map(ce -> Math.exp(-ce)).toArray();
    }

    /** Perplexity of all scored tokens together. */
    public double perplexity() {
        double sum = 0;
        long count = 0;
        for (float[] t : tokens) {
            for (float log : t) {
                sum += log;
            }
            count += t.length;
        }
        return Math.exp(-sum / count);
    }
}
