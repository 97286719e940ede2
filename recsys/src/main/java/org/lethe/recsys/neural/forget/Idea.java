package org.lethe.recsys.neural.forget;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.approximate.Vectors;

/**
 * Forgets by one influence step and normal noise (IDEA; Dong et al. 2024, "IDEA: A Flexible Framework of Certified Unlearning for
 * Graph Neural Networks", as ERASE uses it for sessions).
 *
 * <p>{@code θ̂ = θ + (H + damping·I)⁻¹ Δ + N(0, σ²)} with Δ as in {@code ceu} and {@code σ = ζ √(2 ln(1.25/δ)) / ε}. ζ bounds the
 * distance between the result without noise and the true optimum. No such bound is known for networks, whose loss is not convex: it
 * is a setting here, and nothing is certified. Noise goes to the rows of items in erased examples alone.
 *
 * <p>The form that the benchmark ERASE runs has the root in the denominator, so that σ is too small by {@code 2 ln(1.25/δ)}; takes the
 * step's length times the damping for ζ; raises σ to 0.1; and adds noise to all weights, which adds up over requests. {@code
 * as-coded} is this form, with the difference of {@code ceu} as coded over the number of retained examples, and its fine-tuning.
 * Cost: as {@code gif}.
 *
 * @param damping damping added to the Hessian of the summed loss; to that of the mean loss as coded
 * @param zeta assumed bound ζ on the distance to the optimum; 0 for no noise
 * @param epsilon ε of the promise that would follow from a true bound
 * @param delta δ of that promise
 * @param asCoded whether noise is as in ERASE; ζ is then unused
 * @param iterations largest number of iterations of conjugate gradients, as in {@code ceu}
 * @param steps number of calibrated steps, as in {@code gif}; 0 for the single step of the paper; unused as coded
 */
@Named("idea")
@Taxonomy({Branch.INFLUENCE, Branch.SEQUENCE})
public record Idea(
        double damping, double zeta, double epsilon, double delta, boolean asCoded, int iterations, int steps)
        implements NetworkMethod {
    private static final double LEAST = 0.1; // the deviation to which the code raises its own

    public Idea {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(zeta >= 0 && zeta <= 1e6, "zeta", zeta, "0 to 1e6");
        Check.require(epsilon > 0 && epsilon <= 1e6, "epsilon", epsilon, "above 0 and at most 1e6");
        Check.require(delta > 0 && delta < 1, "delta", delta, "between 0 and 1");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** Damping 1, ζ = 0.01, ε = 1, δ = 0.01, which is noise of 0.031, at most 20 iterations, three steps. */
    public Idea() {
        this(1, 0.01, 1, 0.01, false, 20, 3);
    }

    @Override
    public void move(Removal removal) {
        if (asCoded) {
            asCoded(removal);
            return;
        }
        Ceu.move(removal, damping, false, iterations, steps);
        double sigma = org.lethe.recsys.approximate.Idea.sigma(zeta, epsilon, delta);
        removal.leaves.set(noisy(removal, sigma, removal.touchedRows()));
    }

    private void asCoded(Removal removal) {
        Influence.Solver solver = Influence.conjugateGradients(removal, 1e-6, iterations);
        double[] step = Vectors.times(1.0 / removal.retained(), Ceu.stepAsCoded(removal, damping, solver));
        double zetaAsCoded = Vectors.norm(step) * damping;
        double sigma = Math.max(LEAST, org.lethe.recsys.approximate.Idea.sigmaAsCoded(zetaAsCoded, epsilon, delta));
        removal.leaves.set(Vectors.plus(removal.leaves.values(), 1, step));
        boolean[] all = new boolean[removal.leaves.size()];
        Arrays.fill(all, true);
        removal.leaves.set(noisy(removal, sigma, all));
        new Tuning(removal, 1e-3).epochs(1, removal.sample(16, "repair"));
    }

    private static double[] noisy(Removal removal, double sigma, boolean[] marked) {
        double[] theta = removal.leaves.values();
        Keyed random = removal.random("noise");
        for (int n = 0; n < theta.length; n++) {
            theta[n] += marked[n] ? sigma * Keyed.normal(random.at(n)) : 0;
        }
        return theta;
    }
}
