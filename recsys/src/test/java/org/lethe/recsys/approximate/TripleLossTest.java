package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.LightGcn;

class TripleLossTest {
    private static final Interactions PAIRS = Samples.interactions(7, 6, 0.4, 9);

    private static double[] drawn(int size, long seed) {
        double[] x = new double[size];
        Arrays.setAll(x, n -> Keyed.normal(Keyed.seed(seed).at(n)));
        return x;
    }

    @Test
    void gradientAndHessianAreThoseOfFiniteDifferencesOverEveryGraph() {
        Triples triples = Triples.of(PAIRS, PAIRS, 2, Keyed.seed(3));
        double h = 1e-6;
        for (Loss form : Loss.values()) {
            for (int layers : new int[] {0, 1, 3}) {
                TripleLoss loss = new TripleLoss(form, triples, 3, 7, new Graph(PAIRS, layers));
                double[] theta = drawn(13 * 3, 1);
                double[] v = drawn(13 * 3, 2);
                double[] gradient = loss.gradient(theta);
                for (int n = 0; n < theta.length; n++) {
                    double[] step = new double[theta.length];
                    step[n] = h;
                    double slope =
                            (loss.value(Vectors.plus(theta, 1, step)) - loss.value(Vectors.plus(theta, -1, step)))
                                    / (2 * h);
                    assertEquals(slope, gradient[n], 1e-6);
                }
                double[] above = loss.gradient(Vectors.plus(theta, h, v));
                double[] below = loss.gradient(Vectors.plus(theta, -h, v));
                double[] product = loss.hessianTimes(theta, v, false);
                for (int n = 0; n < theta.length; n++) {
                    assertEquals((above[n] - below[n]) / (2 * h), product[n], 1e-5);
                }
                assertTrue(Vectors.dot(v, loss.hessianTimes(theta, v, true)) >= 0);
            }
        }
    }

    @Test
    void theTripleOfTheObliviateExampleHasItsLossAndGradient() {
        Triples one = new Triples(new int[] {0}, new int[] {0}, new int[] {1});
        Interactions pair = Interactions.of(1, 2, new int[] {0}, new int[] {0});
        TripleLoss loss = new TripleLoss(Loss.PAIRWISE, one, 2, 1, new Graph(pair, 0));
        double[] theta = {1, 0, 1, 0, 0, 1};
        assertEquals(0.3132617, loss.value(theta), 5e-8);
        assertArrayEquals(new double[] {-0.2689414, 0.2689414}, Arrays.copyOf(loss.gradient(theta), 2), 5e-8);
    }

    @Test
    void propagationIsThatOfTheTrainedModel() {
        Interactions none = PAIRS.where((u, i) -> false);
        Split data = new Split(PAIRS, none, none);
        LightGcn learner = new LightGcn().withDims(3).withLayers(3).withEpochs(3);
        Embeddings model = learner.train(data, Env.seeded(1));
        Embeddings initial = model.initial().orElseThrow();
        double[] theta = new double[13 * 3];
        Arrays.setAll(theta, n -> n < 21 ? initial.userRows()[n] : initial.itemRows()[n - 21]);
        double[] e = new Graph(PAIRS, 3).apply(theta, 3);
        for (int n = 0; n < e.length; n++) {
            assertEquals(e[n], n < 21 ? model.userRows()[n] : model.itemRows()[n - 21], 1e-6);
        }
    }

    @Test
    void drawsOfAPairDoNotChangeWithTheRestOfTheData() {
        Interactions fewer = PAIRS.where((u, i) -> u != 2);
        Triples all = Triples.of(PAIRS, PAIRS, 1, Keyed.seed(3));
        Triples less = Triples.of(fewer, fewer, 1, Keyed.seed(3));
        int at = 0;
        for (int n = 0; n < all.size(); n++) {
            if (all.users()[n] != 2) {
                assertEquals(all.negatives()[n], less.negatives()[at++]);
            }
            assertTrue(!PAIRS.contains(all.users()[n], all.negatives()[n]));
        }
        assertEquals(less.size(), at);
    }

    @Test
    void oneRowAtATimeTheLossIsTheSame() {
        Triples triples = Triples.of(PAIRS, PAIRS, 2, Keyed.seed(3));
        for (Loss form : Loss.values()) {
            TripleLoss loss = new TripleLoss(form, triples, 3, 7, new Graph(PAIRS, 0));
            RowFits fits = new RowFits(loss, 13);
            double[] theta = drawn(13 * 3, 1);
            double[] gradient = loss.gradient(theta);
            for (int row = 0; row < 13; row++) {
                double[] own = fits.of(row, theta, 0).gradient(fits.row(theta, row));
                assertArrayEquals(Arrays.copyOfRange(gradient, row * 3, row * 3 + 3), own, 1e-12, form + " " + row);
                double[] moved = theta.clone();
                moved[row * 3 + 1] += 0.5;
                double change = fits.of(row, theta, 0).value(fits.row(moved, row))
                        - fits.of(row, theta, 0).value(fits.row(theta, row));
                assertEquals(loss.value(moved) - loss.value(theta), change, 1e-12);
            }
        }
    }
}
