package org.lethe.federated;

/** Plain federated averaging (McMahan and others 2017): every client trains, and weighs as much as it has records. */
public record Averaging() implements Algorithm {
    @Override
    public Loss.Maker loss(Server.Round round) {
        return new Loss.CrossEntropy();
    }
}
