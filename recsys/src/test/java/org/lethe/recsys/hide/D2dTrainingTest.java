package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.backbone.LightGcn;
import org.lethe.recsys.backbone.NeuMf;
import org.lethe.recsys.data.Planted;
import org.lethe.transport.Cloud;
import org.lethe.transport.Divergence;
import org.lethe.transport.Loop;
import org.lethe.transport.Sinkhorn;

class D2dTrainingTest {
    /** Groups whose tastes are far apart. */
    private static final Split DATA =
            new Planted(400, 100, 20, 8, 2, 0.7, 1, 0.1, 0.2, 3).load(new DataFolders(List.of()));

    private static final Hide GROUP = new Hide(Planted.GROUP);
    private static final UserLearner BPR = new Bpr()
            .withDims(16)
            .withEpochs(30)
            .withBatch(256)
            .withLearningRate(0.01)
            .withInitialSd(0.1)
            .withPatience(30);

    private static final int WIDTH = 3;
    private static final int[] ALL = IntStream.range(0, 40).toArray();
    private static final Classes THREE = new Classes(
            "a",
            List.of("x", "y", "z"),
            IntStream.of(ALL).map(u -> u % 4 - 1).toArray()); // of every fourth nothing is known

    private static float[] rows() {
        float[] rows = new float[ALL.length * WIDTH];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = (float) Keyed.normal(Keyed.seed(2).at(n)) + THREE.of()[n / WIDTH];
        }
        return rows;
    }

    private static double added(D2dTraining settings, int[] users, float[] rows, float[] gradient) {
        return new D2dTraining.Pull(settings, List.of(THREE)).add(users, users.length, rows, gradient);
    }

    /** A class of the rows, one number of which is moved. */
    private static Cloud cloud(float[] rows, int k, int moved, double by) {
        return Cloud.of(
                IntStream.of(THREE.members(k))
                        .flatMap(u -> IntStream.range(u * WIDTH, (u + 1) * WIDTH))
                        .mapToDouble(n -> rows[n] + (n == moved ? by : 0))
                        .toArray(),
                WIDTH);
    }

    private static double mean(Cloud cloud, int d) {
        return IntStream.range(0, cloud.size())
                .mapToDouble(n -> cloud.points()[n * WIDTH + d])
                .average()
                .orElseThrow();
    }

    private static double variance(float[] rows) {
        double total = 0;
        for (int d = 0; d < WIDTH; d++) {
            double[] column = new double[30];
            for (int n = 0; n < 30; n++) {
                column[n] = cloud(rows, n / 10, -1, 0).points()[n % 10 * WIDTH + d];
            }
            double middle = Arrays.stream(column).average().orElseThrow();
            total += Arrays.stream(column).map(v -> (v - middle) * (v - middle)).sum() / 30;
        }
        return total;
    }

    private static double direct(D2dTraining.Distance distance, float[] rows, int moved, double by) {
        double total = 0;
        for (int k = 0; k < 3; k++) {
            Cloud own = cloud(rows, k, moved, by);
            for (int j = 0; j < k; j++) {
                Cloud other = cloud(rows, j, moved, by);
                if (distance == D2dTraining.Distance.TRANSPORT) {
                    total += Divergence.of(
                                    own,
                                    other,
                                    new Sinkhorn(variance(rows) / 50, 1e-7, 10_000, 4, Sinkhorn.Precision.DOUBLE),
                                    Loop.HERE)
                            .value();
                } else { // Σ_k ‖m_k − m‖² = Σ_{j<k} ‖m_j − m_k‖² / K
                    for (int d = 0; d < WIDTH; d++) {
                        total += Math.pow(mean(own, d) - mean(other, d), 2) / 3;
                    }
                }
            }
        }
        return total / variance(rows);
    }

    @ParameterizedTest
    @EnumSource(names = {"MEANS", "TRANSPORT"})
    void theGradientIsTheSlopeAtTheScaleOfTheBatch(D2dTraining.Distance distance) {
        float[] rows = rows();
        float[] gradient = new float[rows.length];
        D2dTraining settings = new D2dTraining(distance, 1, 1, 0);
        assertEquals(direct(distance, rows, -1, 0), added(settings, ALL, rows, gradient), 1e-3);
        for (int n = 0; n < rows.length; n += 17) {
            double slope = (direct(distance, rows, n, 1e-4) - direct(distance, rows, n, -1e-4)) / 2e-4;
            assertEquals(slope, gradient[n], 1e-3, "element " + n); // plans have marginal errors of 1e-4
        }
    }

    @Test
    void everyClassIsComparedWithTheFirstThatIsThere() {
        float[] rows = rows();
        float[] gradient = new float[rows.length];
        double sum = 0;
        for (int k = 1; k < 3; k++) {
            sum += new Mmd(rows, WIDTH, THREE.members(k), THREE.members(0), true).squared(Workers.here());
        }
        D2dTraining settings = new D2dTraining(D2dTraining.Distance.MMD, 3, 1, 0);
        assertEquals(3 * sum, added(settings, ALL, rows, gradient), 1e-9);
        for (int d = 0; d < WIDTH; d++) {
            double total = 0;
            double size = 0;
            for (int u : ALL) {
                total += gradient[u * WIDTH + d];
                size += Math.abs(gradient[u * WIDTH + d]);
                assertEquals(THREE.of()[u] < 0, gradient[u * WIDTH + d] == 0);
            }
            assertEquals(0, total, 1e-5 * size); // moving everybody changes nothing
        }
        int[] withoutFirst = IntStream.of(ALL).filter(u -> THREE.of()[u] > 0).toArray();
        float[] left = new float[withoutFirst.length * WIDTH];
        for (int n = 0; n < left.length; n++) {
            left[n] = rows[withoutFirst[n / WIDTH] * WIDTH + n % WIDTH];
        }
        double others = new Mmd(rows, WIDTH, THREE.members(2), THREE.members(1), true).squared(Workers.here());
        assertEquals(3 * others, added(settings, withoutFirst, left, new float[left.length]), 1e-9);
        int[] alone = THREE.members(1);
        assertEquals(0, added(settings, alone, new float[alone.length * WIDTH], new float[alone.length * WIDTH]));
    }

    @Test
    void oneBatchInSoManyHasTheAddition() {
        D2dTraining.Pull pull =
                new D2dTraining.Pull(new D2dTraining(D2dTraining.Distance.MEANS, 1, 3, 0), List.of(THREE));
        for (int batch = 0; batch < 7; batch++) {
            float[] gradient = new float[ALL.length * WIDTH];
            double value = pull.add(ALL, ALL.length, rows(), gradient);
            assertEquals(batch % 3 == 0, value > 0);
            assertEquals(batch % 3 == 0, !Arrays.equals(gradient, new float[gradient.length]));
        }
    }

    private static void fallsOn(UserLearner learner, D2dTraining settings, double most) {
        UserRows before = learner.train(DATA, Env.seeded(1));
        UserRows after = (UserRows) settings.fulfil(before, GROUP, learner, DATA, Env.seeded(1));
        double plain = AdversarialTest.leak(before, DATA) - 0.5; // sd at chance 0.025
        double left = AdversarialTest.leak(after, DATA) - 0.5;
        assertTrue(plain > 0.15, "plain rows tell the group: " + plain);
        assertTrue(left < most * plain, settings + ": " + left + " of " + plain);
        assertTrue(AdversarialTest.ndcg(after, DATA) > 0.85 * AdversarialTest.ndcg(before, DATA));
    }

    @Test
    void theAttackFallsOnTablesAndListsStay() {
        fallsOn(BPR, new D2dTraining(), 0.6);
        fallsOn(BPR, new D2dTraining(D2dTraining.Distance.MMD, 1, 5, 0), 0.3);
        fallsOn(BPR, new D2dTraining(D2dTraining.Distance.MEANS, 1, 5, 0), 0.3);
        fallsOn(BPR, new D2dTraining(D2dTraining.Distance.TRANSPORT, 10, 50, 0), 0.3);
    }

    @Test
    void theAttackFallsOnPropagatedRows() {
        fallsOn(
                new LightGcn()
                        .withDims(16)
                        .withLayers(2)
                        .withEpochs(20)
                        .withBatch(256)
                        .withLearningRate(0.01)
                        .withL2(0)
                        .withPatience(20),
                new D2dTraining(D2dTraining.Distance.MMD, 1, 5, 0),
                0.3);
    }

    @Test
    void theAttackFallsOnBothTablesOfANetwork() {
        fallsOn(
                new NeuMf()
                        .withDims(4)
                        .withLayers(List.of(8, 4))
                        .withNegatives(1)
                        .withEpochs(10)
                        .withLearningRate(4e-3)
                        .withInitialSd(0.1)
                        .withPatience(10),
                new D2dTraining(),
                0.5);
    }

    @ParameterizedTest
    @EnumSource
    void threadsDoNotChangeABit(D2dTraining.Distance distance) {
        UserLearner few = new Bpr()
                .withDims(16)
                .withEpochs(6)
                .withBatch(256)
                .withLearningRate(0.01)
                .withInitialSd(0.1)
                .withPatience(6);
        D2dTraining settings = new D2dTraining(distance, 1, 10, 1);
        UserRows before = few.train(DATA, Env.seeded(2));
        UserRows one = (UserRows) settings.fulfil(before, GROUP, few, DATA, Env.seeded(2));
        try (Workers three = Workers.threads(3)) {
            UserRows many = (UserRows)
                    settings.fulfil(before, GROUP, few, DATA, Env.seeded(2).with(three));
            assertArrayEquals(one.userRows(), many.userRows());
            assertFalse(Arrays.equals(before.userRows(), many.userRows()));
        }
    }

    @Test
    void aModelWithoutStepsAWarmUpWithoutEndAndARunawayAreRefused() {
        UserRows before = BPR.train(DATA, Env.seeded(1));
        LetheException solved = assertThrows(
                LetheException.class,
                () -> new D2dTraining().fulfil(before, GROUP, new ImplicitAls(), DATA, Env.seeded(1)));
        assertTrue(solved.getMessage().contains("d2d-training needs a model"), solved.getMessage());
        D2dTraining late = new D2dTraining(D2dTraining.Distance.MMD, 1, 50, 30);
        LetheException never =
                assertThrows(LetheException.class, () -> late.fulfil(before, GROUP, BPR, DATA, Env.seeded(1)));
        assertTrue(never.getMessage().contains("30 epochs"), never.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new D2dTraining(D2dTraining.Distance.MMD, 1, 0, 0));
        float[] endless = rows();
        endless[WIDTH] = Float.NaN;
        for (D2dTraining.Distance distance : D2dTraining.Distance.values()) {
            D2dTraining settings = new D2dTraining(distance, 1, 1, 0);
            LetheException runaway =
                    assertThrows(LetheException.class, () -> added(settings, ALL, endless, new float[endless.length]));
            assertEquals(LetheException.Code.NUMERIC, runaway.code());
        }
    }
}
