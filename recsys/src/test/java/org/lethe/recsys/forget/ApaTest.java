package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Ledger;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;

class ApaTest {
    private static final EmbeddingLearner LEARNER = new Bpr()
            .withDims(8)
            .withEpochs(4)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1);
    private static final Apa APA = new Apa(3, 0.4, 2, 5, 0.05, 10, Apa.Merge.FACTORS);

    private static float[] scores(Recommender model) {
        float[] scores = new float[model.users() * model.items()];
        model.scores(IntStream.range(0, model.users()).toArray(), scores);
        return scores;
    }

    @Test
    void theResultHasTheBitsOfLearningWithoutTheData() {
        assertEquals(Exactness.EXACT, APA.exactness());
        for (long seed = 1; seed <= 3; seed++) {
            Split data = Blocks.split(40, 25, 3, seed);
            Env env = Env.seeded(seed);
            Recommender before = APA.learn(LEARNER, data, env);
            for (ForgetRequest request : List.of(
                    ForgetUsers.listed("4"),
                    ForgetUsers.listed("9"),
                    new ForgetUsers(Choice.CORE, 10),
                    new ForgetItems(Choice.CORE, 10),
                    new ForgetInteractions(3))) {
                Recommender after = APA.fulfil(before, request, LEARNER, data, env);
                Recommender never = APA.learn(LEARNER, request.resolve(data).remaining(), env);
                assertArrayEquals(scores(never), scores(after), request + " seed " + seed);
            }
        }
    }

    @Test
    void untouchedAdaptersAreTheVeryObjectsAndBaseUsersCostABase() {
        Split data = Blocks.split(40, 25, 3, 3);
        Adapted before = (Adapted) APA.learn(LEARNER, data, Env.seeded(3));
        int bases = 0;
        for (int user = 0; user < 40; user++) {
            Env env = Env.seeded(3).with(new Ledger());
            Adapted after = (Adapted) APA.fulfil(before, ForgetUsers.listed("" + user), LEARNER, data, env);
            int own = before.shardOf()[user];
            if (own < 0) {
                assertEquals(1, env.ledger().cost().count("bases-trained"));
                bases++;
                continue;
            }
            assertEquals(1, env.ledger().cost().count("shards-touched"));
            for (int s = 0; s < 3; s++) {
                if (s == own) {
                    assertNotSame(before.adapters().get(s), after.adapters().get(s));
                } else {
                    assertSame(before.adapters().get(s), after.adapters().get(s));
                }
            }
        }
        assertTrue(bases > 5 && bases < 28, bases + " users of the base");
    }

    @Test
    void oneAdapterMergedIsThatAdapterAndItsProduct() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        Adapted factors = (Adapted) new Apa(1, 0.4, 2, 5, 0.05, 10, Apa.Merge.FACTORS).learn(LEARNER, data, env);
        Adapted products = (Adapted) new Apa(1, 0.4, 2, 5, 0.05, 10, Apa.Merge.PRODUCTS).learn(LEARNER, data, env);
        assertArrayEquals(scores(factors), scores(products));
        Embeddings base = factors.base();
        Adapted.Adapter only = factors.adapters().getFirst();
        for (int u = 0; u < 40; u++) {
            assertEquals(1, factors.attention(u, 0));
            for (int i = 0; i < 25; i++) {
                double sum = 0;
                for (int d = 0; d < 8; d++) {
                    double item = base.itemRows()[i * 8 + d];
                    for (int r = 0; r < 2; r++) {
                        item += only.b()[i * 2 + r] * only.a()[r * 8 + d];
                    }
                    sum += base.userRows()[u * 8 + d] * item;
                }
                assertEquals(sum, factors.score(u, i), 1e-5);
            }
        }
    }

    /** B̄Ā − Σ α_s B_s A_s is not 0: the two ways are written out and differ. */
    @Test
    void mergedFactorsAreNotMergedProducts() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        Adapted factors = (Adapted) APA.learn(LEARNER, data, env);
        Adapted products = (Adapted) new Apa(3, 0.4, 2, 5, 0.05, 10, Apa.Merge.PRODUCTS).learn(LEARNER, data, env);
        int u = 7;
        int i = 11;
        double byFactors = 0;
        double byProducts = 0;
        for (int d = 0; d < 8; d++) {
            double p = factors.base().userRows()[u * 8 + d];
            for (int r = 0; r < 2; r++) {
                double b = 0;
                double a = 0;
                for (int s = 0; s < 3; s++) {
                    double alpha = factors.attention(u, s);
                    Adapted.Adapter adapter = factors.adapters().get(s);
                    b += alpha * adapter.b()[i * 2 + r];
                    a += alpha * adapter.a()[r * 8 + d];
                    byProducts += p * alpha * adapter.b()[i * 2 + r] * adapter.a()[r * 8 + d];
                }
                byFactors += p * b * a;
            }
        }
        double frozen = factors.base().score(u, i);
        assertEquals(frozen + byFactors, factors.score(u, i), 1e-5);
        assertEquals(frozen + byProducts, products.score(u, i), 1e-5);
        assertNotEquals(factors.score(u, i), products.score(u, i));
    }

    @Test
    void adaptersRankNearlyAsWellAsTrainingOnAll() {
        Split data = new Planted(400, 120, 20, 3).withValidation(0).load(new DataFolders(List.of()));
        Env env = Env.seeded(3);
        EmbeddingLearner learner = new Bpr().withDims(16).withEpochs(30).withLearningRate(1e-2);
        Adapted model = (Adapted) new Apa(3, Apa.Merge.FACTORS).learn(learner, data, env);
        double adapted =
                Ranking.mean(Ranking.test(model, data, 20, env.workers()).ndcgFull());
        Recommender untrained = learner.start(data, env).model();
        double nothing =
                Ranking.mean(Ranking.test(untrained, data, 20, env.workers()).ndcgFull());
        Recommender whole = learner.train(data, env);
        double plain = Ranking.mean(Ranking.test(whole, data, 20, env.workers()).ndcgFull());
        assertTrue(adapted > 2 * nothing && adapted > 0.8 * plain, nothing + ", " + adapted + ", " + plain);
    }
}
