package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.Arrays;
import java.util.List;

/**
 * Weighted points on a line, between which transport is exact by sorting.
 *
 * <p>For the costs |x − y|^p with p ≥ 1 mass keeps its order, so {@code W_p^p = ∫ |Q_x(u) − Q_y(u)|^p du} is a merge of two
 * sorted lists: O(n log n). For p below 1 the cost is not convex and sorting would be wrong; it is refused. Choose it
 * whenever there is one dimension: it is exact and a million points take some hundredths of a second.
 *
 * @param points positions, in rising order
 * @param weights their masses, adding up to 1
 */
public record Line(double[] points, double[] weights) {
    private static final double ROUNDING = 1e-12; // sums of weights that differ by less are equal

    public Line {
        require(points.length >= 1, "points.length", points.length, "at least 1");
        require(weights.length == points.length, "weights.length", weights.length, "one per point, " + points.length);
        double before = -Double.MAX_VALUE;
        for (int i = 0; i < points.length; i++) {
            if (!(points[i] >= before && points[i] <= Double.MAX_VALUE)) {
                throw new IllegalArgumentException(
                        "points[" + i + "] is " + points[i] + ", expected a finite number no less than the one before");
            }
            if (!(weights[i] >= 0)) {
                throw new IllegalArgumentException("weights[" + i + "] is " + weights[i] + ", expected 0 or more");
            }
            before = points[i];
        }
        double total = total(weights);
        require(Math.abs(total - 1) <= 1e-8, "sum of weights", total, "1");
    }

    /** Four sums side by side, as one would wait for each addition. */
    private static double total(double[] weights) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < weights.length; i += 4) {
            a += weights[i];
            b += weights[i + 1];
            c += weights[i + 2];
            d += weights[i + 3];
        }
        for (; i < weights.length; i++) {
            a += weights[i];
        }
        return a + b + (c + d);
    }

    /** Points in any order, with equal weights. */
    public static Line of(double... points) {
        double[] weights = new double[points.length];
        Arrays.fill(weights, 1.0 / points.length);
        requireFinite(points);
        return new Line(Sorting.sorted(points), weights);
    }

    /** Points in any order, with weights. */
    public static Line of(double[] points, double[] weights) {
        require(weights.length == points.length, "weights.length", weights.length, "one per point, " + points.length);
        requireFinite(points);
        int[] order = Sorting.order(points);
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
        requireConvex(p);
        if (weights.length == other.weights.length && weights[0] == other.weights[0] && even() && other.even()) {
            return pairwise(other, p);
        }
        int i = 0;
        int j = 0;
        double mine = weights[0];
        double theirs = other.weights[0];
        double total = 0;
        while (true) {
            double mass = Math.min(mine, theirs);
            total += mass * cost(points[i] - other.points[j], p);
            mine -= mass;
            theirs -= mass;
            // A point whose mass is used up gives way to the next; a remainder of rounding is no mass.
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

    /** Whether all weights are equal. */
    private boolean even() {
        for (double weight : weights) {
            if (weight != weights[0]) {
                return false;
            }
        }
        return true;
    }

    /** What the merge comes to, bit for bit, where all points on both sides have the same weight. */
    private double pairwise(Line other, double p) {
        double total = 0;
        for (int i = 0; i < points.length; i++) {
            total += weights[0] * cost(points[i] - other.points[i], p);
        }
        return total;
    }

    /**
     * The optimal plan to another measure, with potentials: for convex costs the one that keeps the order, at most n + m − 1
     * entries in O(n + m). Rows and columns are in the rising order of the points. For p = 2, plans of general solvers on
     * the same points have the same cost but, where points coincide, need not be the same.
     */
    public TransportResult transport(Line other, double p) {
        requireConvex(p);
        int n = points.length;
        int m = other.points.length;
        double[] f = new double[n];
        double[] g = new double[m];
        int[] starts = new int[n + 1];
        int[] targets = new int[n + m];
        double[] masses = new double[n + m];
        double[] columns = new double[m];
        double total = 0;
        double rowError = 0;
        int entries = 0;
        int i = 0;
        int j = 0;
        double mine = weights[0];
        double theirs = other.weights[0];
        double row = 0;
        g[0] = 0;
        f[0] = cost(points[0] - other.points[0], p);
        while (true) {
            // The last on either side takes what is left of the other, so that rounding loses no mass.
            double mass = i == n - 1 ? theirs : j == m - 1 ? mine : Math.min(mine, theirs);
            if (mass > 0) {
                targets[entries] = j;
                masses[entries++] = mass;
                row += mass;
                columns[j] += mass;
                total += mass * cost(points[i] - other.points[j], p);
            }
            mine -= mass;
            theirs -= mass;
            boolean down = i < n - 1 && (j == m - 1 || mine <= theirs);
            if (down || j == m - 1) {
                rowError += Math.abs(row - weights[i]);
                row = 0;
                starts[++i] = entries;
                if (i == n) {
                    break;
                }
                mine = weights[i];
                f[i] = cost(points[i] - other.points[j], p) - g[j];
            } else {
                theirs = other.weights[++j];
                g[j] = cost(points[i] - other.points[j], p) - f[i];
            }
        }
        double shift = 0;
        for (int k = 0; k < n; k++) {
            shift -= weights[k] * f[k];
        }
        for (int k = 0; k < m; k++) {
            shift += other.weights[k] * g[k];
        }
        double dual = 0;
        for (int k = 0; k < n; k++) {
            f[k] += shift / 2;
            dual += weights[k] * f[k];
        }
        double columnError = 0;
        for (int k = 0; k < m; k++) {
            g[k] -= shift / 2;
            dual += other.weights[k] * g[k];
            columnError += Math.abs(columns[k] - other.weights[k]);
        }
        Plan plan = new Plan.Sparse(n, m, starts, Arrays.copyOf(targets, entries), Arrays.copyOf(masses, entries));
        return new TransportResult(
                plan, f, g, total, total, dual, rowError, columnError, entries, TransportResult.Status.CONVERGED);
    }

    /** ∂W_p^p/∂x, one number per point in rising order: {@code Σ_j P_ij p |x_i − y_j|^(p−1) sign(x_i − y_j)}. */
    public double[] gradient(Line other, double p) {
        Plan.Sparse plan = (Plan.Sparse) transport(other, p).plan();
        double[] gradient = new double[points.length];
        for (int i = 0; i < gradient.length; i++) {
            for (int e = plan.starts()[i]; e < plan.starts()[i + 1]; e++) {
                double gap = points[i] - other.points[plan.targets()[e]];
                gradient[i] += plan.masses()[e] * p * Math.pow(Math.abs(gap), p - 1) * Math.signum(gap);
            }
        }
        return gradient;
    }

    /**
     * The W2 barycenter {@code Q̄(u) = Σ_k λ_k Q_k(u)} (exact; Agueh and Carlier 2011, section 6.1), one point for each step
     * of a quantile function: at most the sum of the sizes.
     */
    public static Line barycenter(List<Line> lines, double... shares) {
        checkShares(lines, shares);
        int[] at = new int[shares.length];
        double[] left = new double[shares.length];
        int most = 0;
        for (int k = 0; k < shares.length; k++) {
            left[k] = lines.get(k).weights[0];
            most += lines.get(k).points.length;
        }
        double[] points = new double[most];
        double[] weights = new double[most];
        int found = 0;
        while (true) {
            double mass = Double.POSITIVE_INFINITY;
            double point = 0;
            int first = 0;
            for (int k = 0; k < shares.length; k++) {
                point += shares[k] * lines.get(k).points[at[k]];
                if (left[k] < mass) {
                    mass = left[k];
                    first = k;
                }
            }
            if (mass > ROUNDING) {
                points[found] = found > 0 ? Math.max(point, points[found - 1]) : point;
                weights[found++] = mass;
            }
            for (int k = 0; k < shares.length; k++) {
                left[k] -= mass;
            }
            for (int k = 0; k < shares.length; k++) {
                if (k == first || left[k] <= ROUNDING) {
                    if (at[k] + 1 == lines.get(k).points.length) {
                        if (k == first) {
                            return levelled(Arrays.copyOf(points, found), Arrays.copyOf(weights, found));
                        }
                    } else {
                        left[k] += lines.get(k).weights[++at[k]];
                    }
                }
            }
        }
    }

    /** The W1 barycenter whose distribution function is, at every point, the weighted median of the others'. */
    public static Line median(List<Line> lines, double... shares) {
        checkShares(lines, shares);
        double[] all =
                lines.stream().flatMapToDouble(l -> Arrays.stream(l.points)).toArray();
        double[] points = Sorting.sorted(all);
        int[] at = new int[shares.length];
        double[] below = new double[shares.length];
        double[] weights = new double[points.length];
        double reached = 0;
        for (int i = 0; i < points.length; i++) {
            for (int k = 0; k < shares.length; k++) {
                Line line = lines.get(k);
                while (at[k] < line.points.length && line.points[at[k]] <= points[i]) {
                    below[k] += line.weights[at[k]++];
                }
            }
            double value = weightedMedian(below, shares);
            weights[i] = Math.max(0, value - reached);
            reached = Math.max(reached, value);
        }
        return levelled(points, weights);
    }

    /**
     * W1 of two histograms on one grid, {@code width · Σ|F − G|}: O(n), no sorting.
     *
     * @param width distance between neighbouring bins
     */
    public static double histograms(double[] p, double[] q, double width) {
        double sum = 0;
        for (double difference : differences(p, q, width)) {
            sum += Math.abs(difference);
        }
        return sum * width;
    }

    /** W1 of two histograms whose last bin is next to the first: the same less the best constant, a median. */
    public static double circles(double[] p, double[] q, double width) {
        double[] differences = Sorting.sorted(differences(p, q, width));
        double middle = differences[differences.length / 2];
        double sum = 0;
        for (double difference : differences) {
            sum += Math.abs(difference - middle);
        }
        return sum * width;
    }

    private static double[] differences(double[] p, double[] q, double width) {
        double mass = TransportProblem.mass("p", p);
        double other = TransportProblem.mass("q", q);
        require(q.length == p.length, "q.length", q.length, "" + p.length);
        require(Math.abs(mass - other) <= 1e-8 * Math.max(mass, other), "sum of q", other, "the sum of p, " + mass);
        require(width > 0 && Double.isFinite(width), "width", width, "more than 0");
        double[] differences = new double[p.length];
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += p[i] - q[i];
            differences[i] = sum;
        }
        return differences;
    }

    private static double weightedMedian(double[] values, double[] shares) {
        int[] order = Sorting.order(values);
        double sum = 0;
        for (int k : order) {
            sum += shares[k];
            if (sum >= 0.5 - ROUNDING) {
                return values[k];
            }
        }
        return values[order[order.length - 1]];
    }

    private static Line levelled(double[] points, double[] weights) {
        double total = Support.sum(weights);
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= total;
        }
        return new Line(points, weights);
    }

    private static void checkShares(List<Line> lines, double[] shares) {
        require(!lines.isEmpty(), "number of lines", 0, "at least 1");
        require(shares.length == lines.size(), "shares.length", shares.length, "one each, " + lines.size());
        require(
                Math.abs(TransportProblem.mass("shares", shares) - 1) <= 1e-8,
                "sum of shares",
                Support.sum(shares),
                "1");
    }

    private static double cost(double gap, double p) {
        double size = Math.abs(gap);
        return p == 1 ? size : p == 2 ? size * size : Math.pow(size, p);
    }

    private static void requireConvex(double p) {
        require(
                p >= 1 && Double.isFinite(p),
                "p",
                p,
                "at least 1: below, the cost is not convex and order is not kept");
    }

    private static void requireFinite(double[] points) {
        for (int i = 0; i < points.length; i++) {
            if (!Double.isFinite(points[i])) {
                throw new IllegalArgumentException("points[" + i + "] is " + points[i] + ", expected a finite number");
            }
        }
    }

    /** The smallest point with at least the part {@code u} of the mass at or below it. */
    public double quantile(double u) {
        require(u >= 0 && u <= 1, "u", u, "from 0 to 1");
        double sum = 0;
        for (int i = 0; i < points.length; i++) {
            sum += weights[i];
            if (sum >= u - ROUNDING && weights[i] > 0) {
                return points[i];
            }
        }
        return points[points.length - 1];
    }
}
