package org.lethe.text.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.text.PromptFormat;
import org.lethe.text.tokenizer.Tokenizer;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;

class GenerationTest {
    private static final Keyed KEY = Keyed.seed(3);

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static Transformer model(int positions) {
        Transformer model = new Transformer(Architecture.gpt(30, 16, 2, 2, positions, 1), Device.CPU);
        model.parameters().draw(KEY, (_, _) -> Optional.of(Initial.normal(0, 0.35)), Workers.here());
        return model;
    }

    private static List<int[]> prompts(int count) {
        return IntStream.range(0, count)
                .mapToObj(n -> IntStream.rangeClosed(0, n % 7)
                        .map(t -> 2 + Keyed.below(KEY.of(n).at(t), 28))
                        .toArray())
                .toList();
    }

    private static List<List<Integer>> lists(List<int[]> all) {
        return all.stream().map(a -> Arrays.stream(a).boxed().toList()).toList();
    }

    /** The best token of the whole text each time, without a cache or a batch. */
    private static int[] slowly(Transformer model, int[] prompt, int end, int most) {
        List<Integer> text = new ArrayList<>(Arrays.stream(prompt).boxed().toList());
        while (text.size() - prompt.length < most
                && text.size() < model.architecture().positions()) {
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                int[] ids = text.stream().mapToInt(i -> i).toArray();
                Tensor tokens = Tensors.of(ids, 1, ids.length).to(ScalarType.Long);
                float[] logits = Tensors.floats(model.logits(tokens, torch.ones_like(tokens))
                        .select(1, ids.length - 1L)
                        .contiguous());
                int best = IntStream.range(0, logits.length)
                        .reduce((a, b) -> logits[b] > logits[a] ? b : a)
                        .orElseThrow();
                if (best == end) {
                    break;
                }
                text.add(best);
            }
        }
        return text.stream().skip(prompt.length).mapToInt(i -> i).toArray();
    }

    @Test
    void batchesWithACacheAnswerAsOneTextAfterAnother() {
        try (var _ = new PointerScope()) {
            Transformer model = model(64);
            List<int[]> prompts = prompts(20);
            List<int[]> endless =
                    prompts.stream().map(p -> slowly(model, p, -1, 12)).toList();
            // a token that ends between a third and all of the texts
            int end = IntStream.range(0, 30)
                    .boxed()
                    .max(java.util.Comparator.comparingLong(t -> {
                        long count = endless.stream()
                                .filter(a -> Arrays.stream(a).anyMatch(i -> i == t))
                                .count();
                        return count == endless.size() ? 0 : count;
                    }))
                    .orElseThrow();
            List<int[]> found = Generation.greedy(12).of(model, prompts, end, KEY, Progress.NONE);
            for (int n = 0; n < prompts.size(); n++) {
                assertArrayEquals(slowly(model, prompts.get(n), end, 12), found.get(n), "prompt " + n);
            }
            assertTrue(found.stream().anyMatch(a -> a.length < 12), "some end early, so that rows leave the batch");
            assertTrue(found.stream().anyMatch(a -> a.length == 12));
        }
    }

    @Test
    void neitherBatchesNorNeighboursChangeAnAnswer() {
        try (var _ = new PointerScope()) {
            Transformer model = model(64);
            List<int[]> prompts = prompts(16);
            Generation drawn = new Generation(10, 0.9, 0.95, 12, 1.2);
            List<List<Integer>> whole = lists(drawn.of(model, prompts, 1, KEY, Progress.NONE, 16));
            assertEquals(whole, lists(drawn.of(model, prompts, 1, KEY, Progress.NONE, 5)));
            assertEquals(whole, lists(drawn.of(model, prompts, 1, KEY, Progress.NONE, 1)));
            assertEquals(whole.subList(0, 4), lists(drawn.of(model, prompts.subList(0, 4), 1, KEY, Progress.NONE)));
            assertFalse(whole.equals(lists(drawn.of(model, prompts, 1, Keyed.seed(4), Progress.NONE))));
        }
    }

    @Test
    void anAnswerEndsWhereTheModelHasNoMorePositions() {
        try (var _ = new PointerScope()) {
            Transformer model = model(10);
            List<int[]> prompts = prompts(7); // 1 to 7 tokens
            List<int[]> found = Generation.greedy(50).of(model, prompts, -1, KEY, Progress.NONE);
            for (int n = 0; n < 7; n++) {
                assertArrayEquals(slowly(model, prompts.get(n), -1, 50), found.get(n));
                assertEquals(10, prompts.get(n).length + found.get(n).length);
            }
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> Generation.greedy(5).of(model, List.of(new int[10]), -1, KEY, Progress.NONE));
            assertTrue(String.valueOf(refused.getMessage()).contains("tokens of a prompt is 10, expected 1 to 9"));
        }
    }

    @Test
    void tokensBeyondTheTokenizerSayNothing() {
        Tokenizer few = Tokenizer.ofWords(List.of("a", "b")); // ids up to 3 of a vocabulary of 30
        try (var _ = new PointerScope()) {
            String answer = new Generation(40, 5, 1, 0, 1)
                    .answers(model(64), few, PromptFormat.PLAIN, List.of("a b"), KEY, Progress.NONE)
                    .getFirst();
            assertTrue(answer.matches("[ab ]*"), answer);
        }
    }

    @Test
    void drawsFollowTheProbabilities() {
        // 4,000 draws of a first token: each share within five standard errors
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Transformer model = model(16);
            int[] prompt = {4, 9};
            Tensor ids = Tensors.of(prompt, 1, 2).to(ScalarType.Long);
            float[] logits = Tensors.floats(
                    model.logits(ids, torch.ones_like(ids)).select(1, 1).contiguous());
            Generation drawn = new Generation(1, 1, 1, 0, 1);
            double[] p = drawn.probabilities(logits);
            int[] counts = new int[p.length];
            int draws = 4000;
            List<int[]> prompts =
                    IntStream.range(0, draws).mapToObj(_ -> prompt).toList();
            drawn.of(model, prompts, -1, KEY, Progress.NONE, 500).forEach(a -> counts[a[0]]++);
            for (int n = 0; n < p.length; n++) {
                double error = Math.sqrt(p[n] * (1 - p[n]) / draws) + 1e-3;
                assertEquals(p[n], counts[n] / (double) draws, 5 * error, "token " + n);
            }
        }
    }

    @Test
    void filtersAreThoseOfTheReference() {
        try (var golden = Goldens.open(Goldens.of("primitives/sampling.safetensors"))) {
            float[] logits = golden.floats("in.logits");
            long[] ids = golden.longs("in.ids");
            int width = logits.length / 2;
            for (int r = 0; r < 2; r++) {
                float[] own = Arrays.copyOfRange(logits, r * width, (r + 1) * width);
                int[] text = Arrays.stream(ids, r * 4, r * 4 + 4)
                        .mapToInt(i -> (int) i)
                        .toArray();
                float[] penalised = own.clone();
                new Generation(1, 1, 1, 0, 1.3).penalise(penalised, text);
                assertArrayEquals(row(golden, "out.repetition1.3", r), penalised, 1e-6f);
                same(row(golden, "out.temperature0.7", r), new Generation(1, 0.7, 1, 0, 1).probabilities(own));
                same(row(golden, "out.top_k5", r), new Generation(1, 1, 1, 5, 1).probabilities(own));
                same(row(golden, "out.top_p0.8", r), new Generation(1, 1, 0.8, 0, 1).probabilities(own));
                double[] chain = new Generation(1, 0.7, 0.9, 8, 1.3).probabilities(penalised);
                float[] expected = row(golden, "out.chain.probs", r);
                for (int n = 0; n < width; n++) {
                    assertEquals(expected[n], chain[n], 1e-6, "chain " + r + " " + n);
                }
            }
        }
    }

    private static float[] row(Goldens golden, String name, int r) {
        float[] all = golden.floats(name);
        return Arrays.copyOfRange(all, r * all.length / 2, (r + 1) * all.length / 2);
    }

    /** The reference gives logits, with −∞ for what is left out; ours are their softmax. */
    private static void same(float[] logits, double[] found) {
        double sum = 0;
        for (float v : logits) {
            sum += Math.exp(v);
        }
        for (int n = 0; n < found.length; n++) {
            assertEquals(Math.exp(logits[n]) / sum, found[n], 1e-6, "token " + n);
        }
    }
}
