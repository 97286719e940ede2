package org.lethe.text.align;

/** Where methods that learn from their own answers take rewards from. */
public enum RewardSource {
    /** The program that comes with the data. */
    PROGRAM,
    /** A model of rewards that is first trained on the pairs of the request. */
    LEARNED
}
