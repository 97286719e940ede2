package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Workers;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Dmf;
import org.lethe.recsys.backbone.Gmf;
import org.lethe.recsys.backbone.MultVae;
import org.lethe.recsys.backbone.NeuMf;
import org.lethe.recsys.backbone.Ngcf;

/** Shards that are models with layers. */
class NetworkShardsTest {
    private static final NeuMf NEUMF = new NeuMf()
            .withDims(4)
            .withLayers(List.of(8, 4))
            .withNegatives(2)
            .withEpochs(3)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1)
            .withPatience(9);
    private static final MultVae MULTVAE = new MultVae()
            .withLatent(4)
            .withHidden(8)
            .withDropout(0.3)
            .withAnnealSteps(20)
            .withEpochs(3)
            .withBatch(10)
            .withLearningRate(1e-2)
            .withPatience(9);

    static List<UserLearner> layered() {
        return List.of(
                new Gmf()
                        .withDims(8)
                        .withNegatives(2)
                        .withEpochs(3)
                        .withBatch(64)
                        .withLearningRate(1e-2)
                        .withInitialSd(0.1)
                        .withPatience(9),
                NEUMF,
                new Dmf()
                        .withDims(8)
                        .withLayers(List.of(8, 6))
                        .withEpochs(3)
                        .withBatch(64)
                        .withLearningRate(1e-2)
                        .withInitialSd(0.1)
                        .withPatience(9),
                new Ngcf()
                        .withDims(8)
                        .withLayers(List.of(6))
                        .withDropout(0.2)
                        .withEpochs(3)
                        .withBatch(128)
                        .withLearningRate(1e-2)
                        .withPatience(9),
                MULTVAE);
    }

    static List<UserLearner> networks() {
        return List.of(NEUMF, MULTVAE);
    }

    private static RecEraser own(RecEraser.By partition, boolean leakFree) {
        return new RecEraser(3, partition)
                .withClusterIterations(5)
                .withAggregate(RecEraser.Aggregate.OWN)
                .withAttentionEpochs(2)
                .withAttentionBatches(3)
                .withRepartition(leakFree);
    }

    private static final List<Method<Split, Recommender>> EXACT = List.of(
            new Sisa(4, 1),
            new Sisa(3, 1, Sharded.Aggregate.OWN),
            own(RecEraser.By.INTERACTIONS, true),
            new UltraRe(3, 5, Combiner.Kind.GLOBAL, true),
            new UltraRe(3, 5, Combiner.Kind.USER, true));
    private static final List<Method<Split, Recommender>> GIVEN_PARTITION = List.of(
            own(RecEraser.By.USERS, false),
            own(RecEraser.By.ITEMS, false),
            new UltraRe(3, 5, Combiner.Kind.MEAN, false),
            new UltraRe(3, 5, Combiner.Kind.USER, false));
    private static final List<ForgetRequest> REQUESTS =
            List.of(ForgetUsers.listed("4", "9"), new ForgetItems(Choice.CORE, 10), new ForgetInteractions(5));

    @ParameterizedTest
    @MethodSource("layered")
    void exactMethodsHaveTheBitsOfLearningWithoutTheData(UserLearner learner) {
        Split data = Blocks.split(40, 25, 3, 11);
        Env env = Env.seeded(11);
        for (Method<Split, Recommender> method : EXACT) {
            Recommender before = method.learn(learner, data, env);
            for (ForgetRequest request : REQUESTS) {
                Recommender after = method.fulfil(before, request, learner, data, env);
                Recommender never = method.learn(learner, request.resolve(data).remaining(), env);
                assertArrayEquals(all(never), all(after), method + " " + request);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("layered")
    void givenThePartitionTouchedShardsAreFreshAndOthersAreTheVeryObjects(UserLearner learner) {
        Split data = Blocks.split(40, 25, 3, 7);
        Env env = Env.seeded(7);
        for (Method<Split, Recommender> method : GIVEN_PARTITION) {
            Sharded before = (Sharded) method.learn(learner, data, env);
            for (ForgetRequest request : REQUESTS) {
                ForgetRequest.Forgotten forgotten = request.resolve(data);
                Sharded after = (Sharded) method.fulfil(before, request, learner, data, env);
                int[] touched = before.partition().touched(forgotten, data);
                for (int s = 0; s < 3; s++) {
                    Sharded.Shard shard = after.shards().get(s);
                    if (Arrays.binarySearch(touched, s) < 0) {
                        assertSame(before.shards().get(s), shard);
                    } else {
                        assertNotSame(before.shards().get(s), shard);
                        Split part = before.partition().remaining(s, forgotten);
                        assertArrayEquals(all(learner.train(part, env)), all(shard.model()));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("layered")
    void aRequestOfOneUserTrainsOneShard(UserLearner learner) {
        Split whole = Blocks.split(40, 25, 3, 3);
        Split data = new Split(whole.train(), whole.validation().where((u, i) -> false), whole.test());
        Sisa sisa = new Sisa(5, 1);
        Sharded before = (Sharded) sisa.learn(learner, data, Env.seeded(3));
        ForgetRequest request = ForgetUsers.listed("8");
        Env env = Env.seeded(3).with(new Ledger());
        sisa.fulfil(before, request, learner, data, env);
        Split part =
                before.partition().part(before.shardOf(8), request.resolve(data).remaining());
        Cost cost = env.ledger().cost();
        assertEquals(1, cost.count("shards-touched"));
        assertEquals(learner.epochs(), cost.count("epochs"));
        assertEquals((long) learner.epochs() * part.train().size(), cost.count("interactions-trained"));
    }

    @ParameterizedTest
    @MethodSource("layered")
    void oneShardIsPlainTraining(UserLearner learner) {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        for (Sharded.Aggregate aggregate : Sharded.Aggregate.values()) {
            Recommender one = new Sisa(1, 1, aggregate).learn(learner, data, env);
            assertArrayEquals(all(learner.train(data, env)), all(one), aggregate.name());
        }
    }

    @ParameterizedTest
    @MethodSource("layered")
    void aShardWhoseEveryUserGoesStandsAtItsStart(UserLearner learner) {
        Split data = Blocks.split(12, 25, 3, 3);
        Sisa sisa = new Sisa(12, 1);
        Env env = Env.seeded(3);
        Sharded before = (Sharded) sisa.learn(learner, data, env);
        ForgetRequest request = ForgetUsers.listed("2");
        Sharded after = (Sharded) sisa.fulfil(before, request, learner, data, env);
        Split part =
                before.partition().part(before.shardOf(2), request.resolve(data).remaining());
        assertArrayEquals(
                all(learner.untrained(part, env)),
                all(after.shards().get(before.shardOf(2)).model()));
        for (float score : all(after)) {
            assertTrue(Float.isFinite(score));
        }
    }

    @ParameterizedTest
    @MethodSource("layered")
    void theSameBitsOnOneTwoAndThreeThreads(UserLearner learner) {
        Split data = Blocks.split(40, 25, 3, 4);
        for (Method<Split, Recommender> method : List.of(EXACT.getFirst(), EXACT.getLast())) {
            float[] alone = scores(method, learner, data, 1);
            for (int threads = 2; threads <= 3; threads++) {
                assertArrayEquals(alone, scores(method, learner, data, threads), method + " on " + threads);
            }
        }
    }

    private static float[] scores(Method<Split, Recommender> method, UserLearner learner, Split data, int threads) {
        try (Workers workers = Workers.threads(threads)) {
            Env env = Env.seeded(3).with(workers);
            return all(method.fulfil(method.learn(learner, data, env), REQUESTS.getFirst(), learner, data, env));
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void whatServesIsTheWeightedScoresOfNetworksThatReadAUsersOwnRow(UserLearner learner) {
        Split data = Blocks.split(40, 25, 3, 5);
        Env env = Env.seeded(5);
        Sharded sharded = (Sharded) new Sisa(3, 1).learn(learner, data, env);
        Combiner combiner = new Combiner(sharded, Loss.PAIRWISE, data.train(), env);
        double[] beta = combiner.fit(0, 40);
        assertEquals(1, Arrays.stream(beta).sum(), 1e-12);
        Recommender mean = combiner.combined(Combiner.Kind.MEAN);
        Recommender global = combiner.combined(Combiner.Kind.GLOBAL);
        Recommender user = combiner.combined(Combiner.Kind.USER);
        Recommender local = combiner.combined(Combiner.Kind.OWN);
        for (int u = 0; u < 40; u += 7) {
            Sharded.Shard home = sharded.shards().get(sharded.shardOf(u));
            int width = home.model().width();
            int row = home.row(u);
            float[] ownRow = Arrays.copyOfRange(home.model().userRows(), row * width, (row + 1) * width);
            double[] own = combiner.fit(u, u + 1);
            for (int i = 0; i < 25; i += 6) {
                double ofMean = 0;
                double ofGlobal = 0;
                double ofUser = 0;
                for (int s = 0; s < 3; s++) {
                    UserRows shard = sharded.shards().get(s).model();
                    float[] rows = new float[shard.userRows().length];
                    System.arraycopy(ownRow, 0, rows, 0, width);
                    double score = shard.withUserRows(rows).score(0, i);
                    ofMean += score / 3;
                    ofGlobal += beta[s] * score;
                    ofUser += own[s] * score;
                }
                assertEquals(ofMean, mean.score(u, i), 1e-5);
                assertEquals(ofGlobal, global.score(u, i), 1e-5);
                assertEquals(ofUser, user.score(u, i), 1e-5);
                assertEquals(home.model().score(row, i), local.score(u, i), 1e-5);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void listsOfManyUsersAndScoresOfPairsAgree(UserLearner learner) {
        Split data = Blocks.split(40, 25, 3, 5);
        Sharded sharded = (Sharded) new UltraRe(3, 5, Combiner.Kind.USER, false).learn(learner, data, Env.seeded(5));
        for (Recommender model : List.of(sharded, sharded.local())) {
            float[] many = all(model);
            float[] one = new float[25];
            for (int u = 0; u < 40; u++) {
                model.scores(u, one);
                for (int i = 0; i < 25; i++) {
                    assertEquals(many[u * 25 + i], one[i], 1e-5);
                    assertEquals(one[i], model.score(u, i), 1e-5);
                }
            }
        }
    }

    @Test
    void attentionAggregatesTheTablesOfTowersAndGraphs() {
        Split data = Blocks.split(40, 25, 3, 5);
        RecEraser attention = new RecEraser(3, RecEraser.By.USERS)
                .withClusterIterations(5)
                .withAttentionEpochs(2)
                .withAttentionBatches(3);
        for (UserLearner learner : List.of(layered().get(2), layered().get(3))) {
            Sharded sharded = (Sharded) attention.learn(learner, data, Env.seeded(5));
            assertTrue(sharded.served() instanceof Embeddings);
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void whatCannotBeDoneSaysWhyAndWhatCan(UserLearner learner) {
        Split data = Blocks.split(40, 25, 3, 5);
        Env env = Env.seeded(5).with(new Ledger());
        refused("slices 3, expected 1", () -> new Sisa(3, 3).learn(learner, data, env));
        refused("{aggregate: own}, or ultrare", () -> new RecEraser().learn(learner, data, env));
        Recommender model = learner.untrained(data, env);
        ForgetRequest request = REQUESTS.getFirst();
        for (Method<Split, Recommender> influence : List.of(new Scif(), new NewtonStep())) {
            refused("retrain, sisa and ultrare", () -> influence.fulfil(model, request, learner, data, env));
        }
        assertEquals(0, env.ledger().cost().count("epochs"));
    }

    private static void refused(String why, Runnable asked) {
        LetheException e = assertThrows(LetheException.class, asked::run);
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }

    /** Everything a model says, asked for at once. */
    private static float[] all(Recommender model) {
        int[] users = new int[model.users()];
        Arrays.setAll(users, u -> u);
        float[] scores = new float[users.length * model.items()];
        if (users.length > 0) {
            model.scores(users, scores);
        }
        return scores;
    }
}
