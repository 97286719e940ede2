package org.lethe.recsys.balance;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lethe.Check;

/**
 * Finds constrained dominant sets: the cluster of a weighted graph that contains given vertices (Zemene and Pelillo 2016).
 *
 * <p>W are affinities, {@code [n, n]}, symmetric, not negative, with a zero diagonal. A dominant set is the support of a
 * strict local maximiser of xᵀWx on the simplex (Pavan and Pelillo 2007). The constrained form maximises {@code f(x) = xᵀ(W −
 * α Î)x}, where Î is 1 on the diagonal outside the constrained set S. If α exceeds λ_max, the largest eigenvalue of W outside
 * S, then every solution has a vertex of S in its support. Here {@code α = alphaFactor · λ_max}. If no edge lies outside S,
 * λ_max is 0, and the largest affinity takes its place. W and α on another scale have the same solutions.
 *
 * <p>Replicator dynamics are {@code x_i ← x_i (Bx)_i / xᵀBx}, where a constant keeps the payoffs Bx from being negative; they cost
 * {@code O(n²)} an iteration, and slow down near the boundary. Infection and immunisation dynamics (Rota Bulò, Pelillo and
 * Bomze 2011) move x towards the vertex of largest payoff difference, or away from it, as far as f grows, and remove vertices
 * exactly; they cost {@code O(n)}. Both start from the barycentre, never lower f, and end in a local maximiser. Sums are in
 * double, in a fixed order.
 *
 * <p>A large α leaves little weight to other vertices, {@code w/(2w + α)} for a pair. A vertex without edges is a set of its
 * own.
 *
 * @param alphaFactor α over λ_max; above 1, so that the constraint holds
 * @param dynamics dynamics that maximise f
 * @param tolerance of replicator dynamics, the largest change of a weight; of the others, the largest difference between a
 *     payoff and their mean, relative to the largest affinity
 * @param maxIterations largest number of iterations
 */
public record DominantSets(double alphaFactor, Dynamics dynamics, double tolerance, int maxIterations) {
    /** The weight above which a vertex is in the support. */
    public static final double SUPPORT = 1e-6;

    private static final int POWERS = 10_000; // iterations of the power method
    private static final double RESIDUAL = 1e-11; // of an eigenvector, relative to its eigenvalue
    private static final int REFRESH = 1_000; // steps after which payoffs are summed anew

    /** The dynamics that maximise f. */
    public enum Dynamics {
        /** Infection and immunisation: one vertex at a time, linear in the vertices. */
        INFECTION_IMMUNISATION(1e-10, 1_000_000),
        /** Replicator dynamics: all vertices at a time, quadratic in the vertices. */
        REPLICATOR(1e-9, 10_000);

        private final double tolerance;
        private final int maxIterations;

        Dynamics(double tolerance, int maxIterations) {
            this.tolerance = tolerance;
            this.maxIterations = maxIterations;
        }
    }

    /**
     * The result of the dynamics.
     *
     * @param x weights of the vertices, with sum 1
     * @param value f(x)
     * @param iterations number of iterations
     * @param converged whether the tolerance was reached
     */
    public record Solution(double[] x, double value, int iterations, boolean converged) {
        /** The vertices of the support, ascending. */
        public int[] support() {
            return IntStream.range(0, x.length).filter(i -> x[i] > SUPPORT).toArray();
        }
    }

    public DominantSets {
        Check.require(alphaFactor > 1 && alphaFactor < 1e9, "alphaFactor", alphaFactor, "above 1 and below 1e9");
        Check.require(tolerance >= 0 && tolerance < 1, "tolerance", tolerance, "at least 0 and below 1");
        Check.require(maxIterations >= 1, "maxIterations", maxIterations, "at least 1");
    }

    /** Some dynamics with their usual tolerance. */
    public DominantSets(double alphaFactor, Dynamics dynamics) {
        this(alphaFactor, dynamics, dynamics.tolerance, dynamics.maxIterations);
    }

    /** α = 1.1 λ_max, infection and immunisation. */
    public DominantSets() {
        this(1.1, Dynamics.INFECTION_IMMUNISATION);
    }

    /**
     * The set around the constrained vertices.
     *
     * @param affinity W, {@code [n, n]}
     * @param n number of vertices
     * @param constrained vertices of S, at least one
     */
    public Solution solve(double[] affinity, int n, int... constrained) {
        double[] start = new double[n];
        Arrays.fill(start, 1.0 / n);
        return solve(affinity, n, alpha(affinity, n, constrained), constrained, start);
    }

    /** The same with a given α, of which 0 means no constraint, and from a given point of the simplex. */
    public Solution solve(double[] affinity, int n, double alpha, int[] constrained, double[] start) {
        checked(affinity, n);
        Check.require(alpha >= 0 && alpha < Double.POSITIVE_INFINITY, "alpha", alpha, "at least 0 and finite");
        Check.require(start.length == n, "start.length", start.length, "" + n);
        double sum = Arrays.stream(start).sum();
        Check.require(
                Math.abs(sum - 1) < 1e-9 && Arrays.stream(start).allMatch(s -> s >= 0),
                "start",
                Arrays.toString(start),
                "weights of at least 0 with sum 1");
        double[] penalties = new double[n];
        Arrays.fill(penalties, alpha);
        for (int s : constrained) {
            penalties[s] = 0;
        }
        return run(affinity, n, penalties, start);
    }

    /** α = alphaFactor · λ_max for these constrained vertices. */
    public double alpha(double[] affinity, int n, int... constrained) {
        checked(affinity, n);
        Check.require(constrained.length >= 1, "constrained.length", 0, "at least 1");
        int[] others = IntStream.range(0, n)
                .filter(i -> Arrays.stream(constrained).noneMatch(s -> s == i))
                .toArray();
        double[] block = new double[others.length * others.length];
        for (int a = 0; a < others.length; a++) {
            for (int b = 0; b < others.length; b++) {
                block[a * others.length + b] = affinity[others[a] * n + others[b]];
            }
        }
        return alpha(largestEigenvalue(block, others.length), largest(affinity, n * n));
    }

    /** α of a block's λ_max; where that is 0, of the largest affinity, and where no affinity is above 0, of 1. */
    double alpha(double eigenvalue, double largest) {
        return alphaFactor * (eigenvalue > 0 ? eigenvalue : largest > 0 ? largest : 1);
    }

    /**
     * λ_max of affinities, from below, by the power method. The diagonal is shifted by half the largest row sum, because a
     * bipartite graph also has the eigenvalue −λ_max.
     */
    public static double largestEigenvalue(double[] affinity, int n) {
        double shift = largestRowSum(affinity, n) / 2;
        if (shift == 0) {
            return 0;
        }
        double[] x = new double[n];
        double[] product = new double[n];
        Arrays.fill(x, 1 / Math.sqrt(n));
        double value = 0;
        for (int k = 0; k < POWERS; k++) {
            multiply(affinity, n, x, product);
            value = dot(x, product);
            double residual = 0;
            double length = 0;
            for (int i = 0; i < n; i++) {
                double off = product[i] - value * x[i];
                residual += off * off;
                product[i] += shift * x[i];
                length += product[i] * product[i];
            }
            if (residual <= RESIDUAL * RESIDUAL * value * value) {
                break;
            }
            double scale = 1 / Math.sqrt(length);
            for (int i = 0; i < n; i++) {
                x[i] = scale * product[i];
            }
        }
        return value;
    }

    /** The largest row sum of affinities, which λ_max never exceeds. */
    public static double largestRowSum(double[] affinity, int n) {
        double largest = 0;
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < n; j++) {
                sum += affinity[i * n + j];
            }
            largest = Math.max(largest, sum);
        }
        return largest;
    }

    /**
     * The weights of the published code, which are no dominant set: affinities are divided by their largest, α is 0.0011 because
     * the trace of a zero diagonal stands for λ_max, x starts at 10⁻⁶ and at 1 for the target, and five steps {@code x ← x ∘ Bx}
     * are scaled to length 1 under the Euclidean norm. Where all affinities are 0, x stays at its start.
     */
    public static Solution companion(double[] affinity, int n, int target) {
        double largest = largest(affinity, n * n);
        double alpha = 1.1 * 1e-3;
        double[] x = new double[n];
        Arrays.fill(x, 1e-6);
        x[target] = 1;
        double[] payoffs = new double[n];
        int iterations = 0;
        boolean converged = false;
        while (iterations < 5 && !converged && largest > 0) {
            companionPayoffs(affinity, n, target, alpha, largest, x, payoffs);
            double length = 0;
            for (int i = 0; i < n; i++) {
                payoffs[i] *= x[i];
                length += payoffs[i] * payoffs[i];
            }
            length = Math.sqrt(length);
            if (length == 0) {
                break;
            }
            double moved = 0;
            for (int i = 0; i < n; i++) {
                double next = payoffs[i] / length;
                moved += (next - x[i]) * (next - x[i]);
                x[i] = next;
            }
            iterations++;
            converged = Math.sqrt(moved) < 1e-6;
        }
        companionPayoffs(affinity, n, target, alpha, Math.max(largest, Double.MIN_NORMAL), x, payoffs);
        return new Solution(x, dot(x, payoffs), iterations, converged);
    }

    private static void companionPayoffs(
            double[] affinity, int n, int target, double alpha, double largest, double[] x, double[] into) {
        multiply(affinity, n, x, into);
        for (int i = 0; i < n; i++) {
            into[i] = into[i] / largest - (i == target ? 0 : alpha * x[i]);
        }
    }

    /** Maximises xᵀ(W − diag(penalties))x without any check. */
    Solution run(double[] w, int n, double[] penalties, double[] start) {
        return switch (dynamics) {
            case REPLICATOR -> replicate(w, n, penalties, start.clone());
            case INFECTION_IMMUNISATION -> infect(w, n, penalties, start.clone());
        };
    }

    private Solution replicate(double[] w, int n, double[] penalties, double[] x) {
        double shift = largest(penalties, n);
        double[] payoffs = new double[n];
        int iterations = 0;
        boolean converged = false;
        while (iterations < maxIterations && !converged) {
            payoffs(w, n, penalties, x, payoffs);
            double sum = 0;
            for (int i = 0; i < n; i++) {
                payoffs[i] = x[i] * (payoffs[i] + shift);
                sum += payoffs[i];
            }
            if (sum <= 0) {
                converged = true; // no vertex of the support has a payoff: x stays
                break;
            }
            double moved = 0;
            for (int i = 0; i < n; i++) {
                double next = payoffs[i] / sum;
                moved = Math.max(moved, Math.abs(next - x[i]));
                x[i] = next;
            }
            iterations++;
            converged = moved <= tolerance;
        }
        payoffs(w, n, penalties, x, payoffs);
        return new Solution(x, dot(x, payoffs), iterations, converged);
    }

    private Solution infect(double[] w, int n, double[] penalties, double[] x) {
        double least = tolerance * Math.max(largest(w, n * n), Double.MIN_NORMAL);
        double[] payoffs = new double[n];
        payoffs(w, n, penalties, x, payoffs);
        double mean = dot(x, payoffs);
        int iterations = 0;
        boolean fresh = true; // payoffs were summed anew
        for (; ; ) {
            int best = most(x, payoffs, mean);
            boolean still = Math.abs(payoffs[best] - mean) <= least;
            if (fresh && (still || iterations == maxIterations)) {
                return new Solution(x, mean, iterations, still);
            }
            if (!fresh && (still || iterations % REFRESH == 0 || iterations == maxIterations)) {
                normalise(x);
                payoffs(w, n, penalties, x, payoffs);
                mean = dot(x, payoffs);
                fresh = true;
            } else {
                mean = step(w, n, penalties, x, payoffs, mean, best);
                iterations++;
                fresh = false;
            }
        }
    }

    /** The vertex that differs most from the mean: with a larger payoff, or with a smaller one and in the support. */
    private static int most(double[] x, double[] payoffs, double mean) {
        int best = 0;
        double most = -1;
        for (int i = 0; i < x.length; i++) {
            double difference = payoffs[i] - mean;
            double size = difference > 0 ? difference : x[i] > 0 && x[i] < 1 ? -difference : 0;
            if (size > most) {
                most = size;
                best = i;
            }
        }
        return best;
    }

    /** Moves x along {@code factor · (e_i − x)} as far as f grows, keeps the payoffs up to date, and returns their new mean. */
    private static double step(
            double[] w, int n, double[] penalties, double[] x, double[] payoffs, double mean, int i) {
        double difference = payoffs[i] - mean;
        double factor = difference > 0 ? 1 : x[i] / (x[i] - 1); // the second removes the vertex
        double slope = factor * difference;
        double curve = factor * factor * (mean - 2 * payoffs[i] - penalties[i]);
        double length = curve < 0 ? Math.min(1, -slope / curve) : 1;
        double share = length * factor;
        boolean removed = difference < 0 && length == 1;
        for (int j = 0; j < n; j++) {
            x[j] -= share * x[j];
            payoffs[j] += share * (w[i * n + j] - payoffs[j]);
        }
        x[i] = removed ? 0 : x[i] + share;
        payoffs[i] -= share * penalties[i];
        return mean + 2 * length * slope + length * length * curve;
    }

    private static void normalise(double[] x) {
        double sum = 0;
        for (double weight : x) {
            sum += weight;
        }
        for (int i = 0; i < x.length; i++) {
            x[i] /= sum;
        }
    }

    private static void payoffs(double[] w, int n, double[] penalties, double[] x, double[] into) {
        multiply(w, n, x, into);
        for (int i = 0; i < n; i++) {
            into[i] -= penalties[i] * x[i];
        }
    }

    /** Wx of a symmetric W, row by row, so that lanes are vertices. */
    private static void multiply(double[] w, int n, double[] x, double[] into) {
        Arrays.fill(into, 0);
        for (int j = 0; j < n; j++) {
            double weight = x[j];
            int at = j * n;
            for (int i = 0; i < n && weight != 0; i++) {
                into[i] += weight * w[at + i];
            }
        }
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    private static double largest(double[] values, int count) {
        double largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, values[i]);
        }
        return largest;
    }

    private static void checked(double[] affinity, int n) {
        Check.require(n >= 1, "n", n, "at least 1");
        Check.require(affinity.length == n * n, "affinity.length", affinity.length, n + " x " + n);
        for (int i = 0; i < n; i++) {
            Check.require(affinity[i * n + i] == 0, "affinity of " + i + " with itself", affinity[i * n + i], "0");
            for (int j = 0; j < i; j++) {
                double w = affinity[i * n + j];
                if (!(w >= 0 && w < Double.POSITIVE_INFINITY && w == affinity[j * n + i])) {
                    throw new IllegalArgumentException("affinity of " + i + " and " + j + " is " + w
                            + ", expected a finite number of at least 0, the same both ways");
                }
            }
        }
    }
}
