package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;

/** Reads answers, and samples them for methods that learn from their own. */
final class Answers {
    private static final int BLOCK = 128;

    private Answers() {}

    /** log p of each answer. */
    static double[] logProbabilities(Transformer model, List<Encoded> samples) {
        return each(model, samples, TokenScores::logProbabilities);
    }

    /** Cross-entropy of each answer. */
    static double[] crossEntropies(Transformer model, List<Encoded> samples) {
        return each(model, samples, TokenScores::crossEntropies);
    }

    private static double[] each(Transformer model, List<Encoded> samples, Function<TokenScores, Tensor> quantity) {
        double[] all = new double[samples.size()];
        for (int from = 0; from < all.length; from += BLOCK) {
            List<Encoded> block = samples.subList(from, Math.min(all.length, from + BLOCK));
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                Tensor values = quantity.apply(TokenScores.of(model, TokenBatch.of(block, model.device())));
                System.arraycopy(Flat.doubles(values), 0, all, from, block.size());
            }
        }
        return all;
    }

    /**
     * An answer of the model's own to each prompt. Every token is drawn by the key of its row and place, so that no
     * answer depends on the others of the batch.
     *
     * @param end token that ends an answer; it is the last one of an answer that was finished
     * @param longest most tokens of an answer
     * @param temperature 0 takes the likeliest token
     */
    static List<Encoded> sample(
            Transformer model, List<int[]> prompts, int end, int longest, double temperature, Keyed random) {
        int rows = prompts.size();
        int[][] texts = prompts.stream().map(int[]::clone).toArray(int[][]::new);
        boolean[] done = new boolean[rows];
        for (int t = 0; t < longest; t++) {
            int[] open = IntStream.range(0, rows)
                    .filter(r ->
                            !done[r] && texts[r].length < model.architecture().positions())
                    .toArray();
            if (open.length == 0) {
                break;
            }
            float[][] logits =
                    next(model, Arrays.stream(open).mapToObj(r -> texts[r]).toList());
            for (int n = 0; n < open.length; n++) {
                int row = open[n];
                double unit = Keyed.unit(random.of(row).at(t));
                int token = draw(logits[n], temperature, unit);
                int[] longer = Arrays.copyOf(texts[row], texts[row].length + 1);
                longer[texts[row].length] = token;
                texts[row] = longer;
                done[row] = token == end;
            }
        }
        List<Encoded> answers = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            answers.add(new Encoded(texts[r], Math.max(1, prompts.get(r).length)));
        }
        return answers;
    }

    /** The logits of the token after each text. */
    private static float[][] next(Transformer model, List<int[]> texts) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            // a dummy last token, whose prediction is the one that is wanted
            List<Encoded> padded = texts.stream()
                    .map(t -> new Encoded(Arrays.copyOf(t, t.length + 1), t.length))
                    .toList();
            TokenBatch batch = TokenBatch.of(padded, model.device());
            long time = batch.ids().size(1);
            Tensor hidden = model.hidden(
                    batch.ids().narrow(1, 0, time - 1), batch.mask().narrow(1, 0, time - 1)); // [rows, time − 1, dims]
            Tensor last = hidden.reshape(-1, hidden.size(2)).index_select(0, batch.places());
            double[] flat = Flat.doubles(model.head(last));
            int wide = flat.length / texts.size();
            float[][] logits = new float[texts.size()][wide];
            for (int r = 0; r < logits.length; r++) {
                for (int v = 0; v < wide; v++) {
                    logits[r][v] = (float) flat[r * wide + v];
                }
            }
            return logits;
        }
    }

    private static int draw(float[] logits, double temperature, double unit) {
        int best = 0;
        for (int v = 1; v < logits.length; v++) {
            if (logits[v] > logits[best]) {
                best = v;
            }
        }
        if (temperature == 0) {
            return best;
        }
        double sum = 0;
        double[] p = new double[logits.length];
        for (int v = 0; v < p.length; v++) {
            p[v] = Math.exp((logits[v] - logits[best]) / temperature);
            sum += p[v];
        }
        double left = unit * sum;
        for (int v = 0; v < p.length; v++) {
            left -= p[v];
            if (left <= 0) {
                return v;
            }
        }
        return best;
    }

    /** The state at each scored token's prediction, {@code [scored, dims]}. */
    static Tensor predicting(TokenBatch batch, Tensor hidden) {
        return hidden.narrow(1, 0, batch.ids().size(1) - 1)
                .reshape(-1, hidden.size(2))
                .index_select(0, batch.places());
    }

    /** The state at the last token of each text, {@code [rows, dims]}. */
    static Tensor last(TokenBatch batch, Tensor hidden) {
        Tensor at = batch.mask().sum(new long[] {1}).sub(new Scalar(1)); // [rows]
        long time = hidden.size(1);
        Tensor rows = torch.arange(new Scalar(hidden.size(0)))
                .to(at.device(), torch.ScalarType.Long)
                .mul(new Scalar(time));
        return hidden.reshape(-1, hidden.size(2)).index_select(0, rows.add(at));
    }
}
