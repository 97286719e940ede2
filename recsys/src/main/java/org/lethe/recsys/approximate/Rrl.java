package org.lethe.recsys.approximate;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Interactions;

/**
 * Forgets by reverse learning of rankings: forgotten items are trained below items that their users never took, under an elastic
 * penalty (RRL, recommendation reverse learning).
 *
 * <p>Minimises {@code −Σ_f Σ_j ω_ui log σ(s_uj − s_ui) + μ Σ_x F_x ‖θ_x − θ⁰_x‖²} by Adam. Four items j are drawn for each
 * pair in every step. The weight {@code ω = 1/log₂(1 + rank)} falls with the present rank of the item among those that the
 * user does not keep. F is the diagonal of the empirical Fisher information over the retained pairs, as a sum over each row,
 * scaled to mean 1 over the rows that have any: rows on which the retained pairs depend most move least. Each pair is
 * reversed until it loses what never-seen pairs lose, as in {@code neg-grad}; without this stop, forgotten items sink below
 * items never seen, which tells them apart as well.
 *
 * <p>A reconstruction from the abstract, which has no formula for ω and F. For LightGCN the propagated tables move. Cost:
 * {@code O(forgotten pairs · dims)} a step, one pass over the retained pairs, and a ranking for each touched user.
 *
 * @param learningRate learning rate of Adam
 * @param steps largest number of steps
 * @param penalty weight μ of the elastic penalty
 * @param stop when reverse learning ends
 */
@Named("rrl")
@Taxonomy(Branch.REVERSE)
public record Rrl(double learningRate, int steps, double penalty, Stop stop) implements TableMethod {
    public Rrl {
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(penalty >= 0 && penalty <= 1e12, "penalty", penalty, "0 to 1e12");
    }

    /** At most 200 steps of 0.005, μ = 1. */
    public Rrl() {
        this(0.005, 200, 1, Stop.NEVER_SEEN);
    }

    @Override
    public double[] moved(Problem problem) {
        Interactions lost = problem.forgotten.interactions();
        double[] weights = weights(problem, lost);
        double[] fisher = fisher(problem.loss(problem.retained()), problem.theta, problem.rows());
        double[] theta = problem.theta.clone();
        Adam adam = new Adam(theta.length, learningRate);
        for (int step = 0; step < steps && !stop.reached(problem, theta); step++) {
            TripleLoss reverse = reversed(problem, problem.gone(step));
            boolean[] rising = stop.rising(problem, theta);
            double[] g = reverse.gradient(theta, n -> rising[n] ? weights[n * weights.length / rising.length] : 0);
            for (int n = 0; n < g.length; n++) {
                // where the penalty is steep, a step of Adam would overshoot: its gradient is bounded by the pull back
                // to θ⁰
                g[n] += 2 * penalty * fisher[n / problem.dims] * (theta[n] - problem.theta[n]);
            }
            adam.step(theta, g, n -> 1 / (1 + penalty * fisher[n / problem.dims]));
            problem.env.ledger().count("steps", 1);
        }
        return theta;
    }

    /** The pairwise loss with both items of each sample in each other's place. */
    static TripleLoss reversed(Problem problem, Triples forward) {
        Triples reversed = new Triples(
                forward.users(), /* positives= */ forward.negatives(), /* negatives= */ forward.positives());
        return new TripleLoss(Loss.PAIRWISE, reversed, problem.dims, problem.users, problem.graph);
    }

    /** ω of each forgotten pair. */
    static double[] weights(Problem problem, Interactions lost) {
        double[] weights = new double[lost.size()];
        float[] scores = new float[problem.items];
        for (int u = 0; u < problem.users; u++) {
            if (lost.degree(u) == 0) {
                continue;
            }
            problem.before.scores(u, scores);
            for (int k = lost.from(u); k < lost.to(u); k++) {
                int rank = 1;
                for (int i = 0; i < scores.length; i++) {
                    rank += scores[i] > scores[lost.item(k)] && !problem.left().contains(u, i) ? 1 : 0;
                }
                weights[k] = StrictMath.log(2) / StrictMath.log(1 + rank);
            }
        }
        return weights;
    }

    /** F of each row: the sum of its entries' mean squared gradients, as a share of the mean over rows that have any. */
    static double[] fisher(TripleLoss retained, double[] theta, int rows) {
        double[] squares = retained.squaredGradients(theta);
        double[] fisher = new double[rows];
        for (int n = 0; n < squares.length; n++) {
            fisher[n / retained.dims()] += squares[n] / Math.max(1, retained.size());
        }
        double mean = Arrays.stream(fisher).filter(f -> f > 0).average().orElse(1);
        return Arrays.stream(fisher).map(f -> f / mean).toArray();
    }
}
