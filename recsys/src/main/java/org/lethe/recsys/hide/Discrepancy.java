package org.lethe.recsys.hide;

import org.lethe.Workers;
import org.lethe.numerics.Keyed;

/** The discrepancy between the classes of users: the loss that attribute unlearning reduces. */
interface Discrepancy {
    /**
     * Adds its gradient with respect to all user embeddings, {@code [users, width]}.
     *
     * @param random the source of this step's sample, if a step uses one
     */
    void addGradient(float[] rows, int width, float[] gradient, Keyed random, Workers workers);

    /**
     * The early-stopping check: whether the classes are equal, so that no further step is needed.
     *
     * @param random the same for every check; new samples would sooner or later pass by chance
     */
    default boolean reached(float[] rows, int width, Keyed random, Workers workers) {
        return false;
    }

    /** The embeddings to return after the last step; the given ones are not changed. */
    default float[] ended(float[] rows, int width) {
        return rows;
    }
}
