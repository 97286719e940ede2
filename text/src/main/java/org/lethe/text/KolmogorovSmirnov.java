package org.lethe.text;

import static org.lethe.Check.require;

import java.util.Arrays;

/**
 * The two-sided Kolmogorov-Smirnov test of "both samples come from the same distribution".
 *
 * <p>The statistic is D = sup |F₁ − F₂|, taken after all equal values, so ties are handled as in scipy. It depends on
 * the order of the values alone: any increasing or decreasing map of both samples leaves D and p as they are.
 *
 * <p>Up to {@value #EXACT} values in each sample, p is exact for continuous distributions; with ties it errs on the
 * high side. It is the share of lattice paths from (0, 0) to (n, m) that leave the band |x/n − y/m| &lt; D (Hodges
 * 1958). The share outside is summed directly, from positive terms only, so that small values keep their digits; a p
 * below 10⁻²⁹⁰ is summed in logarithms. Beyond, p is Kolmogorov's limit 2 Σ (−1)^(k−1) exp(−2k²t²) with t = D √(nm/(n +
 * m)). Time is n·m, memory m.
 *
 * @param statistic D, 0 to 1
 * @param p chance of a D at least as large where nothing differs; may be 0 where it is too small for a double
 * @param log10P base-10 logarithm of p, finite even where p is 0
 * @param exact whether p counts paths; otherwise it is the limit for large samples
 * @param n size of the first sample
 * @param m size of the second sample
 */
public record KolmogorovSmirnov(double statistic, double p, double log10P, boolean exact, int n, int m) {
    /** Up to so many values in the larger sample, p is exact. */
    public static final int EXACT = 10_000;

    /** Below, parts of the sum may have been lost to underflow; they add up to less than 10⁻³⁰⁰. */
    private static final double SAFE = 1e-290;

    /** The test of two samples; each needs a value, infinite ones are allowed. */
    public static KolmogorovSmirnov of(double[] first, double[] second) {
        return of(first, second, EXACT);
    }

    static KolmogorovSmirnov of(double[] first, double[] second, int exactUpTo) {
        double[] a = ascending("first", first);
        double[] b = ascending("second", second);
        int n = a.length;
        int m = b.length;
        long distance = distance(a, b);
        double statistic = distance / ((double) n * m);
        boolean exact = Math.max(n, m) <= exactUpTo;
        if (distance == 0) {
            return new KolmogorovSmirnov(0, 1, 0, exact, n, m);
        }
        if (!exact) {
            double log = logLimit(statistic * Math.sqrt((double) n * m / ((double) n + m)));
            return new KolmogorovSmirnov(statistic, Math.exp(log), log / Math.log(10), false, n, m);
        }
        double p = Math.min(1, outside(n, m, distance));
        double log10 = p >= SAFE ? Math.log10(p) : logOutside(n, m, distance) / Math.log(10);
        return new KolmogorovSmirnov(statistic, p >= SAFE ? p : Math.pow(10, log10), log10, true, n, m);
    }

    /** n·m·D, in whole numbers so that equal distances compare as equal. */
    private static long distance(double[] a, double[] b) {
        long n = a.length;
        long m = b.length;
        long most = 0;
        int i = 0;
        int j = 0;
        while (i < n && j < m) {
            double at = Math.min(a[i], b[j]);
            // Minus zero sorts before zero but equals it.
            while (i < n && a[i] <= at) {
                i++;
            }
            while (j < m && b[j] <= at) {
                j++;
            }
            most = Math.max(most, Math.abs(i * m - j * n));
        }
        return most;
    }

    /**
     * The share of paths that touch |x·m − y·n| ≥ distance. A random path to (x, y) came from the left with chance
     * x/(x + y), from below otherwise.
     */
    private static double outside(int n, int m, long distance) {
        double[] share = new double[m + 1];
        for (int x = 0; x <= n; x++) {
            for (int y = 0; y <= m; y++) {
                if (Math.abs((long) x * m - (long) y * n) >= distance) {
                    share[y] = 1;
                } else if (x + y > 0) {
                    double left = x == 0 ? 0 : x * share[y];
                    double below = y == 0 ? 0 : y * share[y - 1];
                    share[y] = (left + below) / (x + y);
                }
            }
        }
        return share[m];
    }

    /** The natural logarithm of the same, by the same steps. */
    private static double logOutside(int n, int m, long distance) {
        double[] logs = new double[n + m + 1];
        Arrays.setAll(logs, Math::log);
        double[] share = new double[m + 1];
        for (int x = 0; x <= n; x++) {
            for (int y = 0; y <= m; y++) {
                if (Math.abs((long) x * m - (long) y * n) >= distance) {
                    share[y] = 0;
                } else {
                    double left = x == 0 ? Double.NEGATIVE_INFINITY : logs[x] + share[y];
                    double below = y == 0 ? Double.NEGATIVE_INFINITY : logs[y] + share[y - 1];
                    double high = Math.max(left, below);
                    share[y] = high == Double.NEGATIVE_INFINITY
                            ? high
                            : high + Math.log1p(Math.exp(Math.min(left, below) - high)) - logs[x + y];
                }
            }
        }
        return share[m];
    }

    /**
     * The natural logarithm of Kolmogorov's limit; below t = 1 by its theta transform, where the alternating sum
     * cancels.
     */
    static double logLimit(double t) {
        if (t < 1) {
            double sum = 0;
            for (int k = 1; k <= 7; k += 2) {
                sum += Math.exp(-k * k * Math.PI * Math.PI / (8 * t * t));
            }
            return Math.log1p(-Math.sqrt(2 * Math.PI) / t * sum);
        }
        double rest = 0;
        for (int k = 2; k <= 6; k++) {
            rest += (k % 2 == 0 ? -1 : 1) * Math.exp(-2 * (k * k - 1) * t * t);
        }
        return Math.log(2) - 2 * t * t + Math.log1p(rest);
    }

    private static double[] ascending(String name, double[] sample) {
        require(sample.length >= 1, name + ".length", sample.length, "at least 1");
        for (int i = 0; i < sample.length; i++) {
            require(!Double.isNaN(sample[i]), name + "[" + i + "]", sample[i], "a number");
        }
        double[] sorted = sample.clone();
        Arrays.sort(sorted);
        return sorted;
    }
}
