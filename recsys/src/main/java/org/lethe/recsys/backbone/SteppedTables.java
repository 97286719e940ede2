package org.lethe.recsys.backbone;

import org.lethe.Env;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;

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
