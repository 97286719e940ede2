package org.lethe.recsys.hide;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.lethe.Workers;
import org.lethe.numerics.Lanes;
import org.lethe.numerics.MatrixProduct;
import org.lethe.numerics.RadialKernels;
import org.lethe.numerics.SquaredDistances;

/**
 * The maximum mean discrepancy between two samples of rows under five radial kernels (Gretton et al. 2012), with its
 * gradient: zero if both samples come from one distribution.
 *
 * <p>{@code k(a,b) = Σ_{i=0..4} exp(−D_ab / (bw·2^i))}, {@code D_ab = ‖a − b‖²}, {@code bw = Σ_{a≠b} D_ab / (n² − n) / 4}
 * over both samples together, constant in the gradient. {@code MMD² = mean k(X,X) + mean k(Y,Y) − 2 mean k(X,Y)}: biased
 * with the diagonals, unbiased without.
 *
 * <p>Its gradient with respect to a row of X is {@code 2/|X| ∇f}, where f is the witness function {@code mean k(·,X) − mean
 * k(·,Y)}. ∇f is also defined for rows of neither sample. It is then a field along which any number of users can move.
 *
 * <p>Distances and gradients are in float around the common mean, sums of kernels in double, in the order of rows. The bits
 * are the same on any number of threads. Cost: {@code O(n²·width)}; a field {@code O(n·users·width)}.
 */
final class Mmd {
    private static final int BLOCK = 32; // a multiple of Lanes.FLOATS
    private static final double KERNELS = 5; // each of them is 1 between a row and itself
    private static final double FLOOR = 1e-12;

    private final float[] table;
    private final int width;
    private final boolean unbiased;
    private final double[] middle;
    private final Sample x;
    private final Sample y;
    private final double bandwidth;

    /** Rows of the table around the middle, laid out for the kernels: strides are multiples of {@link Lanes#FLOATS}. */
    private static final class Sample {
        final int[] users;
        final BitSet members = new BitSet();
        final int n;
        final int stride;
        final int points;
        final float[] rows; // [points, stride], zeros from n on
        final float[] byDimension; // [stride, points]

        Sample(Mmd mmd, int[] users) {
            this.users = users;
            n = users.length;
            stride = Lanes.padded(mmd.width);
            points = Lanes.padded(n);
            rows = Arrays.copyOf(mmd.rows(users, 0, n), points * stride);
            byDimension = new float[stride * points];
            for (int a = 0; a < n; a++) {
                members.set(users[a]);
                for (int d = 0; d < mmd.width; d++) {
                    byDimension[d * points + a] = rows[a * stride + d];
                }
            }
        }
    }

    /** Two samples of rows of a table, {@code [users, width]}, which must not change while this is used. */
    Mmd(float[] table, int width, int[] xs, int[] ys, boolean unbiased) {
        this.table = table;
        this.width = width;
        this.unbiased = unbiased;
        middle = new double[width];
        int n = xs.length + ys.length;
        IntStream.concat(IntStream.of(xs), IntStream.of(ys)).forEach(u -> {
            for (int d = 0; d < width; d++) {
                middle[d] += (double) table[u * width + d] / n;
            }
        });
        x = new Sample(this, xs);
        y = new Sample(this, ys);
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

    /** Rows of users around the middle, {@code [end − start, stride]}. */
    private float[] rows(int[] users, int start, int end) {
        int stride = Lanes.padded(width);
        float[] rows = new float[(end - start) * stride];
        for (int n = start; n < end; n++) {
            for (int d = 0; d < width; d++) {
                rows[(n - start) * stride + d] = (float) (table[users[n] * width + d] - middle[d]);
            }
        }
        return rows;
    }

    /** bw. */
    double bandwidth() {
        return bandwidth;
    }

    /** MMD². */
    double squared(Workers workers) {
        return within(x, workers) + within(y, workers) - 2 * sums(x, y, workers) / x.n / y.n;
    }

    /** mean k(s,s). */
    private double within(Sample s, Workers workers) {
        double sums = 2 * sums(s, s, workers); // each pair once, without the diagonal
        return unbiased ? sums / Math.max(1, (double) s.n * (s.n - 1)) : (sums + KERNELS * s.n) / s.n / s.n;
    }

    /** Σ k over pairs of rows, and of two rows of one sample once, from the one that comes first. */
    private double sums(Sample from, Sample to, Workers workers) {
        boolean own = from == to;
        double[] sums = new double[from.n];
        blocks(from.n, workers, (start, end) -> {
            float[] distances = new float[(end - start) * to.points];
            SquaredDistances.of(
                    distances,
                    from.rows,
                    start * from.stride,
                    to.byDimension,
                    end - start,
                    to.stride,
                    to.points,
                    own ? start : 0);
            for (int a = start; a < end; a++) {
                int first = own ? a + 1 : 0;
                sums[a] = RadialKernels.sum(distances, (a - start) * to.points + first, to.n - first, bandwidth);
            }
        });
        return Arrays.stream(sums).sum();
    }

    /** Adds weight · ∂MMD²/∂x to the gradient of the whole table, {@code [users, width]}; Y is held fixed. */
    void addGradientOfX(double weight, float[] into, Workers workers) {
        addSlope(x.users, x, y, 2 * weight / x.n, into, workers);
    }

    /** Adds weight · ∂MMD²/∂y to the gradient of the whole table, {@code [users, width]}; X is held fixed. */
    void addGradientOfY(double weight, float[] into, Workers workers) {
        addSlope(y.users, y, x, 2 * weight / y.n, into, workers);
    }

    /**
     * Adds bw · ∇f for the rows of distinct users, in X or not. For users of X this is the gradient of {@code |X| bw/2 MMD²}; for
     * others it is a displacement on the scale of the rows.
     */
    void addField(int[] users, float[] into, Workers workers) {
        addSlope(users, x, y, bandwidth, into, workers);
    }

    /** Adds weight · ∇(mean k(·,own) − mean k(·,other)) at rows; if unbiased, the mean of {@code own} leaves out the row itself. */
    private void addSlope(int[] users, Sample own, Sample other, double weight, float[] into, Workers workers) {
        int stride = own.stride;
        blocks(users.length, workers, (start, end) -> {
            int n = end - start;
            float[] rows = rows(users, start, end);
            float[] pull = new float[n * stride]; // Σ_b c W_ab z_b
            double[] total = new double[n]; // Σ_b c W_ab, where W_ab = Σ_i exp(−D/(bw 2^i)) / (bw 2^i)
            double[] shares = new double[n];
            for (int a = 0; a < n; a++) {
                boolean oneself = unbiased && own.members.get(users[start + a]);
                shares[a] = weight / (oneself ? Math.max(1, own.n - 1) : own.n);
            }
            pull(rows, n, own, shares, pull, total);
            Arrays.fill(shares, -weight / other.n);
            pull(rows, n, other, shares, pull, total);
            for (int a = 0; a < n; a++) {
                int at = users[start + a] * width;
                for (int d = 0; d < width; d++) {
                    into[at + d] += 2 * (pull[a * stride + d] - (float) total[a] * rows[a * stride + d]);
                }
            }
        });
    }

    private void pull(float[] rows, int n, Sample to, double[] shares, float[] pull, double[] total) {
        float[] weights = new float[n * to.points]; // distances at first
        SquaredDistances.of(weights, rows, 0, to.byDimension, n, to.stride, to.points);
        for (int a = 0; a < n; a++) {
            int at = a * to.points;
            RadialKernels.slopes(weights, at, to.points, bandwidth, (float) (shares[a] / bandwidth));
            double sum = 0;
            for (int b = 0; b < to.n; b++) {
                sum += weights[at + b];
            }
            total[a] += sum;
        }
        MatrixProduct.add(pull, 0, weights, 0, to.rows, 0, n, to.points, to.stride);
    }

    private interface Rows {
        void each(int start, int end);
    }

    private static void blocks(int n, Workers workers, Rows rows) {
        workers.each((n + BLOCK - 1) / BLOCK, block -> rows.each(block * BLOCK, Math.min(n, (block + 1) * BLOCK)));
    }
}
