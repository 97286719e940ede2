package org.lethe;

/** Which way a finding is better. */
public enum Direction {
    /** More is better. */
    HIGHER,
    /** Less is better. */
    LOWER,
    /** The nearer to zero the better, on either side. */
    ZERO,
    /** The nearer to one half the better, on either side: the area of an attack that should be guessing. */
    HALF,
    /** A description, neither good nor bad. */
    NONE
}
