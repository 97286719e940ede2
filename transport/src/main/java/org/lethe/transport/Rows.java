package org.lethe.transport;

import java.util.Arrays;
import org.lethe.numerics.Exp2;
import org.lethe.numerics.Lanes;

/** The loops over one row that point clouds and plans are made of, each with the bits of its vector form. */
final class Rows {
    private Rows() {}

    /** Columns up to the next whole vector. */
    static int padded(int columns) {
        return (columns + Lanes.DOUBLES - 1) / Lanes.DOUBLES * Lanes.DOUBLES;
    }

    /** Squared distances of the point at {@code from} to {@code width} points, given by columns [dims, width]. */
    static void squaredDistances(double[] points, int from, int dims, double[] columns, int width, double[] into) {
        if (Lanes.VECTOR) {
            RowsVector.squaredDistances(points, from, dims, columns, width, into);
            return;
        }
        Arrays.fill(into, 0, width, 0);
        for (int k = 0; k < dims; k++) {
            double x = points[from + k];
            for (int j = 0; j < width; j++) {
                double difference = x - columns[k * width + j];
                into[j] = Math.fma(difference, difference, into[j]);
            }
        }
    }

    /** {@code into_j = b_j · scale · 2^((f + g_j − c_j) · rate)} for {@code m} targets. */
    static void gibbs(
            double scale,
            double f,
            double rate,
            double[] g,
            double[] b,
            double[] cost,
            int from,
            int m,
            double[] into) {
        int j = 0;
        if (Lanes.VECTOR) {
            j = RowsVector.gibbs(scale, f, rate, g, b, cost, from, m, into);
        }
        for (; j < m; j++) {
            into[j] = b[j] * scale * Exp2.of(Math.min((f + g[j] - cost[from + j]) * rate, 1022));
        }
    }

    /** {@code into += weight · x} over {@code length} numbers. */
    static void add(double weight, double[] x, int from, double[] into, int at, int length) {
        int k = 0;
        if (Lanes.VECTOR) {
            k = RowsVector.add(weight, x, from, into, at, length);
        }
        for (; k < length; k++) {
            into[at + k] = Math.fma(weight, x[from + k], into[at + k]);
        }
    }

    /** Σ x_j y_j over {@code m} numbers, in 8 lanes that are added at the end. */
    static double dot(double[] x, int from, double[] y, int at, int m) {
        double[] lanes = new double[Lanes.DOUBLES];
        int j = 0;
        if (Lanes.VECTOR) {
            j = RowsVector.dot(x, from, y, at, m, lanes);
        } else {
            for (; j <= m - Lanes.DOUBLES; j += Lanes.DOUBLES) {
                for (int l = 0; l < Lanes.DOUBLES; l++) {
                    lanes[l] = Math.fma(x[from + j + l], y[at + j + l], lanes[l]);
                }
            }
        }
        double rest = 0;
        for (; j < m; j++) {
            rest = Math.fma(x[from + j], y[at + j], rest);
        }
        return Sweep.InDoubles.tree(lanes, 0) + rest;
    }

    /**
     * {@code into_s ← into_s + scale · Σ_i plan_is y_i} for the columns from {@code first} to {@code end} of an n × m plan; every
     * sum over i is taken in order. Four columns and sixteen dimensions at a time stay in registers.
     */
    static void mix(double[] plan, int m, int first, int end, double[] y, int d, double scale, double[] into) {
        int n = y.length / d;
        int s = first;
        if (Lanes.VECTOR && d >= 16) {
            for (; s <= end - 4; s += 4) {
                int k = 0;
                for (; k <= d - 16; k += 16) {
                    RowsVector.mix(plan, m, s, y, d, k, n, scale, into);
                }
                plainMix(plan, m, s, s + 4, y, d, k, scale, into);
            }
        }
        plainMix(plan, m, s, end, y, d, 0, scale, into);
    }

    private static void plainMix(
            double[] plan, int m, int first, int end, double[] y, int d, int from, double scale, double[] into) {
        int n = y.length / d;
        double[] sums = new double[d];
        for (int s = first; s < end && from < d; s++) {
            Arrays.fill(sums, 0);
            for (int i = 0; i < n; i++) {
                double mass = plan[i * m + s];
                for (int k = from; k < d; k++) {
                    sums[k] = Math.fma(mass, y[i * d + k], sums[k]);
                }
            }
            for (int k = from; k < d; k++) {
                into[s * d + k] = Math.fma(sums[k], scale, into[s * d + k]);
            }
        }
    }

    /** {@code x_j ← x_j · y_j} for {@code m} numbers. */
    static void scale(double[] x, int from, double[] y, int m) {
        for (int j = 0; j < m; j++) {
            x[from + j] *= y[j];
        }
    }
}
