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
    private static float[][] tables(int shards, int rows, int dims, String what) {
        float[][] tables = new float[shards][rows * dims];
        for (int s = 0; s < shards; s++) {
            for (int n = 0; n < rows * dims; n++) {
                tables[s][n] = (float) Keyed.normal(Keyed.seed(5).of(what).at(s, n));
            }
        }
        return tables;
    }

    private static Attention attention(Loss loss) {
        return new Attention(4, tables(3, 12, 4, "users"), tables(3, 9, 4, "items"), loss, Keyed.seed(1));
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        Interactions train = Blocks.split(12, 9, 3, 2).train();
        int[] against = new int[train.size()];
        Attention.negatives(train, Keyed.seed(3), against);
        double[] mask = new double[12 * 4];
        Arrays.setAll(mask, n -> n % 5 == 0 ? 0 : 1 / 0.7);
        for (Loss loss : Loss.values()) {
            Attention attention = attention(loss);
            for (int n = 0; n < attention.theta.length; n++) {
                attention.theta[n] += 0.3 * Keyed.normal(Keyed.seed(9).at(n)); // away from kinks and zeros
            }
            double[] gradient = new double[attention.theta.length];
            attention.loss(train, against, mask, gradient, Workers.here());
            double[] scrap = gradient.clone();
            double scale = Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
            double h = 1e-6;
            for (int n = 0; n < gradient.length; n++) {
                double at = attention.theta[n];
                attention.theta[n] = at + h;
                double above = attention.loss(train, against, mask, scrap, Workers.here());
                attention.theta[n] = at - h;
                double below = attention.loss(train, against, mask, scrap, Workers.here());
                attention.theta[n] = at;
                assertEquals((above - below) / (2 * h), gradient[n], 1e-6 * scale, loss + " " + n);
            }
        }
    }

    @Test
    void weightsSumToOneAndTrainingLowersTheLossAndLeavesTheShards() {
        Interactions train = Blocks.split(12, 9, 3, 2).train();
        float[][] users = tables(3, 12, 4, "users");
        float[][] items = tables(3, 9, 4, "items");
        Attention attention = new Attention(4, users, items, Loss.PAIRWISE, Keyed.seed(1));
        int[] against = new int[train.size()];
        Attention.negatives(train, Keyed.seed(3), against);
        double[] open = new double[48];
        Arrays.fill(open, 1);
        double[] scrap = new double[attention.theta.length];
        double before = attention.loss(train, against, open, scrap, Workers.here());
        attention.train(train, 60, 0.01, Env.seeded(1));
        assertTrue(attention.loss(train, against, open, scrap, Workers.here()) < before);
        for (int u = 0; u < 12; u++) {
            assertEquals(1, Arrays.stream(attention.weights(u, Workers.here())).sum(), 1e-12);
        }
        assertArrayEquals(tables(3, 12, 4, "users"), users);
        assertArrayEquals(tables(3, 9, 4, "items"), items);
    }

    @Test
    void oneShardUntrainedIsThatShard() {
        float[][] users = tables(1, 12, 4, "users");
        float[][] items = tables(1, 9, 4, "items");
        Embeddings out = new Attention(4, users, items, Loss.LOGISTIC, Keyed.seed(1)).apply(Workers.here());
        assertArrayEquals(users[0], out.userRows());
        assertArrayEquals(items[0], out.itemRows());
    }
}
