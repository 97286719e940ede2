package org.lethe.recsys.neural.forget;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.approximate.Vectors;

/**
 * Forgets by influence, of the erased events and of what they did to the examples after them (GIF; Wu et al. 2023, "GIF: A General
 * Graph Unlearning Strategy via Influence Function", as ERASE uses it for sessions).
 *
 * <p>{@code θ̂ = θ + (H + damping·I)⁻¹ v}. v is the summed gradient of the examples that contain an erased event, less that of the same
 * examples without it; H is the Gauss-Newton Hessian of the summed loss of the retained examples, from a sample that stands for them. The
 * series {@code h ← v + h − H h / scale} converges to the same if the scale is above the largest eigenvalue. A smaller one is refused.
 *
 * <p>Calibrated steps move the rows of items in erased examples alone, the others stand; their length is searched, so that a coarse
 * solution gives the same. The single step moves all weights.
 *
 * <p>The form that the benchmark ERASE runs has scale 100,000, 100 iterations, and adds h without dividing by the scale. Its
 * result is about 101 times the mean gradient, a large step of plain ascent, before fine-tuning; for recurrent models exactly so.
 * {@code as-coded} is this form. Cost: iterations times steps times {@code O(examples · items · width)}.
 *
 * @param solver how the linear system is solved
 * @param damping damping added to the Hessian of the summed loss; unused as coded
 * @param scale scale of the series; 0 for the largest eigenvalue, estimated, and half more
 * @param iterations largest number of products with the Hessian
 * @param tolerance residual at which conjugate gradients stop, as a share of the right side; a single step may need less
 * @param steps number of calibrated steps, until erased examples lose what a model would that never
 *     saw them; 0 for the single step of the paper;
 *     unused as coded
 */
@Named("gif")
@Taxonomy({Branch.INFLUENCE, Branch.SEQUENCE})
public record Gif(Solver solver, double damping, double scale, int iterations, double tolerance, int steps)
        implements NetworkMethod {
    /** How the linear system is solved. */
    public enum Solver {
        /** Conjugate gradients. */
        CONJUGATE_GRADIENTS,
        /** The scaled series. */
        SERIES,
        /** The series with scale 100,000 that is not divided by it, then fine-tuning. */
        AS_CODED
    }

    public Gif {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(scale >= 0 && scale <= 1e12, "scale", scale, "0 to 1e12");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(tolerance > 0 && tolerance < 1, "tolerance", tolerance, "above 0 and below 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** Conjugate gradients with damping 1, at most 20 products to a residual of 0.01, three steps. */
    public Gif() {
        this(Solver.CONJUGATE_GRADIENTS, 1, 0, 20, 1e-2, 3);
    }

    @Override
    public void move(Removal removal) {
        if (solver == Solver.AS_CODED) {
            asCoded(removal);
            return;
        }
        Influence.Solver solved = solver == Solver.SERIES
                ? (a, v) -> org.lethe.recsys.approximate.Gif.series(a, v, scale, iterations)
                : Influence.conjugateGradients(removal, tolerance, iterations);
        if (steps > 0) {
            Influence.calibrated(removal, damping, steps, solved);
        } else {
            Influence.single(removal, damping, solved);
        }
    }

    private static void asCoded(Removal removal) {
        List<Prefix> sample = removal.sample(16, "repair");
        double[] v = Vectors.times(1.0 / removal.gone.size(), Influence.removed(removal));
        try (var _ = new PointerScope()) {
            Curvature hessian = new Curvature(removal, Influence.mean(sample));
            double[] step = org.lethe.recsys.approximate.Gif.asCoded(hessian, v);
            removal.leaves.set(Vectors.plus(removal.leaves.values(), 1, step));
        }
        new Tuning(removal, 1e-3).epochs(1, sample);
    }
}
