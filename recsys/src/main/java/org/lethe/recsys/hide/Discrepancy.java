package org.lethe.recsys.hide;

import org.lethe.Workers;
import org.lethe.numerics.Keyed;

/** The discrepancy between the classes of users, the loss that attribute unlearning brings down. */
interface Discrepancy {
    /**
     * Adds its gradient by the rows of all users, {@code [users, width]}.
     *
     * @param random of this step, where a step looks at a sample
     */
    void addGradient(float[] rows, int width, float[] gradient, Keyed random, Workers workers);

    /**
     * Whether classes are as alike as they should be, so that no further step is due.
     *
     * @param random the same before every step: a look at fresh users each time would sooner or later see what it hopes for
     */
    default boolean reached(float[] rows, int width, Keyed random, Workers workers) {
        return false;
    }

    /** Where rows end when no further step is due; the rows that came are left alone. */
    default float[] ended(float[] rows, int width) {
        return rows;
    }
}
