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

    /**
     * Whether this loss is one of all users in every step, not of the batch's. Then {@link #add} gets all users, in ascending
     * order, from every learner but {@code multvae}, which would have to encode them all; that one passes the batch's.
     */
    default boolean ofAllUsers() {
        return false;
    }

    /** Whether {@link #weigh} says how much each sample counts; such a loss needs {@link UserLearner#weighsSamples}. */
    default boolean weighsSamples() {
        return false;
    }

    /**
     * Sets the weights with which the samples of a batch, positive and negative, count in its loss {@code Σ weight · loss}.
     *
     * @param users user of each sample
     * @param losses loss of each sample before the step
     * @param weights receives the weight of each sample; all equal, with sum 1, at the call
     */
    default void weigh(int[] users, float[] losses, float[] weights) {}

    /** Whether the model after this epoch may be the result of training, if it recommends best. */
    default boolean eligible(int epoch) {
        return true;
    }
}
