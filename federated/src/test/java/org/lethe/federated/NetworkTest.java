package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.numerics.Keyed;

class NetworkTest {
    private static final Sites DATA = new PlantedSites(2, 40, 5, 1, 0.8, 1).load(new DataFolders(List.of()));

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        for (Network network : List.of(new Network(5, 0, 0), new Network(5, 3, 0), new Network(5, 20, 0))) {
            float[] w = network.start(Keyed.seed(3));
            int[] rows = {0, 1, 2, 3, 4, 5, 6, 7};
            float[] g = new float[w.length];
            network.gradient(
                    w,
                    DATA.train(),
                    rows,
                    rows,
                    rows.length,
                    1f / rows.length,
                    (i, p) -> p - DATA.train().labels()[rows[i]],
                    true,
                    Keyed.seed(1),
                    g);
            int checked = 0;
            for (int k = 0; k < w.length; k++) {
                float[] up = w.clone();
                float[] down = w.clone();
                up[k] += 0.0003f;
                down[k] -= 0.0003f;
                double numeric = (loss(network, up, rows) - loss(network, down, rows)) / 0.0006;
                assertEquals(numeric, g[k], 2e-3, network + " weight " + k);
                checked += g[k] != 0 ? 1 : 0;
            }
            assertTrue(checked >= 5, network + ": only " + checked + " weights have a gradient");
        }
    }

    private static double loss(Network network, float[] w, int[] rows) {
        return new Loss.Place(0, rows, DATA.train(), new int[0], network, w).meanLoss();
    }

    @Test
    void dropoutLeavesOutItsShareAndKeepsTheMean() {
        Network network = new Network(5, 64, 0.5);
        float[] w = network.start(Keyed.seed(3));
        int[] rows = {0};
        int moved = 0;
        for (int n = 0; n < 50; n++) {
            float[] g = new float[w.length];
            network.gradient(w, DATA.train(), rows, rows, 1, 1, (i, p) -> 1, true, Keyed.seed(n), g);
            int out = 6 * network.stride();
            for (int k = 0; k < 64; k++) {
                moved += g[out + k] != 0 ? 1 : 0;
            }
        }
        float[] all = new float[w.length];
        network.gradient(w, DATA.train(), rows, rows, 1, 1, (i, p) -> 1, false, Keyed.seed(0), all);
        int active = 0;
        for (int k = 0; k < 64; k++) {
            active += all[6 * network.stride() + k] != 0 ? 1 : 0;
        }
        assertEquals(0.5, moved / (50.0 * active), 0.05);
    }

    @Test
    void aClassifierWithAMapIsKeptToTheLastBit(@TempDir Path folder) throws Exception {
        Grouping grouping = Grouping.of(DATA.train(), List.of("group"), 1);
        ScoreMap map = new ScoreMap(new float[][] {{0, 0.25f, 1}, {}}, 0.5);
        Network network = new Network(5, 20, 0.5);
        Classifier classifier = new Classifier(
                network, network.start(Keyed.seed(1)), Optional.of(new Classifier.Repair(grouping, map)));
        Path file = folder.resolve("model.safetensors");
        Map<String, String> provenance = new LinkedHashMap<>();
        classifier.save(file, provenance);
        Classifier read = Classifier.load(file);
        assertArrayEquals(classifier.weights(), read.weights());
        assertArrayEquals(classifier.scores(DATA.test()), read.scores(DATA.test()));
        assertEquals(grouping.names(), read.repair().orElseThrow().grouping().names());
    }
}
