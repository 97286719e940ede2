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
        int n = a.length;
        int m = b.length;
        TransportProblem.require(plan.length == (long) n * m, "plan.length", plan.length, n + " x " + m);
        double[] rounded = plan.clone();
        double[] columns = new double[m];
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < m; j++) {
                sum += rounded[i * m + j];
            }
            double scale = sum > a[i] ? a[i] / sum : 1;
            for (int j = 0; j < m; j++) {
                rounded[i * m + j] *= scale;
                columns[j] += rounded[i * m + j];
            }
        }
        double[] scales = new double[m];
        for (int j = 0; j < m; j++) {
            scales[j] = columns[j] > b[j] ? b[j] / columns[j] : 1;
            columns[j] = Math.max(0, b[j] - columns[j] * scales[j]); // from here on what is missing
        }
        double[] missingRows = new double[n];
        double missing = 0;
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < m; j++) {
                rounded[i * m + j] *= scales[j];
                sum += rounded[i * m + j];
            }
            missingRows[i] = Math.max(0, a[i] - sum);
            missing += missingRows[i];
        }
        for (int i = 0; i < n; i++) {
            if (missingRows[i] > 0) {
                Rows.add(missingRows[i] / missing, columns, 0, rounded, i * m, m);
            }
        }
        return rounded;
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
