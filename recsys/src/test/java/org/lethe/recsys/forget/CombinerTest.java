package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;

class CombinerTest {
    private final Split data = Blocks.split(60, 40, 3, 5);
    private final Env env = Env.seeded(5);
    private final Sharded sharded = (Sharded) new Sisa(3, 1)
            .learn(
                    new Bpr()
                            .withDims(8)
                            .withEpochs(20)
                            .withBatch(64)
                            .withLearningRate(1e-2)
                            .withInitialSd(0.1),
                    data,
                    env);

    @Test
    void weightsLieOnTheSimplexForEveryLoss() {
        for (EmbeddingLearner.Loss loss : EmbeddingLearner.Loss.values()) {
            double[] beta = new Combiner(sharded, loss, data.train(), env).fit(0, 60);
            assertEquals(1, Arrays.stream(beta).sum(), 1e-12);
            assertTrue(Arrays.stream(beta).allMatch(b -> b >= 0));
        }
    }

    @Test
    void oneTableServesWhatTheWeightsSay() {
        Combiner combiner = new Combiner(sharded, EmbeddingLearner.Loss.PAIRWISE, data.train(), env);
        Recommender global = combiner.combined(Combiner.Kind.GLOBAL);
        Recommender user = combiner.combined(Combiner.Kind.USER);
        Recommender mean = combiner.combined(Combiner.Kind.MEAN);
        double[] beta = combiner.fit(0, 60);
        for (int u = 0; u < 60; u += 7) {
            double[] own = combiner.fit(u, u + 1);
            for (int i = 0; i < 40; i += 9) {
                double ofGlobal = 0;
                double ofUser = 0;
                double ofMean = 0;
                for (int s = 0; s < 3; s++) {
                    double score = score(u, i, s);
                    ofGlobal += beta[s] * score;
                    ofUser += own[s] * score;
                    ofMean += score / 3;
                }
                assertEquals(ofGlobal, global.score(u, i), 1e-5);
                assertEquals(ofUser, user.score(u, i), 1e-5);
                assertEquals(ofMean, mean.score(u, i), 1e-5);
            }
        }
    }

    private double score(int user, int item, int shard) {
        Sharded.Shard own = sharded.shards().get(sharded.shardOf(user));
        double sum = 0;
        for (int d = 0; d < 8; d++) {
            sum += (double) own.tables().userRows()[own.row(user) * 8 + d]
                    * sharded.shards().get(shard).tables().itemRows()[item * 8 + d];
        }
        return sum;
    }
}
