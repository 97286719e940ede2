package org.lethe.recsys.hide;

import java.util.Arrays;
import org.lethe.Workers;
import org.lethe.numerics.Exp2;

/**
 * The maximum mean discrepancy between two samples of rows under five radial kernels (Gretton et al. 2012), with its
 * gradient: zero where both come from one distribution.
 *
 * <p>{@code k(a,b) = Σ_{i=0..4} exp(−D_ab / (bw·2^i))}, {@code D_ab = ‖a − b‖²}, {@code bw = Σ_{a≠b} D_ab / (n² − n) / 4} over both
 * samples together, held fixed in the gradient. {@code MMD² = mean k(X,X) + mean k(Y,Y) − 2 mean k(X,Y)}, biased with the
 * diagonals in, unbiased without. One exponential a pair: with {@code e = exp(−D/(16 bw))} the kernels are e, e², e⁴, e⁸, e¹⁶.
 * Distances in float around the common mean, kernels and sums in double, in the order of rows: the same bits on any number
 * of threads. Costs {@code O(n²·width)}.
 */
final class Mmd {
    private static final int BLOCK = 32;
    private static final double LOG2E = 1 / Math.log(2);
    private static final double FLOOR = 1e-12;

    private final int width;
    private final boolean unbiased;
    private final Sample x;
    private final Sample y;
    private final double bandwidth;

    /** Rows of a table, moved to a common middle; also by column, for distances to one row. */
    private static final class Sample {
        final int n;
        final int[] users;
        final float[] rows; // [n, width]
        final float[] columns; // [width, n]

        Sample(int[] users, int width) {
            this.n = users.length;
            this.users = users;
            rows = new float[n * width];
            columns = new float[n * width];
        }
    }

    /** Two samples of rows of a table, {@code [users, width]}; gradients are for samples without repeats. */
    Mmd(float[] table, int width, int[] xs, int[] ys, boolean unbiased) {
        this.width = width;
        this.unbiased = unbiased;
        double[] middle = new double[width];
        for (int[] users : new int[][] {xs, ys}) {
            for (int u : users) {
                for (int d = 0; d < width; d++) {
                    middle[d] += table[u * width + d];
                }
            }
        }
        int n = xs.length + ys.length;
        for (int d = 0; d < width; d++) {
            middle[d] /= n;
        }
        x = sample(table, xs, middle);
        y = sample(table, ys, middle);
        // Σ_ab ‖z_a − z_b‖² = 2n Σ ‖z‖² − 2 ‖Σ z‖², and the rows sum to zero around their mean
        double total = 2.0 * n * (squares(x) + squares(y));
        bandwidth = Math.max(FLOOR, total / Math.max(1, (double) n * n - n) / 4);
    }

    private static double squares(Sample sample) {
        double total = 0;
        for (float v : sample.rows) {
            total += (double) v * v;
        }
        return total;
    }

    private Sample sample(float[] table, int[] users, double[] middle) {
        int n = users.length;
        Sample sample = new Sample(users, width);
        for (int a = 0; a < n; a++) {
            for (int d = 0; d < width; d++) {
                float v = (float) (table[users[a] * width + d] - middle[d]);
                sample.rows[a * width + d] = v;
                sample.columns[d * n + a] = v;
            }
        }
        return sample;
    }

    /** MMD². */
    double squared(Workers workers) {
        return sums(x, x, workers) / pairs(x) + sums(y, y, workers) / pairs(y) - 2 * sums(x, y, workers) / x.n / y.n;
    }

    private double pairs(Sample s) {
        return unbiased ? Math.max(1, (double) s.n * (s.n - 1)) : (double) s.n * s.n;
    }

    private double sums(Sample from, Sample to, Workers workers) {
        double[] sums = new double[from.n];
        blocks(from.n, workers, (start, end) -> {
            float[] distances = new float[to.n];
            for (int a = start; a < end; a++) {
                distances(from, a, to, distances);
                for (int b = 0; b < to.n; b++) {
                    if (!(unbiased && from == to && a == b)) {
                        double e = kernel(distances[b]);
                        double e2 = e * e;
                        double e4 = e2 * e2;
                        double e8 = e4 * e4;
                        sums[a] += e + e2 + e4 + e8 + e8 * e8;
                    }
                }
            }
        });
        double total = 0;
        for (double s : sums) {
            total += s;
        }
        return total;
    }

    /** Adds weight · ∂MMD²/∂x to the gradient of the whole table, {@code [users, width]}; Y is held fixed. */
    void addGradientOfX(double weight, float[] into, Workers workers) {
        gradient(x, y, weight, into, workers);
    }

    /** Adds weight · ∂MMD²/∂y to the gradient of the whole table, {@code [users, width]}; X is held fixed. */
    void addGradientOfY(double weight, float[] into, Workers workers) {
        gradient(y, x, weight, into, workers);
    }

    private void gradient(Sample of, Sample other, double weight, float[] into, Workers workers) {
        double own = 2 * weight / pairs(of);
        double cross = -2 * weight / ((double) of.n * other.n);
        blocks(of.n, workers, (start, end) -> {
            float[] distances = new float[Math.max(of.n, other.n)];
            float[] pull = new float[width];
            for (int a = start; a < end; a++) {
                // Σ_b −2 c W_ab (z_a − z_b) = 2 Σ_b c W_ab z_b − 2 z_a Σ_b c W_ab
                Arrays.fill(pull, 0);
                double total = pull(of, a, of, own, distances, pull) + pull(of, a, other, cross, distances, pull);
                for (int d = 0; d < width; d++) {
                    into[of.users[a] * width + d] += 2 * (pull[d] - (float) total * of.rows[a * width + d]);
                }
            }
        });
    }

    /** Adds Σ_b c W_ab z_b to {@code pull} and returns Σ_b c W_ab, where W_ab = Σ_i exp(−D/(bw 2^i)) / (bw 2^i). */
    private double pull(Sample from, int a, Sample to, double c, float[] distances, float[] pull) {
        distances(from, a, to, distances);
        double total = 0;
        for (int b = 0; b < to.n; b++) {
            double e = kernel(distances[b]);
            double e2 = e * e;
            double e4 = e2 * e2;
            double e8 = e4 * e4;
            double w = c * (e / 16 + e2 / 8 + e4 / 4 + e8 / 2 + e8 * e8) / bandwidth;
            total += w;
            add((float) w, to.rows, b * width, pull);
        }
        return total;
    }

    private double kernel(float distance) {
        return Exp2.of(-LOG2E * distance / (16 * bandwidth));
    }

    private void distances(Sample from, int a, Sample to, float[] into) {
        Arrays.fill(into, 0, to.n, 0);
        for (int d = 0; d < width; d++) {
            addSquares(from.rows[a * width + d], to.columns, d * to.n, into, to.n);
        }
    }

    /** y += (c − x)² over a stretch; the compiler makes vectors of it. */
    private static void addSquares(float c, float[] x, int from, float[] y, int n) {
        for (int b = 0; b < n; b++) {
            float difference = c - x[from + b];
            y[b] += difference * difference;
        }
    }

    private static void add(float c, float[] x, int from, float[] y) {
        for (int d = 0; d < y.length; d++) {
            y[d] += c * x[from + d];
        }
    }

    private interface Rows {
        void each(int start, int end);
    }

    private static void blocks(int n, Workers workers, Rows rows) {
        workers.each((n + BLOCK - 1) / BLOCK, block -> rows.each(block * BLOCK, Math.min(n, (block + 1) * BLOCK)));
    }
}
