package org.lethe.recsys.neural;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Baskets;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.PlantedBaskets;
import org.lethe.torch.Parameters;

class Sets2SetsTest {
    private static final int ITEMS = 6;
    private static final Sets2Sets.Network NETWORK = new Sets2Sets.Network(3, 4, 0.3);
    private static final List<Example> BATCH = List.of(
            new Example(0, 0, new int[][] {{0, 2}, {2}}, new int[] {2, 5}),
            new Example(1, 1, new int[][] {{1}}, new int[] {1}),
            new Example(2, 2, new int[][] {{3, 4, 5}, {4}, {0, 4}, {1, 2}}, new int[] {0, 4}));

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** erase E14, with the dropout of training. */
    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        Optional<Keyed> dropout = Optional.of(Keyed.seed(4));
        NetworksTest.gradientsAreThoseOfFiniteDifferences(
                NETWORK.layout(ITEMS), weights -> NETWORK.loss(weights, BATCH, dropout));
    }

    @Test
    void aUserHasTheSameLogitsAloneAndBesideOthers() {
        try (var _ = new PointerScope()) {
            Parameters weights = weights(NetworksTest.values(NETWORK.layout(ITEMS), 0.5));
            for (Optional<Keyed> dropout : List.of(Optional.<Keyed>empty(), Optional.of(Keyed.seed(4)))) {
                double[] together = NetworksTest.doubles(NETWORK.logits(weights, BATCH, dropout));
                for (int n = 0; n < BATCH.size(); n++) {
                    assertArrayEquals(
                            Arrays.copyOfRange(together, n * ITEMS, (n + 1) * ITEMS),
                            NetworksTest.doubles(NETWORK.logits(weights, List.of(BATCH.get(n)), dropout)),
                            1e-13);
                }
            }
        }
    }

    /** With all weights zero every item is in the next basket with probability one half. */
    @Test
    void withLogitsOfZeroTheLossIsTheLogarithmOfTwo() {
        Map<String, double[]> zero = NetworksTest.values(NETWORK.layout(ITEMS), 0);
        try (var _ = new PointerScope()) {
            assertEquals(
                    Math.log(2),
                    NETWORK.loss(weights(zero), BATCH, Optional.empty()).item_double(),
                    1e-15);
        }
    }

    /** Gates wide open: the logit of an item that was bought is {@code r_1 f + r_0}, that of another one its bias. */
    @Test
    void anOpenGateLetsTheFrequencyThrough() {
        Map<String, double[]> values = NetworksTest.values(NETWORK.layout(ITEMS), 0);
        Arrays.fill(values.getOrDefault("gate.bias", new double[0]), 100);
        Arrays.fill(values.getOrDefault("bias", new double[0]), -7);
        values.put("repeat", new double[] {-1, 4});
        try (var _ = new PointerScope()) {
            double[] logits = NetworksTest.doubles(NETWORK.logits(weights(values), BATCH, Optional.empty()));
            double[] expected = {
                -1 + 4 * 0.5,
                -7,
                -1 + 4,
                -7,
                -7,
                -7,
                -7,
                -1 + 4,
                -7,
                -7,
                -7,
                -7,
                -1 + 4 * 0.25,
                -1 + 4 * 0.25,
                -1 + 4 * 0.25,
                -1 + 4 * 0.25,
                -1 + 4 * 0.75,
                -1 + 4 * 0.25
            };
            assertArrayEquals(expected, logits, 1e-12);
        }
    }

    @Test
    void itBeatsGlobalPopularityByFarAndIsKept() throws IOException {
        Events data = new PlantedBaskets(500, 6).load(new DataFolders(List.of()));
        Sets2Sets.Model model = new Sets2Sets(16, 16, 0.1, 10, 64, 1e-2, 3).train(data, Env.seeded(1));
        List<Example> examples = data.examples(Part.TEST);
        double popular = NextTrainingTest.recall(NextTrainingTest.popularity(data), examples);
        double learned = NextTrainingTest.recall(model, examples);
        assertTrue(learned > 2 * popular, "recall@10 " + learned + ", popularity " + popular);
        Path file = folder.resolve("model.safetensors");
        new Baskets().save(model, Map.of(), file);
        assertArrayEquals(
                NextTrainingTest.scores(model, examples.getFirst()),
                NextTrainingTest.scores(new Baskets().load(file), examples.getFirst()));
    }

    private static Parameters weights(Map<String, double[]> values) {
        return NetworksTest.parameters(NETWORK.layout(ITEMS), values);
    }
}
