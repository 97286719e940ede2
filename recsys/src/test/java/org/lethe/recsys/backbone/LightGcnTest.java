package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;

class LightGcnTest {
    private static final Interactions TRAIN = Samples.interactions(40, 30, 0.2, 1);
    private static final Split SPLIT = new Split(TRAIN, none(40, 30), none(40, 30));

    @Test
    void theGraphOfTwoUsersAndTwoItemsHasThePublishedWeights() {
        // edges (1,a), (2,a), (2,b); nodes 1, 2, a, b: one layer averages a node with its neighbours
        Interactions graph = Interactions.of(2, 2, new int[] {0, 1, 1}, new int[] {0, 0, 1});
        double[][] a = {
            {0, 0, 1 / Math.sqrt(2), 0},
            {0, 0, 0.5, 1 / Math.sqrt(2)},
            {1 / Math.sqrt(2), 0.5, 0, 0},
            {0, 1 / Math.sqrt(2), 0, 0}
        };
        Propagation layer = new Propagation(graph, 4, 1, Workers.here());
        float[] unit = new float[layer.nodes * layer.stride];
        for (int n = 0; n < 4; n++) {
            unit[n * layer.stride + n] = 1;
        }
        layer.apply(unit, unit);
        for (int r = 0; r < 4; r++) {
            for (int c = 0; c < 4; c++) {
                assertEquals((a[r][c] + (r == c ? 1 : 0)) / 2, unit[r * layer.stride + c], 1e-7);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 16, 64, 80})
    void theChainIsTheMeanOfTheLayers(int dims) {
        Propagation chain = new Propagation(TRAIN, dims, 3, Workers.here());
        float[] rows = chain.joined(
                dims,
                Samples.embeddings(40, 30, dims, 2).userRows(),
                Samples.embeddings(40, 30, dims, 2).itemRows());
        float[] into = new float[rows.length];
        chain.apply(rows, into);
        double[] wanted = layers(rows, chain.stride, 3);
        for (int n = 0; n < rows.length; n++) {
            assertEquals(wanted[n], into[n], 1e-6);
        }
    }

    @Test
    void withoutLayersItIsMatrixFactorisation() {
        LightGcn flat = new LightGcn()
                .withDims(8)
                .withLayers(0)
                .withEpochs(9)
                .withBatch(1000)
                .withLearningRate(1e-2)
                .withL2(0);
        Checkpoint trained = flat.resume(flat.start(SPLIT, Env.seeded(1)), SPLIT, Env.seeded(1));
        assertArrayEquals(trained.userState()[0], trained.model().userRows());
        assertArrayEquals(trained.itemState()[0], trained.model().itemRows());
        Bpr bpr = new Bpr()
                .withDims(8)
                .withEpochs(9)
                .withBatch(1000)
                .withLearningRate(1e-2)
                .withInitialSd(0.1)
                .withAdam(AdamForm.DENSE);
        // BPR sums where LightGCN takes the mean: with one batch an epoch, Adam cannot tell
        // but for rounding where the terms of a gradient cancel; a step is 1e-2
        Embeddings twin = bpr.train(SPLIT, Env.seeded(1));
        assertArrayEquals(twin.userRows(), trained.model().userRows(), 1e-3f);
        assertArrayEquals(twin.itemRows(), trained.model().itemRows(), 1e-3f);
    }

    @Test
    void otherNumbersForUsersPermuteTheResult() {
        int[] order = IntStream.range(0, 40).map(u -> (u * 7 + 3) % 40).toArray();
        Interactions other = TRAIN.ofUsers(order);
        Embeddings rows = Samples.embeddings(40, 30, 16, 4);
        float[] moved = new float[40 * 16];
        for (int n = 0; n < 40; n++) {
            System.arraycopy(rows.userRows(), order[n] * 16, moved, n * 16, 16);
        }
        Propagation here = new Propagation(TRAIN, 16, 3, Workers.here());
        Propagation there = new Propagation(other, 16, 3, Workers.here());
        float[] a = here.joined(16, rows.userRows(), rows.itemRows());
        float[] b = there.joined(16, moved, rows.itemRows());
        here.apply(a, a);
        there.apply(b, b);
        for (int n = 0; n < 70; n++) {
            int at = n < 40 ? order[n] : n;
            for (int d = 0; d < 16; d++) {
                assertEquals(a[at * 16 + d], b[n * 16 + d], 1e-6);
            }
        }
    }

    @Test
    void theGradientIsThatOfTheLossByCentralDifferences() {
        LightGcn model = new LightGcn()
                .withDims(6)
                .withEpochs(1)
                .withBatch(50)
                .withL2(1e-3)
                .withInitialSd(0.3);
        Env env = Env.seeded(8);
        LightGcn.Course course = new LightGcn.Course(model, model.start(SPLIT, env), TRAIN, UserLoss.NONE, env);
        Batches batches = course.batches();
        float[] gradient = course.gradient(0, 0, 50);
        int stride = gradient.length / 70;
        Checkpoint at = course.snapshot(0);
        double[] w = new double[gradient.length];
        for (int n = 0; n < 70; n++) {
            for (int d = 0; d < 6; d++) {
                w[n * stride + d] = n < 40 ? at.userState()[0][n * 6 + d] : at.itemState()[0][(n - 40) * 6 + d];
            }
        }
        for (int n = 0; n < w.length; n += 5) {
            if (n % stride >= 6) {
                continue;
            }
            double value = w[n];
            w[n] = value + 1e-4;
            double above = loss(w, stride, batches);
            w[n] = value - 1e-4;
            double below = loss(w, stride, batches);
            w[n] = value;
            assertEquals((above - below) / 2e-4, gradient[n], 2e-7);
        }
    }

    @Test
    void theOrderInWhichRowsAreDoneChangesNoBit() {
        LightGcn model = new LightGcn()
                .withDims(16)
                .withLayers(2)
                .withEpochs(2)
                .withBatch(64)
                .withLearningRate(1e-2)
                .withL2(1e-4);
        Embeddings here = model.train(SPLIT, Env.seeded(5));
        Embeddings there = model.train(SPLIT, Env.seeded(5).with(Samples.backwards()));
        assertArrayEquals(here.userRows(), there.userRows());
        assertArrayEquals(here.itemRows(), there.itemRows());
    }

    @Test
    void aCheckpointIsLeftAsItWasAndGoesOnWhereItStopped() {
        LightGcn model = new LightGcn()
                .withDims(8)
                .withLayers(2)
                .withEpochs(4)
                .withBatch(64)
                .withLearningRate(1e-2)
                .withL2(1e-4);
        Env env = Env.seeded(6);
        Checkpoint half = model.withEpochs(2).resume(model.start(SPLIT, env), SPLIT, env);
        float[] before = half.userState()[0].clone();
        Embeddings twice = model.withEpochs(2).resume(half, SPLIT, env).model();
        assertArrayEquals(before, half.userState()[0]);
        assertArrayEquals(model.train(SPLIT, env).userRows(), twice.userRows());
    }

    @Test
    void trainingRanksWhatWasTakenAboveTheRest() {
        Embeddings model = new LightGcn()
                .withDims(16)
                .withLayers(2)
                .withEpochs(60)
                .withBatch(64)
                .withLearningRate(1e-2)
                .withL2(0)
                .train(SPLIT, Env.seeded(7));
        Ranking.Quality q = Ranking.evaluate(model, none(40, 30), TRAIN, 5, Workers.here());
        assertTrue(Ranking.mean(q.ndcgCut()) > 0.9, "ndcg " + Ranking.mean(q.ndcgCut()));
    }

    /** The plain formula, in doubles: the mean of I, Â, …, Â^L applied to rows. */
    private static double[] layers(float[] rows, int stride, int layers) {
        double[] w = new double[rows.length];
        for (int n = 0; n < rows.length; n++) {
            w[n] = rows[n];
        }
        return layers(w, stride, layers);
    }

    private static double[] layers(double[] rows, int stride, int layers) {
        double[] sum = rows.clone();
        double[] last = rows;
        for (int l = 0; l < layers; l++) {
            double[] next = new double[rows.length];
            for (int u = 0; u < 40; u++) {
                for (int k = TRAIN.from(u); k < TRAIN.to(u); k++) {
                    int i = TRAIN.item(k);
                    int[] s = TRAIN.byItem().starts();
                    double weight = 1 / Math.sqrt((double) TRAIN.degree(u) * (s[i + 1] - s[i]));
                    for (int d = 0; d < stride; d++) {
                        next[u * stride + d] += weight * last[(40 + i) * stride + d];
                        next[(40 + i) * stride + d] += weight * last[u * stride + d];
                    }
                }
            }
            for (int n = 0; n < sum.length; n++) {
                sum[n] += next[n];
            }
            last = next;
        }
        for (int n = 0; n < sum.length; n++) {
            sum[n] /= layers + 1;
        }
        return sum;
    }

    private static double loss(double[] w, int stride, Batches batches) {
        double[] e = layers(w, stride, 3);
        double loss = 0;
        double squares = 0;
        for (int s = 0; s < 50; s++) {
            int p = batches.users[s] * stride;
            int i = (40 + batches.positives[s]) * stride;
            int j = (40 + batches.negatives[s]) * stride;
            double x = 0;
            for (int d = 0; d < stride; d++) {
                x += e[p + d] * (e[i + d] - e[j + d]);
                squares += w[p + d] * w[p + d] + w[i + d] * w[i + d] + w[j + d] * w[j + d];
            }
            loss += Math.log1p(Math.exp(-x)) / 50;
        }
        return loss + 1e-3 * squares;
    }

    private static Interactions none(int users, int items) {
        return Interactions.of(users, items, new int[0], new int[0]);
    }
}
