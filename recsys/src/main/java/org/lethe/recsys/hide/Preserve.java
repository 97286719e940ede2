package org.lethe.recsys.hide;

/** What holds the lists together while the rows of users move. */
public enum Preserve {
    /** The order of each user's original list: {@code Σ max(0, s(i_{t+1}) − s(i_t) + margin)} over its neighbours. */
    FUNCTION,
    /** The rows themselves: {@code ‖Θ − Θ⁰‖²}. */
    PARAMETERS,
    /** Nothing. */
    NOTHING
}
