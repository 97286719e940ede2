package org.lethe;

/** What an audit measures a model by; a report draws its overview and its default trade-off from this, not from names. */
public enum Aspect {
    /** Whether what was asked for happened: forgotten, hidden, balanced, aligned, protected, steered. */
    EFFECT,
    /** What the model is still good for. */
    UTILITY,
    /** What it took: time, memory, bytes sent. */
    COST,
    /** Whether groups of people fare alike. */
    FAIRNESS
}
