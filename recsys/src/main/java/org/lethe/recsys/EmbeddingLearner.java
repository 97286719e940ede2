package org.lethe.recsys;

import org.lethe.Env;
import org.lethe.Learner;

/**
 * A recommender trained as a table of users and a table of items: what sharded and influence methods work on.
 *
 * <p>The initial row of a user depends on (seed, the user's key), that of an item on (seed, item); negatives and batches on
 * (seed, user key, item, epoch). A user without interactions keeps its initial row.
 */
public interface EmbeddingLearner extends Learner<Split, Recommender> {
    /** Trains from the seeded initial state. */
    @Override
    default Embeddings train(Split data, Env env) {
        return resume(start(data, env), data, env).model();
    }

    /** The seeded initial state: nothing learned yet. */
    Checkpoint start(Split data, Env env);

    /**
     * Trains on from a checkpoint, which is left as it was: up to {@link #epochs} epochs further, or until the validation
     * part stops it. {@code resume(start(data, env), data, env)} is a whole training.
     */
    Checkpoint resume(Checkpoint from, Split data, Env env);

    /** The largest number of epochs that one call of {@link #resume} runs. */
    int epochs();

    /** The same learner with another number of epochs, at least 1; the stages of a sliced training share one training's. */
    EmbeddingLearner withEpochs(int epochs);

    /** The loss of one interaction, which influence methods differentiate. */
    Loss loss();

    /** What a pair contributes to the training objective. */
    enum Loss {
        /** −log σ(y·s) with sampled negatives (WMF of CURE4Rec). */
        LOGISTIC,
        /** −log σ(s⁺ − s⁻) with sampled negatives (BPR). */
        PAIRWISE,
        /** Squared error over all pairs, weighted (whole-data WMF, implicit ALS). */
        SQUARED
    }
}
