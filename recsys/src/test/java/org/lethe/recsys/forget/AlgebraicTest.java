package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Ledger;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.backbone.ItemKnn;

/** Methods that take data out of a closed form. */
class AlgebraicTest {
    private static final List<ForgetRequest> REQUESTS = List.of(
            ForgetUsers.listed("4", "9"),
            new ForgetUsers(Choice.CORE, 10),
            new ForgetItems(Choice.CORE, 10),
            new ForgetInteractions(5));

    private static float[] scores(Recommender model) {
        float[] scores = new float[model.users() * model.items()];
        model.scores(IntStream.range(0, model.users()).toArray(), scores);
        return scores;
    }

    @Test
    void countsWithoutTheDataHaveTheBitsOfCountsThatNeverHadIt() {
        for (long seed = 1; seed <= 5; seed++) {
            Split data = Blocks.split(40, 25, 3, seed);
            Env env = Env.seeded(seed);
            ItemKnn learner = new ItemKnn(6);
            assertEquals(Exactness.EXACT, new Decrement().exactness());
            for (ForgetRequest request : REQUESTS) {
                ItemKnn.Model before = learner.train(data, env);
                ItemKnn.Model after = (ItemKnn.Model) new Decrement().fulfil(before, request, learner, data, env);
                Split left = request.resolve(data).remaining();
                assertTrue(after.sameState(learner.train(left, env)), request + " seed " + seed);
                assertTrue(before.sameState(learner.train(data, env)), "the model before was changed");
            }
        }
    }

    @Test
    void anInverseWithoutTheDataIsThatOfTheRestUpToRounding() {
        for (long seed = 1; seed <= 5; seed++) {
            Split data = Blocks.split(40, 25, 3, seed);
            Env env = Env.seeded(seed);
            Ease learner = new Ease(2);
            assertEquals(Exactness.EXACT_UP_TO_ROUNDING, new Downdate().exactness());
            for (ForgetRequest request : REQUESTS) {
                Recommender before = learner.train(data, env);
                float[] was = scores(before);
                Recommender after = new Downdate().fulfil(before, request, learner, data, env);
                Recommender never = learner.train(request.resolve(data).remaining(), env);
                assertArrayEquals(scores(never), scores(after), 1e-6f, request + " seed " + seed);
                assertArrayEquals(was, scores(before));
            }
        }
    }

    @Test
    void anInverseThatDriftedIsBuiltAgainWithTheBitsOfRetraining() {
        Split data = Blocks.split(40, 25, 3, 3);
        Ease learner = new Ease(2);
        ForgetRequest request = ForgetUsers.listed("4");
        Split left = request.resolve(data).remaining();
        Recommender before = learner.train(data, Env.seeded(3));
        for (double drift : new double[] {0, 1}) {
            Env env = Env.seeded(3).with(new Ledger());
            Recommender after = new Downdate(drift).fulfil(before, request, learner, data, env);
            assertEquals(drift == 0 ? 1 : 0, env.ledger().cost().count("rebuilds"));
            if (drift == 0) {
                assertArrayEquals(scores(learner.train(left, env)), scores(after));
            }
        }
    }

    @Test
    void aFixedMappingLeavesOtherUsersTheirScoresAndComesBack() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        Ease learner = new Ease(2);
        Ease.Model before = learner.train(data, env);
        ForgetRequest request = ForgetUsers.listed("4");
        ImCorrect fixed = new ImCorrect(ImCorrect.Mapping.FIXED);
        Ease.Model after = (Ease.Model) fixed.fulfil(before, request, learner, data, env);
        float[] was = scores(before);
        float[] is = scores(after);
        for (int u = 0; u < 40; u++) {
            for (int i = 0; i < 25; i++) {
                assertEquals(u == 4 ? 0 : was[u * 25 + i], is[u * 25 + i], 0.0);
            }
        }
        assertArrayEquals(was, scores(after.corrected(data.train(), false, env)));
    }

    @Test
    void aMappingMovedToFirstOrderIsNearerToTheOneOfTheRest() {
        for (long seed = 1; seed <= 10; seed++) {
            Split data = Blocks.split(60, 25, 3, seed);
            Env env = Env.seeded(seed);
            Ease learner = new Ease(20);
            Ease.Model before = learner.train(data, env);
            for (ForgetRequest request : List.of(ForgetUsers.listed("4"), new ForgetInteractions(2))) {
                Ease.Model never = learner.train(request.resolve(data).remaining(), env);
                double[] off = new double[2];
                for (ImCorrect.Mapping mapping : ImCorrect.Mapping.values()) {
                    Ease.Model after = (Ease.Model) new ImCorrect(mapping).fulfil(before, request, learner, data, env);
                    for (int i = 0; i < 25; i++) {
                        for (int j = 0; j < 25; j++) {
                            off[mapping == ImCorrect.Mapping.FIXED ? 0 : 1] +=
                                    Math.pow(after.weight(i, j) - never.weight(i, j), 2);
                        }
                    }
                }
                assertTrue(off[1] < 0.3 * off[0], off[1] + " against " + off[0] + " for " + request);
                assertTrue(off[1] > 0, "first order is not exact");
            }
        }
    }

    @Test
    void nothingAskedForIsTheSameModel() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        ForgetRequest nothing = new ForgetUsers(Choice.CORE, 0);
        Recommender ease = new Ease().train(data, env);
        assertSame(ease, new Downdate().fulfil(ease, nothing, new Ease(), data, env));
        Recommender knn = new ItemKnn().train(data, env);
        assertSame(knn, new Decrement().fulfil(knn, nothing, new ItemKnn(), data, env));
    }

    @Test
    void otherModelsAreRefusedByName() {
        assertEquals(
                "downdate works on the inverse of ease, which bpr does not have",
                new Downdate().unsuited(new ForgetUsers(), new Bpr()).orElseThrow());
        assertEquals(
                "decrement takes interactions out of the counts of item-knn, which ease does not have",
                new Decrement().unsuited(new ForgetUsers(), new Ease()).orElseThrow());
        assertEquals(
                "sisa needs a model with an embedding for every user, as bpr or neumf, not item-knn",
                new Sisa().unsuited(new ForgetUsers(), new ItemKnn()).orElseThrow());
    }
}
