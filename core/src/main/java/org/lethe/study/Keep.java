package org.lethe.study;

/** Which models a run keeps, so that a method or an audit added later trains nothing again. */
public enum Keep {
    /** Every model: learned and fulfilled. */
    ALL,
    /** Those that many cells share: learned models and references. */
    LEARNED,
    /** No model. */
    NONE;

    /** Models whose training is expected to take longer than this, in seconds, are kept by default. */
    static final double LONG = 60;
}
