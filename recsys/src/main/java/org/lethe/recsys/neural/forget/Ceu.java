package org.lethe.recsys.neural.forget;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.approximate.Vectors;

/**
 * Forgets by the step of certified edge removal, without its certificate (CEU; Wu et al. 2023, "Certified Edge Unlearning for Graph
 * Neural Networks", as ERASE uses it for sessions).
 *
 * <p>{@code θ̂ = θ + (H + damping·I)⁻¹ Δ}. Δ is the sum of {@code ∇ℓ(x)} over the examples x that contain an erased event, less that over
 * the same x without it; an x whose next item is erased has no second term. H is the Gauss-Newton Hessian of the summed loss of the
 * retained examples. In sessions there is no other graph, so that {@code gif} by conjugate gradients makes the same step.
 *
 * <p>The form that the benchmark ERASE runs takes the second sum over other examples, drawn at random, which is no difference of
 * the same terms, and means instead of sums; {@code as-coded} is this form. The paper's certificate needs a linear model trained
 * under a random linear term. Networks are neither, so nothing is certified. Cost: as {@code gif}.
 *
 * @param damping damping added to the Hessian of the summed loss; to that of the mean loss as coded
 * @param asCoded whether the second sum is over other examples
 * @param iterations largest number of iterations of conjugate gradients, which stop at a residual of 1e-6, or 0.01 for calibrated steps
 * @param steps number of calibrated steps, as in {@code gif}; 0 for the single step of the paper; unused as coded
 */
@Named("ceu")
@Taxonomy({Branch.INFLUENCE, Branch.SEQUENCE})
public record Ceu(double damping, boolean asCoded, int iterations, int steps) implements NetworkMethod {
    private static final double TOLERANCE = 1e-6; // of a single step
    private static final double COARSE = 1e-2; // of one whose length is searched

    public Ceu {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** Damping 1, at most 20 iterations, three steps. */
    public Ceu() {
        this(1, false, 20, 3);
    }

    @Override
    public void move(Removal removal) {
        move(removal, damping, asCoded, iterations, steps);
    }

    static void move(Removal removal, double damping, boolean asCoded, int iterations, int steps) {
        Influence.Solver solver =
                Influence.conjugateGradients(removal, steps > 0 && !asCoded ? COARSE : TOLERANCE, iterations);
        if (asCoded) {
            double[] step = stepAsCoded(removal, damping, solver);
            removal.leaves.set(Vectors.plus(removal.leaves.values(), 1, step));
        } else if (steps > 0) {
            Influence.calibrated(removal, damping, steps, solver);
        } else {
            Influence.single(removal, damping, solver);
        }
    }

    /** The step as coded: the erased examples with the events, and others drawn at random. */
    static double[] stepAsCoded(Removal removal, double damping, Influence.Solver solver) {
        double[] unlike =
                Vectors.plus(removal.meanGradient(removal.gone), -1, removal.meanGradient(removal.sample(8, "others")));
        return Influence.step(removal, Influence.mean(removal.sample(16, "repair")), damping, unlike, solver);
    }
}
