package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.data.Planted;

class DefendedTrainingTest {
    private static final Split DATA = new Planted(120, 60, 12, 5).load(new DataFolders(List.of()));

    static List<UserLearner> learners() {
        return List.of(
                new Bpr()
                        .withDims(16)
                        .withEpochs(12)
                        .withBatch(64)
                        .withLearningRate(0.01)
                        .withInitialSd(0.1)
                        .withPatience(50),
                new Bpr()
                        .withDims(16)
                        .withEpochs(12)
                        .withBatch(64)
                        .withLearningRate(0.01)
                        .withInitialSd(0.1)
                        .withPatience(50)
                        .withAdam(AdamForm.DENSE),
                new Wmf()
                        .withDims(16)
                        .withEpochs(12)
                        .withBatch(64)
                        .withLearningRate(0.01)
                        .withInitialSd(0.1)
                        .withPatience(50),
                new LightGcn()
                        .withDims(16)
                        .withLayers(2)
                        .withEpochs(12)
                        .withBatch(64)
                        .withLearningRate(0.01)
                        .withL2(0)
                        .withPatience(50));
    }

    /** Draws every row to 0.25 in all numbers from an epoch on. */
    private record Pull(int from, double weight, int[] aimed, boolean ofAllUsers) implements UserLoss {
        Pull(int from, double weight, int[] aimed) {
            this(from, weight, aimed, false);
        }

        @Override
        public boolean active(int epoch) {
            return epoch >= from;
        }

        @Override
        public boolean eligible(int epoch) {
            return active(epoch);
        }

        @Override
        public void aim(int epoch, float[] rows, int width, Env env) {
            assertEquals(DATA.users() * width, rows.length);
            aimed[0]++;
        }

        @Override
        public double add(int[] users, int count, float[] rows, float[] gradient) {
            double total = 0;
            for (int n = 0; n < rows.length; n++) {
                float off = rows[n] - 0.25f;
                total += weight / 2 * off * off;
                gradient[n] += (float) weight * off;
            }
            assertTrue(Arrays.stream(users, 0, count).distinct().count() == count);
            assertTrue(!ofAllUsers || count == DATA.users());
            return total;
        }
    }

    @ParameterizedTest
    @MethodSource("learners")
    void aDefenceThatNeverActsChangesNoBit(UserLearner learner) {
        UserRows plain = learner.train(DATA, Env.seeded(1));
        UserRows idle = learner.train(DATA, new Pull(99, 1, new int[1]), Env.seeded(1));
        // nothing is eligible, so the last epoch counts: compare with the plain model of as many epochs without
        // stopping
        Split unstopped = new Split(DATA.train(), DATA.validation().where((u, i) -> false), DATA.test());
        UserRows none = learner.train(unstopped, UserLoss.NONE, Env.seeded(1));
        assertArrayEquals(none.userRows(), idle.userRows());
        assertEquals(plain.width(), idle.width());
    }

    @ParameterizedTest
    @MethodSource("learners")
    void aStrongDefenceGetsItsWay(UserLearner learner) {
        int[] aimed = new int[1];
        UserRows pulled = learner.train(DATA, new Pull(2, 100, aimed), Env.seeded(1));
        UserRows plain = learner.train(DATA, Env.seeded(1));
        assertTrue(off(pulled) < 0.5 * off(plain), off(pulled) + " against " + off(plain));
        assertTrue(aimed[0] >= 1 && aimed[0] <= 10, "aimed " + aimed[0] + " times");
    }

    static List<UserLearner> learnersOfAllUsers() {
        List<UserLearner> all = new ArrayList<>(learners());
        all.add(new Pmf()
                .withDims(8)
                .withNegatives(1)
                .withEpochs(12)
                .withBatch(64)
                .withLearningRate(0.01)
                .withWeightDecay(0)
                .withPatience(50));
        all.add(new NeuMf()
                .withDims(8)
                .withLayers(List.of(8, 4))
                .withNegatives(1)
                .withEpochs(12)
                .withBatch(64)
                .withLearningRate(0.01)
                .withInitialSd(0.1)
                .withPatience(50));
        all.add(new Gmf()
                .withDims(8)
                .withEpochs(12)
                .withBatch(64)
                .withLearningRate(0.01)
                .withPatience(50));
        all.add(new Ngcf().withEpochs(12).withBatch(64).withLearningRate(0.01).withPatience(50));
        return all;
    }

    @ParameterizedTest
    @MethodSource("learnersOfAllUsers")
    void aLossOfAllUsersReachesUsersWithoutSamplesToo(UserLearner learner) {
        Split data = new Split(
                DATA.train().withoutUsers(u -> u < 3), DATA.validation().where((u, i) -> false), DATA.test());
        UserRows start = learner.untrained(data, Env.seeded(1));
        UserRows pulled = learner.train(data, new Pull(0, 1, new int[1], true), Env.seeded(1));
        UserRows again = learner.train(
                data, new Pull(0, 1, new int[1], true), Env.seeded(1).with(Workers.threads(3)));
        assertArrayEquals(pulled.userRows(), again.userRows());
        int from = learner instanceof Ngcf ? 0 : 3; // the graph moves nobody without edges to a target of its own
        for (int u = 0; u < from; u++) {
            assertTrue(far(pulled, u) < 0.9 * far(start, u), "user " + u + ": " + far(pulled, u));
        }
    }

    private static double far(UserRows model, int user) {
        double total = 0;
        for (int d = 0; d < model.width(); d++) {
            total += Math.pow(model.userRows()[user * model.width() + d] - 0.25, 2);
        }
        return total;
    }

    private static double off(UserRows model) {
        double total = 0;
        for (int u = 0; u < model.users(); u++) {
            for (int d = 0; d < model.width() && DATA.train().degree(u) > 0; d++) {
                total += Math.pow(model.userRows()[u * model.width() + d] - 0.25, 2);
            }
        }
        return total;
    }

    @Test
    void theBestEpochIsTakenFromTheDefendedOnes() {
        UserLearner learner = learners().getFirst();
        UserRows late = learner.train(DATA, new Pull(11, 1e-9, new int[1]), Env.seeded(1));
        UserRows plain = learner.train(DATA, Env.seeded(1));
        assertFalse(Arrays.equals(late.userRows(), plain.userRows()));
    }
}
