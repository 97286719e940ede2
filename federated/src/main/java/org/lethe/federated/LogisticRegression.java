package org.lethe.federated;

import org.lethe.Components;
import org.lethe.Named;

/**
 * Logistic regression, trained by federated averaging (McMahan and others 2017, algorithm 1).
 *
 * @param local steps of a client
 * @param federation how server and clients work together
 */
@Named("logistic")
public record LogisticRegression(Local local, Federation federation) implements FederatedLearner {
    /** Batches of 128, Adam at 0.01. */
    public LogisticRegression() {
        this(new Local(128, 0.01, 0.0001, Local.Memory.AUTO), new Federation());
    }

    public LogisticRegression withFederation(Federation federation) {
        return Components.with(this, "federation", federation);
    }

    public LogisticRegression withLocal(Local local) {
        return Components.with(this, "local", local);
    }

    @Override
    public Network network(int features) {
        return new Network(features, 0, 0);
    }
}
