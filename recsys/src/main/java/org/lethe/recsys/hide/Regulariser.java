package org.lethe.recsys.hide;

/** The regulariser that keeps recommendations as they were while the embeddings of users move. */
public enum Regulariser {
    /** The order of each user's original list: {@code Σ max(0, s(i_{t+1}) − s(i_t) + margin)} over its neighbours. */
    FUNCTION,
    /** The rows themselves: {@code ‖Θ − Θ⁰‖²}. */
    PARAMETERS,
    /** Nothing. */
    NOTHING
}
