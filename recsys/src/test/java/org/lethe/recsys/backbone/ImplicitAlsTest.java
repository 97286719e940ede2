package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;

class ImplicitAlsTest {
    private static final Interactions TRAIN = Samples.interactions(60, 45, 0.15, 3);
    private static final Split SPLIT = new Split(TRAIN, none(60, 45), none(60, 45));
    private static final ImplicitAls ALS =
            new ImplicitAls().withDims(8).withEpochs(6).withLambda(0.5);

    @Test
    void everyHalfStepSolvesItsNormalEquations() {
        Embeddings model = ALS.train(SPLIT, Env.seeded(1));
        // items were solved last, against the users as they are
        for (int i = 0; i < 45; i++) {
            double[] residual = new double[8];
            double scale = 0;
            for (int u = 0; u < 60; u++) {
                boolean seen = TRAIN.contains(u, i);
                if (TRAIN.degree(u) == 0) {
                    continue;
                }
                double error = (seen ? 11 : 1) * ((seen ? 1 : 0) - model.score(u, i));
                for (int d = 0; d < 8; d++) {
                    residual[d] += error * model.userRows()[u * 8 + d];
                    scale = Math.max(scale, Math.abs(11 * model.userRows()[u * 8 + d]));
                }
            }
            for (int d = 0; d < 8; d++) {
                assertEquals(0, residual[d] - 0.5 * model.itemRows()[i * 8 + d], 2e-4 * (1 + scale));
            }
        }
    }

    @Test
    void theObjectiveIsTheReportedOneAndNeverRises() {
        Env env = Env.seeded(2);
        ImplicitAls.Alternation course = new ImplicitAls.Alternation(ALS, ALS.start(SPLIT, env), TRAIN, env.workers());
        double last = Double.POSITIVE_INFINITY;
        for (int n = 0; n < 8; n++) {
            double reported = course.epoch(n);
            assertEquals(objective(course.model()) / TRAIN.size(), reported, 1e-4 * reported);
            assertTrue(reported <= last * (1 + 1e-6), reported + " after " + last);
            last = reported;
        }
    }

    @Test
    void theOrderInWhichRowsAreSolvedChangesNoBit() {
        Embeddings here = ALS.train(SPLIT, Env.seeded(3));
        Embeddings there = ALS.train(SPLIT, Env.seeded(3).with(Samples.backwards()));
        assertArrayEquals(here.userRows(), there.userRows());
        assertArrayEquals(here.itemRows(), there.itemRows());
    }

    @Test
    void anAbsentUserKeepsItsInitialRowAndMovesNobody() {
        Split without = SPLIT.withoutUsers(u -> u == 7);
        Embeddings model = ALS.train(without, Env.seeded(4));
        Embeddings initial = ALS.start(without, Env.seeded(4)).model();
        assertArrayEquals(row(initial.userRows(), 7), row(model.userRows(), 7));
        int[] others =
                java.util.stream.IntStream.range(0, 60).filter(u -> u != 7).toArray();
        Split shard = SPLIT.each(part -> part.ofUsers(others));
        assertArrayEquals(model.itemRows(), ALS.train(shard, Env.seeded(4)).itemRows(), 1e-4f);
    }

    @Test
    void anItemThatNobodyTookGetsTheZeroRow() {
        Interactions train = TRAIN.where((u, i) -> i != 11);
        Embeddings model = ALS.train(new Split(train, none(60, 45), none(60, 45)), Env.seeded(5));
        assertArrayEquals(new float[8], row(model.itemRows(), 11));
    }

    @Test
    void nothingToLearnFromIsAnError() {
        Split empty = new Split(none(2, 2), none(2, 2), none(2, 2));
        assertThrows(LetheException.class, () -> ALS.train(empty, Env.seeded(1)));
    }

    private static float[] row(float[] table, int n) {
        return java.util.Arrays.copyOfRange(table, n * 8, (n + 1) * 8);
    }

    private static double objective(Embeddings model) {
        double sum = 0;
        for (int u = 0; u < 60; u++) {
            for (int i = 0; i < 45 && TRAIN.degree(u) > 0; i++) {
                boolean seen = TRAIN.contains(u, i);
                sum += (seen ? 11 : 1) * Math.pow((seen ? 1 : 0) - model.score(u, i), 2);
            }
            for (int d = 0; d < 8 && TRAIN.degree(u) > 0; d++) {
                sum += 0.5 * Math.pow(model.userRows()[u * 8 + d], 2);
            }
        }
        for (float q : model.itemRows()) {
            sum += 0.5 * q * q;
        }
        return sum;
    }

    private static Interactions none(int users, int items) {
        return Interactions.of(users, items, new int[0], new int[0]);
    }
}
