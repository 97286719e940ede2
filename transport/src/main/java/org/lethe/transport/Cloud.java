package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.Arrays;

/**
 * Points in d dimensions with masses: an empirical measure.
 *
 * @param points n rows of {@code dims} numbers
 * @param dims number of columns d
 * @param weights the mass of each point, n numbers of at least 0
 */
public record Cloud(double[] points, int dims, double[] weights) {
    /** Rows or points in one part of a shared loop. */
    static final int BLOCK = 64;

    public Cloud {
        require(dims >= 1, "dims", dims, "at least 1");
        require(weights.length >= 1, "weights.length", weights.length, "at least 1");
        require(
                points.length == (long) weights.length * dims,
                "points.length",
                points.length,
                weights.length + " x " + dims);
        for (int e = 0; e < points.length; e++) {
            if (!Double.isFinite(points[e])) {
                throw new IllegalArgumentException("point " + e / dims + " column " + e % dims + " is " + points[e]
                        + ", expected a finite number");
            }
        }
        for (int i = 0; i < weights.length; i++) {
            require(
                    weights[i] >= 0 && Double.isFinite(weights[i]),
                    "weights[" + i + "]",
                    weights[i],
                    "0 or more, finite");
        }
    }

    /** Rows of equal mass, 1 in total. */
    public static Cloud of(double[] points, int dims) {
        require(dims >= 1, "dims", dims, "at least 1");
        double[] weights = new double[points.length / dims];
        Arrays.fill(weights, 1.0 / weights.length);
        return new Cloud(points, dims, weights);
    }

    /** Rows of equal mass, 1 in total. */
    public static Cloud of(float[] table, int dims) {
        double[] points = new double[table.length];
        for (int e = 0; e < points.length; e++) {
            points[e] = table[e];
        }
        return of(points, dims);
    }

    /** Some rows of a table, of equal mass, 1 in total. */
    public static Cloud of(float[] table, int dims, int[] rows) {
        require(dims >= 1, "dims", dims, "at least 1");
        double[] points = new double[Math.multiplyExact(rows.length, dims)];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < dims; j++) {
                points[i * dims + j] = table[rows[i] * dims + j];
            }
        }
        return of(points, dims);
    }

    /** Number of points n. */
    public int size() {
        return weights.length;
    }

    /** ‖x − y‖² for each point x and each point y of another cloud: n × m numbers, O(nmd), never below 0. */
    public double[] squaredDistances(Cloud other, Loop loop) {
        require(other.dims == dims, "other.dims", other.dims, "" + dims);
        int n = size();
        int m = other.size();
        double[] cost = new double[Math.multiplyExact(n, m)];
        int width = Rows.padded(m);
        double[] columns = other.turned(width, 1);
        loop.each(parts(n), part -> {
            double[] row = new double[width];
            for (int i = part * BLOCK; i < Math.min(n, (part + 1) * BLOCK); i++) {
                Rows.squaredDistances(points, i * dims, dims, columns, width, row);
                System.arraycopy(row, 0, cost, i * m, m);
            }
        });
        return cost;
    }

    /** The points times a number, [dims, width], so that lanes are points. */
    double[] turned(int width, double scale) {
        double[] columns = new double[Math.multiplyExact(dims, width)];
        for (int j = 0; j < size(); j++) {
            for (int k = 0; k < dims; k++) {
                columns[k * width + j] = points[j * dims + k] * scale;
            }
        }
        return columns;
    }

    /** The masses, scaled to a total of 1. */
    double[] normalised() {
        double total = Support.sum(weights);
        double[] scaled = weights.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] /= total;
        }
        return scaled;
    }

    /** Some of the points. */
    Cloud picked(int[] some) {
        double[] picked = new double[some.length * dims];
        double[] masses = new double[some.length];
        for (int i = 0; i < some.length; i++) {
            System.arraycopy(points, some[i] * dims, picked, i * dims, dims);
            masses[i] = weights[some[i]];
        }
        return new Cloud(picked, dims, masses);
    }

    static int parts(int n) {
        return (n + BLOCK - 1) / BLOCK;
    }

    /** The mean point, d numbers. */
    double[] mean() {
        double[] mean = new double[dims];
        double mass = 0;
        for (int i = 0; i < size(); i++) {
            mass += weights[i];
            for (int k = 0; k < dims; k++) {
                mean[k] += weights[i] * points[i * dims + k];
            }
        }
        for (int k = 0; k < dims; k++) {
            mean[k] /= mass;
        }
        return mean;
    }
}
