package org.lethe.recsys.approximate;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;

/**
 * Forgets by distillation from two teachers (E2URec), with tables in place of a language model.
 *
 * <p>The remembering teacher is the model itself, with scores z⁰. An augmented model, trained further on the forgotten
 * pairs, has z^a. The forgetting teacher has {@code z^t = z⁰ − α max(0, z^a − z⁰)}. The student starts at the model and
 * minimises {@code w [L_r + H(p⁰, p)] + (1 − w) H(p^t, p)}: the training loss of retained pairs, and cross-entropies between
 * softmaxes over a pair's item and four that the user never took. In the first tenth of the steps it minimises the last term
 * only. Each forgotten pair counts until it loses what never-seen pairs lose.
 *
 * <p>Departures: the paper moves adapters of a language model between the words for like and dislike. Here the rows of forgotten pairs
 * move, and others keep their bits. For LightGCN the propagated tables move. Cost: {@code O(sampled pairs · dims)} a step.
 *
 * @param retainWeight weight w of the retained pairs
 * @param alpha factor α of what further training adds
 * @param augmentSteps number of steps of Adam on the forgotten pairs that make the augmented model
 * @param steps largest number of steps of the student
 * @param learningRate learning rate of Adam
 * @param stop when distillation ends
 */
@Named("e2urec")
@Taxonomy(Branch.DISTILLATION)
public record E2uRec(double retainWeight, double alpha, int augmentSteps, int steps, double learningRate, Stop stop)
        implements TableMethod {
    private static final int CANDIDATES = 5;
    private static final int GROUPS = 256; // of retained pairs in a step

    public E2uRec {
        Check.require(retainWeight >= 0 && retainWeight <= 1, "retainWeight", retainWeight, "0 to 1");
        Check.require(alpha >= 0 && alpha <= 1e3, "alpha", alpha, "0 to 1000");
        Check.require(augmentSteps >= 0, "augmentSteps", augmentSteps, "at least 0");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** w = 0.6, α = 2, 50 steps of augmentation, at most 300 steps of 0.01. */
    public E2uRec() {
        this(0.6, 2, 50, 300, 0.01, Stop.NEVER_SEEN);
    }

    @Override
    public double[] moved(Problem problem) {
        boolean[] moving = problem.touched();
        double[] augmented = problem.theta.clone();
        Adam further = new Adam(augmented.length, learningRate);
        for (int step = 0; step < augmentSteps; step++) {
            further.step(
                    augmented,
                    problem.only(moving, problem.loss(problem.gone(step)).gradient(augmented)));
        }
        Triples kept = problem.witnesses(moving); // pairs of other rows are not concerned
        double[] theta = problem.theta.clone();
        Adam adam = new Adam(theta.length, learningRate);
        for (int step = 0; step < steps && !stop.reached(problem, theta); step++) {
            double[] g = forgetting(problem, augmented, theta, stop.rising(problem, theta), step);
            if (step >= steps / 10) {
                g = Vectors.plus(
                        Vectors.times(1 - retainWeight, g), retainWeight, remembering(problem, kept, theta, step));
            }
            adam.step(theta, problem.only(moving, g));
            problem.env.ledger().count("steps", 1);
        }
        return theta;
    }

    /** The gradient of the mean of {@code H(p^t, p)} over the forgotten pairs. */
    double[] forgetting(Problem problem, double[] augmented, double[] theta, boolean[] rising, int step) {
        Candidates asked = Candidates.of(problem.gone(step));
        double[] original = asked.scores(problem, problem.theta);
        double[] teacher = teacher(original, asked.scores(problem, augmented), alpha);
        double[] slopes = slopes(teacher, asked.scores(problem, theta));
        double[] g = new double[theta.length];
        double share = (double) CANDIDATES / slopes.length;
        Scores.back(
                theta,
                problem.dims,
                problem.users,
                asked.users,
                asked.items,
                n -> rising[n / CANDIDATES * (CANDIDATES - 1)] ? share * slopes[n] : 0,
                g);
        return g;
    }

    private double[] remembering(Problem problem, Triples kept, double[] theta, int step) {
        if (kept.size() == 0) {
            return new double[theta.length];
        }
        double each = 1.0 / kept.size();
        double[] g = problem.loss(kept).gradient(theta, n -> each);
        int from = Keyed.below(problem.random("remembered").at(step), Math.max(1, kept.size() - GROUPS));
        Triples some = kept.range(from, Math.min(kept.size(), from + GROUPS));
        Candidates asked = Candidates.of(some.withNegatives(
                CANDIDATES - 1, problem.left(), problem.random("remembered").of(step)));
        double[] slopes = slopes(asked.scores(problem, problem.theta), asked.scores(problem, theta));
        double share = (double) CANDIDATES / slopes.length;
        Scores.back(theta, problem.dims, problem.users, asked.users, asked.items, n -> share * slopes[n], g);
        return g;
    }

    /** z^t. */
    static double[] teacher(double[] original, double[] augmented, double alpha) {
        double[] teacher = original.clone();
        for (int n = 0; n < teacher.length; n++) {
            teacher[n] -= alpha * Math.max(0, augmented[n] - original[n]);
        }
        return teacher;
    }

    /** The gradient of the cross-entropies by the student's scores, group by group: softmax of the student less that of the teacher. */
    static double[] slopes(double[] teacher, double[] student) {
        double[] slopes = new double[student.length];
        for (int from = 0; from < slopes.length; from += CANDIDATES) {
            double[] p = softmax(student, from);
            double[] q = softmax(teacher, from);
            for (int n = 0; n < CANDIDATES; n++) {
                slopes[from + n] = p[n] - q[n];
            }
        }
        return slopes;
    }

    static double[] softmax(double[] scores, int from) {
        return Fanchuan.softmax(Arrays.copyOfRange(scores, from, from + CANDIDATES));
    }

    /** Groups of a pair and four items that its user never took. */
    private record Candidates(int[] users, int[] items) {
        static Candidates of(Triples samples) {
            int each = CANDIDATES - 1;
            int[] users = new int[samples.size() / each * CANDIDATES];
            int[] items = new int[users.length];
            for (int n = 0; n < users.length; n++) {
                int sample = n / CANDIDATES * each + Math.max(0, n % CANDIDATES - 1);
                users[n] = samples.users()[sample];
                items[n] = n % CANDIDATES == 0 ? samples.positives()[sample] : samples.negatives()[sample];
            }
            return new Candidates(users, items);
        }

        double[] scores(Problem problem, double[] theta) {
            return Scores.of(theta, problem.dims, problem.users, users, items);
        }
    }
}
