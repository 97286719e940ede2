package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.laws.Growth;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Retrain;
import org.lethe.recsys.forget.Sharded;
import org.lethe.recsys.forget.Sisa;
import org.lethe.study.Study;
import org.lethe.torch.Devices;

/** What holds for every recommender with layers. */
class LayeredTest {
    private static final Split DATA = new Planted(200, 120, 20, 3).load(new DataFolders(List.of()));

    /** Tastes that differ much, among items that are nearly equally popular. */
    private static final Split TASTES = new Planted(200, 120, 30, 3)
            .withFactors(4)
            .withGroupEffect(2)
            .withActivitySpread(0.5)
            .withPopularitySpread(0.2)
            .load(new DataFolders(List.of()));

    static List<UserLearner> small() {
        return List.of(
                new Gmf()
                        .withDims(8)
                        .withNegatives(2)
                        .withEpochs(4)
                        .withBatch(200)
                        .withLearningRate(1e-2)
                        .withInitialSd(0.1)
                        .withPatience(9),
                new NeuMf()
                        .withDims(4)
                        .withLayers(List.of(8, 4))
                        .withNegatives(2)
                        .withEpochs(4)
                        .withBatch(200)
                        .withLearningRate(5e-3)
                        .withInitialSd(0.1)
                        .withPatience(9),
                new Dmf()
                        .withDims(8)
                        .withLayers(List.of(8, 6))
                        .withEpochs(4)
                        .withBatch(200)
                        .withLearningRate(5e-3)
                        .withInitialSd(0.1)
                        .withPatience(9),
                new Ngcf()
                        .withDims(8)
                        .withLayers(List.of(8, 6))
                        .withDropout(0.2)
                        .withEpochs(4)
                        .withBatch(400)
                        .withLearningRate(1e-2)
                        .withPatience(9),
                new MultVae()
                        .withLatent(8)
                        .withHidden(16)
                        .withDropout(0.3)
                        .withAnnealSteps(20)
                        .withEpochs(4)
                        .withBatch(50)
                        .withLearningRate(1e-2)
                        .withPatience(9));
    }

    static List<UserLearner> longer() {
        return List.of(
                new Gmf()
                        .withDims(16)
                        .withNegatives(4)
                        .withEpochs(40)
                        .withBatch(256)
                        .withLearningRate(5e-3)
                        .withInitialSd(0.1)
                        .withPatience(9),
                new NeuMf()
                        .withDims(8)
                        .withLayers(List.of(16, 8))
                        .withEpochs(20)
                        .withLearningRate(5e-3)
                        .withInitialSd(0.1)
                        .withPatience(9),
                new Dmf()
                        .withDims(16)
                        .withLayers(List.of(16, 16))
                        .withNegatives(4)
                        .withEpochs(30)
                        .withBatch(256)
                        .withLearningRate(3e-3)
                        .withInitialSd(0.1)
                        .withPatience(9),
                new Ngcf()
                        .withLayers(List.of(16))
                        .withDropout(0.1)
                        .withNegatives(4)
                        .withEpochs(40)
                        .withLearningRate(1e-2)
                        .withPatience(9),
                new MultVae()
                        .withLatent(16)
                        .withHidden(32)
                        .withDropout(0.3)
                        .withAnnealSteps(200)
                        .withEpochs(60)
                        .withBatch(50)
                        .withLearningRate(5e-3)
                        .withPatience(19));
    }

    @ParameterizedTest
    @MethodSource("longer")
    void whatIsPlantedIsLearnedBetterThanPopularity(UserLearner learner) {
        double own = quality(learner.train(TASTES, Env.seeded(1)));
        double popular = quality(popularity());
        assertTrue(own > 1.2 * popular, own + " against " + popular + " of popularity");
    }

    @ParameterizedTest
    @MethodSource("small")
    void theSameSeedGivesTheSameBitsOnAnyThread(UserLearner learner) {
        float[] here = all(learner.train(DATA, Env.seeded(5)));
        List<Workers.Task<float[]>> tasks = new ArrayList<>();
        for (int n = 0; n < 3; n++) {
            tasks.add(workers -> all(learner.train(DATA, Env.seeded(5).with(workers))));
        }
        try (Workers three = Workers.threads(3)) {
            for (float[] there : three.all(tasks)) {
                assertArrayEquals(here, there);
            }
        }
        assertFalse(Arrays.equals(here, all(learner.train(DATA, Env.seeded(6)))));
    }

    @ParameterizedTest
    @MethodSource("small")
    void scoresOfAUserOfManyAndOfPairsAgree(UserLearner learner) {
        UserRows model = learner.train(DATA, Env.seeded(2));
        assertEquals(200, model.users());
        assertEquals(120, model.items());
        assertEquals(200 * model.width(), model.userRows().length);
        int[] users = {7, 3, 199};
        float[] many = new float[3 * 120];
        model.scores(users, many);
        float[] one = new float[120];
        float[] pairs = new float[6];
        model.scores(users, new int[] {0, 5, 119, 5, 60, 60}, pairs);
        for (int n = 0; n < 3; n++) {
            model.scores(users[n], one);
            for (int i = 0; i < 120; i++) {
                assertEquals(one[i], many[n * 120 + i], 1e-5);
            }
        }
        int[] of = {0, 5, 119, 5, 60, 60};
        for (int n = 0; n < 6; n++) {
            assertEquals(many[n / 2 * 120 + of[n]], pairs[n], 1e-5);
            assertEquals(pairs[n], model.score(users[n / 2], of[n]), 1e-5);
        }
    }

    @ParameterizedTest
    @MethodSource("small")
    void theGradientByAUsersRowIsThatOfCentralDifferences(UserLearner learner) {
        UserRows model = learner.train(DATA, Env.seeded(3));
        int[] users = {4, 90};
        int[] items = {1, 2, 80, 80, 3, 9};
        float[] weights = {1, -0.5f, 2, 0.3f, -1, 1};
        float[] gradient = new float[2 * model.width()];
        Arrays.fill(gradient, 1); // what is there already stays
        model.addGradient(users, items, weights, gradient);
        float h = 2e-2f; // scores are floats: a smaller step drowns in their last digits
        for (int n = 0; n < gradient.length; n++) {
            float[] rows = model.userRows().clone();
            int at = users[n / model.width()] * model.width() + n % model.width();
            float value = rows[at];
            rows[at] = value + h;
            double above = weighted(model.withUserRows(rows.clone()), users, items, weights);
            rows[at] = value - h;
            double below = weighted(model.withUserRows(rows), users, items, weights);
            assertEquals((above - below) / (2 * h), gradient[n] - 1, 3e-3, "place " + n);
        }
    }

    private static double weighted(UserRows model, int[] users, int[] items, float[] weights) {
        float[] scores = new float[items.length];
        model.scores(users, items, scores);
        double sum = 0;
        for (int n = 0; n < scores.length; n++) {
            sum += (double) weights[n] * scores[n];
        }
        return sum;
    }

    @ParameterizedTest
    @MethodSource("small")
    void aDefenceThatNeverActsChangesNothing(UserLearner learner) {
        UserLoss idle = new Pull(9, 0);
        assertArrayEquals(all(learner.train(DATA, Env.seeded(4))), all(learner.train(DATA, idle, Env.seeded(4))));
    }

    @ParameterizedTest
    @MethodSource("small")
    void aDefenceMovesTheRowsOfUsersAndIsAskedInTurn(UserLearner learner) {
        Pull pull = new Pull(2, 1);
        double plain = pulled(learner.train(withoutValidation(), Env.seeded(4)));
        double moved = pulled(learner.train(withoutValidation(), pull, Env.seeded(4)));
        assertTrue(pull.differs > 0, "rows at the batch are those of the epoch's start, moved");
        assertEquals(List.of(2, 3), pull.aimed);
        assertTrue(moved > plain + 20, moved + " against " + plain);
    }

    @Test
    void trainingIsOnTheDeviceOfTheEnv() {
        Devices.ready(Device.CPU);
        Assumptions.assumeFalse(torch.cuda_is_available(), "this machine has a card");
        Env card = Env.seeded(4).with(Device.parse("cuda:1"));
        for (UserLearner learner : small()) {
            if (!(learner instanceof Gmf)) { // no tensors in gmf
                LetheException e = assertThrows(LetheException.class, () -> learner.train(DATA, card));
                assertTrue(e.getMessage().startsWith("device is cuda:1, but"), e.getMessage());
            }
        }
    }

    @Test
    void aStudyThatStillNamesTheDeviceIsToldWhereItIsSaidNow() {
        for (String model : List.of("neumf", "dmf", "ngcf", "multvae")) {
            Study<?, ?> study = Study.parse("old.yaml", """
                    study: old
                    subject: recsys
                    data: [planted]
                    model:
                      - {%s: {device: cpu}}
                    request: [forget-users]
                    method: [retrain]
                    audit: [utility]
                    seeds: [1]
                    """.formatted(model), List.of(new Recsys()));
            assertEquals(
                    List.of("old.yaml:5: key \"device\" in model \"" + model
                            + "\" has no effect any more: --device says" + " where models with layers compute"),
                    study.notes());
        }
    }

    @Test
    void onlyAnEligibleEpochIsTheResult() {
        UserLearner learner = small().getFirst();
        UserLoss last = new UserLoss() {
            @Override
            public boolean active(int epoch) {
                return false;
            }

            @Override
            public double add(int[] users, int count, float[] rows, float[] gradient) {
                return 0;
            }

            @Override
            public boolean eligible(int epoch) {
                return epoch == 3;
            }
        };
        assertArrayEquals(
                all(learner.train(withoutValidation(), Env.seeded(4))), all(learner.train(DATA, last, Env.seeded(4))));
    }

    /** Pulls the first number of every user's row towards 10, from an epoch on. */
    private static final class Pull implements UserLoss {
        private final int from;
        private final float strength;
        private final List<Integer> aimed = new ArrayList<>();
        private float[] known = new float[0];
        private int width;
        private int differs;

        Pull(int from, float strength) {
            this.from = from;
            this.strength = strength;
        }

        @Override
        public boolean active(int epoch) {
            return epoch >= from;
        }

        @Override
        public void aim(int epoch, float[] rows, int width, Env env) {
            aimed.add(epoch);
            known = rows.clone();
            this.width = width;
        }

        @Override
        public double add(int[] users, int count, float[] rows, float[] gradient) {
            double loss = 0;
            for (int n = 0; n < count; n++) {
                float miss = rows[n * width] - 10;
                loss += strength * miss * miss / 2;
                gradient[n * width] += strength * miss;
                differs += rows[n * width] == known[users[n] * width] ? 0 : 1;
            }
            return loss;
        }
    }

    /** How far the first numbers of all rows went towards 10. */
    private static double pulled(UserRows model) {
        double sum = 0;
        for (int u = 0; u < model.users(); u++) {
            sum += model.userRows()[u * model.width()];
        }
        return sum;
    }

    @ParameterizedTest
    @MethodSource("small")
    void aUserWithoutInteractionsChangesNobodyElsesDraws(UserLearner learner) {
        Split data = DATA.withoutUsers(u -> u == 17);
        UserRows model = learner.train(data, Env.seeded(1));
        for (float x : model.userRows()) {
            assertTrue(Float.isFinite(x));
        }
        Recommender forgotten = new Retrain()
                .fulfil(learner.train(DATA, Env.seeded(1)), ForgetUsers.listed("17"), learner, DATA, Env.seeded(1));
        assertArrayEquals(all(model), all((UserRows) forgotten));
    }

    @Test
    void gmfIsTwoTablesSoThatShardsAndCheckpointsWork() {
        Gmf gmf = (Gmf) small().getFirst();
        Env env = Env.seeded(7);
        Embeddings whole = gmf.train(withoutValidation(), env);
        Recommender oneShard = new Sisa(1, 1).learn(gmf, withoutValidation(), env);
        Checkpoint half = gmf.withEpochs(2).resume(gmf.start(withoutValidation(), env), withoutValidation(), env);
        Embeddings twice =
                gmf.withEpochs(2).resume(half, withoutValidation(), env).model();
        assertArrayEquals(all(whole), all(twice));
        float[] a = new float[120];
        float[] b = new float[120];
        for (int u = 0; u < 200; u++) {
            whole.scores(u, a);
            oneShard.scores(u, b);
            assertArrayEquals(a, b);
        }
    }

    static List<UserLearner> networks() {
        return List.of(longer().get(1), longer().get(4));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void twoShardsLearnWhatIsPlantedBetterThanPopularity(UserLearner learner) {
        for (Sharded.Aggregate aggregate : Sharded.Aggregate.values()) {
            double own = quality(new Sisa(2, 1, aggregate).learn(learner, TASTES, Env.seeded(1)));
            double popular = quality(popularity());
            assertTrue(own > 1.1 * popular, aggregate + ": " + own + " against " + popular + " of popularity");
        }
    }

    @ParameterizedTest
    @MethodSource("small")
    void trainingLeavesNoNativeMemoryBehind(UserLearner learner) {
        learner.train(DATA, Env.seeded(1));
        long grown = Growth.least(Pointer::physicalBytes, () -> learner.train(DATA, Env.seeded(1)));
        assertTrue(grown < 20L << 20, grown + " bytes");
    }

    private static Split withoutValidation() {
        return new Split(DATA.train(), DATA.validation().where((u, i) -> false), DATA.test());
    }

    private static double quality(Recommender model) {
        return Ranking.mean(Ranking.test(model, TASTES, 20, Workers.here()).ndcgCut());
    }

    private static Embeddings popularity() {
        float[] count = new float[120];
        for (int k = 0; k < TASTES.train().size(); k++) {
            count[TASTES.train().item(k)]++;
        }
        float[] ones = new float[200];
        Arrays.fill(ones, 1);
        return new Embeddings(1, ones, count);
    }

    /** Everything a model says. */
    private static float[] all(UserRows model) {
        float[] scores = new float[model.users() * model.items()];
        int[] users = new int[model.users()];
        Arrays.setAll(users, u -> u);
        model.scores(users, scores);
        float[] all = Arrays.copyOf(scores, scores.length + model.userRows().length);
        System.arraycopy(model.userRows(), 0, all, scores.length, model.userRows().length);
        return all;
    }
}
