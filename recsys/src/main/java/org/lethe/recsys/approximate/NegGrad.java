package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets by gradient ascent on the forgotten pairs: {@code θ ← θ + η ∇L_f(θ)} (NegGrad).
 *
 * <p>L_f is the summed loss of the forgotten pairs, a mean over four negatives each, drawn afresh for every step. The
 * published form makes all steps, and its loss has no bound: pairs that are forgotten already have the largest gradients. By
 * default, each pair ascends until it loses what never-seen pairs lose at the same quantile: those of the validation part,
 * or rows of zeros for users and items with nothing left. Ascent ends when a twentieth of the difference is left. Nothing
 * protects the retained pairs. Rows that are in no forgotten pair and no draw keep their bits. For LightGCN the propagated
 * tables move. Cost: {@code O(forgotten pairs · dims)} a step.
 *
 * @param learningRate length of a step per unit of the gradient
 * @param steps largest number of steps
 * @param stop when ascent ends
 */
@Named("neg-grad")
@Taxonomy(Branch.REVERSE)
public record NegGrad(double learningRate, int steps, Stop stop) implements TableMethod {
    public NegGrad {
        Check.require(
                learningRate > 0 && learningRate <= 1e3, "learningRate", learningRate, "above 0 and at most 1000");
        Check.require(steps >= 1, "steps", steps, "at least 1");
    }

    /** At most 500 steps of 0.02, with the stop. */
    public NegGrad() {
        this(0.02, 500, Stop.NEVER_SEEN);
    }

    @Override
    public double[] moved(Problem problem) {
        double[] theta = problem.theta.clone();
        for (int step = 0; step < steps && !stop.reached(problem, theta); step++) {
            boolean[] rising = stop.rising(problem, theta);
            TripleLoss gone = problem.loss(problem.gone(step));
            double share = problem.requested() / (double) gone.size();
            Vectors.add(theta, learningRate, gone.gradient(theta, n -> rising[n] ? share : 0));
            problem.env.ledger().count("steps", 1);
        }
        return theta;
    }
}
