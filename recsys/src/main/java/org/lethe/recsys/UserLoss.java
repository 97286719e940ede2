package org.lethe.recsys;

import org.lethe.Env;

/**
 * An additional training loss of a defence: a function of user embeddings with its gradient, for tables and for networks.
 */
public interface UserLoss {
    /** No addition: plain training. */
    UserLoss NONE = new UserLoss() {
        @Override
        public boolean active(int epoch) {
            return false;
        }

        @Override
        public double add(int[] users, int count, float[] rows, float[] gradient) {
            return 0;
        }
    };

    /** Whether an epoch, from 0, has the additional loss; an epoch of the warm-up does not. */
    boolean active(int epoch);

    /** Prepares an active epoch from the embeddings of all users, {@code [users, width]}. */
    default void aim(int epoch, float[] rows, int width, Env env) {}

    /**
     * Adds the gradient at the embeddings of a batch's users, and returns the loss.
     *
     * @param users the batch's users, each once, in the first {@code count} places
     * @param count number of users
     * @param rows their embeddings, {@code [count, width]}
     * @param gradient receives the gradient of the batch's mean loss with respect to these embeddings, {@code [count, width]}
     */
    double add(int[] users, int count, float[] rows, float[] gradient);

    /** Whether the model after this epoch may be the result of training, if it recommends best. */
    default boolean eligible(int epoch) {
        return true;
    }
}
