package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Weighted points on a line, between which transport is exact by sorting.
 *
 * <p>For the costs |x − y|^p with p ≥ 1 mass keeps its order, so {@code W_p^p = ∫ |Q_x(u) − Q_y(u)|^p du} is a merge of two
 * sorted lists: O(n log n). For p below 1 the cost is not convex and sorting would be wrong; it is refused.
 *
 * @param points positions, in rising order
 * @param weights their masses, adding up to 1
 */
public record Line(double[] points, double[] weights) {
    public Line {
        require(points.length >= 1, "points.length", points.length, "at least 1");
        require(weights.length == points.length, "weights.length", weights.length, "one per point, " + points.length);
        double total = 0;
        for (int i = 0; i < points.length; i++) {
            require(Double.isFinite(points[i]), "points[" + i + "]", points[i], "a finite number");
            require(
                    i == 0 || points[i] >= points[i - 1],
                    "points[" + i + "]",
                    points[i],
                    "no less than the one before");
            require(weights[i] >= 0, "weights[" + i + "]", weights[i], "0 or more");
            total += weights[i];
        }
        require(Math.abs(total - 1) <= 1e-8, "sum of weights", total, "1");
    }

    /** Points in any order, with equal weights. */
    public static Line of(double... points) {
        double[] weights = new double[points.length];
        Arrays.fill(weights, 1.0 / points.length);
        double[] sorted = points.clone();
        Arrays.sort(sorted);
        return new Line(sorted, weights);
    }

    /** Points in any order, with weights. */
    public static Line of(double[] points, double[] weights) {
        require(weights.length == points.length, "weights.length", weights.length, "one per point, " + points.length);
        int[] order = IntStream.range(0, points.length)
                .boxed()
                .sorted((i, j) -> Double.compare(points[i], points[j]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] x = new double[points.length];
        double[] w = new double[points.length];
        for (int i = 0; i < order.length; i++) {
            x[i] = points[order[i]];
            w[i] = weights[order[i]];
        }
        return new Line(x, w);
    }

    /** W_p to another measure: the p-th root of the least mean |x − y|^p. */
    public double distance(Line other, double p) {
        return Math.pow(power(other, p), 1 / p);
    }

    /** W_p^p to another measure. */
    public double power(Line other, double p) {
        require(
                p >= 1 && Double.isFinite(p),
                "p",
                p,
                "at least 1: below, the cost is not convex and order is not kept");
        int i = 0;
        int j = 0;
        double mine = weights[0];
        double theirs = other.weights[0];
        double total = 0;
        while (true) {
            double mass = Math.min(mine, theirs);
            double gap = Math.abs(points[i] - other.points[j]);
            total += mass * (p == 1 ? gap : p == 2 ? gap * gap : Math.pow(gap, p));
            mine -= mass;
            theirs -= mass;
            // Whoever is used up moves on; what rounding leaves at the ends is no mass.
            if (mine <= theirs) {
                if (++i == points.length) {
                    return total;
                }
                mine += weights[i];
            } else {
                if (++j == other.points.length) {
                    return total;
                }
                theirs += other.weights[j];
            }
        }
    }

    /** The smallest point with at least the part {@code u} of the mass at or below it. */
    public double quantile(double u) {
        require(u >= 0 && u <= 1, "u", u, "from 0 to 1");
        double sum = 0;
        for (int i = 0; i < points.length; i++) {
            sum += weights[i];
            if (sum >= u - 1e-12 && weights[i] > 0) {
                return points[i];
            }
        }
        return points[points.length - 1];
    }
}
