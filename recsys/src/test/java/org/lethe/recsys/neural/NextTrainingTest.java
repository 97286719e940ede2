package org.lethe.recsys.neural;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.sequence.PlantedSessions;
import org.lethe.recsys.sequence.Sessions;
import org.lethe.statistics.Statistics;

class NextTrainingTest {
    private static final Events DATA = new PlantedSessions(500, 4).load(new DataFolders(List.of()));
    private static final Fmc MODEL = new Fmc(16, 10, 64, 1e-2, 3);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    static Stream<NetworkLearner> learners() {
        return Stream.of(
                MODEL,
                new Gru4Rec(16, 32, 0.1, 5, 64, 5e-3, 3),
                new Narm(16, 32, 0.1, 0.1, 5, 64, 5e-3, 3),
                new SasRec(16, 32, 1, 2, 0.1, 5, 64, 5e-3, 3));
    }

    /** An item's follower comes next in three of five clicks, so that a network that learned has it among the first ten. */
    @ParameterizedTest
    @MethodSource("learners")
    void aNetworkBeatsPopularityByFar(NetworkLearner learner) {
        List<Example> examples = DATA.examples(Part.TEST);
        double popular = recall(popularity(DATA), examples);
        double learned = recall(learner.train(DATA, Env.seeded(1)), examples);
        assertTrue(learned > 2 * popular, "recall@10 " + learned + ", popularity " + popular);
    }

    @Test
    void theSameSeedGivesTheSameBitsOnAnyNumberOfThreads() {
        Events data = new PlantedSessions(100, 3).load(new DataFolders(List.of()));
        NetworkModel alone = MODEL.train(data, Env.seeded(3));
        try (Workers three = Workers.threads(3)) {
            assertSame(alone, MODEL.train(data, Env.seeded(3).with(three)));
        }
        assertTrue(different(alone, MODEL.train(data, Env.seeded(4))), "another seed gives another model");
    }

    @Test
    void aKeptModelHasItsNetworkAndItsScores() throws IOException {
        Events data = new PlantedSessions(60, 3).load(new DataFolders(List.of()));
        NetworkModel model = new Fmc(7, 2, 64, 1e-2, 3).train(data, Env.seeded(3));
        Path file = folder.resolve("model.safetensors");
        new Sessions().save(model, Map.of(), file);
        NetworkModel back = (NetworkModel) new Sessions().load(file);
        assertEquals(model.network(), back.network());
        assertSame(model, back);
        Example example = data.examples(Part.TEST).getFirst();
        assertArrayEquals(scores(model, example), scores(back, example));
    }

    @Test
    void settingsThatDoNotFitTheWeightsAreRefused() throws IOException {
        Path file = folder.resolve("bent.safetensors");
        Map<String, Safetensors.Tensor> tensors = Map.of(
                "settings", Safetensors.Tensor.of(new double[] {3}, 1),
                "last", Safetensors.Tensor.of(new float[8], 4, 2),
                "next", Safetensors.Tensor.of(new float[8], 4, 2),
                "bias", Safetensors.Tensor.of(new float[4], 4));
        Safetensors.write(file, tensors, Map.of("lethe.model", "fmc"));
        String message = assertThrows(LetheException.class, () -> new Sessions().load(file))
                .getMessage();
        assertTrue(message.contains("shape [4, 2], expected [4, 3]"), message);
    }

    /** A session of one item gives no example, and without any example there is nothing to train. */
    @Test
    void sessionsOfOneItemGiveNoExample() {
        BitSet later = new BitSet();
        for (int g = 0; g < DATA.groupCount(); g++) {
            later.set(DATA.from(g) + 1, DATA.to(g));
        }
        Events single = DATA.without(later);
        assertEquals(
                "fmc: no training event has one before it (" + single + "), expected at least one that has",
                assertThrows(LetheException.class, () -> MODEL.train(single, Env.seeded(1)))
                        .getMessage());
    }

    @Test
    void theProbabilitiesOfAllItemsAddUpToOne() {
        NetworkModel model = new Fmc(7, 2, 64, 1e-2, 3).train(DATA, Env.seeded(3));
        double[] scores = scores(model, DATA.examples(Part.TEST).getFirst());
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            sum += model.probability(scores, i);
        }
        assertEquals(1, sum, 1e-9);
    }

    static NextItems popularity(Events data) {
        double[] counts = new double[data.itemCount()];
        for (int e = 0; e < data.size(); e++) {
            counts[data.item(e)] += data.trains(e) ? 1 : 0;
        }
        return new Popularity(counts);
    }

    private record Popularity(double[] counts) implements NextItems {
        @Override
        public int itemCount() {
            return counts.length;
        }

        @Override
        public void scores(Example after, double[] into) {
            System.arraycopy(counts, 0, into, 0, counts.length);
        }

        @Override
        public String kind() {
            return "popularity";
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            return Map.of();
        }
    }

    static double recall(NextItems model, List<Example> examples) {
        return Statistics.mean(
                NextItemRanking.of(model, examples, 10, Workers.here()).recall());
    }

    static double[] scores(NextItems model, Example example) {
        double[] scores = new double[model.itemCount()];
        model.scores(example, scores);
        return scores;
    }

    static void assertSame(NetworkModel left, NetworkModel right) {
        assertEquals(left.tensors().keySet(), right.tensors().keySet());
        left.tensors().forEach((name, tensor) -> assertEquals(-1, mismatch(tensor, right, name), name));
    }

    private static boolean different(NetworkModel left, NetworkModel right) {
        return left.tensors().entrySet().stream()
                .anyMatch(entry -> mismatch(entry.getValue(), right, entry.getKey()) >= 0);
    }

    private static long mismatch(Safetensors.Tensor tensor, NetworkModel model, String name) {
        return tensor.data().mismatch(model.tensors().getOrDefault(name, tensor).data());
    }
}
