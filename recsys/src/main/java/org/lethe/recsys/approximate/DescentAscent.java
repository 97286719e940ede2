package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets by ascent on the forgotten pairs and descent on the retained ones at once.
 *
 * <p>Let g_f and g_r be the mean gradients of the forgotten and the retained pairs. The published form steps along
 * {@code (1 − w) g_f − w g_r}, with a bound on the step's length. Users report that both terms nearly cancel at first, or that
 * ascent takes all weight. By default, the component of g_f along g_r is removed where {@code g_f · g_r > 0}. What is left and
 * g_r are scaled to length 1, so that no step raises the retained loss to first order. A step moves the touched entries by
 * {@code learningRate} on average. Each pair ascends until it loses what
 * never-seen pairs lose, as in {@code neg-grad}. For LightGCN the propagated
 * tables move. Cost: {@code O(sampled pairs · dims)} a step.
 *
 * @param learningRate length of a step: root mean square over the entries of the touched rows
 * @param retainWeight weight w of the retained pairs, from 0 to 1
 * @param steps largest number of steps
 * @param sampleSize number of retained pairs drawn once for g_r; 0 for all
 * @param combine how the two gradients make a step
 * @param stop when ascent ends
 */
@Named("descent-ascent")
@Taxonomy(Branch.REVERSE)
public record DescentAscent(
        double learningRate, double retainWeight, int steps, int sampleSize, Combine combine, Stop stop)
        implements TableMethod {
    /** How two gradients make a step. */
    public enum Combine {
        /** Ascent without its component along the retained gradient, both of length 1. */
        PROJECT,
        /** The weighted difference, no longer than a step may be. */
        WEIGH
    }

    public DescentAscent {
        Check.require(
                learningRate > 0 && learningRate <= 1e3, "learningRate", learningRate, "above 0 and at most 1000");
        Check.require(retainWeight >= 0 && retainWeight <= 1, "retainWeight", retainWeight, "0 to 1");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(sampleSize >= 0, "sampleSize", sampleSize, "at least 0");
    }

    /** At most 300 projected steps of 0.01 with weight 0.3, 8,192 retained pairs. */
    public DescentAscent() {
        this(0.01, 0.3, 300, 8192, Combine.PROJECT, Stop.NEVER_SEEN);
    }

    @Override
    public double[] moved(Problem problem) {
        TripleLoss retained = problem.loss(problem.retained(problem.sample(sampleSize, "sample"), "retained"));
        int entries = 0;
        for (boolean row : problem.touched()) {
            entries += row ? problem.dims : 0;
        }
        double length = learningRate * Math.sqrt(entries);
        double[] theta = problem.theta.clone();
        for (int step = 0; step < steps && !stop.reached(problem, theta); step++) {
            TripleLoss gone = problem.loss(problem.gone(step));
            boolean[] rising = stop.rising(problem, theta);
            double share = 1.0 / gone.size();
            double[] forget = gone.gradient(theta, n -> rising[n] ? share : 0);
            double[] retain = Vectors.times(1.0 / Math.max(1, retained.size()), retained.gradient(theta));
            Vectors.add(theta, 1, step(forget, retain, length));
            problem.env.ledger().count("steps", 1);
        }
        return theta;
    }

    /** The step of two gradients. */
    double[] step(double[] forget, double[] retain, double length) {
        if (combine == Combine.WEIGH) {
            double[] step = Vectors.plus(Vectors.times(1 - retainWeight, forget), -retainWeight, retain);
            double norm = Vectors.norm(step);
            return norm > length ? Vectors.times(length / norm, step) : step;
        }
        double[] step = Vectors.times((1 - retainWeight) * length, unit(projected(forget, retain)));
        Vectors.add(step, -retainWeight * length, unit(retain));
        return step;
    }

    /** The ascent direction without what would raise the retained loss to first order. */
    static double[] projected(double[] forget, double[] retain) {
        double along = Vectors.dot(forget, retain);
        double squares = Vectors.dot(retain, retain);
        return along > 0 && squares > 0 ? Vectors.plus(forget, -along / squares, retain) : forget;
    }

    private static double[] unit(double[] a) {
        double norm = Vectors.norm(a);
        return norm > 0 ? Vectors.times(1 / norm, a) : a;
    }
}
