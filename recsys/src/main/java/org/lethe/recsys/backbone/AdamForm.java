package org.lethe.recsys.backbone;

/** How Adam treats the rows that a batch does not touch; in every form they move as dense Adam moves them. */
public enum AdamForm {
    /** Steps of a row without a gradient are made up when the row is next needed: the bits of {@link #DENSE}. */
    LAZY,
    /** Every row steps with every batch. */
    DENSE,
    /**
     * Missed steps are made up at once by a two-node quadrature: about 1e-5 from {@link #DENSE} after some thousand steps
     * (1.06e-5 was the most seen), and faster where rows are touched seldom, as with small batches and large catalogues.
     */
    TWO_NODE
}
