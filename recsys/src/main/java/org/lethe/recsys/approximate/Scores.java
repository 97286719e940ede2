package org.lethe.recsys.approximate;

import java.util.function.IntToDoubleFunction;

/** Scores of pairs by joined tables, and what a slope in each of them is in the tables. */
final class Scores {
    private Scores() {}

    static double[] of(double[] e, int dims, int userCount, int[] users, int[] items) {
        double[] scores = new double[users.length];
        for (int n = 0; n < scores.length; n++) {
            int p = users[n] * dims;
            int q = (userCount + items[n]) * dims;
            for (int d = 0; d < dims; d++) {
                scores[n] += e[p + d] * e[q + d];
            }
        }
        return scores;
    }

    /** Adds the gradient of a function of the scores to g. */
    static void back(
            double[] e, int dims, int userCount, int[] users, int[] items, IntToDoubleFunction slope, double[] g) {
        for (int n = 0; n < users.length; n++) {
            double by = slope.applyAsDouble(n);
            if (by == 0) {
                continue;
            }
            int p = users[n] * dims;
            int q = (userCount + items[n]) * dims;
            for (int d = 0; d < dims; d++) {
                g[p + d] += by * e[q + d];
                g[q + d] += by * e[p + d];
            }
        }
    }
}
