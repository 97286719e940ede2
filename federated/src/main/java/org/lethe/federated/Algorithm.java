package org.lethe.federated;

/** What distinguishes one federated algorithm from another: what clients minimise, and what becomes of their updates. */
@FunctionalInterface
public interface Algorithm {
    /** The loss of the clients in a round, perhaps after asking them for statistics. */
    Loss.Maker loss(Server.Round round);

    /** The share of the clients' mean in the next weights, where it is not that of the federation. */
    default double mixing(Federation federation) {
        return federation.mixing();
    }
}
