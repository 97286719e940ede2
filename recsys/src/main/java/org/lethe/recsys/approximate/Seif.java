package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;

/**
 * Forgets by noise in proportion to the weights, then repairs on retained pairs (Seif, one of the seven algorithms
 * of ERASE).
 *
 * <p>{@code θ ← θ + ξ |θ|} with {@code ξ ~ N(0, noise²)}, by default on the rows of forgotten pairs alone. Repair is Adam on
 * retained pairs, where pairs of forgotten items have weight 0.05; small noise of 0.005 comes before its last epoch. By
 * default, repair takes all retained pairs of the touched users and a sample of others.
 *
 * <p>The form that ERASE runs puts the noise on all rows. Its squared length grows by 1.36 with every request, and repair on 8 pairs for
 * each forgotten one cannot keep up. Its weight of pairs is one factor of the mean of a batch, so that it only scales the step.
 * {@code everywhere} is this form. For LightGCN the propagated tables move. Cost: fine-tuning, {@code O(pairs · dims)} an epoch.
 *
 * @param noise deviation of the noise, as a share of each weight
 * @param everywhere whether noise goes to all rows, as coded
 * @param epochs number of epochs of repair
 * @param learningRate learning rate of Adam
 */
@Named("seif")
@Taxonomy(Branch.REPAIR)
public record Seif(double noise, boolean everywhere, int epochs, double learningRate) implements TableMethod {
    private static final double LATE_NOISE = 0.005;

    public Seif {
        Check.require(noise >= 0 && noise <= 100, "noise", noise, "0 to 100");
        Check.require(epochs >= 0, "epochs", epochs, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** Noise of 0.6 on touched rows, four epochs of 7e-4. */
    public Seif() {
        this(0.6, false, 4, 7e-4);
    }

    @Override
    public double[] moved(Problem problem) {
        boolean[] rows = everywhere ? Influence.all(problem) : problem.touched();
        double[] theta = noisy(problem.theta, problem.dims, rows, noise, problem.random("noise"));
        Interactions lost = problem.forgotten.interactions();
        Interactions some = problem.sample(problem.repairSize(8), "repair-sample");
        Interactions sample =
                everywhere ? some : problem.left().where((u, i) -> lost.degree(u) > 0 || some.contains(u, i));
        boolean[] touched = problem.touched();
        Repair repair = new Repair(epochs, learningRate);
        Adam adam = new Adam(theta.length, learningRate);
        for (int epoch = 0; epoch < epochs; epoch++) {
            if (epoch == epochs - 1) {
                Keyed random = problem.random("late-noise");
                for (int n = 0; n < theta.length; n++) {
                    theta[n] += rows[n / problem.dims] ? LATE_NOISE * Keyed.normal(random.at(n)) : 0;
                }
            }
            repair.epoch(
                    problem,
                    theta,
                    sample,
                    (u, i) -> !everywhere && touched[problem.users + i],
                    0.05,
                    row -> 1,
                    adam,
                    epoch);
        }
        return theta;
    }

    /** The marked rows with noise in proportion to each weight. */
    static double[] noisy(double[] theta, int dims, boolean[] rows, double noise, Keyed random) {
        double[] noisy = theta.clone();
        for (int n = 0; n < noisy.length; n++) {
            noisy[n] += rows[n / dims] ? noise * Keyed.normal(random.at(n)) * Math.abs(theta[n]) : 0;
        }
        return noisy;
    }
}
