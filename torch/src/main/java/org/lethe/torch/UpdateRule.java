package org.lethe.torch;

import org.lethe.Check;

/** How parameters follow their gradients; an {@link Optimiser} carries it out. */
public sealed interface UpdateRule {
    /** The rate that a {@link Schedule} multiplies. */
    double learningRate();

    /** Fraction of a decayed parameter that one step at rate 1 takes away. */
    double decay();

    /**
     * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).
     *
     * @param learningRate step size, before the schedule
     * @param beta1 how much of the mean gradient a step keeps
     * @param beta2 how much of the mean squared gradient a step keeps
     * @param epsilon added to the root of the mean square
     * @param decay weight decay
     * @param amsgrad whether the largest mean square so far divides, not the latest
     */
    record AdamW(double learningRate, double beta1, double beta2, double epsilon, double decay, boolean amsgrad)
            implements UpdateRule {
        public AdamW {
            requireRates(learningRate, decay);
            Check.require(beta1 >= 0 && beta1 < 1, "beta1", beta1, "0 or more, below 1");
            Check.require(beta2 >= 0 && beta2 < 1, "beta2", beta2, "0 or more, below 1");
            Check.require(epsilon >= 0 && epsilon < 1, "epsilon", epsilon, "0 or more, below 1");
        }

        /** The usual betas, 0.9 and 0.999, and epsilon, 1e-8. */
        public AdamW(double learningRate, double decay) {
            this(learningRate, 0.9, 0.999, 1e-8, decay, false);
        }
    }

    /**
     * Stochastic gradient descent with momentum; decay is added to the gradient.
     *
     * @param learningRate step size, before the schedule
     * @param momentum how much of the velocity a step keeps; 0 for none
     * @param decay weight decay
     * @param nesterov whether the step looks ahead along the velocity
     */
    record Sgd(double learningRate, double momentum, double decay, boolean nesterov) implements UpdateRule {
        public Sgd {
            requireRates(learningRate, decay);
            Check.require(momentum >= 0 && momentum < 1, "momentum", momentum, "0 or more, below 1");
            Check.require(!nesterov || momentum > 0, "nesterov", nesterov, "false where momentum is 0");
        }
    }

    private static void requireRates(double learningRate, double decay) {
        Check.require(
                learningRate > 0 && learningRate < Double.POSITIVE_INFINITY,
                "learningRate",
                learningRate,
                "a finite number above 0");
        Check.require(decay >= 0 && decay * learningRate < 1, "decay", decay, "0 or more, below 1 / learningRate");
    }
}
