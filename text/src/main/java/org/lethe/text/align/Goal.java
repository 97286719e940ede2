package org.lethe.text.align;

/** What an alignment is to lower, and by which it chooses among its rounds. */
public enum Goal {
    /** The DPO loss of preference pairs. */
    PREFERENCES,
    /** Minus the expected reward, summed over every answer of a small grammar. */
    REWARD,
    /** The cross-entropy of the chosen answers. */
    POSITIVES
}
