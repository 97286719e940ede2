package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;

class AttentionTest {
    private static final int DIMS = 4;
    private static final int STRIDE = 16; // of a row, of W and of A in the parameters
    private static final int SHARDS = 3;
    private static final Interactions TRAIN = Blocks.split(12, 9, 3, 2).train();

    /** Normal tables; every shard lacks some rows. */
    private static float[][] tables(int rows, String what) {
        float[][] tables = new float[SHARDS][rows * DIMS];
        for (int s = 0; s < SHARDS; s++) {
            for (int n = 0; n < rows * DIMS; n++) {
                tables[s][n] = n / DIMS % 4 == s
                        ? 0
                        : (float) Keyed.normal(Keyed.seed(5).of(what).at(s, n));
            }
        }
        return tables;
    }

    private static Attention attention(Loss loss, int batches) {
        Env env = Env.seeded(1);
        return new Attention(tables(12, "users"), tables(9, "items"), loss, TRAIN, batches, 0.01, env);
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        for (Loss loss : Loss.values()) {
            Attention attention = attention(loss, 3);
            for (int n = 0; n < attention.theta.length; n++) {
                int ofSide = (n - SHARDS * STRIDE * (STRIDE + 1)) % (STRIDE * STRIDE + 2 * STRIDE);
                boolean c = ofSide >= STRIDE * STRIDE && ofSide < STRIDE * STRIDE + DIMS / 2;
                if (c || attention.theta[n] != 0) { // away from kinks; padding stays
                    attention.theta[n] +=
                            (float) (0.3 * Keyed.normal(Keyed.seed(9).at(n)));
                }
            }
            double value = attention.differentiate(3, 1);
            double[] theta = new double[attention.theta.length];
            Arrays.setAll(theta, n -> attention.theta[n]);
            assertEquals(value, loss(attention, theta, loss), 1e-6 * value);
            double scale = 0;
            for (float g : attention.gradient) {
                scale = Math.max(scale, Math.abs(g));
            }
            double h = 1e-5;
            int checked = 0;
            for (int n = 0; n < theta.length; n++) {
                double at = theta[n];
                theta[n] = at + h;
                double above = loss(attention, theta, loss);
                theta[n] = at - h;
                double below = loss(attention, theta, loss);
                theta[n] = at;
                assertEquals((above - below) / (2 * h), attention.gradient[n], 1e-6 * scale, loss + " " + n);
                checked += above != below ? 1 : 0;
            }
            assertTrue(checked > SHARDS * DIMS * DIMS, checked + " parameters matter");
        }
    }

    /** The mean loss of batch 1 of epoch 3 by the formulas of the paper, one pair at a time. */
    private static double loss(Attention attention, double[] theta, Loss loss) {
        float[][] users = tables(12, "users");
        float[][] items = tables(9, "items");
        int from = attention.batches().starts[1];
        int to = attention.batches().starts[2];
        double total = 0;
        for (int n = from; n < to; n++) {
            int user = attention.batches().users[n];
            double[] p = aggregated(theta, users, user, 0);
            double[] q = aggregated(theta, items, attention.batches().positives[n], 1);
            double[] r = aggregated(theta, items, attention.batches().negatives[n], 1);
            double taken = 0;
            double left = 0;
            for (int d = 0; d < DIMS; d++) {
                taken += attention.mask(3, 1, user, d) * p[d] * q[d];
                left += attention.mask(3, 1, user, d) * p[d] * r[d];
            }
            total += switch (loss) {
                case PAIRWISE -> RowObjective.softplus(left - taken);
                case LOGISTIC -> (RowObjective.softplus(-taken) + RowObjective.softplus(left)) / 2;
                case SQUARED -> ((1 - taken) * (1 - taken) + left * left) / 2;
            };
        }
        return total / (to - from);
    }

    private static double[] aggregated(double[] theta, float[][] tables, int row, int side) {
        int a = SHARDS * STRIDE * (STRIDE + 1) + side * (STRIDE * STRIDE + 2 * STRIDE);
        double[] sum = new double[DIMS];
        double weights = 0;
        for (int s = 0; s < SHARDS; s++) {
            if (side == 0 && row % 4 == s) {
                continue;
            }
            double[] moved = new double[DIMS];
            for (int d = 0; d < DIMS; d++) {
                moved[d] = theta[SHARDS * STRIDE * STRIDE + s * STRIDE + d];
                for (int c = 0; c < DIMS; c++) {
                    moved[d] += tables[s][row * DIMS + c] * theta[s * STRIDE * STRIDE + c * STRIDE + d];
                }
            }
            double logit = 0;
            for (int j = 0; j < DIMS / 2; j++) {
                double unit = theta[a + STRIDE * STRIDE + j];
                for (int d = 0; d < DIMS; d++) {
                    unit += moved[d] * theta[a + d * STRIDE + j];
                }
                logit += theta[a + STRIDE * STRIDE + STRIDE + j] * Math.max(0, unit);
            }
            double weight = Math.exp(logit);
            weights += weight;
            for (int d = 0; d < DIMS; d++) {
                sum[d] += weight * moved[d];
            }
        }
        for (int d = 0; d < DIMS; d++) {
            sum[d] /= weights;
        }
        return sum;
    }

    @Test
    void trainingLowersTheLossAndWeightsOfShardsThatKnowTheUserSumToOne() {
        Attention attention = attention(Loss.PAIRWISE, 1);
        double first = attention.epoch(0);
        for (int epoch = 1; epoch < 60; epoch++) {
            attention.epoch(epoch);
        }
        assertTrue(attention.epoch(60) < 0.9 * first);
        for (int u = 0; u < 12; u++) {
            float[] weights = attention.weights(u);
            assertEquals(1, weights[0] + weights[1] + weights[2], 1e-6);
            for (int s = 0; s < SHARDS; s++) {
                assertEquals(u % 4 == s, weights[s] == 0);
            }
        }
    }

    @Test
    void theShardsStayAsTheyAre() {
        float[][] users = tables(12, "users");
        float[][] items = tables(9, "items");
        new Attention(users, items, Loss.LOGISTIC, TRAIN, 1, 0.01, Env.seeded(1)).epoch(0);
        assertArrayEquals(tables(12, "users"), users);
        assertArrayEquals(tables(9, "items"), items);
    }

    @Test
    void untrainedIsTheMeanOfTheShardsThatKnow() {
        float[][] users = tables(12, "users");
        Embeddings out = attention(Loss.LOGISTIC, 1).model();
        float[] weights = attention(Loss.LOGISTIC, 1).weights(5);
        for (int d = 0; d < DIMS; d++) {
            double mean = 0;
            for (int s = 0; s < SHARDS; s++) {
                mean += weights[s] * users[s][5 * DIMS + d];
            }
            assertEquals(mean, out.userRows()[5 * DIMS + d], 1e-6);
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        Attention alone = attention(Loss.LOGISTIC, 1);
        alone.epoch(0);
        try (Workers three = Workers.threads(3)) {
            Env env = Env.seeded(1).with(three);
            Attention many = new Attention(tables(12, "users"), tables(9, "items"), Loss.LOGISTIC, TRAIN, 1, 0.01, env);
            many.epoch(0);
            assertArrayEquals(alone.theta, many.theta);
            assertArrayEquals(alone.model().userRows(), many.model().userRows());
        }
    }
}
