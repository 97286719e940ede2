package org.lethe.text.align;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.lethe.Check;

/**
 * Examples that are unlearned, with weights whose mean is 1, so that a learning rate keeps its meaning.
 *
 * @param members numbers of the examples
 * @param values their weights
 */
public record ExampleWeights(int[] members, double[] values) {
    /** The lowest weight. */
    static final double FLOOR = 1e-6;

    private static final double SPARSITY_EPSILON = 1e-8;

    public ExampleWeights {
        Check.require(members.length == values.length, "values.length", values.length, "that of members");
        Check.require(Arrays.stream(values).allMatch(w -> w >= 0 && w < 1e12), "weights", "others", "finite, from 0");
    }

    /** Nobody. */
    public static ExampleWeights none() {
        return new ExampleWeights(new int[0], new double[0]);
    }

    /** The same weight for all of some. */
    public static ExampleWeights uniform(int[] members) {
        double[] ones = new double[members.length];
        Arrays.fill(ones, 1);
        return new ExampleWeights(members, ones);
    }

    /** How many there are. */
    public int size() {
        return members.length;
    }

    /** The weights on the simplex: their sum is 1. */
    public double[] shares() {
        return Arrays.stream(values).map(w -> w / members.length).toArray();
    }

    /** What the sparsity term β Σ √ω takes from the gain of each member: β/2 (ω + 10⁻⁸)^(−1/2), ω on the simplex. */
    double[] toll(double sparsity) {
        return Arrays.stream(shares())
                .map(w -> sparsity / 2 / Math.sqrt(w + SPARSITY_EPSILON))
                .toArray();
    }

    /**
     * Adds the best others.
     *
     * @param gains of all candidates; only positive ones are added
     * @param most how many at most
     */
    ExampleWeights grown(double[] gains, int most) {
        boolean[] in = new boolean[gains.length];
        for (int m : members) {
            in[m] = true;
        }
        int[] added = IntStream.range(0, gains.length)
                .filter(i -> !in[i] && gains[i] > 0)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -gains[i]).thenComparingInt(i -> i))
                .limit(most)
                .mapToInt(i -> i)
                .toArray();
        int[] all = Arrays.copyOf(members, members.length + added.length);
        System.arraycopy(added, 0, all, members.length, added.length);
        double[] weights = Arrays.copyOf(values, all.length);
        Arrays.fill(weights, values.length, all.length, 1); // the mean of those who are there
        return new ExampleWeights(all, weights).normalised();
    }

    /** Without members whose weight is below a bound. */
    ExampleWeights without(double below) {
        int[] kept = IntStream.range(0, members.length)
                .filter(n -> values[n] >= below)
                .toArray();
        return new ExampleWeights(
                        Arrays.stream(kept).map(n -> members[n]).toArray(),
                        Arrays.stream(kept).mapToDouble(n -> values[n]).toArray())
                .normalised();
    }

    /**
     * One step of exponentiated gradient descent, ω_i ← ω_i exp(−η g_i) / Σ (U2A, eq. 4; mirror descent on the
     * simplex).
     *
     * @param gradient dF/dω of each member
     * @param eta step size η
     * @param scaleFree whether η is divided by the spread of the gradient
     */
    ExampleWeights step(double[] gradient, double eta, boolean scaleFree) {
        Check.require(gradient.length == members.length, "gradient.length", gradient.length, "" + members.length);
        if (members.length == 0) {
            return this;
        }
        double low = Arrays.stream(gradient).min().orElseThrow();
        double high = Arrays.stream(gradient).max().orElseThrow();
        Check.require(Double.isFinite(high - low), "gradient of the weights", high - low, "finite numbers");
        if (high == low) {
            return this; // the same for all changes nothing
        }
        double rate = scaleFree ? eta / (high - low) : eta;
        double[] moved = new double[values.length];
        Arrays.setAll(moved, n -> values[n] * Math.exp(-rate * (gradient[n] - low)));
        return new ExampleWeights(members, moved).normalised();
    }

    private ExampleWeights normalised() {
        double[] raised = normal(values);
        Arrays.setAll(raised, n -> Math.max(raised[n], FLOOR));
        return new ExampleWeights(members, normal(raised));
    }

    private static double[] normal(double[] weights) {
        double mean = Arrays.stream(weights).average().orElse(1);
        return Arrays.stream(weights).map(w -> w / mean).toArray();
    }

    /** Entropy of the shares, in nats: log of their number where all are alike. */
    public double entropy() {
        return -Arrays.stream(shares())
                .filter(w -> w > 0)
                .map(w -> w * Math.log(w))
                .sum();
    }

    /** 1 / Σ share²: how many examples of equal weight would count as much. */
    public double effectiveSize() {
        return members.length == 0
                ? 0
                : 1 / Arrays.stream(shares()).map(w -> w * w).sum();
    }
}
