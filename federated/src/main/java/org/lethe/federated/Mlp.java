package org.lethe.federated;

import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Named;

/**
 * A perceptron with one hidden layer, trained by federated averaging (McMahan and others 2017, algorithm 1).
 *
 * @param hidden width of the hidden layer
 * @param dropout share of hidden units that a training step leaves out
 * @param local steps of a client
 * @param federation how server and clients work together
 */
@Named("mlp")
public record Mlp(int hidden, double dropout, Local local, Federation federation) implements FederatedLearner {
    public Mlp {
        new Network(1, hidden, dropout);
        Check.require(hidden >= 1, "hidden", hidden, "at least 1");
    }

    /** 64 hidden units, half of them dropped; batches of 128, Adam at 0.001. */
    public Mlp() {
        this(64, 0.5, new Local(128, 0.001, 0.0001, Local.Memory.AUTO), new Federation());
    }

    public Mlp withFederation(Federation federation) {
        return Components.with(this, "federation", federation);
    }

    public Mlp withLocal(Local local) {
        return Components.with(this, "local", local);
    }

    @Override
    public Network network(int features) {
        return new Network(features, hidden, dropout);
    }
}
