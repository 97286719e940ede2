package org.lethe.recsys;

import org.lethe.Env;

/**
 * What a defence adds to the loss of training: a function of the rows of users, by its value and its gradient, so that it
 * works on tables and on networks alike.
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

    /** Whether epoch {@code epoch}, from 0, has the addition; a warm-up does not, and costs what plain training costs. */
    boolean active(int epoch);

    /** Called before every active epoch with the rows of all users, {@code [users, width]}, to aim at anew. */
    default void aim(int epoch, float[] rows, int width, Env env) {}

    /**
     * The loss at the rows of a batch's users, and its gradient.
     *
     * @param users the batch's users, each once, in the first {@code count} places
     * @param count how many
     * @param rows their rows, {@code [count, width]}
     * @param gradient the gradient by these rows of the mean loss of the batch is added here, {@code [count, width]}
     */
    double add(int[] users, int count, float[] rows, float[] gradient);

    /** Whether the model after this epoch may be the result of training, if it recommends best. */
    default boolean eligible(int epoch) {
        return true;
    }
}
