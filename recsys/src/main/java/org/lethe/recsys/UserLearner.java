package org.lethe.recsys;

import org.lethe.Env;
import org.lethe.Learner;

/** A learner whose models hold user embeddings, and which can train under an additional loss on them, as RAID needs. */
public interface UserLearner extends Learner<Split, Recommender> {
    /** Trains from the seeded initial state; with {@link UserLoss#NONE} this is {@link #train(Split, Env)}, bit by bit. */
    UserRows train(Split data, UserLoss defence, Env env);

    @Override
    default UserRows train(Split data, Env env) {
        return train(data, UserLoss.NONE, env);
    }

    /** The seeded initial model: nothing learned yet. */
    UserRows untrained(Split data, Env env);

    /** Whether its models are tables of users and items alone, with no layers after them. */
    default boolean tables() {
        return true;
    }

    /** Whether a loss may weigh the samples of a batch ({@link UserLoss#weigh}). */
    default boolean weighsSamples() {
        return false;
    }

    /** The largest number of epochs that one training runs. */
    int epochs();
}
