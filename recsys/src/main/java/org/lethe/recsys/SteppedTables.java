package org.lethe.recsys;

import org.lethe.Env;

/** A learner of tables that steps along gradients, so that a defence can add its own: what BPR, WMF and LightGCN share. */
interface SteppedTables extends EmbeddingLearner, UserLearner {
    @Override
    default Embeddings untrained(Split data, Env env) {
        return start(data, env).model();
    }

    /** Trains on from a checkpoint under an additional loss on the rows of users. */
    Checkpoint resume(Checkpoint from, Split data, UserLoss defence, Env env);

    @Override
    default Checkpoint resume(Checkpoint from, Split data, Env env) {
        return resume(from, data, UserLoss.NONE, env);
    }

    @Override
    default Embeddings train(Split data, UserLoss defence, Env env) {
        return resume(start(data, env), data, defence, env).model();
    }

    @Override
    default Embeddings train(Split data, Env env) {
        return train(data, UserLoss.NONE, env);
    }
}
