package org.lethe.recsys.approximate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.forget.RowObjective;

/**
 * The training loss of some samples as a function of one row at a time, all others fixed: a convex problem for users and for items.
 */
final class RowFits {
    private static final int STEPS = 40; // of Newton at most; eight are usual

    private final TripleLoss loss;
    private final int[] starts;
    private final int[] sampleOf; // the samples of each row, in order

    /** The loss must not be over a graph. */
    RowFits(TripleLoss loss, int rows) {
        this.loss = loss;
        Triples t = loss.samples();
        starts = new int[rows + 1];
        for (int n = 0; n < t.size(); n++) {
            if (t.positives()[n] != t.negatives()[n]) {
                starts[t.users()[n] + 1]++;
                starts[loss.users() + t.positives()[n] + 1]++;
                starts[loss.users() + t.negatives()[n] + 1]++;
            }
        }
        Arrays.parallelPrefix(starts, Integer::sum);
        int[] next = starts.clone();
        sampleOf = new int[starts[rows]];
        for (int n = 0; n < t.size(); n++) {
            if (t.positives()[n] != t.negatives()[n]) {
                sampleOf[next[t.users()[n]]++] = n;
                sampleOf[next[loss.users() + t.positives()[n]]++] = n;
                sampleOf[next[loss.users() + t.negatives()[n]]++] = n;
            }
        }
    }

    /** Number of samples in which a row stands. */
    int samples(int row) {
        return starts[row + 1] - starts[row];
    }

    /** The objective of a row, given all tables. */
    RowObjective of(int row, double[] e, double ridge) {
        return of(row, e, ridge, -1);
    }

    /** The same without one sample. */
    RowObjective of(int row, double[] e, double ridge, int without) {
        int dims = loss.dims();
        boolean pairwise = loss.form() == Loss.PAIRWISE;
        boolean user = row < loss.users();
        int each = user && !pairwise ? 2 : 1;
        double[] x = new double[samples(row) * each * dims];
        double[] offset = new double[samples(row) * each];
        double[] y = new double[offset.length];
        int at = 0;
        for (int k = starts[row]; k < starts[row + 1]; k++) {
            int n = sampleOf[k];
            if (n == without) {
                continue;
            }
            int p = loss.samples().users()[n] * dims;
            int i = (loss.users() + loss.samples().positives()[n]) * dims;
            int j = (loss.users() + loss.samples().negatives()[n]) * dims;
            boolean positive = row * dims == i;
            for (int d = 0; d < dims; d++) {
                if (user) {
                    x[at * dims + d] = pairwise ? e[i + d] - e[j + d] : e[i + d];
                    if (!pairwise) {
                        x[(at + 1) * dims + d] = e[j + d];
                    }
                } else {
                    x[at * dims + d] = positive || !pairwise ? e[p + d] : -e[p + d];
                    if (pairwise) {
                        offset[at] += positive ? -e[p + d] * e[j + d] : e[p + d] * e[i + d];
                    }
                }
            }
            y[at] = pairwise || user || positive ? 1 : 0;
            at += each;
        }
        return new RowObjective(
                loss.form() == Loss.SQUARED,
                dims,
                Arrays.copyOf(x, at * dims),
                Arrays.copyOf(offset, at),
                Arrays.copyOf(y, at),
                ridge);
    }

    /** The minimiser of an objective from zero, to this length of the gradient. */
    double[] fitted(RowObjective objective, double tolerance) {
        double[] p = new double[loss.dims()];
        for (int step = 0; step < STEPS && Vectors.norm(objective.gradient(p)) > tolerance; step++) {
            p = objective.newton(p, 0, 1);
        }
        return p;
    }

    double[] row(double[] e, int row) {
        return Arrays.copyOfRange(e, row * loss.dims(), (row + 1) * loss.dims());
    }

    /**
     * The weight of the squared length at which rows refitted from zero are as long, on average, as they are now: what early
     * stopping amounts to. From at most 12 rows between {@code from} and {@code to}, not among those excluded; 0.1 if none is left.
     */
    double ridge(double[] e, int from, int to, boolean[] excluded, Keyed random) {
        int[] rows = IntStream.range(from, to)
                .filter(row -> !excluded[row] && samples(row) > 0)
                .boxed()
                .sorted(Comparator.comparingLong(row -> random.at(row)))
                .limit(12)
                .mapToInt(Integer::intValue)
                .toArray();
        if (rows.length == 0) {
            return 0.1;
        }
        double now = Arrays.stream(rows)
                .mapToDouble(row -> Vectors.norm(row(e, row)))
                .sum();
        double low = -10;
        double high = 8;
        for (int step = 0; step < 10; step++) {
            double middle = (low + high) / 2;
            double ridge = StrictMath.exp(middle);
            double length = Arrays.stream(rows)
                    .mapToDouble(row -> Vectors.norm(fitted(of(row, e, ridge), 1e-2)))
                    .sum();
            if (length > now) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return StrictMath.exp((low + high) / 2);
    }
}
