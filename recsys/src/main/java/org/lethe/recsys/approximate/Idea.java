package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;

/**
 * Forgets by one influence step and normal noise (IDEA).
 *
 * <p>{@code θ̂ = θ + (H + damping·I)⁻¹ Δ + N(0, σ²)} with Δ as in {@code ceu} and {@code σ = ζ √(2 ln(1.25/δ)) / ε}. ζ bounds the
 * distance between the result without noise and the true optimum. No such bound is known for these models, whose loss is not
 * convex: it is a setting here, and nothing is certified. Noise goes to the rows of forgotten pairs alone.
 *
 * <p>The form that the benchmark ERASE runs has the root in the denominator, so that σ is too small by {@code 2 ln(1.25/δ)}; takes the
 * step's length times the damping for ζ; raises σ to 0.1; and adds noise to all rows, which adds up over requests. {@code as-coded}
 * is this form, with its fine-tuning. For LightGCN the tables before propagation move. Cost: as {@code ifru}.
 *
 * @param damping damping added to the Hessian of the summed loss
 * @param zeta assumed bound ζ on the distance to the optimum; 0 for no noise
 * @param epsilon ε of the promise that would follow from a true bound
 * @param delta δ of that promise
 * @param asCoded whether noise is as in ERASE; ζ is then unused
 * @param iterations largest number of iterations of conjugate gradients, which stop at a residual of 1e-6
 * @param steps largest number of calibrated steps, as in {@code ifru}; 0 for the single step of the paper; unused as coded
 */
@Named("idea")
@Taxonomy({Branch.INFLUENCE, Branch.GRAPH})
public record Idea(
        double damping, double zeta, double epsilon, double delta, boolean asCoded, int iterations, int steps)
        implements TableMethod {
    public Idea {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(zeta >= 0 && zeta <= 1e6, "zeta", zeta, "0 to 1e6");
        Check.require(epsilon > 0 && epsilon <= 1e6, "epsilon", epsilon, "above 0 and at most 1e6");
        Check.require(delta > 0 && delta < 1, "delta", delta, "between 0 and 1");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** Damping 10, 20 steps, ζ = 0.01, ε = 1, δ = 0.01: noise of 0.031. */
    public Idea() {
        this(10, 0.01, 1, 0.01, false, 100, 20);
    }

    @Override
    public boolean overGraph() {
        return true;
    }

    @Override
    public double[] moved(Problem problem) {
        double[] theta = Ceu.moved(problem, damping, Ifru.HessianOf.REMAINING, asCoded, iterations, steps)
                .clone();
        if (asCoded) {
            double[] step = Vectors.plus(theta, -1, problem.theta);
            double sigma = Math.max(0.1, sigmaAsCoded(Vectors.norm(step) * damping, epsilon, delta));
            add(problem, theta, sigma, Influence.all(problem));
            new Repair(1, 1e-3).tune(problem, theta, problem.sample(problem.repairSize(16), "repair-sample"));
            return theta;
        }
        add(problem, theta, sigma(zeta, epsilon, delta), problem.touched());
        return theta;
    }

    private static void add(Problem problem, double[] theta, double sigma, boolean[] rows) {
        Keyed random = problem.random("noise");
        for (int n = 0; n < theta.length; n++) {
            theta[n] += rows[n / problem.dims] ? sigma * Keyed.normal(random.at(n)) : 0;
        }
    }

    /** The deviation of the Gaussian mechanism. */
    public static double sigma(double zeta, double epsilon, double delta) {
        return zeta * Math.sqrt(2 * StrictMath.log(1.25 / delta)) / epsilon;
    }

    /** The deviation with the root in the denominator. */
    public static double sigmaAsCoded(double zeta, double epsilon, double delta) {
        return zeta / (epsilon * Math.sqrt(2 * StrictMath.log(1.25 / delta)));
    }
}
