package org.lethe.text.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Progress;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.PromptFormat;
import org.lethe.text.tokenizer.Tokenizer;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * How a model continues prompts by itself.
 *
 * <p>Scores are changed in this order: repetition penalty, temperature, the best k, the fewest tokens that reach p. What is left
 * is drawn by a key, the prompt's place in the list and the token's place in the answer; other prompts do not change it, but for
 * the rounding of sums. At temperature 0 the best token is taken; of equal ones, the lowest id.
 *
 * @param newTokens most tokens of an answer
 * @param temperature divides the scores; 0 always takes the best token
 * @param topP keeps the fewest best tokens whose probability reaches this; 1 keeps all
 * @param topK keeps this many best tokens and those equal to the last; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative scores of tokens that are in the text already; 1 for none
 */
public record Generation(int newTokens, double temperature, double topP, int topK, double repetitionPenalty) {
    private static final int BATCH = 32;

    public Generation {
        Check.require(newTokens >= 1, "newTokens", newTokens, "at least 1");
        Check.require(
                temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
                "temperature",
                temperature,
                "a finite number, at least 0");
        Check.require(topP > 0 && topP <= 1, "topP", topP, "above 0, at most 1");
        Check.require(topK >= 0, "topK", topK, "at least 0");
        Check.require(
                repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY,
                "repetitionPenalty",
                repetitionPenalty,
                "a finite number above 0");
    }

    /** The best token each time, at most 64. */
    public Generation() {
        this(64, 0, 1, 0, 1);
    }

    /** The best token each time. */
    public static Generation greedy(int newTokens) {
        return new Generation(newTokens, 0, 1, 0, 1);
    }

    /** The answers to prompts as texts. */
    public List<String> answers(
            Transformer model,
            Tokenizer tokenizer,
            PromptFormat format,
            List<String> prompts,
            Keyed key,
            Progress progress) {
        List<int[]> ids =
                prompts.stream().map(p -> Encoded.prompt(tokenizer, format, p)).toList();
        int known = tokenizer.size(); // vocabularies are often padded beyond it, and such a token says nothing
        return of(model, ids, tokenizer.end(), key, progress).stream()
                .map(answer -> tokenizer.decode(
                        Arrays.stream(answer).filter(id -> id < known).toArray()))
                .toList();
    }

    /**
     * The answers to prompts, without their end token. An answer ends before the end token, after {@link #newTokens}, or where the
     * model has no more positions. Finished texts leave their batch once they are half of it.
     *
     * @param prompts each at least one token, and fewer than the model has positions
     * @param end the end token; −1 for none
     * @param key of the draws; of no use at temperature 0
     */
    public List<int[]> of(Transformer model, List<int[]> prompts, int end, Keyed key, Progress progress) {
        return of(model, prompts, end, key, progress, BATCH);
    }

    List<int[]> of(Transformer model, List<int[]> prompts, int end, Keyed key, Progress progress, int batch) {
        int positions = model.architecture().positions();
        for (int[] prompt : prompts) {
            Check.require(
                    prompt.length >= 1 && prompt.length < positions,
                    "tokens of a prompt",
                    prompt.length,
                    "1 to " + (positions - 1));
        }
        // prompts of about the same length go together, so that little is padded
        int[] order = IntStream.range(0, prompts.size())
                .boxed()
                .sorted(Comparator.comparingInt((Integer n) -> prompts.get(n).length))
                .mapToInt(Integer::intValue)
                .toArray();
        int[][] answers = new int[prompts.size()][];
        Devices.ready(Device.CPU);
        long begun = System.nanoTime();
        long tokens = 0;
        try (Progress.Step bar = progress.begin("generate", prompts.size())) {
            for (int from = 0; from < order.length; from += batch) {
                int[] which = Arrays.copyOfRange(order, from, Math.min(order.length, from + batch));
                try (var _ = new PointerScope();
                        var _ = new NoGradGuard()) {
                    new Batch(model, prompts, which, end, key).run(answers);
                }
                for (int n : which) {
                    tokens += answers[n].length + 1;
                }
                bar.advance(which.length);
                bar.note(String.format(Locale.ROOT, "%.0f tokens/s", tokens * 1e9 / (System.nanoTime() - begun)));
            }
        }
        return List.of(answers);
    }

    /** Texts that grow side by side, padded on the left. */
    private final class Batch {
        private final Transformer model;
        private final List<int[]> texts = new ArrayList<>(); // prompts with the tokens so far
        private final int[] lengths;
        private final int end;
        private final Keyed[] keys;
        private int[] which;
        private int[] rows; // places in texts of the rows of the cache

        Batch(Transformer model, List<int[]> prompts, int[] which, int end, Keyed key) {
            this.model = model;
            this.which = which;
            this.end = end;
            keys = Arrays.stream(which).mapToObj(key::of).toArray(Keyed[]::new);
            lengths = Arrays.stream(which).map(n -> prompts.get(n).length).toArray();
            for (int n : which) {
                texts.add(prompts.get(n));
            }
            rows = IntStream.range(0, which.length).toArray();
        }

        void run(int[][] answers) {
            int positions = model.architecture().positions();
            int longest = Arrays.stream(lengths).max().orElseThrow();
            boolean[] done = new boolean[texts.size()];
            KeyValueCache cache = new KeyValueCache(model, texts.size(), longest + newTokens);
            int[] ids = new int[texts.size() * longest];
            int[] mask = new int[ids.length];
            for (int r = 0; r < texts.size(); r++) {
                int at = (r + 1) * longest - lengths[r];
                System.arraycopy(texts.get(r), 0, ids, at, lengths[r]);
                Arrays.fill(mask, at, at + lengths[r], 1);
            }
            int time = longest;
            for (int step = 0; step < newTokens; step++) {
                int[] next = next(ids, mask, time, cache, step);
                int open = 0;
                for (int r = 0; r < rows.length; r++) {
                    int text = rows[r];
                    if (!done[text]) {
                        done[text] = next[r] == end;
                        if (!done[text]) {
                            int[] longer = Arrays.copyOf(texts.get(text), texts.get(text).length + 1);
                            longer[longer.length - 1] = next[r];
                            texts.set(text, longer);
                            done[text] = longer.length == positions;
                        }
                    }
                    open += done[text] ? 0 : 1;
                }
                if (open == 0) {
                    break;
                }
                if (2 * open <= rows.length) {
                    int[] kept = IntStream.range(0, rows.length)
                            .filter(r -> !done[rows[r]])
                            .toArray();
                    cache.keep(kept);
                    next = Arrays.stream(kept).map(at(next)).toArray();
                    rows = Arrays.stream(kept).map(at(rows)).toArray();
                }
                ids = next;
                mask = new int[rows.length];
                Arrays.fill(mask, 1);
                time = 1;
            }
            for (int r = 0; r < texts.size(); r++) {
                answers[which[r]] = Arrays.copyOfRange(texts.get(r), lengths[r], texts.get(r).length);
            }
        }

        private static java.util.function.IntUnaryOperator at(int[] values) {
            return n -> values[n];
        }

        private int[] next(int[] ids, int[] mask, int time, KeyValueCache cache, int step) {
            try (var _ = new PointerScope()) {
                Tensor state = model.extend(whole(ids, time), whole(mask, time), cache);
                Tensor logits = model.head(state.select(1, time - 1L)); // [rows, vocabulary]
                if (temperature == 0 && repetitionPenalty == 1) {
                    Tensor best = logits.argmax(new LongOptional(1), false)
                            .to(ScalarType.Int)
                            .cpu();
                    int[] next = new int[rows.length];
                    new IntPointer(best.data_ptr()).get(next);
                    return next;
                }
                float[] scores = Tensors.floats(logits.to(ScalarType.Float));
                int width = scores.length / rows.length;
                int[] next = new int[rows.length];
                for (int r = 0; r < rows.length; r++) {
                    float[] own = Arrays.copyOfRange(scores, r * width, (r + 1) * width);
                    next[r] = choose(own, texts.get(rows[r]), keys[rows[r]].at(step));
                }
                return next;
            }
        }

        private Tensor whole(int[] values, int time) {
            return Devices.on(Tensors.of(values, values.length / time, time).to(ScalarType.Long), model.device());
        }
    }

    /** The next token of one text. */
    private int choose(float[] logits, int[] text, long bits) {
        penalise(logits, text);
        if (temperature == 0) {
            int best = 0;
            for (int n = 1; n < logits.length; n++) {
                best = logits[n] > logits[best] ? n : best;
            }
            return best;
        }
        double[] p = probabilities(logits);
        double left = Keyed.unit(bits);
        int last = 0;
        for (int n = 0; n < p.length; n++) {
            if (p[n] > 0) {
                left -= p[n];
                last = n;
                if (left <= 0) {
                    return n;
                }
            }
        }
        return last; // the probabilities' sum was rounded below 1
    }

    /** Makes tokens less likely that are in the text, each once, in place. */
    void penalise(float[] logits, int[] text) {
        if (repetitionPenalty == 1) {
            return;
        }
        Arrays.stream(text)
                .distinct()
                .forEach(id -> logits[id] =
                        (float) (logits[id] < 0 ? logits[id] * repetitionPenalty : logits[id] / repetitionPenalty));
    }

    /** The probabilities of all tokens at a temperature above 0; 0 for those that are left out. */
    double[] probabilities(float[] logits) {
        double[] p = new double[logits.length];
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double low = topK > 0 && topK < logits.length ? largest(logits, topK) : Double.NEGATIVE_INFINITY;
        for (int n = 0; n < p.length; n++) {
            p[n] = logits[n] < low ? 0 : StrictMath.exp((logits[n] - largest) / temperature);
        }
        normalise(p);
        if (topP < 1) {
            int[] best = IntStream.range(0, p.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer n) -> -p[n]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            double sum = 0;
            for (int n : best) {
                double own = p[n];
                p[n] = sum >= topP ? 0 : own; // the best one always stays
                sum += own;
            }
            normalise(p);
        }
        return p;
    }

    private static double largest(float[] logits, int k) {
        float[] sorted = logits.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length - k];
    }

    private static void normalise(double[] p) {
        double sum = Arrays.stream(p).sum();
        for (int n = 0; n < p.length; n++) {
            p[n] /= sum;
        }
    }
}
