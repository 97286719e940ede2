package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;

/**
 * How a server and its clients work together.
 *
 * @param rounds of plain averaging that make the model before; methods go on from there with rounds of their own
 * @param steps of a client in each round
 * @param mixing share of the clients' mean in the next weights; the rest are the weights before
 * @param participation share of the clients that take part in a round, at least one
 */
public record Federation(int rounds, int steps, double mixing, double participation) implements Serializable {
    public Federation {
        require(rounds >= 0, "rounds", rounds, "at least 0");
        require(steps >= 1, "steps", steps, "at least 1");
        require(mixing > 0 && mixing <= 1, "mixing", mixing, "above 0, at most 1");
        require(participation > 0 && participation <= 1, "participation", participation, "above 0, at most 1");
    }

    /** 21 rounds of 30 steps, as the recommended preset warms up. */
    public Federation() {
        this(21, 30, 0.95, 1);
    }
}
