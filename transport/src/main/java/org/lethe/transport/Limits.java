package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Constraints on the masses of a constrained barycenter, besides adding up to 1.
 *
 * <p>Coordinate ascent on the multipliers finds the nearest such masses to given ones in the sense of KL (Hildreth's
 * and Dykstra's method in the geometry of KL: Censor and Reich 1998). Each constraint in turn gets the multiplier that
 * just meets it, or none where it is met anyway. A cycle costs O(n) for each bound and some fifty times that for each
 * other constraint. Where no masses satisfy the constraints, this is proved, not guessed. The multipliers then grow
 * along a direction that shows it (Farkas), and the solver checks that direction.
 *
 * @param least smallest mass of each point, from 0 to less than 1
 * @param most largest mass of each point
 * @param linear further constraints
 */
public record Limits(double[] least, double[] most, List<Linear> linear) {
    private static final double MET = 1e-10;
    private static final double FARTHEST = 1e12;
    private static final int MOST_CYCLES = 2000;
    private static final int BISECTIONS = 200;

    /**
     * {@code least ≤ Σ_i c_i a_i ≤ most}: for a mean, the positions; for the mass of a region, ones and zeros.
     *
     * @param coefficients c, one per point
     * @param least lower bound, or −∞
     * @param most upper bound, or ∞
     */
    public record Linear(double[] coefficients, double least, double most) {
        public Linear {
            for (double c : coefficients) {
                require(Double.isFinite(c), "a coefficient", c, "a finite number");
            }
            require(least <= most, "least", least, "at most " + most);
        }
    }

    public Limits {
        require(most.length == least.length, "most.length", most.length, "" + least.length);
        linear = List.copyOf(linear);
        for (int i = 0; i < least.length; i++) {
            require(least[i] >= 0 && least[i] < 1, "least[" + i + "]", least[i], "from 0 to less than 1");
            require(most[i] >= least[i], "most[" + i + "]", most[i], "at least " + least[i]);
        }
        for (Linear one : linear) {
            require(
                    one.coefficients.length == least.length,
                    "coefficients",
                    one.coefficients.length,
                    "" + least.length);
        }
    }

    /** No limit on {@code n} masses. */
    public static Limits none(int n) {
        double[] most = new double[n];
        Arrays.fill(most, 1);
        return new Limits(new double[n], most, List.of());
    }

    /** One constraint more. */
    public Limits and(Linear one) {
        List<Linear> all = new ArrayList<>(linear);
        all.add(one);
        return new Limits(least, most, all);
    }

    double[] noMultipliers() {
        return new double[linear.size()];
    }

    boolean free() {
        for (int i = 0; i < least.length; i++) {
            if (least[i] > 0 || most[i] < 1) {
                return false;
            }
        }
        return linear.isEmpty();
    }

    /**
     * Masses that satisfy the limits, by their logarithms to base 2.
     *
     * @param logs log₂ of each mass
     * @param violation the largest amount by which one is missed
     * @param status whether they are met, the cycles ran out, or no masses meet them
     */
    record Projection(double[] logs, double violation, TransportResult.Status status) {}

    /** The nearest masses to 2^q; {@code multipliers}, one per linear constraint, are where to start and are updated. */
    Projection project(double[] q, double[] multipliers) {
        int n = q.length;
        if (Support.sum(least) > 1 + MET || Support.sum(most) < 1 - MET) {
            return new Projection(
                    q, Math.max(Support.sum(least) - 1, 1 - Support.sum(most)), TransportResult.Status.INFEASIBLE);
        }
        double[] base = q.clone(); // with linear multipliers, without those of the bounds
        for (int r = 0; r < multipliers.length; r++) {
            Rows.add(multipliers[r], linear.get(r).coefficients, 0, base, 0, n);
        }
        double[] logs = base.clone();
        double violation = Double.POSITIVE_INFINITY;
        for (int cycle = 1; cycle <= MOST_CYCLES; cycle++) {
            bounds(base, logs);
            for (int r = 0; r < multipliers.length; r++) {
                double step = step(linear.get(r), logs, multipliers[r]);
                multipliers[r] += step;
                Rows.add(step, linear.get(r).coefficients, 0, base, 0, n);
                Rows.add(step, linear.get(r).coefficients, 0, logs, 0, n);
            }
            double total = logSum(logs, -1);
            for (int i = 0; i < n; i++) {
                logs[i] -= total;
                base[i] -= total;
            }
            violation = violation(base, logs, multipliers);
            if (violation <= MET) {
                return new Projection(logs, violation, TransportResult.Status.CONVERGED);
            }
            if (Integer.bitCount(cycle) == 1 && impossible(multipliers)) {
                return new Projection(logs, violation, TransportResult.Status.INFEASIBLE);
            }
        }
        return new Projection(logs, violation, TransportResult.Status.STOPPED);
    }

    /** Puts each mass that has bounds between them, given the others: {@code a = w / (rest + w)}, so by its odds. */
    private void bounds(double[] base, double[] logs) {
        for (int i = 0; i < logs.length; i++) {
            if (least[i] > 0 || most[i] < 1) {
                double rest = logSum(logs, i);
                double high = most[i] >= 1 ? Double.POSITIVE_INFINITY : rest + log2(most[i] / (1 - most[i]));
                double low = rest + log2(least[i] / (1 - least[i]));
                logs[i] = Math.max(Math.min(base[i], high), low);
            }
        }
    }

    /**
     * The move of the multiplier that just meets its constraint, or makes it 0 where the constraint is met without it.
     */
    private static double step(Linear one, double[] logs, double now) {
        double without = mean(one.coefficients, logs, -now);
        if (without >= one.least && without <= one.most) {
            return -now;
        }
        double bound = without < one.least ? one.least : one.most;
        double low = -now;
        double high = -now;
        double size = 1;
        if (without < bound) {
            while (mean(one.coefficients, logs, high) < bound && size < FARTHEST) {
                low = high;
                high += size;
                size *= 2;
            }
        } else {
            while (mean(one.coefficients, logs, low) > bound && size < FARTHEST) {
                high = low;
                low -= size;
                size *= 2;
            }
        }
        for (int k = 0; k < BISECTIONS && Math.nextUp(low) < high; k++) {
            double middle = (low + high) / 2;
            if (mean(one.coefficients, logs, middle) < bound) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /** Σ c a for masses 2^(logs + t c), scaled to a sum of 1. */
    private static double mean(double[] c, double[] logs, double t) {
        double shift = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < c.length; i++) {
            shift = Math.max(shift, logs[i] + t * c[i]);
        }
        double sum = 0;
        double total = 0;
        for (int i = 0; i < c.length; i++) {
            double w = Math.pow(2, logs[i] + t * c[i] - shift);
            sum += w * c[i];
            total += w;
        }
        return sum / total;
    }

    /** The largest amount by which a limit is missed, or by which one that has a multiplier is not attained. */
    private double violation(double[] base, double[] logs, double[] multipliers) {
        double worst = 0;
        for (int i = 0; i < logs.length; i++) {
            double mass = Math.pow(2, logs[i]);
            worst = Math.max(worst, missed(mass, least[i], most[i], logs[i] - base[i]));
        }
        for (int r = 0; r < multipliers.length; r++) {
            Linear one = linear.get(r);
            double size = 1;
            double sum = 0;
            for (int i = 0; i < logs.length; i++) {
                sum += one.coefficients[i] * Math.pow(2, logs[i]);
                size = Math.max(size, Math.abs(one.coefficients[i]));
            }
            worst = Math.max(worst, missed(sum, one.least, one.most, multipliers[r]) / size);
        }
        return worst;
    }

    private static double missed(double value, double least, double most, double multiplier) {
        double low = multiplier > 0 ? Math.abs(least - value) : least - value;
        double high = multiplier < 0 ? Math.abs(value - most) : value - most;
        return Math.max(low, high);
    }

    /** Farkas: whether the constraints, added with these multipliers, ask for more than any masses within bounds give. */
    private boolean impossible(double[] multipliers) {
        int n = least.length;
        double[] gain = new double[n];
        double asked = 0;
        double size = 0;
        for (int r = 0; r < multipliers.length; r++) {
            double y = multipliers[r];
            Linear one = linear.get(r);
            if (y != 0) {
                Rows.add(y, one.coefficients, 0, gain, 0, n);
                asked += y * (y > 0 ? one.least : one.most);
                size += Math.abs(y);
            }
        }
        double reached = most(gain);
        return reached < asked - MET * size;
    }

    /** The largest Σ gain · a over masses within the bounds, whatever the linear limits: greedily by gain. */
    double most(double[] gain) {
        int[] order = Sorting.order(gain);
        double left = 1 - Support.sum(least);
        double reached = 0;
        for (int k = gain.length - 1; k >= 0; k--) {
            int i = order[k];
            double more = Math.min(left, most[i] - least[i]);
            reached += gain[i] * (least[i] + more);
            left -= more;
        }
        return reached;
    }

    /** The largest amount by which masses miss a limit, linear ones by their largest coefficient. */
    double missed(double[] masses) {
        double[] logs = new double[masses.length];
        Arrays.setAll(logs, i -> log2(masses[i]));
        return violation(logs, logs, new double[linear.size()]);
    }

    private static double logSum(double[] logs, int without) {
        double shift = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < logs.length; i++) {
            if (i != without) {
                shift = Math.max(shift, logs[i]);
            }
        }
        if (shift == Double.NEGATIVE_INFINITY) {
            return shift;
        }
        double sum = 0;
        for (int i = 0; i < logs.length; i++) {
            if (i != without) {
                sum += Math.pow(2, logs[i] - shift);
            }
        }
        return shift + log2(sum);
    }

    private static double log2(double x) {
        return Math.log(x) * Entropic.LOG2_E;
    }
}
