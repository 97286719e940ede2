package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Wmf;

class ExactForgettingTest {
    private static final List<Method<Split, Recommender>> EXACT = List.of(
            new Retrain(),
            new Sisa(4, 1),
            new Sisa(3, 3),
            new Sisa(3, 2, Sharded.Aggregate.OWN),
            receraser(RecEraser.By.INTERACTIONS, RecEraser.Aggregate.ATTENTION, true),
            new UltraRe(3, 5, Combiner.Kind.USER, true),
            new GraphEraser(3, GraphEraser.By.BLPA, true),
            new Laser(3, Laser.Grouping.RANDOM));
    private static final List<Method<Split, Recommender>> GIVEN_PARTITION = List.of(
            receraser(RecEraser.By.INTERACTIONS, RecEraser.Aggregate.ATTENTION, false),
            receraser(RecEraser.By.USERS, RecEraser.Aggregate.ATTENTION, false),
            receraser(RecEraser.By.ITEMS, RecEraser.Aggregate.ATTENTION, false),
            receraser(RecEraser.By.USERS, RecEraser.Aggregate.OWN, false),
            new UltraRe(3, 5, Combiner.Kind.MEAN, false),
            new UltraRe(3, 5, Combiner.Kind.OWN, false),
            new UltraRe(3, 5, Combiner.Kind.GLOBAL, false),
            new GraphEraser(3, GraphEraser.By.BLPA, false),
            new GraphEraser(3, GraphEraser.By.BEKM, false));

    private static RecEraser receraser(RecEraser.By partition, RecEraser.Aggregate aggregate, boolean leakFree) {
        return new RecEraser(3, partition)
                .withClusterIterations(5)
                .withAggregate(aggregate)
                .withAttentionEpochs(2)
                .withAttentionBatches(3)
                .withRepartition(leakFree);
    }

    private static final List<ForgetRequest> REQUESTS = List.of(
            ForgetUsers.listed("4", "9"),
            new ForgetUsers(Choice.CORE, 10),
            new ForgetItems(Choice.CORE, 10),
            new ForgetInteractions(5));
    private static final EmbeddingLearner LEARNER = new Bpr()
            .withDims(8)
            .withEpochs(4)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1)
            .withPatience(2);

    @Test
    void exactMethodsHaveTheBitsOfLearningWithoutTheData() {
        for (long seed = 1; seed <= 5; seed++) {
            Split data = Blocks.split(40, 25, 3, seed);
            Env env = Env.seeded(seed);
            for (Method<Split, Recommender> method : EXACT) {
                assertEquals(Exactness.EXACT, method.exactness());
                Recommender before = method.learn(LEARNER, data, env);
                for (ForgetRequest request : REQUESTS) {
                    Recommender after = method.fulfil(before, request, LEARNER, data, env);
                    Recommender never =
                            method.learn(LEARNER, request.resolve(data).remaining(), env);
                    same(never, after, method + " " + request + " seed " + seed);
                }
            }
        }
    }

    @Test
    void givenThePartitionTouchedShardsAreFreshAndOthersAreTheVeryObjects() {
        Split data = Blocks.split(40, 25, 3, 7);
        Env env = Env.seeded(7);
        for (Method<Split, Recommender> method : GIVEN_PARTITION) {
            assertEquals(Exactness.EXACT_GIVEN_PARTITION, method.exactness());
            Sharded before = (Sharded) method.learn(LEARNER, data, env);
            for (ForgetRequest request : REQUESTS) {
                ForgetRequest.Forgotten forgotten = request.resolve(data);
                Sharded after = (Sharded) method.fulfil(before, request, LEARNER, data, env);
                int[] touched = before.partition().touched(forgotten, data);
                for (int s = 0; s < 3; s++) {
                    Split part = before.partition().part(s, forgotten.remaining());
                    if (Arrays.binarySearch(touched, s) < 0) {
                        assertSame(before.shards().get(s), after.shards().get(s));
                        assertEquals(before.partition().part(s, data).train(), part.train());
                    } else {
                        assertArrayEquals(
                                LEARNER.train(part, env).itemRows(),
                                after.shards().get(s).tables().itemRows());
                    }
                }
            }
        }
    }

    @Test
    void shardsOfEveryPartitionMakeUpTheTrainingPart() {
        Split data = Blocks.split(40, 25, 3, 7);
        Env env = Env.seeded(7);
        for (Method<Split, Recommender> method : GIVEN_PARTITION) {
            Sharded model = (Sharded) method.learn(LEARNER, data, env);
            int sum = 0;
            int judged = 0;
            for (int s = 0; s < 3; s++) {
                sum += model.partition().part(s, data).train().size();
                judged += model.partition().part(s, data).validation().size();
            }
            assertEquals(data.train().size(), sum);
            assertEquals(data.validation().size(), judged);
        }
    }

    @Test
    void orderAndBatchesOfRequestsDoNotMatter() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        for (Method<Split, Recommender> method : List.of(EXACT.get(0), EXACT.get(1), EXACT.get(2))) {
            Recommender before = method.learn(LEARNER, data, env);
            Recommender both = method.fulfil(before, ForgetUsers.listed("4", "21"), LEARNER, data, env);
            for (List<String> order : List.of(List.of("4", "21"), List.of("21", "4"))) {
                Recommender model = before;
                Split left = data;
                for (String user : order) {
                    ForgetRequest one = ForgetUsers.listed(user);
                    model = method.fulfil(model, one, LEARNER, left, env);
                    left = one.resolve(left).remaining();
                }
                same(both, model, method + " " + order);
            }
        }
    }

    @Test
    void forgettingNobodyChangesNoBit() {
        Split data = Blocks.split(40, 25, 3, 3);
        for (Method<Split, Recommender> method : List.of(
                new Retrain(), new Sisa(4, 2), GIVEN_PARTITION.get(1), new UltraRe(3), new Scif(), new NewtonStep())) {
            Recommender before = method.learn(LEARNER, data, Env.seeded(3));
            assertSame(before, method.fulfil(before, new ForgetUsers(Choice.CORE, 0), LEARNER, data, Env.seeded(3)));
        }
    }

    @Test
    void oneShardWithoutSlicesIsPlainTraining() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        for (Sharded.Aggregate aggregate : Sharded.Aggregate.values()) {
            Recommender one = new Sisa(1, 1, aggregate).learn(LEARNER, data, env);
            same(LEARNER.train(data, env), one, aggregate.name());
        }
    }

    @Test
    void oneUserTouchesOneShardAndOnlyItsLaterSlices() {
        Split data = Blocks.split(60, 25, 3, 3);
        Sisa sisa = new Sisa(5, 3);
        Sharded before = (Sharded) sisa.learn(LEARNER, data, Env.seeded(3));
        for (int user = 0; user < 10; user++) {
            Env env = Env.seeded(3).with(new Ledger());
            Sharded after = (Sharded) sisa.fulfil(before, ForgetUsers.listed("" + user), LEARNER, data, env);
            assertEquals(1, env.ledger().cost().count("shards-touched"));
            int own = before.shardOf(user);
            for (int s = 0; s < 5; s++) {
                if (s != own) {
                    assertSame(before.shards().get(s), after.shards().get(s));
                }
            }
            Split part = before.partition().part(own, data);
            int[] all = IntStream.range(0, part.users()).toArray();
            int slice = Partition.ByUser.deal(part.train(), all, 3, env.random("sisa-slices"))[
                    before.shards().get(own).row(user)];
            for (int r = 0; r < 2; r++) {
                Checkpoint was = before.shards().get(own).stages().get(r);
                Checkpoint is = after.shards().get(own).stages().get(r);
                if (r < slice) {
                    assertSame(was, is);
                } else {
                    assertNotSame(was, is);
                }
            }
        }
        int[] sizes = before.shards().stream().mapToInt(s -> s.users().length).toArray();
        assertEquals(12, Arrays.stream(sizes).max().orElseThrow());
        assertEquals(12, Arrays.stream(sizes).min().orElseThrow());
    }

    @Test
    void aShardWhoseEveryUserGoesStandsAtItsStart() {
        Split data = Blocks.split(6, 25, 3, 3);
        Sisa sisa = new Sisa(6, 1);
        Env env = Env.seeded(3);
        Sharded before = (Sharded) sisa.learn(new Wmf(), data, env);
        Sharded after = (Sharded) sisa.fulfil(before, ForgetUsers.listed("2"), new Wmf(), data, env);
        int own = before.shardOf(2);
        Split part = before.partition()
                .part(own, ForgetUsers.listed("2").resolve(data).remaining());
        assertArrayEquals(
                new Wmf().start(part, env).model().itemRows(),
                after.shards().get(own).tables().itemRows());
    }

    @Test
    void moreShardsThanUsersAreRefused() {
        Split data = Blocks.split(6, 25, 3, 3);
        for (Method<Split, Recommender> method :
                List.of(new Sisa(7, 1), new UltraRe(7), new RecEraser(7, RecEraser.By.USERS))) {
            LetheException e = assertThrows(LetheException.class, () -> method.learn(new Bpr(), data, Env.seeded(1)));
            assertTrue(String.valueOf(e.getMessage()).contains("shards is 7, expected at most 6"), e.getMessage());
        }
    }

    @Test
    void aModelOfAnotherMethodIsRefused() {
        Split data = Blocks.split(20, 25, 3, 3);
        Recommender plain = LEARNER.train(data, Env.seeded(1));
        assertThrows(
                LetheException.class,
                () -> new Sisa(2, 1).fulfil(plain, ForgetUsers.listed("2"), LEARNER, data, Env.seeded(1)));
    }

    private static void same(Recommender expected, Recommender actual, String what) {
        float[] left = new float[expected.items()];
        float[] right = new float[expected.items()];
        for (int u = 0; u < expected.users(); u++) {
            expected.scores(u, left);
            actual.scores(u, right);
            assertArrayEquals(left, right, what + " user " + u);
        }
    }
}
