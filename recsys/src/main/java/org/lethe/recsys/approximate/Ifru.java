package org.lethe.recsys.approximate;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Interactions;

/**
 * Forgets by influence on the loss and on the graph (IFRU).
 *
 * <p>{@code θ̂ = θ + (H + damping·I)⁻¹ v} with {@code v = Σ_f ∇ℓ(z; G) + Σ_r [∇ℓ(z; G) − ∇ℓ(z; G∖D_f)]}. The second sum is over
 * retained pairs whose score changes as edges go; it is 0 for a model without propagation. H is the Gauss-Newton Hessian of the
 * summed loss. With that of the remaining pairs, one step is exact for a quadratic loss; with that of all pairs, as published, it
 * is of first order. For LightGCN the tables before propagation move, and are propagated over the graph without the pairs.
 *
 * <p>Only important rows move. The importance of a node begins as its forgotten edges over its degree plus 1. Each hop then sums
 * that of a node and its neighbours over its degree plus 1.
 *
 * <p>Departures: the published code solves by Adam and stops by the score of the validation part. We use conjugate gradients and
 * stop by the residual, so that the request itself decides. One step, as published, hardly concerns pairs that the model knows by
 * heart, since their gradients are almost 0. By default there are more: in each, every forgotten pair that loses less than a
 * never-seen one counts alike, and the length is that at which a quarter of them reach it. Cost: about {@code 4 · dims} products a
 * pair, and as much for each layer, in each of the iterations of each step.
 *
 * @param damping damping added to the Hessian of the summed loss
 * @param pruning share of the nodes, the least important ones, that do not move; 0 moves all
 * @param hessian the pairs whose Hessian is used
 * @param tolerance residual at which conjugate gradients stop, as a share of the right side
 * @param iterations largest number of iterations of conjugate gradients
 * @param steps largest number of calibrated steps; 0 for the single step of the paper
 */
@Named("ifru")
@Taxonomy({Branch.INFLUENCE, Branch.GRAPH})
public record Ifru(double damping, double pruning, HessianOf hessian, double tolerance, int iterations, int steps)
        implements TableMethod {
    /** The pairs whose Hessian is used. */
    public enum HessianOf {
        /** The remaining pairs, over the remaining graph. */
        REMAINING,
        /** All pairs, over the graph before, as published. */
        ALL
    }

    public Ifru {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(pruning >= 0 && pruning < 1, "pruning", pruning, "0 up to, but not including, 1");
        Check.require(tolerance > 0 && tolerance < 1, "tolerance", tolerance, "above 0 and below 1");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** Damping 10, nine tenths of the nodes, the remaining pairs, a residual of 1e-6, at most 100 iterations, 20 steps. */
    public Ifru() {
        this(10, 0.1, HessianOf.REMAINING, 1e-6, 100, 20);
    }

    @Override
    public boolean overGraph() {
        return true;
    }

    @Override
    public double[] moved(Problem problem) {
        Triples retained = problem.retained();
        boolean[] moving = moving(problem);
        boolean ofAll = hessian == HessianOf.ALL;
        Influence.Direction direction = (theta, v) -> Influence.step(
                problem, v, Influence.hessian(problem, retained, theta, ofAll), damping, moving, tolerance, iterations);
        return steps > 0
                ? Influence.calibrated(problem, retained, steps, direction)
                : Vectors.plus(problem.theta, 1, direction.of(problem.theta, Influence.removed(problem, retained)));
    }

    /** The rows that move: those of an importance at or above the quantile of the pruning. */
    boolean[] moving(Problem problem) {
        double[] importance =
                importance(problem.data.train(), problem.forgotten.interactions(), Math.max(1, problem.graph.layers()));
        double[] sorted = importance.clone();
        Arrays.sort(sorted);
        double least = sorted[(int) (pruning * sorted.length)];
        boolean[] moving = new boolean[importance.length];
        for (int n = 0; n < moving.length; n++) {
            moving[n] = importance[n] >= least && (pruning == 0 || importance[n] > 0);
        }
        return moving;
    }

    /** The importance of each node for a request after some hops, users first. */
    static double[] importance(Interactions train, Interactions lost, int hops) {
        int users = train.users();
        double[] degree = new double[users + train.items()];
        double[] importance = new double[degree.length];
        for (int u = 0; u < users; u++) {
            degree[u] = train.degree(u);
            importance[u] = lost.degree(u);
            for (int k = train.from(u); k < train.to(u); k++) {
                degree[users + train.item(k)]++;
            }
            for (int k = lost.from(u); k < lost.to(u); k++) {
                importance[users + lost.item(k)]++;
            }
        }
        for (int n = 0; n < degree.length; n++) {
            importance[n] /= degree[n] + 1;
        }
        for (int hop = 0; hop < hops; hop++) {
            double[] next = importance.clone();
            for (int u = 0; u < users; u++) {
                for (int k = train.from(u); k < train.to(u); k++) {
                    int i = users + train.item(k);
                    next[u] += importance[i];
                    next[i] += importance[u];
                }
            }
            for (int n = 0; n < degree.length; n++) {
                next[n] /= degree[n] + 1;
            }
            importance = next;
        }
        return importance;
    }
}
