package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;

class WholeDataWmfTest {
    private static final Interactions TRAIN = Samples.interactions(40, 30, 0.2, 1);
    private static final Interactions NONE = Interactions.of(40, 30, new int[0], new int[0]);
    private static final Split SPLIT = new Split(TRAIN, NONE, NONE);

    @Test
    void theLossIsTheSquaredErrorOverAllPairsUpToAConstant() {
        WholeDataWmf model = new WholeDataWmf()
                .withDims(8)
                .withEpochs(1)
                .withBatch(1000)
                .withKeep(1)
                .withInitialSd(0.3);
        Env env = Env.seeded(1);
        Checkpoint start = model.start(SPLIT, env);
        double reported = new WholeDataWmf.Course(model, start, TRAIN, env).epoch(0);
        double all = -TRAIN.size(); // Σ (1 − s)² = Σ s² − 2s + 1
        for (int u = 0; u < 40; u++) {
            for (int i = 0; i < 30 && TRAIN.degree(u) > 0; i++) {
                double s = start.model().score(u, i);
                all += TRAIN.contains(u, i) ? (1 - s) * (1 - s) : 0.2 * s * s;
            }
        }
        assertEquals(all / TRAIN.size(), reported, 1e-5);
    }

    @Test
    void trainingRanksWhatWasTakenAboveTheRest() {
        Embeddings model = new WholeDataWmf()
                .withDims(16)
                .withEpochs(80)
                .withBatch(10)
                .withKeep(0.9)
                .withInitialSd(0.1)
                .train(SPLIT, Env.seeded(2));
        Ranking.Quality q = Ranking.evaluate(model, NONE, TRAIN, 5, Workers.here());
        assertTrue(Ranking.mean(q.ndcgCut()) > 0.9, "ndcg " + Ranking.mean(q.ndcgCut()));
    }

    @Test
    void theSameSeedGivesTheSameBits() {
        WholeDataWmf model =
                new WholeDataWmf().withDims(8).withEpochs(3).withBatch(10).withInitialSd(0.1);
        assertArrayEquals(
                model.train(SPLIT, Env.seeded(3)).userRows(),
                model.train(SPLIT, Env.seeded(3)).userRows());
    }
}
