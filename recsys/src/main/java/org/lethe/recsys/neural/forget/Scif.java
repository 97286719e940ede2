package org.lethe.recsys.neural.forget;

import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.approximate.Vectors;
import org.lethe.recsys.neural.forget.Removal.Weighted;

/**
 * Forgets by a damped Newton step on what is left, on the tables of items alone (SCIF; Li et al. 2023, in the form for sessions that
 * ERASE uses).
 *
 * <p>{@code θ̂ = θ − (H_r + damping·I)⁻¹ Σ_r ∇ℓ}, the gradient and the Gauss-Newton Hessian of the summed loss of the retained examples,
 * taken from a sample that stands for them: up to 512 that read or lead to an item of an erased example, and 256 others. At an optimum
 * of the loss of all examples the retained gradient alone contains the correction; an early-stopped model also trains further. The
 * step is halved until the loss of the sample does not rise: far from an optimum, whole Newton steps overshoot.
 *
 * <p>The form that ERASE runs solves with {@code g(what the user keeps) + g(sample) − g(what the user had)}, means all, which counts the
 * forgotten part twice and takes back what the user keeps, and divides by the number of examples of its sample, which is arbitrary.
 * {@code as-coded} is this form, without its fresh batch in every iteration, which is no conjugate gradients. Cost: iterations
 * times {@code O(examples · items · width)}.
 *
 * @param damping damping added to the Hessian of the summed loss; to that of the mean loss as coded
 * @param iterations largest number of iterations of conjugate gradients, which stop at a residual of 1e-3
 * @param steps number of Newton steps
 * @param asCoded whether the published code's right side and scale are used
 */
@Named("scif")
@Taxonomy({Branch.INFLUENCE, Branch.SEQUENCE})
public record Scif(double damping, int iterations, int steps, boolean asCoded) implements NetworkMethod {
    private static final double TOLERANCE = 1e-3;

    public Scif {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(steps >= 1, "steps", steps, "at least 1");
    }

    /** Damping 100, at most 20 iterations, one step. */
    public Scif() {
        this(100, 20, 1, false);
    }

    @Override
    public void move(Removal removal) {
        boolean[] moving = removal.leaves.within(removal.network.readRows(), removal.network.scoredRows());
        for (int step = 0; step < (asCoded ? 1 : steps); step++) {
            Weighted sample = asCoded ? Influence.mean(removal.sample(16, "repair")) : removal.representative(512, 256);
            double[] right = removal.gradient(sample.prefixes(), sample.weights());
            if (asCoded) {
                right = rightAsCoded(removal.meanGradient(removal.keeps()), right, removal.meanGradient(removal.had()));
            }
            double[] change;
            try (var _ = new PointerScope()) {
                change = change(new Curvature(removal, sample), damping, only(moving, right), moving);
            }
            double[] theta = removal.leaves.values();
            if (asCoded) {
                removal.leaves.set(Vectors.plus(theta, -1.0 / sample.prefixes().size(), change));
            } else {
                descend(removal, sample, theta, change);
            }
        }
    }

    /** Makes the step, halved until the loss of the sample does not rise; none if it always does. */
    private static void descend(Removal removal, Weighted sample, double[] theta, double[] change) {
        double before = loss(removal, sample);
        for (double length = 1; length > 1e-6; length /= 2) {
            removal.leaves.set(Vectors.plus(theta, -length, change));
            if (loss(removal, sample) <= before) {
                return;
            }
        }
        removal.leaves.set(theta);
    }

    private static double loss(Removal removal, Weighted sample) {
        return Vectors.dot(removal.losses(sample.prefixes()), sample.weights());
    }

    /** The right side as coded, of three gradients. */
    static double[] rightAsCoded(double[] clean, double[] retained, double[] full) {
        return Vectors.plus(Vectors.plus(clean, 1, retained), -1, full);
    }

    private double[] change(UnaryOperator<double[]> hessian, double damping, double[] right, boolean[] moving) {
        return Vectors.conjugateGradients(
                        x -> Vectors.plus(only(moving, hessian.apply(x)), damping, x), right, TOLERANCE, iterations)
                .x();
    }

    private static double[] only(boolean[] moving, double[] vector) {
        for (int n = 0; n < vector.length; n++) {
            vector[n] = moving[n] ? vector[n] : 0;
        }
        return vector;
    }
}
