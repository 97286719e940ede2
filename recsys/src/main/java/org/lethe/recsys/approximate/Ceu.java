package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Named;

/**
 * Forgets edges by the step of certified edge removal, without its certificate (CEU; Wu et al. 2023, "Certified Edge Unlearning for
 * Graph Neural Networks").
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
 * @param calibrate whether the length of the step is set by never-seen pairs
 */
@Named("ceu")
public record Ceu(double damping, Ifru.HessianOf hessian, boolean asCoded, int iterations, boolean calibrate)
        implements TableMethod {
    public Ceu {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
    }

    /** Damping 1, the Hessian of what remains, at most 100 iterations. */
    public Ceu() {
        this(0.01, Ifru.HessianOf.REMAINING, false, 100, true);
    }

    @Override
    public boolean overGraph() {
        return true;
    }

    @Override
    public double[] moved(Problem problem) {
        double[] step = step(problem, damping, hessian, asCoded, iterations);
        return calibrate ? problem.nearestToNeverSeen(step) : Vectors.plus(problem.theta, 1, step);
    }

    static double[] step(
            Problem problem, double damping, Ifru.HessianOf hessian, boolean asCoded, int iterations) {
        Triples retained = problem.retained();
        double[] difference = asCoded ? unlike(problem) : Influence.removed(problem, retained);
        return Influence.step(
                problem,
                difference,
                hessian == Ifru.HessianOf.ALL
                        ? Influence.before(problem, retained)
                        : Influence.after(problem, retained),
                damping,
                Influence.all(problem),
                1e-6,
                iterations);
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
