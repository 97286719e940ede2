package org.lethe;

/** Which way a finding is better. */
public enum Direction {
    /** More is better. */
    HIGHER,
    /** Less is better. */
    LOWER,
    /** The nearer to zero the better, on either side. */
    ZERO,
    /** A description, neither good nor bad. */
    NONE
}
