package org.lethe.transport;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Anderson's extrapolation of a fixed-point iteration (Anderson 1965; in the form of Walker and Ni 2011). It combines
 * the last images with the weights that make the combined residual smallest. A step costs a few products of vectors.
 * The memory is dropped when the error doubles, and no number moves further than a bound beyond the plain step.
 */
final class Anderson {
    private static final double RIDGE = 1e-10; // of the mean square of the differences
    private static final double WORSE = 2;

    private final int memory;
    private final double farthest;
    private final Deque<double[]> residuals = new ArrayDeque<>(); // differences of successive ones
    private final Deque<double[]> images = new ArrayDeque<>();
    private double[] lastResidual = new double[0];
    private double[] lastImage = new double[0];
    private double lastError = Double.POSITIVE_INFINITY;

    Anderson(int memory, double farthest) {
        this.memory = memory;
        this.farthest = farthest;
    }

    /** Replaces the image of {@code point} by the extrapolation. */
    void extrapolate(double[] point, double[] image, double error) {
        int n = point.length;
        double[] residual = image.clone();
        Rows.add(-1, point, 0, residual, 0, n);
        double[] plain = image.clone();
        if (error > WORSE * lastError) {
            residuals.clear();
            images.clear();
        } else if (lastImage.length > 0) {
            residuals.addLast(difference(residual, lastResidual));
            images.addLast(difference(plain, lastImage));
            if (residuals.size() > memory) {
                residuals.removeFirst();
                images.removeFirst();
            }
        }
        lastResidual = residual;
        lastImage = plain;
        lastError = error;
        double[] weights = weights(residuals.toArray(double[][]::new), residual);
        int k = 0;
        for (double[] difference : images) {
            Rows.add(-weights[k++], difference, 0, image, 0, n);
        }
        for (int j = 0; j < n; j++) {
            image[j] = plain[j] + Math.clamp(image[j] - plain[j], -farthest, farthest);
        }
    }

    private static double[] difference(double[] x, double[] y) {
        double[] difference = x.clone();
        Rows.add(-1, y, 0, difference, 0, x.length);
        return difference;
    }

    /** The least squares of {@code ‖r − Σ w_k d_k‖²}, by elimination of the normal equations. */
    private static double[] weights(double[][] d, double[] r) {
        int count = d.length;
        double[][] rows = new double[count][count + 1];
        double trace = 0;
        for (int k = 0; k < count; k++) {
            for (int l = 0; l < count; l++) {
                rows[k][l] = Rows.dot(d[k], 0, d[l], 0, r.length);
            }
            rows[k][count] = Rows.dot(d[k], 0, r, 0, r.length);
            trace += rows[k][k];
        }
        if (!(trace > 0)) {
            return new double[count];
        }
        for (int k = 0; k < count; k++) {
            rows[k][k] += RIDGE * trace / count;
        }
        for (int k = 0; k < count; k++) { // positive definite: no pivoting
            for (int l = 0; l < count; l++) {
                if (l != k) {
                    double factor = rows[l][k] / rows[k][k];
                    for (int c = k; c <= count; c++) {
                        rows[l][c] -= factor * rows[k][c];
                    }
                }
            }
        }
        double[] weights = new double[count];
        for (int k = 0; k < count; k++) {
            double weight = rows[k][count] / rows[k][k];
            weights[k] = Double.isFinite(weight) ? weight : 0;
        }
        return weights;
    }
}
