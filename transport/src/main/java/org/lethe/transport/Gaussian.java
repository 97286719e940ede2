package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * A normal distribution, between which transport has a closed form.
 *
 * <p>{@code W2² = ‖m1 − m2‖² + tr(S1 + S2 − 2 (S1^½ S2 S1^½)^½)} (Dowson and Landau 1982; Gelbrich 1990): the Fréchet
 * distance of image and video metrics. Square roots come from Jacobi's eigenvalues with those below 0 clamped to it, so
 * singular covariances have a distance. {@link #map} and {@link #barycenter} need inverse roots: there, eigenvalues below
 * {@code 1e-8 · tr/d} are raised to it, and the result says how many were. Everything is O(d³); at d = 64 a
 * decomposition takes some ten milliseconds. Choose it where means and covariances say enough: what they do not say stays.
 *
 * @param mean d numbers
 * @param covariance d × d numbers, symmetric
 */
public record Gaussian(double[] mean, double[] covariance) {
    private static final int MOST_SWEEPS = 60;
    private static final int MOST_STEPS = 100;
    private static final double RESIDUAL = 1e-10;
    private static final double FLOOR = 1e-8;

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
        double[] root = function(covariance, d, Math::sqrt);
        double[] cross = function(times(times(root, other.covariance, d), root, d), d, Math::sqrt);
        double total = 0;
        for (int i = 0; i < d; i++) {
            double difference = mean[i] - other.mean[i];
            total += difference * difference;
            total += covariance[i * d + i] + other.covariance[i * d + i] - 2 * cross[i * d + i];
        }
        return Math.max(0, total);
    }

    /** The mean and covariance of a cloud's points under its weights. */
    public static Gaussian of(Cloud cloud) {
        int d = cloud.dims();
        double[] mean = cloud.mean();
        double mass = Support.sum(cloud.weights());
        double[] covariance = new double[d * d];
        double[] centred = new double[d];
        for (int i = 0; i < cloud.size(); i++) {
            for (int k = 0; k < d; k++) {
                centred[k] = cloud.points()[i * d + k] - mean[k];
            }
            for (int k = 0; k < d; k++) {
                Rows.add(cloud.weights()[i] / mass * centred[k], centred, 0, covariance, k * d, d);
            }
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < i; j++) {
                covariance[i * d + j] = covariance[j * d + i];
            }
        }
        return new Gaussian(mean, covariance);
    }

    /**
     * The map that carries one normal distribution onto another at least cost: {@code T(y) = to + A (y − from)}.
     *
     * @param from mean of the source
     * @param matrix A, d × d, symmetric and positive
     * @param to mean of the target
     * @param raised eigenvalues of the source that were too small and were raised
     */
    public record Affine(double[] from, double[] matrix, double[] to, int raised) {
        /** Moves n rows of d numbers. */
        public double[] apply(double[] rows) {
            int d = from.length;
            require(rows.length % d == 0, "rows.length", rows.length, "a multiple of " + d);
            double[] moved = new double[rows.length];
            for (int at = 0; at < rows.length; at += d) {
                System.arraycopy(to, 0, moved, at, d);
                for (int k = 0; k < d; k++) {
                    Rows.add(rows[at + k] - from[k], matrix, k * d, moved, at, d);
                }
            }
            return moved;
        }
    }

    /** The optimal map onto another: {@code A = S1^−½ (S1^½ S2 S1^½)^½ S1^−½}. */
    public Affine map(Gaussian other) {
        int d = mean.length;
        require(other.mean.length == d, "other dimension", other.mean.length, "" + d);
        Raised own = Raised.of(covariance, d);
        Eigen eigen = Eigen.of(own.matrix, d);
        double[] root = eigen.map(Math::sqrt);
        double[] inverse = eigen.map(x -> 1 / Math.sqrt(x));
        double[] middle = function(times(times(root, other.covariance, d), root, d), d, Math::sqrt);
        return new Affine(mean, times(times(inverse, middle, d), inverse, d), other.mean, own.raised);
    }

    /**
     * The normal distribution of least weighted W2² to some others.
     *
     * @param center the barycenter
     * @param iterations steps of the fixed point
     * @param residual the last step's change of the covariance, as a part of its Frobenius norm
     * @param raised eigenvalues of the given covariances that were too small and were raised
     * @param converged whether the residual came down to 1e-10
     */
    public record Barycenter(Gaussian center, int iterations, double residual, int raised, boolean converged) {}

    /**
     * The barycenter: the mean of the means, and the fixed point {@code S ← S^−½ (Σ λ_k (S^½ S_k S^½)^½)² S^−½} from the
     * mean of the covariances (Álvarez-Esteban et al. 2016), for at most 100 steps.
     *
     * @param shares the weight λ_k of each, adding up to 1
     */
    public static Barycenter barycenter(List<Gaussian> all, double... shares) {
        require(!all.isEmpty(), "number of distributions", 0, "at least 1");
        require(shares.length == all.size(), "shares.length", shares.length, "one each, " + all.size());
        int d = all.get(0).mean.length;
        double[] mean = new double[d];
        double[] s = new double[d * d];
        double[][] covariances = new double[shares.length][];
        int raised = 0;
        double total = 0;
        for (int k = 0; k < shares.length; k++) {
            Gaussian one = all.get(k);
            require(one.mean.length == d, "dimension of number " + k, one.mean.length, "" + d);
            require(shares[k] >= 0, "shares[" + k + "]", shares[k], "0 or more");
            total += shares[k];
            Raised fit = Raised.of(one.covariance, d);
            covariances[k] = fit.matrix;
            raised += fit.raised;
            Rows.add(shares[k], one.mean, 0, mean, 0, d);
            Rows.add(shares[k], fit.matrix, 0, s, 0, d * d);
        }
        require(Math.abs(total - 1) <= 1e-8, "sum of shares", total, "1");
        double residual = Double.POSITIVE_INFINITY;
        int iterations = 0;
        while (residual > RESIDUAL && iterations < MOST_STEPS) {
            Eigen eigen = Eigen.of(s, d);
            double[] root = eigen.map(Math::sqrt);
            double[] inverse = eigen.map(x -> x > 0 ? 1 / Math.sqrt(x) : 0);
            double[] sum = new double[d * d];
            for (int k = 0; k < shares.length; k++) {
                double[] middle = function(times(times(root, covariances[k], d), root, d), d, Math::sqrt);
                Rows.add(shares[k], middle, 0, sum, 0, d * d);
            }
            double[] half = times(inverse, sum, d);
            double[] next = times(half, transposed(half, d), d);
            residual = change(s, next);
            s = next;
            iterations++;
        }
        return new Barycenter(new Gaussian(mean, symmetric(s, d)), iterations, residual, raised, residual <= RESIDUAL);
    }

    /** A covariance whose eigenvalues are at least 1e-8 of their mean. */
    private record Raised(double[] matrix, int raised) {
        static Raised of(double[] covariance, int d) {
            double trace = 0;
            for (int i = 0; i < d; i++) {
                trace += covariance[i * d + i];
            }
            require(trace > 0, "total variance", trace, "more than 0: a point has no map");
            double floor = FLOOR * trace / d;
            int[] count = new int[1];
            double[] matrix = function(covariance, d, x -> {
                if (x < floor) {
                    count[0]++;
                }
                return Math.max(floor, x);
            });
            return new Raised(count[0] == 0 ? covariance : matrix, count[0]);
        }
    }

    private static double change(double[] before, double[] after) {
        double difference = 0;
        double size = 0;
        for (int e = 0; e < after.length; e++) {
            difference += (after[e] - before[e]) * (after[e] - before[e]);
            size += after[e] * after[e];
        }
        return Math.sqrt(difference / size);
    }

    private static double[] transposed(double[] matrix, int d) {
        double[] transposed = new double[d * d];
        for (int e = 0; e < d * d; e++) {
            transposed[e % d * d + e / d] = matrix[e];
        }
        return transposed;
    }

    private static double[] symmetric(double[] matrix, int d) {
        double[] symmetric = transposed(matrix, d);
        for (int e = 0; e < d * d; e++) {
            symmetric[e] = (symmetric[e] + matrix[e]) / 2;
        }
        return symmetric;
    }

    /** V f(λ) Vᵀ of a symmetric matrix, with eigenvalues below 0 taken as 0. */
    static double[] function(double[] matrix, int d, DoubleUnaryOperator f) {
        return Eigen.of(matrix, d).map(f);
    }

    /** Eigenvalues, those below 0 taken as 0, and as rows their vectors. */
    private record Eigen(double[] values, double[] vectors) {
        static Eigen of(double[] matrix, int d) {
            double[] a = symmetric(matrix, d);
            double[] v = new double[d * d];
            for (int i = 0; i < d; i++) {
                v[i * d + i] = 1;
            }
            for (int sweep = 0; sweep < MOST_SWEEPS && rotate(a, v, d); sweep++) {}
            double[] values = new double[d];
            for (int k = 0; k < d; k++) {
                values[k] = Math.max(0, a[k * d + k]);
            }
            return new Eigen(values, v);
        }

        double[] map(DoubleUnaryOperator f) {
            int d = values.length;
            double[] mapped = new double[d * d];
            for (int k = 0; k < d; k++) {
                double value = f.applyAsDouble(values[k]);
                for (int i = 0; i < d; i++) {
                    Rows.add(value * vectors[k * d + i], vectors, k * d, mapped, i * d, d);
                }
            }
            return mapped;
        }
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
                }
                for (int k = 0; k < d; k++) {
                    turn(a, p * d + k, q * d + k, c, s);
                    turn(v, p * d + k, q * d + k, c, s);
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
                Rows.add(left[i * d + k], right, k * d, product, i * d, d);
            }
        }
        return product;
    }
}
