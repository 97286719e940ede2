package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import org.lethe.numerics.Keyed;

/**
 * Distances of clouds through their projections onto lines.
 *
 * <p>{@code SW_p^p = E_θ W_p^p(θᵀμ, θᵀν)} over directions θ uniform on the sphere (Rabin et al. 2011), by L keyed directions,
 * with the standard error of that mean; max-sliced takes the worst direction instead (Deshpande et al. 2019). Choose it for
 * many points in many dimensions, where plans are too large: O(Ln(d + log n)) and no plan at all. It is a metric, but smaller than
 * W_p: a shift by v has {@code SW_2 = ‖v‖ / √d}.
 *
 * @param projections number of directions L
 * @param p power of the distance, at least 1
 */
public record Sliced(int projections, double p) {
    private static final int STARTS = 8;
    private static final int MOST_STEPS = 200;
    private static final double LEAST_STEP = 1e-6;

    public Sliced {
        require(projections >= 2, "projections", projections, "at least 2, or there is no standard error");
        require(p >= 1 && Double.isFinite(p), "p", p, "at least 1");
    }

    /** W2 along 200 directions. */
    public Sliced() {
        this(200, 2);
    }

    /**
     * An estimate over directions.
     *
     * @param distance SW_p
     * @param standardError of the distance, by the spread of W_p^p over directions
     */
    public record Estimate(double distance, double standardError) {}

    /**
     * The direction along which two clouds differ most, as far as ascent found it.
     *
     * @param distance W_p along it: a lower bound of the maximum
     * @param direction unit vector of d numbers
     * @param steps accepted steps of the best start
     * @param converged whether ascent ended because no step helped
     */
    public record Worst(double distance, double[] direction, int steps, boolean converged) {}

    /** SW_p of two clouds of mass 1. */
    public Estimate distance(Cloud x, Cloud y, Keyed random, Loop loop) {
        double[] powers = new double[projections];
        Keyed draw = random.of("sliced");
        Columns left = new Columns(x);
        Columns right = new Columns(y);
        check(x, y);
        loop.each(
                projections,
                l -> powers[l] = left.project(direction(draw, l, x.dims()))
                        .power(right.project(direction(draw, l, x.dims())), p));
        double mean = Support.sum(powers) / projections;
        double squares = 0;
        for (double power : powers) {
            squares += (power - mean) * (power - mean);
        }
        double error = Math.sqrt(squares / (projections - 1) / projections);
        double distance = Math.pow(mean, 1 / p);
        return new Estimate(distance, mean == 0 ? 0 : error * distance / (p * mean));
    }

    /** Max-sliced: ascent of W_p^p on the sphere from the best 8 of the directions, steps halved until none helps. */
    public Worst worst(Cloud x, Cloud y, Keyed random, Loop loop) {
        check(x, y);
        Columns left = new Columns(x);
        Columns right = new Columns(y);
        Keyed draw = random.of("sliced");
        double[] powers = new double[projections];
        loop.each(projections, l -> {
            double[] direction = direction(draw, l, x.dims());
            powers[l] = left.project(direction).power(right.project(direction), p);
        });
        int[] order = Sorting.order(powers);
        int starts = Math.min(STARTS, projections);
        Worst[] found = new Worst[starts];
        loop.each(starts, s -> found[s] = climb(left, right, direction(draw, order[projections - 1 - s], x.dims())));
        Worst best = found[0];
        for (Worst one : found) {
            best = one.distance > best.distance ? one : best;
        }
        return best;
    }

    private Worst climb(Columns x, Columns y, double[] start) {
        double[] direction = start;
        double value = x.project(direction).power(y.project(direction), p);
        double step = 1;
        int steps = 0;
        for (int tries = 0; tries < MOST_STEPS && step > LEAST_STEP; tries++) {
            double[] slope = unit(gradient(x, y, direction));
            double[] next = direction.clone();
            Rows.add(step, slope, 0, next, 0, next.length);
            next = unit(next);
            double reached = x.project(next).power(y.project(next), p);
            if (reached > value) {
                direction = next;
                value = reached;
                steps++;
            } else {
                step /= 2;
            }
        }
        return new Worst(Math.pow(value, 1 / p), direction, steps, step <= LEAST_STEP);
    }

    /** {@code Σ_ij P_ij p |θᵀ(x_i − y_j)|^(p−1) sign(·) (x_i − y_j)}, the plan being that of the projections. */
    private double[] gradient(Columns x, Columns y, double[] direction) {
        double[] px = x.dot(direction);
        double[] py = y.dot(direction);
        int[] ox = Sorting.order(px);
        int[] oy = Sorting.order(py);
        Line lx = x.line(px, ox);
        Line ly = y.line(py, oy);
        Plan.Sparse plan = (Plan.Sparse) lx.transport(ly, p).plan();
        double[] gradient = new double[direction.length];
        for (int i = 0; i < px.length; i++) {
            for (int e = plan.starts()[i]; e < plan.starts()[i + 1]; e++) {
                int j = plan.targets()[e];
                double gap = lx.points()[i] - ly.points()[j];
                double w = plan.masses()[e] * p * Math.pow(Math.abs(gap), p - 1) * Math.signum(gap);
                for (int k = 0; k < gradient.length; k++) {
                    gradient[k] += w * (x.at(ox[i], k) - y.at(oy[j], k));
                }
            }
        }
        return gradient;
    }

    private static double[] direction(Keyed draw, int l, int dims) {
        double[] direction = new double[dims];
        Keyed own = draw.of(l);
        for (int k = 0; k < dims; k++) {
            direction[k] = Keyed.normal(own.at(k));
        }
        return unit(direction);
    }

    private static double[] unit(double[] vector) {
        double squared = 0;
        for (double v : vector) {
            squared += v * v;
        }
        double length = Math.sqrt(squared);
        double[] unit = new double[vector.length];
        for (int k = 0; k < unit.length; k++) {
            unit[k] = length == 0 ? 0 : vector[k] / length;
        }
        return unit;
    }

    private static void check(Cloud x, Cloud y) {
        require(x.dims() == y.dims(), "y.dims", y.dims(), "" + x.dims());
        require(Math.abs(Support.sum(x.weights()) - 1) <= 1e-8, "mass of x", Support.sum(x.weights()), "1");
        require(Math.abs(Support.sum(y.weights()) - 1) <= 1e-8, "mass of y", Support.sum(y.weights()), "1");
    }

    /** A cloud by columns, so that a projection runs along them. */
    private static final class Columns {
        private final double[] values; // [dims, n]
        private final double[] weights;
        private final int n;
        private final boolean even;

        Columns(Cloud cloud) {
            n = cloud.size();
            weights = cloud.weights();
            int d = cloud.dims();
            values = new double[n * d];
            boolean same = true;
            for (int i = 0; i < n; i++) {
                same &= weights[i] == weights[0];
                for (int k = 0; k < d; k++) {
                    values[k * n + i] = cloud.points()[i * d + k];
                }
            }
            even = same;
        }

        double at(int i, int k) {
            return values[k * n + i];
        }

        double[] dot(double[] direction) {
            double[] projected = new double[n];
            for (int k = 0; k < direction.length; k++) {
                Rows.add(direction[k], values, k * n, projected, 0, n);
            }
            return projected;
        }

        Line line(double[] projected, int[] order) {
            double[] x = new double[n];
            double[] w = new double[n];
            for (int i = 0; i < n; i++) {
                x[i] = projected[order[i]];
                w[i] = weights[order[i]];
            }
            return new Line(x, w);
        }

        Line project(double[] direction) {
            double[] projected = dot(direction);
            return even ? new Line(Sorting.sorted(projected), weights) : line(projected, Sorting.order(projected));
        }
    }
}
