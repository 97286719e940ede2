package org.lethe.text.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.tokenizer.Tokenizer;

class GptTest {
    private static final Gpt SMALL = new Gpt(32, 1, 2, 16, 40, 4, 1e-2, 0.01, 5, 0.05, false);

    @TempDir
    Path temporary;

    /** Capitals of made-up countries, each a random word: nothing but memory answers. */
    private static Corpus corpus(int count) {
        List<String> words = new ArrayList<>(List.of("capital", "of", "?", "it", "is"));
        List<Sample> samples = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            words.add("land" + n);
            words.add("town" + n);
            String town = "town" + Keyed.below(Keyed.seed(9).at(n), count);
            String more = n % 3 == 0 ? " it is" : "";
            samples.add(new Sample("capital of land" + n + " ?", "it is " + town + more, "g" + n % 4));
        }
        samples.add(new Sample("", "capital of it is", "text"));
        return new Corpus("towns", Tokenizer.ofWords(words), PromptFormat.PLAIN, samples, List.of(), List.of());
    }

    private static double crossEntropy(LanguageModel model, List<Sample> samples) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            List<Encoded> encoded = samples.stream().map(model::encode).toList();
            return TokenScores.of(model.open(Device.CPU), TokenBatch.of(encoded, Device.CPU))
                    .crossEntropy()
                    .item_double();
        }
    }

    private static boolean same(LanguageModel a, LanguageModel b) {
        for (String name : a.names()) {
            if (!Arrays.equals(a.weights(name), b.weights(name))) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aSmallModelMemorisesAndAnswersWordForWord() {
        Corpus data = corpus(24);
        LanguageModel model = SMALL.withEpochs(100).train(data, Env.seeded(1));
        assertTrue(crossEntropy(model, data.training()) < 0.1, "cross-entropy " + crossEntropy(model, data.training()));
        try (var _ = new PointerScope()) {
            List<Sample> asked = data.training().subList(0, 24);
            List<String> answers = Generation.greedy(8)
                    .answers(
                            model.open(Device.CPU),
                            model.tokenizer(),
                            model.format(),
                            asked.stream().map(Sample::prompt).toList(),
                            Keyed.seed(0),
                            Progress.NONE);
            assertEquals(asked.stream().map(Sample::answer).toList(), answers);
        }
    }

    @Test
    void theSameSeedGivesTheSameBitsAndAnotherOneOthers() {
        Corpus data = corpus(12);
        LanguageModel first = SMALL.withEpochs(3).train(data, Env.seeded(1));
        assertTrue(same(first, SMALL.withEpochs(3).train(data, Env.seeded(1))));
        assertFalse(same(first, SMALL.withEpochs(3).train(data, Env.seeded(2))));
    }

    @Test
    void trainingEndsOnceAnEpochIsGoodEnough() {
        Corpus data = corpus(6);
        try (var _ = new PointerScope()) {
            Transformer model = SMALL.start(data, Env.seeded(1));
            model.parameters().train(_ -> true);
            List<Encoded> encoded = data.training().stream()
                    .map(s -> Encoded.of(data.tokenizer(), data.format(), s.prompt(), s.answer(), 16))
                    .toList();
            CorpusTraining.Outcome outcome = new CorpusTraining(200, 4, 1e-2, 0.01, 5, 0.2, false)
                    .run(model, data.training(), encoded, "early", Env.seeded(1));
            assertTrue(outcome.epochs() < 200 && outcome.crossEntropy() < 0.2, outcome.toString());
            int tokens = encoded.stream().mapToInt(Encoded::length).sum();
            assertEquals((long) outcome.epochs() * tokens, outcome.tokens(), "every epoch reads every sample once");
        }
    }

    @Test
    void bfloat16LearnsTooAndGivesTheSameBitsAgain() {
        Corpus data = corpus(12);
        Gpt narrow = new Gpt(32, 1, 2, 16, 30, 4, 1e-2, 0.01, 5, 0.05, true);
        LanguageModel model = narrow.train(data, Env.seeded(1));
        LanguageModel wide = SMALL.withEpochs(30).train(data, Env.seeded(1));
        double found = crossEntropy(model, data.training());
        assertEquals(crossEntropy(wide, data.training()), found, 0.1);
        assertTrue(found < 1, "it learns: " + found); // an untrained one has log 31 = 3.4
        assertTrue(same(model, narrow.train(data, Env.seeded(1))));
        assertFalse(same(model, wide));
    }

    @Test
    void anEpochHasEverySampleOnceInBatchesOfLikeLength() {
        List<Sample> samples = corpus(100).training();
        long[] ids = CorpusTraining.ids(samples);
        assertEquals(samples.size(), Arrays.stream(ids).distinct().count());
        int[] lengths = IntStream.range(0, ids.length).map(n -> 5 + n % 40).toArray();
        List<int[]> first =
                CorpusTraining.batches(ids, lengths, 8, Keyed.seed(1).of(0));
        Set<Integer> seen = new HashSet<>();
        long padded = 0;
        long real = 0;
        for (int[] batch : first) {
            int longest = Arrays.stream(batch).map(n -> lengths[n]).max().orElseThrow();
            for (int n : batch) {
                assertTrue(seen.add(n));
                padded += longest;
                real += lengths[n];
            }
        }
        assertEquals(ids.length, seen.size());
        assertTrue(padded < 1.15 * real, padded + " of " + real);
        List<int[]> second =
                CorpusTraining.batches(ids, lengths, 8, Keyed.seed(1).of(1));
        assertFalse(Arrays.equals(first.getFirst(), second.getFirst()));
    }

    @Test
    void leavingOutASampleMovesNoOthersDraw() {
        List<Sample> samples = corpus(30).training();
        List<Sample> fewer = new ArrayList<>(samples);
        Sample gone = fewer.remove(7);
        long[] ids = CorpusTraining.ids(samples);
        long[] left = CorpusTraining.ids(fewer);
        int[] same = new int[ids.length]; // one length, so that the order is that of the draws
        List<Sample> order = order(samples, CorpusTraining.batches(ids, same, 100, Keyed.seed(1)));
        order.remove(gone);
        assertEquals(order, order(fewer, CorpusTraining.batches(left, new int[left.length], 100, Keyed.seed(1))));
    }

    private static List<Sample> order(List<Sample> samples, List<int[]> batches) {
        return new ArrayList<>(batches.stream()
                .flatMapToInt(Arrays::stream)
                .mapToObj(samples::get)
                .toList());
    }

    @Test
    void equalSamplesAreSamplesOfTheirOwn() {
        Sample one = new Sample("a", "b", "c");
        assertEquals(
                3,
                Arrays.stream(CorpusTraining.ids(List.of(one, one, one)))
                        .distinct()
                        .count());
    }

    @Test
    void settingsThatCannotBeAreRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> new Gpt(30, 1, 4, 16, 1, 4, 1e-3, 0, 0, 0, false));
        assertEquals("dims is 30, expected a multiple of heads, which is 4", refused.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Gpt(32, 1, 4, 16, 1, 4, -1, 0, 0, 0, false));
    }

    @Test
    void anEstimateGrowsWithTheWork() {
        Corpus data = corpus(50);
        double one = SMALL.withEpochs(10).estimate(data).seconds();
        double two = SMALL.withEpochs(20).estimate(data).seconds();
        assertTrue(two > one);
        assertTrue(new Gpt().estimate(data).bytes() > 0);
    }

    @Test
    void aModelIsKeptInOneFileToTheLastBit() throws IOException {
        Corpus data = corpus(8);
        LanguageModel plain = SMALL.withEpochs(2).train(data, Env.seeded(1));
        LanguageModel model;
        try (var _ = new PointerScope()) {
            model = LanguageModel.of(
                    plain.open(Device.CPU),
                    plain.tokenizer().with(OptionalInt.of(3), 1),
                    new PromptFormat("it ", " is\n\"of\""));
        }
        Path file = temporary.resolve("model.safetensors");
        model.save(file, java.util.Map.of("seed", "1"));
        LanguageModel back = LanguageModel.load(file);
        assertTrue(same(model, back));
        assertEquals(model.format(), back.format());
        assertEquals(model.architecture(), back.architecture());
        assertEquals(OptionalInt.of(3), back.tokenizer().begin());
        Sample asked = data.training().getFirst();
        assertArrayEquals(model.encode(asked).ids(), back.encode(asked).ids());
        assertEquals(crossEntropy(model, data.training()), crossEntropy(back, data.training()), 0, "the same scores");
        try (Safetensors read = Safetensors.open(file)) {
            assertEquals(Optional.of("1"), Optional.ofNullable(read.metadata().get("seed")));
        }
        Path other = temporary.resolve("other.safetensors");
        Safetensors.write(other, java.util.Map.of("w", Safetensors.Tensor.of(new float[2], 2)), java.util.Map.of());
        String said = assertThrows(LetheException.class, () -> LanguageModel.load(other))
                .getMessage();
        assertTrue(said.contains("other.safetensors: has no word \"lethe-model\""), said);
    }

    @Test
    void aCheckpointIsTakenAsItIsOrTrainedFurther() throws IOException {
        Corpus data = corpus(12);
        LanguageModel model = SMALL.withEpochs(3).train(data, Env.seeded(1));
        Path folder = temporary.resolve("folder");
        CheckpointFolder.saveNew(folder, model, ScalarType.Float);
        LanguageModel same = new Checkpoint(folder).train(data, Env.seeded(1));
        assertTrue(same(model, same));
        Checkpoint further = new Checkpoint(folder, 20, 4, 1e-2, 0.01, 16, false);
        LanguageModel trained = further.train(data, Env.seeded(1));
        assertTrue(crossEntropy(trained, data.training()) < 0.5 * crossEntropy(model, data.training()));
        assertTrue(same(trained, further.train(data, Env.seeded(1))));
        assertTrue(further.estimate(data).seconds()
                > new Checkpoint(folder).estimate(data).seconds());
        String said = assertThrows(LetheException.class, () -> new Checkpoint().train(data, Env.seeded(1)))
                .getMessage();
        assertTrue(said.contains("model is no folder"), said);
    }
}
