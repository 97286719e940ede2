package org.lethe.transport;

import java.util.Arrays;

/** How much goes from each source to each target. */
public interface Plan {
    /** Number of sources. */
    int rows();

    /** Number of targets. */
    int columns();

    /** The mass that leaves source {@code row}, by target, written into {@code into}. */
    void row(int row, double[] into);

    /** The whole plan, n × m numbers, formed at each call. */
    default double[] dense() {
        double[] dense = new double[Math.multiplyExact(rows(), columns())];
        double[] row = new double[columns()];
        for (int i = 0; i < rows(); i++) {
            row(i, row);
            System.arraycopy(row, 0, dense, i * columns(), columns());
        }
        return dense;
    }

    /** For each source the target that gets most of it; the smaller number where two get the same. */
    default int[] labels() {
        int[] labels = new int[rows()];
        double[] row = new double[columns()];
        for (int i = 0; i < labels.length; i++) {
            row(i, row);
            for (int j = 1; j < row.length; j++) {
                if (row[j] > row[labels[i]]) {
                    labels[i] = j;
                }
            }
        }
        return labels;
    }

    /**
     * A plan of n × m numbers moved onto the marginals (Altschuler, Weed and Rigollet 2017, algorithm 2): rows, then
     * columns, that carry too much are scaled down, and what is missing is added as a rank-one plan. The cost rises by
     * at most twice the largest cost times the marginal error.
     */
    static double[] rounded(double[] plan, double[] a, double[] b) {
        double[] rounded = plan.clone();
        round(rounded, a, b, Loop.HERE);
        return rounded;
    }

    /** {@link #rounded} in place. */
    static void round(double[] plan, double[] a, double[] b, Loop loop) {
        int n = a.length;
        int m = b.length;
        TransportProblem.require(plan.length == (long) n * m, "plan.length", plan.length, n + " x " + m);
        double[] ones = new double[m];
        Arrays.fill(ones, 1);
        double[][] sums = new double[Cloud.parts(n)][m];
        loop.each(sums.length, part -> {
            double[] scales = new double[m];
            for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                double sum = Rows.dot(plan, i * m, ones, 0, m);
                if (sum > a[i]) {
                    Arrays.fill(scales, a[i] / sum);
                    Rows.scale(plan, i * m, scales, m);
                }
                Rows.add(1, plan, i * m, sums[part], 0, m);
            }
        });
        double[] columns = new double[m];
        for (double[] part : sums) {
            Rows.add(1, part, 0, columns, 0, m);
        }
        double[] scales = new double[m];
        for (int j = 0; j < m; j++) {
            scales[j] = columns[j] > b[j] ? b[j] / columns[j] : 1;
            columns[j] = Math.max(0, b[j] - columns[j] * scales[j]); // from here on what is missing
        }
        double[] missing = new double[n];
        loop.each(sums.length, part -> {
            for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                Rows.scale(plan, i * m, scales, m);
                missing[i] = Math.max(0, a[i] - Rows.dot(plan, i * m, ones, 0, m));
            }
        });
        double total = Support.sum(missing);
        if (total > 0) {
            loop.each(sums.length, part -> {
                for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                    Rows.add(missing[i] / total, columns, 0, plan, i * m, m);
                }
            });
        }
    }

    /**
     * A plan with few entries, sorted by row.
     *
     * @param rows number of sources
     * @param columns number of targets
     * @param starts where the entries of each row begin, and after them their number
     * @param targets the column of each entry
     * @param masses the mass of each entry
     */
    record Sparse(int rows, int columns, int[] starts, int[] targets, double[] masses) implements Plan {
        @Override
        public void row(int row, double[] into) {
            Arrays.fill(into, 0, columns, 0);
            for (int e = starts[row]; e < starts[row + 1]; e++) {
                into[targets[e]] = masses[e];
            }
        }
    }
}
