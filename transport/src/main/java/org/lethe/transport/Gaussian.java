package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.function.DoubleUnaryOperator;

/**
 * A normal distribution, between which transport has a closed form.
 *
 * <p>{@code W2² = ‖m1 − m2‖² + tr(S1 + S2 − 2 (S1^½ S2 S1^½)^½)} (Dowson and Landau 1982; Gelbrich 1990): the Fréchet
 * distance of image and video metrics. Square roots come from Jacobi's eigenvalues with those below 0 clamped to it, so
 * singular covariances are fine here. O(d³).
 *
 * @param mean d numbers
 * @param covariance d × d numbers, symmetric
 */
public record Gaussian(double[] mean, double[] covariance) {
    private static final int MOST_SWEEPS = 60;

    public Gaussian {
        int d = mean.length;
        require(d >= 1, "mean.length", d, "at least 1");
        require(covariance.length == (long) d * d, "covariance.length", covariance.length, d + " x " + d);
        double largest = 0;
        for (double v : covariance) {
            require(Double.isFinite(v), "covariance", v, "finite numbers");
            largest = Math.max(largest, Math.abs(v));
        }
        for (int i = 0; i < d; i++) {
            require(Double.isFinite(mean[i]), "mean[" + i + "]", mean[i], "a finite number");
            require(covariance[i * d + i] >= 0, "variance " + i, covariance[i * d + i], "at least 0");
            for (int j = 0; j < i; j++) {
                double difference = Math.abs(covariance[i * d + j] - covariance[j * d + i]);
                require(difference <= 1e-9 * largest, "asymmetry at " + i + ", " + j, difference, "0");
            }
        }
    }

    /** W2² to another normal distribution of the same dimension. */
    public double squaredDistance(Gaussian other) {
        int d = mean.length;
        require(other.mean.length == d, "other dimension", other.mean.length, "" + d);
        double[] root = map(covariance, d, Math::sqrt);
        double[] cross = map(times(times(root, other.covariance, d), root, d), d, Math::sqrt);
        double total = 0;
        for (int i = 0; i < d; i++) {
            double difference = mean[i] - other.mean[i];
            total += difference * difference;
            total += covariance[i * d + i] + other.covariance[i * d + i] - 2 * cross[i * d + i];
        }
        return Math.max(0, total);
    }

    /** V f(λ) Vᵀ of a symmetric matrix, with eigenvalues below 0 taken as 0. */
    static double[] map(double[] matrix, int d, DoubleUnaryOperator f) {
        double[] a = new double[d * d];
        double[] v = new double[d * d];
        for (int i = 0; i < d; i++) {
            v[i * d + i] = 1;
            for (int j = 0; j < d; j++) {
                a[i * d + j] = (matrix[i * d + j] + matrix[j * d + i]) / 2;
            }
        }
        for (int sweep = 0; sweep < MOST_SWEEPS && rotate(a, v, d); sweep++) {}
        double[] mapped = new double[d * d];
        for (int k = 0; k < d; k++) {
            double value = f.applyAsDouble(Math.max(0, a[k * d + k]));
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    mapped[i * d + j] += v[i * d + k] * value * v[j * d + k];
                }
            }
        }
        return mapped;
    }

    /** One sweep of Jacobi's rotations; false once nothing is left to rotate. */
    private static boolean rotate(double[] a, double[] v, int d) {
        boolean any = false;
        for (int p = 0; p < d; p++) {
            for (int q = p + 1; q < d; q++) {
                double off = a[p * d + q];
                if (Math.abs(off) <= 0x1p-54 * Math.sqrt(Math.abs(a[p * d + p] * a[q * d + q])) || off == 0) {
                    continue;
                }
                any = true;
                double theta = (a[q * d + q] - a[p * d + p]) / (2 * off);
                double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
                double c = 1 / Math.hypot(t, 1);
                double s = t * c;
                for (int k = 0; k < d; k++) {
                    turn(a, k * d + p, k * d + q, c, s);
                    turn(v, k * d + p, k * d + q, c, s);
                }
                for (int k = 0; k < d; k++) {
                    turn(a, p * d + k, q * d + k, c, s);
                }
            }
        }
        return any;
    }

    private static void turn(double[] x, int at, int other, double c, double s) {
        double left = x[at];
        double right = x[other];
        x[at] = c * left - s * right;
        x[other] = s * left + c * right;
    }

    private static double[] times(double[] left, double[] right, int d) {
        double[] product = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int k = 0; k < d; k++) {
                for (int j = 0; j < d; j++) {
                    product[i * d + j] += left[i * d + k] * right[k * d + j];
                }
            }
        }
        return product;
    }
}
