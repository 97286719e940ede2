package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Method;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Wmf;

class InfluenceTest {
    private static final double[] ZERO = {0, 0};

    private static RowObjective ridge(double[] x, double[] y) {
        return new RowObjective(true, 2, x, y, 1);
    }

    @Test
    void theNewtonStepIsTheRetrainedRidgeAndClassicalInfluenceIsNot() {
        RowObjective all = ridge(new double[] {1, 0, 0, 1, 1, 1, 2, 1}, new double[] {1, 2, 3, 5});
        RowObjective rest = ridge(new double[] {1, 0, 0, 1, 1, 1}, new double[] {1, 2, 3});
        double[] theta = all.newton(ZERO, 0, 1);
        assertArrayEquals(new double[] {1.36842105, 1.47368421}, theta, 1e-8);
        assertArrayEquals(new double[] {0.875, 1.375}, rest.newton(theta, 0, 1), 1e-12);
        double[] forgotten = all.gradient(theta); // of all, minus that of the rest: the gradient of row 4
        double[] ofRest = rest.gradient(theta);
        Arrays.setAll(forgotten, d -> forgotten[d] - ofRest[d]);
        double[] classical = all.solve(theta, forgotten, 0);
        Arrays.setAll(classical, d -> theta[d] + classical[d]);
        assertArrayEquals(new double[] {1.16066482, 1.43213296}, classical, 1e-8);
        assertTrue(Math.hypot(classical[0] - 0.875, classical[1] - 1.375) > 0.28);
    }

    @Test
    void squaredLossOneUserAndFixedItemsIsTheFreshRidgeSolution() {
        Split data = Blocks.split(30, 25, 3, 5);
        Embeddings model = LEARNER.train(data, Env.seeded(5));
        for (int u = 0; u < 30; u++) {
            RowObjective row =
                    RowObjective.of(u, data.train(), model, EmbeddingLearner.Loss.SQUARED, 0.1, Env.seeded(5));
            double[] step = row.newton(RowObjective.row(model, u), 0, 1);
            double[] fresh = row.newton(new double[model.dims()], 0, 1);
            assertArrayEquals(fresh, step, 1e-9);
            assertTrue(Arrays.stream(row.gradient(step)).allMatch(g -> Math.abs(g) < 1e-9));
        }
    }

    private static final Bpr LEARNER = new Bpr()
            .withDims(8)
            .withEpochs(20)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1);

    @Test
    void gradientAndHessianAreThoseOfFiniteDifferences() {
        double[] x = new double[30];
        Arrays.setAll(x, n -> Keyed.normal(Keyed.seed(2).at(n)));
        double[] y = {1, 0, 1, 0.5, 0.2, 1, 0, 0, 1, 0.9};
        for (boolean squared : new boolean[] {true, false}) {
            RowObjective f = new RowObjective(squared, 3, x, y, 0.3);
            double[] p = {0.3, -0.7, 1.1};
            double[] v = {0.5, 0.25, -1};
            double h = 1e-6;
            for (int d = 0; d < 3; d++) {
                double[] above = p.clone();
                double[] below = p.clone();
                above[d] += h;
                below[d] -= h;
                assertEquals((f.value(above) - f.value(below)) / (2 * h), f.gradient(p)[d], 1e-6);
            }
            double[] above = p.clone();
            double[] below = p.clone();
            Arrays.setAll(above, d -> p[d] + h * v[d]);
            Arrays.setAll(below, d -> p[d] - h * v[d]);
            for (int d = 0; d < 3; d++) {
                assertEquals((f.gradient(above)[d] - f.gradient(below)[d]) / (2 * h), f.hessianTimes(p, v)[d], 1e-6);
            }
        }
    }

    @Test
    void onlyTouchedUsersMoveAndTheirForgottenItemsSinkInTheLists() {
        for (EmbeddingLearner learner : List.of(
                LEARNER,
                new Wmf()
                        .withDims(8)
                        .withEpochs(20)
                        .withBatch(64)
                        .withLearningRate(1e-2)
                        .withInitialSd(0.1))) {
            Split data = Blocks.split(60, 40, 3, 5);
            Embeddings before = learner.train(data, Env.seeded(5));
            ForgetRequest request = new ForgetUsers(Choice.RANDOM, 10);
            ForgetRequest.Forgotten forgotten = request.resolve(data);
            for (Method<Split, Recommender> method : List.of(new Scif(), new Scif(0.01, 20), new NewtonStep())) {
                assertEquals(Exactness.APPROXIMATE, method.exactness());
                float[] rows = before.userRows().clone();
                Embeddings after = (Embeddings) method.fulfil(before, request, learner, data, Env.seeded(5));
                assertArrayEquals(rows, before.userRows());
                assertArrayEquals(before.itemRows(), after.itemRows());
                double fell = 0;
                for (int u = 0; u < 60; u++) {
                    boolean gone = Arrays.binarySearch(forgotten.users(), u) >= 0;
                    float[] was = Arrays.copyOfRange(before.userRows(), u * 8, u * 8 + 8);
                    float[] is = Arrays.copyOfRange(after.userRows(), u * 8, u * 8 + 8);
                    if (gone) {
                        assertNotEquals(Arrays.toString(was), Arrays.toString(is));
                        fell += mean(data, before, u) - mean(data, after, u);
                    } else {
                        assertArrayEquals(was, is);
                    }
                }
                assertTrue(fell > 0, method + " " + fell);
            }
        }
    }

    /** How far a user's training items stand above all items. */
    private static double mean(Split data, Embeddings model, int user) {
        double taken = 0;
        double all = 0;
        for (int i = 0; i < data.items(); i++) {
            all += model.score(user, i) / data.items();
            taken += data.train().contains(user, i)
                    ? model.score(user, i) / data.train().degree(user)
                    : 0;
        }
        return taken - all;
    }
}
