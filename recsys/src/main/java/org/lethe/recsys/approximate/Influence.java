package org.lethe.recsys.approximate;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.lethe.recsys.approximate.Vectors.Solution;

/** The step that removing samples makes: {@code (H + damping·I)⁻¹ v}, for methods that differ in v, H and the rows that move. */
final class Influence {
    private Influence() {}

    /**
     * What the forgotten pairs leave of the gradient: that of the loss of all pairs over the graph with them, less that of the
     * retained pairs over the graph without. Without propagation it is the gradient of the forgotten pairs alone.
     */
    static double[] removed(Problem problem, Triples retained) {
        double[] v = problem.loss(problem.gone).gradient(problem.theta);
        ofEdges(problem, retained, v);
        return v;
    }

    private static void ofEdges(Problem problem, Triples retained, double[] v) {
        if (problem.graph.layers() > 0) {
            Vectors.add(v, 1, problem.loss(retained).gradient(problem.theta));
            Vectors.add(v, -1, problem.lossAfter(retained).gradient(problem.theta));
        }
    }

    /** The direction in which a step moves, from where it begins and what is removed. */
    @FunctionalInterface
    interface Direction {
        double[] of(double[] theta, double[] v);
    }

    /**
     * Steps until the forgotten pairs lose what never-seen pairs lose. A pair that the model knows by heart has hardly a
     * gradient, so that one step of influence hardly concerns it. Here every pair that still loses too little counts alike:
     * its gradient is divided by the slope of its loss. Each step begins anew where the last one ended, and is as long as it
     * takes for a quarter of those pairs. The first also takes back what edges of forgotten pairs did to retained ones.
     */
    static double[] calibrated(Problem problem, Triples retained, int steps, Direction direction) {
        double[] theta = problem.theta;
        for (int k = 0; k < steps && !problem.forgotten(theta); k++) {
            TripleLoss gone = problem.loss(problem.gone(k));
            boolean[] below = problem.below(theta);
            double[] slopes = gone.slopes(theta);
            double share = problem.requested() / (double) gone.size();
            double[] v = gone.gradient(theta, n -> below[n] ? share / Math.max(slopes[n], 1e-9) : 0);
            if (k == 0) {
                ofEdges(problem, retained, v);
            }
            double[] step = direction.of(theta, v);
            double length = problem.lengthOf(theta, step);
            if (length == 0) {
                break;
            }
            theta = Vectors.plus(theta, length, step);
            problem.env.ledger().count("steps", 1);
        }
        return theta;
    }

    /** Solves by conjugate gradients on the marked rows, all others fixed. */
    static double[] step(
            Problem problem,
            double[] v,
            UnaryOperator<double[]> hessian,
            double damping,
            boolean[] moving,
            double tolerance,
            int most) {
        Solution solution = Vectors.conjugateGradients(
                x -> Vectors.plus(problem.only(moving, hessian.apply(x)), damping, x),
                problem.only(moving, v),
                tolerance,
                most);
        problem.env.ledger().count("hessian-products", solution.steps());
        return solution.x();
    }

    /** Products with the Gauss-Newton Hessian at θ of the remaining pairs over the remaining graph, or of all over that before. */
    static UnaryOperator<double[]> hessian(Problem problem, Triples retained, double[] theta, boolean ofAll) {
        if (!ofAll) {
            TripleLoss kept = problem.lossAfter(retained);
            return x -> kept.hessianTimes(theta, x, true);
        }
        TripleLoss kept = problem.loss(retained);
        TripleLoss gone = problem.loss(problem.gone);
        return x -> Vectors.plus(kept.hessianTimes(theta, x, true), 1, gone.hessianTimes(theta, x, true));
    }

    static boolean[] all(Problem problem) {
        boolean[] all = new boolean[problem.rows()];
        Arrays.fill(all, true);
        return all;
    }
}
