package org.lethe;

/**
 * The side of a model that an audit measures. A report chooses its overview and its first trade-off by aspects, not by
 * names.
 */
public enum Aspect {
    /** The effect that was asked for: forgotten, hidden, balanced, aligned, protected, steered. */
    EFFECT,
    /** The quality of the model for everything else. */
    UTILITY,
    /** The cost: time, memory, bytes sent. */
    COST,
    /** Whether groups of people are served alike. */
    FAIRNESS
}
