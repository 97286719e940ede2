package org.lethe.recsys.approximate;

import java.util.Optional;
import java.util.function.UnaryOperator;

/** Arithmetic of long vectors, and solvers of linear systems whose matrix is only ever multiplied. */
public final class Vectors {
    private Vectors() {}

    /** The sum of products, in the order of the entries. */
    public static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int n = 0; n < a.length; n++) {
            sum = Math.fma(a[n], b[n], sum);
        }
        return sum;
    }

    /** The Euclidean length. */
    public static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    /** {@code a + factor · b}, a new vector. */
    public static double[] plus(double[] a, double factor, double[] b) {
        double[] sum = a.clone();
        add(sum, factor, b);
        return sum;
    }

    /** {@code a ← a + factor · b}. */
    public static void add(double[] a, double factor, double[] b) {
        for (int n = 0; n < a.length; n++) {
            a[n] += factor * b[n];
        }
    }

    /** {@code factor · a}, a new vector. */
    public static double[] times(double factor, double[] a) {
        double[] product = new double[a.length];
        add(product, factor, a);
        return product;
    }

    /**
     * A solution.
     *
     * @param x the vector reached
     * @param residual length of the residual as a share of the right side's
     * @param steps products with the matrix
     */
    public record Solution(double[] x, double residual, int steps) {}

    /**
     * Solves {@code A x = right} by conjugate gradients for a symmetric positive A, until the residual is at most {@code tolerance}
     * of the right side or so many steps are made. Where A turns out not to be positive, it stops at what it has.
     */
    public static Solution conjugateGradients(UnaryOperator<double[]> a, double[] right, double tolerance, int most) {
        double[] x = new double[right.length];
        double[] residual = right.clone();
        double[] direction = right.clone();
        double whole = dot(right, right);
        double norm = whole;
        int steps = 0;
        while (steps < most && norm > tolerance * tolerance * whole) {
            double[] product = a.apply(direction);
            steps++;
            double curvature = dot(direction, product);
            if (curvature <= 0) {
                break;
            }
            double length = norm / curvature;
            add(x, length, direction);
            add(residual, -length, product);
            double next = dot(residual, residual);
            for (int n = 0; n < x.length; n++) {
                direction[n] = residual[n] + next / norm * direction[n];
            }
            norm = next;
        }
        return new Solution(x, whole == 0 ? 0 : Math.sqrt(norm / whole), steps);
    }

    /**
     * The scaled series of GIF: {@code h ← right + h − A h / scale}, whose limit over the scale solves {@code A x = right}. Empty
     * where the series grows, since the scale is then below half the largest eigenvalue of A.
     */
    public static Optional<double[]> series(UnaryOperator<double[]> a, double[] right, double scale, int steps) {
        double[] h = right.clone();
        double before = 0;
        for (int step = 1; step <= steps; step++) {
            double[] product = a.apply(h);
            double change = 0;
            for (int n = 0; n < h.length; n++) {
                double next = right[n] + h[n] - product[n] / scale;
                change += (next - h[n]) * (next - h[n]);
                h[n] = next;
            }
            if (step > 1 && change > before * (1 + 1e-9) && change > 1e-24 * dot(h, h)) { // else it is rounding
                return Optional.empty();
            }
            before = change;
        }
        return Optional.of(times(1 / scale, h));
    }

    /** About the largest eigenvalue of a symmetric positive A, by so many steps of the power iteration; never above it. */
    public static double largestEigenvalue(UnaryOperator<double[]> a, double[] start, int steps) {
        double[] x = start;
        double value = 0;
        for (int step = 0; step < steps && norm(x) > 0; step++) {
            x = times(1 / norm(x), x);
            double[] product = a.apply(x);
            value = dot(x, product);
            x = product;
        }
        return value;
    }
}
