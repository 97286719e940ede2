package org.lethe.bench;

import java.util.Optional;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.data.Ml100k;
import org.lethe.recsys.data.Splits;

/**
 * One training in a fresh JVM: MovieLens-100K, 32 dimensions, 50 epochs with an evaluation after each, one thread. Run it
 * under a timer for the whole process; it prints the seconds of loading and of training. Bar: training at most 1.3 s.
 */
public final class ColdTraining {
    private ColdTraining() {}

    public static void main(String[] args) {
        EmbeddingLearner learner =
                args.length > 0 && args[0].equals("wmf") ? new Wmf().withPatience(50) : new Bpr().withPatience(50);
        long start = System.nanoTime();
        Split data = new Ml100k()
                .withStopOn(Splits.StopOn.TEST)
                .withValidation(0)
                .withCore(0)
                .load(DataFolders.usual(Optional.empty()));
        long loaded = System.nanoTime();
        int epochs = learner.resume(learner.start(data, Env.seeded(1)), data, Env.seeded(1))
                .epochs();
        System.out.printf(
                "loading %.3f s, training %.3f s, %d epochs%n",
                (loaded - start) / 1e9, (System.nanoTime() - loaded) / 1e9, epochs);
    }
}
