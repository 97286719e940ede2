package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;

/** NGCF against its formula, written out in doubles. */
class NgcfTest {
    private static final int USERS = 9;
    private static final int ITEMS = 7;
    private static final int NODES = USERS + ITEMS;
    private static final Interactions TRAIN = Samples.interactions(USERS, ITEMS, 0.35, 2);
    private static final Interactions NONE = TRAIN.where((u, i) -> false);
    private static final Ngcf SMALL = new Ngcf()
            .withDims(4)
            .withLayers(List.of(5, 3))
            .withDropout(0)
            .withNegatives(2)
            .withEpochs(1)
            .withBatch(1000)
            .withInitialSd(0.6)
            .withPatience(0);

    @Test
    void oneStepFollowsTheGradientOfTheFormulaThroughBothLayers() {
        Env env = Env.seeded(6);
        Ngcf.Course course = new Ngcf.Course(SMALL, UserLoss.NONE, TRAIN, env);
        Batches batches = new Batches(TRAIN, 1000, 2);
        batches.plan(env.random("interactions").of(0));
        Embeddings initial = Training.initial(TRAIN, env, 4, 0.6);
        float[] rows = new float[NODES * 4];
        System.arraycopy(initial.userRows(), 0, rows, 0, USERS * 4);
        System.arraycopy(initial.itemRows(), 0, rows, USERS * 4, ITEMS * 4);
        float[][] w = course.weights.values();
        double[][] joined = joined(rows, w);
        Embeddings model = course.model();
        assertEquals(12, model.dims());
        for (int n = 0; n < NODES; n++) {
            for (int d = 0; d < 12; d++) {
                float own = n < USERS ? model.userRows()[n * 12 + d] : model.itemRows()[(n - USERS) * 12 + d];
                assertEquals(joined[n][d], own, 1e-5);
            }
        }
        assertEquals(loss(rows, w, batches), course.epoch(0), 1e-5);
        for (int n = 0; n < rows.length; n++) {
            assertEquals(slope(rows, n, rows, w, batches), 10 * course.m[n], 1e-4, "place " + n);
        }
        for (int m = 0; m < w.length; m++) {
            for (int n = 0; n < w[m].length; n++) {
                assertEquals(
                        slope(w[m], n, rows, w, batches), 10 * course.weights.moments()[m][n], 1e-4, "matrix " + m);
            }
        }
    }

    @Test
    void theOrderInWhichRowsAreDoneChangesNoBit() {
        Split data = new Split(TRAIN, NONE, NONE);
        Ngcf learner = new Ngcf()
                .withDims(4)
                .withLayers(List.of(5, 3))
                .withDropout(0.3)
                .withEpochs(3)
                .withBatch(20)
                .withLearningRate(1e-2)
                .withInitialSd(0.3)
                .withPatience(0);
        UserRows here = learner.train(data, Env.seeded(3));
        assertArrayEquals(
                here.userRows(),
                learner.train(data, Env.seeded(3).with(Samples.backwards())).userRows());
        try (Workers two = Workers.threads(2)) {
            assertArrayEquals(
                    here.userRows(),
                    learner.train(data, Env.seeded(3).with(two)).userRows());
        }
    }

    private static double slope(float[] values, int place, float[] rows, float[][] w, Batches batches) {
        float value = values[place];
        values[place] = value + 1e-5f;
        double up = values[place];
        double above = loss(rows, w, batches);
        values[place] = value - 1e-5f;
        double slope = (above - loss(rows, w, batches)) / (up - values[place]);
        values[place] = value;
        return slope;
    }

    private static double loss(float[] rows, float[][] w, Batches batches) {
        double[][] joined = joined(rows, w);
        double sum = 0;
        for (int s = 0; s < batches.size(); s++) {
            double[] p = joined[batches.users[s]];
            sum += Math.log1p(Math.exp(-dot(p, joined[USERS + batches.positives[s]])));
            for (int d = 0; d < 2; d++) {
                sum += Math.log1p(Math.exp(dot(p, joined[USERS + batches.negatives[2 * s + d]])));
            }
        }
        return sum / (3 * batches.size());
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int d = 0; d < a.length; d++) {
            sum += a[d] * b[d];
        }
        return sum;
    }

    /** E⁰ and the unit rows of both layers. */
    private static double[][] joined(float[] rows, float[][] w) {
        double[][] ego = new double[NODES][4];
        double[][] joined = new double[NODES][12];
        for (int n = 0; n < NODES; n++) {
            for (int d = 0; d < 4; d++) {
                ego[n][d] = rows[n * 4 + d];
                joined[n][d] = ego[n][d];
            }
        }
        int at = 4;
        for (int l = 0; l < 2; l++) {
            double[][] side = neighbours(ego);
            for (int n = 0; n < NODES; n++) {
                double[] sum = ego[n].clone();
                double[] product = ego[n].clone();
                for (int d = 0; d < sum.length; d++) {
                    sum[d] += side[n][d];
                    product[d] *= side[n][d];
                }
                double[] a = PairNetworkTest.dense(sum, w[4 * l], w[4 * l + 1]);
                double[] b = PairNetworkTest.dense(product, w[4 * l + 2], w[4 * l + 3]);
                for (int d = 0; d < a.length; d++) {
                    a[d] += b[d];
                    a[d] = a[d] > 0 ? a[d] : 0.2 * a[d];
                }
                ego[n] = a;
                double length = Math.max(1e-12, Math.sqrt(dot(a, a)));
                for (int d = 0; d < a.length; d++) {
                    joined[n][at + d] = a[d] / length;
                }
            }
            at += ego[0].length;
        }
        return joined;
    }

    private static double[][] neighbours(double[][] rows) {
        double[][] sums = new double[NODES][rows[0].length];
        int[] starts = TRAIN.byItem().starts();
        for (int u = 0; u < USERS; u++) {
            for (int k = TRAIN.from(u); k < TRAIN.to(u); k++) {
                int i = TRAIN.item(k);
                double weight = 1 / Math.sqrt((double) TRAIN.degree(u) * (starts[i + 1] - starts[i]));
                for (int d = 0; d < rows[0].length; d++) {
                    sums[u][d] += weight * rows[USERS + i][d];
                    sums[USERS + i][d] += weight * rows[u][d];
                }
            }
        }
        return sums;
    }
}
