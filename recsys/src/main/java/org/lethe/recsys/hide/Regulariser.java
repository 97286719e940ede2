package org.lethe.recsys.hide;

import org.lethe.Formerly;

/** The regulariser that keeps recommendations as they were while the embeddings of users move. */
public enum Regulariser {
    /** The order of each user's top-k recommendations: {@code Σ max(0, s(i_{t+1}) − s(i_t) + margin)} over neighbours. */
    FUNCTION,
    /** The embeddings themselves: {@code ‖Θ − Θ⁰‖²}. */
    PARAMETERS,
    /** No regulariser. */
    @Formerly("nothing")
    NONE
}
