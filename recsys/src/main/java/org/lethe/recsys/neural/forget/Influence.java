package org.lethe.recsys.neural.forget;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.recsys.approximate.Vectors;
import org.lethe.recsys.approximate.Vectors.Solution;
import org.lethe.recsys.neural.forget.Removal.Weighted;

/** The step that removing examples makes, {@code (H + damping·I)⁻¹ v}, for methods that differ in v and in how they solve. */
final class Influence {
    private static final int NEAR = 256; // examples of the Hessian that read or lead to a touched item
    private static final int FAR = 128;

    private Influence() {}

    /**
     * What the erased events leave of the gradient of the summed loss: that of the examples that contain them, less that of the
     * same examples without them.
     */
    static double[] removed(Removal removal) {
        return Vectors.plus(removal.gradient(removal.gone, 1), -1, removal.gradient(removal.mended, 1));
    }

    /** A sample that stands for all retained examples in the Hessian of the summed loss. */
    static Weighted sample(Removal removal) {
        return removal.representative(NEAR, FAR);
    }

    /** A solver of {@code A x = v}. */
    @FunctionalInterface
    interface Solver {
        double[] of(UnaryOperator<double[]> a, double[] v);
    }

    /** Conjugate gradients to this residual, so many products at most, which the ledger counts. */
    static Solver conjugateGradients(Removal removal, double tolerance, int most) {
        return (a, v) -> {
            Solution solution = Vectors.conjugateGradients(a, v, tolerance, most);
            removal.env.ledger().count("hessian-products", solution.steps());
            return solution.x();
        };
    }

    /** The step at the weights as they are now, with the Hessian of a weighted sum of losses. */
    static double[] step(Removal removal, Weighted sample, double damping, double[] v, Solver solver) {
        boolean[] all = new boolean[v.length];
        Arrays.fill(all, true);
        return step(removal, sample, damping, all, v, solver);
    }

    /** The same among marked entries, all others fixed. */
    private static double[] step(
            Removal removal, Weighted sample, double damping, boolean[] marked, double[] v, Solver solver) {
        try (var _ = new PointerScope()) {
            Curvature hessian = new Curvature(removal, sample);
            return solver.of(x -> Vectors.plus(only(marked, hessian.apply(x)), damping, x), only(marked, v));
        }
    }

    private static double[] only(boolean[] marked, double[] vector) {
        double[] only = new double[vector.length];
        for (int n = 0; n < only.length; n++) {
            only[n] = marked[n] ? vector[n] : 0;
        }
        return only;
    }

    /** Adds the single step of the paper to the weights. */
    static void single(Removal removal, double damping, Solver solver) {
        double[] step = step(removal, sample(removal), damping, removed(removal), solver);
        removal.leaves.set(Vectors.plus(removal.leaves.values(), 1, step));
    }

    /**
     * Steps until what must not be known loses, on average, what a model would lose that never saw it. An example that the model
     * knows by heart has hardly a gradient, so that one step of influence hardly concerns it. Here every one that still loses too
     * little counts alike: its gradient is divided by 1 − p, which makes it that of its log odds. Each step begins where the last
     * one ended and closes an equal part of the gap. The first also takes back what erased events did to the examples that followed
     * them. Only rows of items in erased examples move.
     */
    static void calibrated(Removal removal, double damping, int steps, Solver solver) {
        double[] wanted = removal.neverSeen(removal.unknown);
        boolean[] touched = removal.touchedRows();
        Weighted sample = sample(removal);
        for (int k = 0; k < steps; k++) {
            double[] losses = removal.losses(removal.unknown);
            int[] below = IntStream.range(0, losses.length)
                    .filter(n -> losses[n] < wanted[n])
                    .toArray();
            double missing = Arrays.stream(wanted).sum() - Arrays.stream(losses).sum();
            if (below.length == 0 || missing <= 0) {
                break;
            }
            List<Prefix> known =
                    Arrays.stream(below).mapToObj(removal.unknown::get).toList();
            double[] odds = Arrays.stream(below)
                    .mapToDouble(n -> 1 / Math.max(1e-6, -Math.expm1(-losses[n])))
                    .toArray();
            double[] v = removal.gradient(known, odds);
            if (k == 0) {
                Vectors.add(v, -1, removal.gradient(removal.mended, 1));
            }
            double gap = missing / below.length; // others may lose more than wanted
            double[] step = step(removal, sample, damping, touched, v, solver);
            double[] theta = removal.leaves.values();
            double length = length(removal, known, theta, step, mean(removal, known) + gap / (steps - k));
            removal.leaves.set(Vectors.plus(theta, length, step));
            removal.env.ledger().count("steps", 1);
        }
    }

    /** How far along a step some examples lose so much on average; 0 where they never do. */
    private static double length(Removal removal, List<Prefix> known, double[] theta, double[] step, double wanted) {
        double low = 0;
        double high = 1;
        int doublings = 0;
        while (lost(removal, known, theta, step, high) < wanted) {
            low = high;
            high *= 2;
            if (++doublings == 40) {
                return 0;
            }
        }
        for (int halving = 0; halving < 10; halving++) {
            double middle = (low + high) / 2;
            if (lost(removal, known, theta, step, middle) < wanted) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    private static double lost(Removal removal, List<Prefix> known, double[] theta, double[] step, double length) {
        removal.leaves.set(Vectors.plus(theta, length, step));
        return mean(removal, known);
    }

    private static double mean(Removal removal, List<Prefix> known) {
        return Arrays.stream(removal.losses(known)).average().orElseThrow();
    }

    /** A sample of which each example counts alike, and all together once. */
    static Weighted mean(List<Prefix> prefixes) {
        double[] weights = new double[prefixes.size()];
        Arrays.fill(weights, 1.0 / weights.length);
        return new Weighted(prefixes, weights);
    }
}
