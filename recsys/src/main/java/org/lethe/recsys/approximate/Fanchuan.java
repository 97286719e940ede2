package org.lethe.recsys.approximate;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;

/**
 * Forgets by moving predictions to a neutral distribution, then contrast and fine-tuning in turn (Fanchuan, one of the
 * seven algorithms of ERASE).
 *
 * <p>First, Adam on {@code KL(q ‖ softmax(s_u))} for every user of a forgotten pair. By default the softmax is over the items that the user
 * does not keep, q is their popularity in the retained data, and steps go on until the forgotten pairs lose what never-seen pairs lose:
 * a model trained without a pair knows how popular the item is. Then, in each round, a step on
 * {@code −mean_j log softmax_j(f · r_j / 1.15)} for the rows f of those users against the rows r of 16 others, and an epoch of
 * fine-tuning. The rows r stay still. Fine-tuning takes the retained pairs of those users and a sample of others.
 *
 * <p>The form that ERASE runs has q uniform over all items and one step, too small to forget anything; averages the contrast over all j,
 * whose minimum is at equal distance to everyone; and moves the retained rows too. {@code uniform} is this form. For LightGCN the
 * propagated tables move. Cost: the scores of all items for each touched user and step, and fine-tuning.
 *
 * @param target the distribution q
 * @param steps largest number of steps to it; 1 if uniform
 * @param rounds number of rounds of contrast and fine-tuning
 * @param learningRate learning rate of Adam
 */
@Named("fanchuan")
@Taxonomy(Branch.REPAIR)
public record Fanchuan(Target target, int steps, int rounds, double learningRate) implements TableMethod {
    private static final double TEMPERATURE = 1.15;
    private static final int ANCHORS = 16;

    /** The distribution to which predictions move. */
    public enum Target {
        /** The popularity in the retained data of the items that a user does not keep. */
        POPULARITY,
        /** Equal shares of all items, as coded. */
        UNIFORM
    }

    public Fanchuan {
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(rounds >= 0, "rounds", rounds, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** At most 100 steps of 0.02 to the popularity, eight rounds. */
    public Fanchuan() {
        this(Target.POPULARITY, 100, 8, 2e-2);
    }

    @Override
    public double[] moved(Problem problem) {
        Interactions lost = problem.forgotten.interactions();
        double[] theta = problem.theta.clone();
        neutral(problem, theta, target == Target.UNIFORM ? Math.min(1, steps) : steps);
        Interactions some = problem.sample(problem.repairSize(16), "repair-sample");
        Interactions tuned = target == Target.UNIFORM
                ? some
                : problem.left().where((u, i) -> lost.degree(u) > 0 || some.contains(u, i));
        // smaller steps than before: contrast and repair must not undo what was forgotten
        Repair repair = new Repair(1, learningRate / 10);
        Adam contrast = new Adam(theta.length, learningRate / 10);
        Adam tuning = new Adam(theta.length, learningRate / 10);
        for (int round = 0; round < rounds; round++) {
            contrast.step(
                    theta, contrast(problem, theta, problem.random("anchors").of(round)));
            repair.epoch(problem, theta, tuned, (u, i) -> false, 1, row -> 1, tuning, round);
        }
        return theta;
    }

    private void neutral(Problem problem, double[] theta, int most) {
        Interactions lost = problem.forgotten.interactions();
        Adam adam = new Adam(theta.length, learningRate);
        for (int step = 0; step < most && !(target == Target.POPULARITY && problem.forgotten(theta)); step++) {
            double[] g = new double[theta.length];
            for (int u = 0; u < problem.users; u++) {
                if (lost.degree(u) > 0) {
                    addNeutral(problem, theta, u, g);
                }
            }
            adam.step(theta, g);
            problem.env.ledger().count("steps", 1);
        }
    }

    /** Adds the gradient of a user's divergence from the target. */
    private void addNeutral(Problem problem, double[] theta, int user, double[] g) {
        int dims = problem.dims;
        int[] items = among(problem, user);
        double[] scores = new double[items.length];
        for (int n = 0; n < items.length; n++) {
            for (int d = 0; d < dims; d++) {
                scores[n] += theta[user * dims + d] * theta[(problem.users + items[n]) * dims + d];
            }
        }
        double[] slope = divergenceGradient(target(problem, items), scores);
        for (int n = 0; n < items.length; n++) {
            int q = (problem.users + items[n]) * dims;
            for (int d = 0; d < dims; d++) {
                g[user * dims + d] += slope[n] * theta[q + d];
                g[q + d] += slope[n] * theta[user * dims + d];
            }
        }
    }

    private int[] among(Problem problem, int user) {
        int[] items = new int[problem.items];
        int count = 0;
        for (int i = 0; i < items.length; i++) {
            if (target == Target.UNIFORM || !problem.left().contains(user, i)) {
                items[count++] = i;
            }
        }
        return Arrays.copyOf(items, count);
    }

    private double[] target(Problem problem, int[] items) {
        double[] q = new double[items.length];
        int[] starts = problem.left().byItem().starts();
        double sum = 0;
        for (int n = 0; n < items.length; n++) {
            q[n] = target == Target.UNIFORM ? 1 : 0.5 + starts[items[n] + 1] - starts[items[n]];
            sum += q[n];
        }
        double whole = sum;
        return Arrays.stream(q).map(x -> x / whole).toArray();
    }

    /** {@code KL(q ‖ softmax(s))}. */
    static double divergence(double[] q, double[] scores) {
        double[] p = softmax(scores);
        double sum = 0;
        for (int n = 0; n < q.length; n++) {
            sum += q[n] > 0 ? q[n] * StrictMath.log(q[n] / p[n]) : 0;
        }
        return sum;
    }

    /** Its gradient by the scores: {@code softmax(s) − q}. */
    static double[] divergenceGradient(double[] q, double[] scores) {
        return Vectors.plus(softmax(scores), -1, q);
    }

    static double[] softmax(double[] scores) {
        double most = Arrays.stream(scores).max().orElse(0);
        double[] p = Arrays.stream(scores).map(s -> StrictMath.exp(s - most)).toArray();
        return Vectors.times(1 / Arrays.stream(p).sum(), p);
    }

    private double[] contrast(Problem problem, double[] theta, Keyed random) {
        int dims = problem.dims;
        Interactions lost = problem.forgotten.interactions();
        int[] others = Problem.order(problem.users, random);
        int[] anchors = Arrays.stream(others)
                .filter(u -> lost.degree(u) == 0 && problem.left().degree(u) > 0)
                .limit(ANCHORS)
                .toArray();
        double[] g = new double[theta.length];
        if (anchors.length == 0) {
            return g;
        }
        double[][] r = Arrays.stream(anchors)
                .mapToObj(u -> Arrays.copyOfRange(theta, u * dims, (u + 1) * dims))
                .toArray(double[][]::new);
        for (int u = 0; u < problem.users; u++) {
            if (lost.degree(u) > 0) {
                double[] f = Arrays.copyOfRange(theta, u * dims, (u + 1) * dims);
                double[] slopes = contrastSlopes(f, r);
                for (int j = 0; j < r.length; j++) {
                    for (int d = 0; d < dims; d++) {
                        g[u * dims + d] += slopes[j] * r[j][d];
                        if (target == Target.UNIFORM) {
                            g[anchors[j] * dims + d] += slopes[j] * f[d];
                        }
                    }
                }
            }
        }
        return g;
    }

    /** {@code −mean_j log softmax_j(f · r_j / 1.15)}; ln of the number of rows is its minimum. */
    static double contrastLoss(double[] f, double[][] r) {
        double[] p = softmax(products(f, r));
        return -Arrays.stream(p).map(StrictMath::log).average().orElse(0);
    }

    /** Its gradient by f. */
    static double[] contrastGradient(double[] f, double[][] r) {
        double[] slopes = contrastSlopes(f, r);
        double[] g = new double[f.length];
        for (int j = 0; j < r.length; j++) {
            Vectors.add(g, slopes[j], r[j]);
        }
        return g;
    }

    private static double[] contrastSlopes(double[] f, double[][] r) {
        double[] p = softmax(products(f, r));
        return Arrays.stream(p).map(x -> (x - 1.0 / p.length) / TEMPERATURE).toArray();
    }

    private static double[] products(double[] f, double[][] r) {
        return Arrays.stream(r)
                .mapToDouble(row -> Vectors.dot(f, row) / TEMPERATURE)
                .toArray();
    }
}
