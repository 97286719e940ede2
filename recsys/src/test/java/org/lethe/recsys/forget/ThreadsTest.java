package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Workers;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.backbone.FedMf;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.backbone.ItemKnn;

class ThreadsTest {
    private static final EmbeddingLearner LEARNER = new Bpr()
            .withDims(8)
            .withEpochs(4)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1)
            .withPatience(2);

    private static final List<Learner<Split, Recommender>> LEARNERS = List.of(
            LEARNER, new ImplicitAls().withDims(8).withEpochs(3), new Ease(), new ItemKnn(), new FedMf().withRounds(4));

    @Test
    void everyMethodForgetsToTheSameBitsOnOneTwoAndThreeThreads() {
        Split data = Blocks.split(60, 30, 3, 4);
        List<Method<Split, Recommender>> methods = new ArrayList<>(new Recsys().methods());
        // those that hide have tests of their own
        methods.removeIf(m -> !m.getClass().getPackage().equals(Sisa.class.getPackage()));
        methods.add(new Sisa(3, 3));
        for (Method<Split, Recommender> method : methods) {
            int compared = 0;
            for (ForgetRequest request : List.of(ForgetUsers.listed("4", "9"), new ForgetInteractions(5))) {
                Optional<Learner<Split, Recommender>> suited = LEARNERS.stream()
                        .filter(one -> method.unsuited(request, one).isEmpty())
                        .findFirst();
                if (suited.isPresent()) { // a client of a federation leaves as a whole
                    compared++;
                    float[] alone = scores(method, request, suited.get(), data, 1);
                    for (int threads = 2; threads <= 3; threads++) {
                        assertArrayEquals(
                                alone, scores(method, request, suited.get(), data, threads), method + " on " + threads);
                    }
                }
            }
            assertTrue(compared > 0, method + " suits no learner of this test");
        }
    }

    private static float[] scores(
            Method<Split, Recommender> method,
            ForgetRequest request,
            Learner<Split, Recommender> learner,
            Split data,
            int threads) {
        try (Workers workers = Workers.threads(threads)) {
            Env env = Env.seeded(3).with(workers);
            Recommender model = method.fulfil(method.learn(learner, data, env), request, learner, data, env);
            float[] all = new float[data.users() * data.items()];
            float[] row = new float[data.items()];
            for (int u = 0; u < data.users(); u++) {
                model.scores(u, row);
                System.arraycopy(row, 0, all, u * row.length, row.length);
            }
            return all;
        }
    }
}
