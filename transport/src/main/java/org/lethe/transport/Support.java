package org.lethe.transport;

import java.util.Arrays;

/**
 * The part of a problem that has mass. The totals of balanced problems, which agree to 1e-8, are made equal to the last
 * bit.
 *
 * @param rows sources with mass
 * @param columns targets with mass
 * @param a their masses
 * @param b their masses
 * @param cost the costs between them
 */
record Support(int[] rows, int[] columns, double[] a, double[] b, double[] cost) {
    static Support of(TransportProblem problem) {
        return of(problem.a(), problem.b(), problem.cost(), true);
    }

    /** The part with mass; {@code level} makes the totals equal. */
    static Support of(double[] sources, double[] targets, double[] costs, boolean level) {
        Support support = masses(sources, targets, level);
        int[] rows = support.rows;
        int[] columns = support.columns;
        boolean whole = rows.length == sources.length && columns.length == targets.length;
        double[] cost = whole ? costs : pick(costs, targets.length, rows, columns);
        return new Support(rows, columns, support.a, support.b, cost);
    }

    /** The same without costs. */
    static Support masses(double[] sources, double[] targets, boolean level) {
        int[] rows = positive(sources);
        int[] columns = positive(targets);
        double[] a = pick(sources, rows);
        double[] b = pick(targets, columns);
        double scale = level ? sum(a) / sum(b) : 1;
        for (int j = 0; j < b.length; j++) {
            b[j] *= scale;
        }
        return new Support(rows, columns, a, b, new double[0]);
    }

    /** The entries of a matrix with m columns that are in some rows and some columns. */
    static double[] pick(double[] matrix, int m, int[] rows, int[] columns) {
        double[] picked = new double[rows.length * columns.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < columns.length; j++) {
                picked[i * columns.length + j] = matrix[rows[i] * m + columns[j]];
            }
        }
        return picked;
    }

    private static int[] positive(double[] weights) {
        int[] found = new int[weights.length];
        int count = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0) {
                found[count++] = i;
            }
        }
        return Arrays.copyOf(found, count);
    }

    private static double[] pick(double[] values, int[] at) {
        double[] picked = new double[at.length];
        Arrays.setAll(picked, i -> values[at[i]]);
        return picked;
    }

    static double sum(double[] values) {
        double sum = 0;
        for (double v : values) {
            sum += v;
        }
        return sum;
    }
}
