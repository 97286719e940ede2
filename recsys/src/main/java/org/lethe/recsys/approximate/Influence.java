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
        if (problem.graph.layers() > 0) {
            Vectors.add(v, 1, problem.loss(retained).gradient(problem.theta));
            Vectors.add(v, -1, problem.lossAfter(retained).gradient(problem.theta));
        }
        return v;
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

    /** Products with the Gauss-Newton Hessian of some samples at θ, over the graph after the request. */
    static UnaryOperator<double[]> after(Problem problem, Triples samples) {
        TripleLoss loss = problem.lossAfter(samples);
        return x -> loss.hessianTimes(problem.theta, x, true);
    }

    /** Products with the Gauss-Newton Hessian of all pairs at θ, over the graph before the request. */
    static UnaryOperator<double[]> before(Problem problem, Triples retained) {
        TripleLoss kept = problem.loss(retained);
        TripleLoss gone = problem.loss(problem.gone);
        return x -> Vectors.plus(
                kept.hessianTimes(problem.theta, x, true), 1, gone.hessianTimes(problem.theta, x, true));
    }

    static boolean[] all(Problem problem) {
        boolean[] all = new boolean[problem.rows()];
        Arrays.fill(all, true);
        return all;
    }
}
