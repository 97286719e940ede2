package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Progress;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.Reading;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Generation;
import org.lethe.text.model.Transformer;

/** Reads answers, and samples them for methods that learn from their own. */
final class Answers {
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
        Reading.each(
                model,
                samples,
                (scores, places) -> {
                    double[] own = Flat.doubles(quantity.apply(scores));
                    for (int n = 0; n < own.length; n++) {
                        all[places[n]] = own[n];
                    }
                },
                Progress.NONE);
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
        int positions = model.architecture().positions();
        List<int[]> drawn =
                new Generation(longest, temperature, 1, 0, 1).of(model, prompts, end, random, Progress.NONE);
        List<Encoded> answers = new ArrayList<>();
        for (int r = 0; r < prompts.size(); r++) {
            int[] prompt = prompts.get(r);
            int[] answer = drawn.get(r);
            boolean finished = answer.length < longest && prompt.length + answer.length < positions;
            int[] text = Arrays.copyOf(prompt, prompt.length + answer.length + (finished ? 1 : 0));
            System.arraycopy(answer, 0, text, prompt.length, answer.length);
            if (finished) {
                text[text.length - 1] = end;
            }
            answers.add(new Encoded(text, Math.max(1, prompt.length)));
        }
        return answers;
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
