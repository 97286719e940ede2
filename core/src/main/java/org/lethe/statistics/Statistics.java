package org.lethe.statistics;

import static org.lethe.Check.require;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.ranking.NaNStrategy;
import org.hipparchus.stat.ranking.NaturalRanking;
import org.hipparchus.stat.ranking.TiesStrategy;
import org.lethe.Interval;
import org.lethe.Scale;
import org.lethe.numerics.Keyed;

/**
 * Means, intervals and tests, which a measurement needs before it is a claim.
 *
 * <p>Distributions come from Hipparchus. Resampling draws are keyed by (resample, position), so an interval is a
 * function of the sample and the key, whatever else was drawn before. Every function refuses numbers that are not finite.
 */
public final class Statistics {
    /** The coverage used where nobody asks for another. */
    public static final double LEVEL = 0.95;

    /** Resamples used where nobody asks for another number: the ends of a 95 % interval then move by about 2 % of its width. */
    public static final int RESAMPLES = 2_000;

    /** Up to so many pairs the Wilcoxon test counts all sign patterns; beyond, the normal approximation is good to 10⁻³. */
    static final int EXACT_PAIRS = 60;

    private Statistics() {}

    /** The arithmetic mean, in two passes so that a large common offset costs no digits. */
    public static double mean(double... sample) {
        check(sample, 1);
        double rough = Arrays.stream(sample).sum() / sample.length;
        double rest = 0;
        for (double value : sample) {
            rest += value - rough;
        }
        return rough + rest / sample.length;
    }

    /** The standard deviation of a sample (divisor n − 1); 0 for a single number, which has shown no spread. */
    public static double sd(double... sample) {
        double mean = mean(sample);
        if (sample.length == 1) {
            return 0;
        }
        double squares = 0;
        for (double value : sample) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / (sample.length - 1));
    }

    /** Student's interval for the mean: exact for normal samples, honest for a handful of seeds. Needs two numbers. */
    public static Interval tInterval(double[] sample, double level) {
        check(sample, 2);
        double t = new TDistribution(sample.length - 1).inverseCumulativeProbability((1 + level) / 2);
        double half = t * sd(sample) / Math.sqrt(sample.length);
        double mean = mean(sample);
        return new Interval(mean - half, mean + half, level);
    }

    /** The 95 % interval of the mean over seeds. */
    public static Interval tInterval(double... sample) {
        return tInterval(sample, LEVEL);
    }

    /**
     * The 95 % interval of the mean over seeds, on the scale of the measure. Needs two numbers.
     *
     * <p>Student's interval is computed for g(mean), and its ends are taken back by g⁻¹. By the delta method, the standard
     * error of g(mean) is |g′(mean)| times that of the mean. g is the log-odds for a share, the logarithm for a positive
     * number, and nothing where the scale has no end. Numbers that are all equal have shown no spread, from which no interval
     * follows.
     */
    public static Optional<Interval> meanInterval(Scale scale, double... sample) {
        double[] here = Arrays.stream(check(sample, 2)).map(scale::nearest).toArray();
        double mean = mean(here);
        Interval plain = tInterval(here);
        double half = (plain.high() - plain.low()) / 2;
        if (half == 0 || scale.endsAt(mean)) {
            return Optional.empty();
        }
        return Optional.of(
                switch (scale) {
                    case UNBOUNDED -> plain;
                    case SHARE -> {
                        double step = half / (mean * (1 - mean));
                        yield new Interval(shifted(mean, -step), shifted(mean, step), LEVEL);
                    }
                    case POSITIVE -> {
                        double factor = Math.exp(half / mean);
                        yield new Interval(mean / factor, Math.min(mean * factor, Double.MAX_VALUE), LEVEL);
                    }
                });
    }

    /** The share whose log-odds are so much larger. */
    private static double shifted(double share, double logOdds) {
        return 1 / (1 + (1 - share) / share * Math.exp(-logOdds));
    }

    /** The 95 % bootstrap interval of the mean; {@code resamples · n} additions. */
    public static Interval bootstrap(double[] sample, Keyed key) {
        return bootstrap(sample, Statistics::mean, Statistics::accelerationOfMean, RESAMPLES, LEVEL, key);
    }

    /**
     * Bias-corrected and accelerated bootstrap (Efron 1987, equations 2.3 and 6.6) of any statistic of one sample.
     *
     * <p>Costs {@code resamples + n} evaluations of the statistic. A statistic that never moves has an interval of width 0.
     */
    public static Interval bootstrap(
            double[] sample, ToDoubleFunction<double[]> statistic, int resamples, double level, Keyed key) {
        return bootstrap(sample, statistic, of -> acceleration(of, statistic), resamples, level, key);
    }

    private static Interval bootstrap(
            double[] sample,
            ToDoubleFunction<double[]> statistic,
            ToDoubleFunction<double[]> acceleration,
            int resamples,
            double level,
            Keyed key) {
        check(sample, 1);
        require(resamples >= 100, "resamples", resamples, "at least 100");
        double observed = statistic.applyAsDouble(sample);
        double[] drawn = new double[resamples];
        double[] resample = new double[sample.length];
        for (int b = 0; b < resamples; b++) {
            Keyed draws = key.of(b);
            for (int i = 0; i < sample.length; i++) {
                resample[i] = sample[Keyed.below(draws.at(i), sample.length)];
            }
            drawn[b] = statistic.applyAsDouble(resample);
        }
        return bca(drawn, observed, acceleration.applyAsDouble(sample), level);
    }

    /** The 95 % interval of mean(first) − mean(second) over paired measurements, users for instance. */
    public static Interval pairedBootstrap(double[] first, double[] second, Keyed key) {
        return bootstrap(differences(first, second), key);
    }

    /**
     * The two-sided signed-rank test (Wilcoxon 1945) of "the paired differences are symmetric about 0".
     *
     * <p>Pairs that are equal are left out, as Wilcoxon did; ties share the average rank. Up to {@value #EXACT_PAIRS} pairs
     * the p-value is exact, ties included, by counting sign patterns; beyond, it is the normal approximation with tie and
     * continuity corrections. Hipparchus has the test too, but walks all 2ⁿ patterns and does not correct for ties.
     *
     * @return the p-value; 1 where no pair differs
     */
    public static double wilcoxon(double[] first, double[] second) {
        double[] differences =
                Arrays.stream(differences(first, second)).filter(d -> d != 0).toArray();
        int n = differences.length;
        if (n == 0) {
            return 1;
        }
        double[] sizes = Arrays.stream(differences).map(Math::abs).toArray();
        double[] ranks = new NaturalRanking(NaNStrategy.FAILED, TiesStrategy.AVERAGE).rank(sizes);
        double positive = 0;
        for (int i = 0; i < n; i++) {
            positive += differences[i] > 0 ? ranks[i] : 0;
        }
        return n <= EXACT_PAIRS ? exactSignedRank(ranks, positive) : normalSignedRank(sizes, ranks, positive);
    }

    /**
     * Holm's step-down correction (1979, section 3): adjusted p-values, in the order they were given.
     *
     * <p>Rejecting where the adjusted value is at most α keeps the chance of any false rejection at or below α, whatever
     * the dependence of the tests.
     */
    public static double[] holm(double... pValues) {
        for (double p : pValues) {
            require(p >= 0 && p <= 1, "p", p, "between 0 and 1");
        }
        int m = pValues.length;
        Integer[] order = new Integer[m];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(pValues[a], pValues[b]));
        double[] adjusted = new double[m];
        double floor = 0;
        for (int i = 0; i < m; i++) {
            floor = Math.max(floor, Math.min(1, (m - i) * pValues[order[i]]));
            adjusted[order[i]] = floor;
        }
        return adjusted;
    }

    /** Wilson's score interval of a proportion (1927): keeps its coverage near 0 and 1, where Wald's does not. */
    public static Interval proportion(long successes, long n, double level) {
        require(n >= 1, "n", n, "at least 1");
        require(successes >= 0 && successes <= n, "successes", successes, "between 0 and n, which is " + n);
        double z = normalQuantile((1 + level) / 2);
        double p = (double) successes / n;
        double scale = 1 + z * z / n;
        double centre = (p + z * z / (2.0 * n)) / scale;
        double half = z / scale * Math.sqrt(p * (1 - p) / n + z * z / (4.0 * n * n));
        return new Interval(
                successes == 0 ? 0 : Math.max(0, centre - half),
                successes == n ? 1 : Math.min(1, centre + half),
                level);
    }

    /** The quantile of an ascending sample, by linear interpolation between order statistics (Hyndman and Fan's type 7). */
    public static double quantile(double[] ascending, double q) {
        check(ascending, 1);
        require(q >= 0 && q <= 1, "q", q, "between 0 and 1");
        double at = q * (ascending.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, ascending.length - 1);
        return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
    }

    /** The interval of the middle {@code level} of resampled values. */
    static Interval percentile(double[] drawn, double level) {
        double[] ascending = drawn.clone();
        Arrays.sort(ascending);
        return new Interval(quantile(ascending, (1 - level) / 2), quantile(ascending, (1 + level) / 2), level);
    }

    /** The value that a standard normal number is below with probability p. */
    public static double normalQuantile(double p) {
        return new NormalDistribution().inverseCumulativeProbability(p);
    }

    /** The probability that a standard normal number is as far from 0 as x, in either direction. */
    public static double normalTails(double x) {
        return 2 * new NormalDistribution().cumulativeProbability(-Math.abs(x));
    }

    static double[] check(double[] sample, int least) {
        require(sample.length >= least, "sample size", sample.length, "at least " + least);
        for (int i = 0; i < sample.length; i++) {
            require(Double.isFinite(sample[i]), "sample[" + i + "]", sample[i], "a finite number");
        }
        return sample;
    }

    private static double[] differences(double[] first, double[] second) {
        require(first.length == second.length, "second.length", second.length, "as first, " + first.length);
        check(first, 1);
        check(second, 1);
        double[] differences = new double[first.length];
        Arrays.setAll(differences, i -> first[i] - second[i]);
        return differences;
    }

    private static Interval bca(double[] drawn, double observed, double acceleration, double level) {
        Arrays.sort(drawn);
        if (drawn[0] == drawn[drawn.length - 1]) {
            return new Interval(Math.min(drawn[0], observed), Math.max(drawn[0], observed), level);
        }
        double below = 0;
        for (double value : drawn) {
            below += value < observed ? 1 : value == observed ? 0.5 : 0;
        }
        // Kept off 0 and 1, where the correction would be infinite: the sample then says nothing beyond its extremes.
        double share = Math.clamp(below / drawn.length, 0.5 / drawn.length, 1 - 0.5 / drawn.length);
        double bias = normalQuantile(share);
        return new Interval(
                quantile(drawn, corrected((1 - level) / 2, bias, acceleration)),
                quantile(drawn, corrected((1 + level) / 2, bias, acceleration)),
                level);
    }

    private static double corrected(double p, double bias, double acceleration) {
        double z = bias + normalQuantile(p);
        return new NormalDistribution().cumulativeProbability(bias + z / (1 - acceleration * z));
    }

    /** Efron's acceleration by the jackknife; 0 where the statistic has no spread. */
    static double acceleration(double[] sample, ToDoubleFunction<double[]> statistic) {
        int n = sample.length;
        if (n < 2) {
            return 0;
        }
        double[] left = Arrays.copyOfRange(sample, 1, n);
        double[] without = new double[n];
        for (int i = 0; i < n; i++) {
            without[i] = statistic.applyAsDouble(left);
            if (i < n - 1) {
                left[i] = sample[i];
            }
        }
        return accelerationOfMean(Arrays.stream(without).map(value -> -value).toArray());
    }

    /** The same for the mean: without one value it moves by (mean − value) / (n − 1), whose size does not matter. */
    static double accelerationOfMean(double[] sample) {
        double mean = mean(sample);
        double squares = 0;
        double cubes = 0;
        for (double value : sample) {
            double d = value - mean;
            squares += d * d;
            cubes += d * d * d;
        }
        return squares == 0 ? 0 : cubes / (6 * Math.pow(squares, 1.5));
    }

    /** Counts the sign patterns whose rank sum is as far out; ranks are doubled so that shared ranks stay whole. */
    private static double exactSignedRank(double[] ranks, double positive) {
        int total = 0;
        for (double rank : ranks) {
            total += (int) Math.round(2 * rank);
        }
        double[] share = new double[total + 1];
        share[0] = 1;
        int reached = 0;
        for (double rank : ranks) {
            int step = (int) Math.round(2 * rank);
            for (int s = reached; s >= 0; s--) {
                share[s] /= 2;
                share[s + step] += share[s];
            }
            reached += step;
        }
        int observed = (int) Math.round(2 * positive);
        int far = Math.max(observed, total - observed);
        double tail = 0;
        for (int s = total; s >= far; s--) {
            tail += share[s];
        }
        return Math.min(1, 2 * tail);
    }

    private static double normalSignedRank(double[] sizes, double[] ranks, double positive) {
        double n = ranks.length;
        double[] ascending = sizes.clone();
        Arrays.sort(ascending);
        double ties = 0;
        for (int from = 0, to; from < ascending.length; from = to) {
            to = from;
            while (to < ascending.length && ascending[to] == ascending[from]) {
                to++;
            }
            double t = to - from;
            ties += t * t * t - t;
        }
        double variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
        double distance = Math.max(0, Math.abs(positive - n * (n + 1) / 4) - 0.5);
        return Math.min(1, 2 * new NormalDistribution().cumulativeProbability(-distance / Math.sqrt(variance)));
    }

    /** P(X ≥ hits) of a binomial X: so many of {@code trials}, each with probability p. */
    public static double binomialTail(int hits, int trials, double p) {
        double term = StrictMath.pow(1 - p, trials); // P(X = 0)
        double below = 0;
        for (int k = 0; k < hits; k++) {
            below += term;
            term *= (double) (trials - k) / (k + 1) * p / (1 - p);
        }
        return Math.clamp(1 - below, 0.0, 1.0);
    }
}
