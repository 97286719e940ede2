package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets edges by the step of certified edge removal, without its certificate (CEU).
 *
 * <p>{@code θ̂ = θ + (H + damping·I)⁻¹ Δ}. Δ is the sum of {@code ∇ℓ(x; G) − ∇ℓ(x; G∖E_f)} over the same retained pairs x, plus the
 * gradient of the forgotten pairs, which are samples as well as edges here. With the Hessian after the request, the step is exact
 * for a quadratic loss; with that before it, it is of first order. All rows move.
 *
 * <p>The form that the benchmark ERASE runs takes the second sum over other pairs, drawn at random, which is no difference of the
 * same terms; {@code as-coded} is this form. The paper's certificate needs a linear model trained under a random linear term. The
 * models here are neither, so nothing is certified. For LightGCN the tables before propagation move. Cost: as {@code ifru}.
 *
 * @param damping damping added to the Hessian of the summed loss
 * @param hessian the pairs whose Hessian is used
 * @param asCoded whether the second sum is over other pairs
 * @param iterations largest number of iterations of conjugate gradients, which stop at a residual of 1e-6
 * @param steps largest number of calibrated steps, as in {@code ifru}; 0 for the single step of the paper; unused as coded
 */
@Named("ceu")
@Taxonomy({Branch.INFLUENCE, Branch.GRAPH})
public record Ceu(double damping, Ifru.HessianOf hessian, boolean asCoded, int iterations, int steps)
        implements TableMethod {
    public Ceu {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** Damping 10, the Hessian of what remains, at most 100 iterations, 20 steps. */
    public Ceu() {
        this(10, Ifru.HessianOf.REMAINING, false, 100, 20);
    }

    @Override
    public boolean overGraph() {
        return true;
    }

    @Override
    public double[] moved(Problem problem) {
        return moved(problem, damping, hessian, asCoded, iterations, steps);
    }

    static double[] moved(
            Problem problem, double damping, Ifru.HessianOf hessian, boolean asCoded, int iterations, int steps) {
        Triples retained = problem.retained();
        boolean[] all = Influence.all(problem);
        boolean ofAll = hessian == Ifru.HessianOf.ALL;
        Influence.Direction direction = (theta, v) -> Influence.step(
                problem, v, Influence.hessian(problem, retained, theta, ofAll), damping, all, 1e-6, iterations);
        if (steps > 0 && !asCoded) {
            return Influence.calibrated(problem, retained, steps, direction);
        }
        double[] difference = asCoded ? unlike(problem) : Influence.removed(problem, retained);
        return Vectors.plus(problem.theta, 1, direction.of(problem.theta, difference));
    }

    /** The difference as coded: the forgotten pairs over one graph, as many other pairs over the other. */
    private static double[] unlike(Problem problem) {
        Triples others = problem.retained(problem.sample(problem.requested(), "others"), "others");
        return Vectors.plus(
                problem.loss(problem.gone).gradient(problem.theta),
                -1,
                problem.lossAfter(others).gradient(problem.theta));
    }
}
