package org.lethe.recsys.approximate;

import java.util.Optional;
import java.util.function.UnaryOperator;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets by influence in the neighbourhood of the request (GIF).
 *
 * <p>{@code θ̂ = θ + H⁻¹ v} with v as in {@code ifru}, and H the Gauss-Newton Hessian of the summed loss of the retained pairs, with
 * damping. Rows at most {@code hops} edges from a forgotten pair move. The series {@code h ← v + h − H h / scale} converges to the
 * same if the scale is above the largest eigenvalue; five steps, the published number, are too few. A smaller scale is refused.
 *
 * <p>The form that the benchmark ERASE runs has scale 100,000, 100 iterations, and adds h without dividing by the scale. Its
 * result is about 101 v, a large step of plain ascent, before fine-tuning; {@code as-coded} is this form, for comparison. For
 * LightGCN the tables before propagation move. Cost: as {@code ifru}.
 *
 * @param solver how the linear system is solved
 * @param damping damping added to the Hessian of the summed loss; unused as coded
 * @param scale scale of the series; 0 for the largest eigenvalue, estimated, and half more
 * @param iterations largest number of products with the Hessian
 * @param tolerance residual at which conjugate gradients stop, as a share of the right side
 * @param hops distance in edges from the forgotten pairs up to which rows move
 * @param steps largest number of calibrated steps, as in {@code ifru}; 0 for the single step of the paper; unused as coded
 */
@Named("gif")
@Taxonomy({Branch.INFLUENCE, Branch.GRAPH})
public record Gif(Solver solver, double damping, double scale, int iterations, double tolerance, int hops, int steps)
        implements TableMethod {
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
        Check.require(hops >= 0 && hops <= 10, "hops", hops, "0 to 10");
    }

    /** Conjugate gradients with damping 10 to a residual of 1e-6, two hops, 20 steps. */
    public Gif() {
        this(Solver.CONJUGATE_GRADIENTS, 10, 0, 100, 1e-6, 2, 20);
    }

    @Override
    public boolean overGraph() {
        return true;
    }

    @Override
    public double[] moved(Problem problem) {
        Triples retained = problem.retained();
        double[] v = Influence.removed(problem, retained);
        boolean[] moving = new Graph(problem.data.train(), 0).near(problem.touched(), hops);
        if (solver == Solver.AS_CODED) {
            double n = problem.requested();
            UnaryOperator<double[]> hessian = Influence.hessian(problem, retained, problem.theta, false);
            UnaryOperator<double[]> mean =
                    x -> Vectors.times(1 / (double) Math.max(1, retained.size()), hessian.apply(x));
            double[] theta = Vectors.plus(problem.theta, 1, asCoded(mean, Vectors.times(1 / n, v)));
            new Repair(1, 1e-3).tune(problem, theta, problem.sample(problem.repairSize(16), "repair-sample"));
            return theta;
        }
        Influence.Direction direction = (theta, right) -> {
            UnaryOperator<double[]> hessian = Influence.hessian(problem, retained, theta, false);
            return solver == Solver.SERIES
                    ? series(
                            x -> Vectors.plus(problem.only(moving, hessian.apply(x)), damping, x),
                            problem.only(moving, right),
                            scale,
                            iterations)
                    : Influence.step(problem, right, hessian, damping, moving, tolerance, iterations);
        };
        return steps > 0
                ? Influence.calibrated(problem, retained, steps, direction)
                : Vectors.plus(problem.theta, 1, direction.of(problem.theta, v));
    }

    /** The series at a scale that makes it converge; a smaller one is refused. */
    public static double[] series(UnaryOperator<double[]> a, double[] v, double scale, int iterations) {
        double largest = Vectors.largestEigenvalue(a, v, 10);
        double used = scale == 0 ? 1.5 * largest : scale; // the estimate is never above it
        Optional<double[]> h = used < largest ? Optional.empty() : Vectors.series(a, v, used, iterations);
        if (h.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    "gif.scale is " + used + ", expected more than the largest eigenvalue of the Hessian, about "
                            + largest);
        }
        return h.get();
    }

    /** The series of ERASE, with its scale and its number of iterations, not divided by the scale. */
    public static double[] asCoded(UnaryOperator<double[]> a, double[] v) {
        return Vectors.times(1e5, Vectors.series(a, v, 1e5, 100).orElse(v));
    }
}
