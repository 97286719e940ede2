package org.lethe.recsys;

import org.lethe.Env;
import org.lethe.Learner;

/**
 * A learner of recommenders that are a table of users and a table of items, for sharded and influence methods.
 *
 * <p>The initial embedding of a user depends on (seed, user key), that of an item on (seed, item). Negatives and batches depend on
 * (seed, user key, item, epoch). A user without interactions keeps its initial embedding.
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
     * Continues training from a checkpoint, which is not changed: up to {@link #epochs} more epochs, with early stopping on the
     * validation part. {@code resume(start(data, env), data, env)} is a whole training.
     */
    Checkpoint resume(Checkpoint from, Split data, Env env);

    /** The largest number of epochs that one call of {@link #resume} runs. */
    int epochs();

    /** The same learner with another number of epochs, at least 1; the stages of a sliced training share one training's. */
    EmbeddingLearner withEpochs(int epochs);

    /** The loss of one interaction, which influence methods differentiate. */
    Loss loss();

    /** The contribution of a pair to the training objective. */
    enum Loss {
        /** −log σ(y·s) with sampled negatives (WMF of CURE4Rec). */
        LOGISTIC,
        /** −log σ(s⁺ − s⁻) with sampled negatives (BPR). */
        PAIRWISE,
        /** Squared error over all pairs, weighted (whole-data WMF, implicit ALS). */
        SQUARED
    }
}
