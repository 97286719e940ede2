package org.lethe.statistics;

import static org.lethe.Check.require;

import java.util.Arrays;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.hipparchus.stat.ranking.NaNStrategy;
import org.hipparchus.stat.ranking.NaturalRanking;
import org.hipparchus.stat.ranking.TiesStrategy;
import org.lethe.Interval;
import org.lethe.numerics.Keyed;

/**
 * How well a score tells members from strangers: the area under the ROC curve, with its standard error.
 *
 * <p>The area is the chance that a positive scores above a negative, ties counting half. The error is DeLong, DeLong and
 * Clarke-Pearson's (1988), in the rank form of Sun and Xu (2014): O(n log n), no resampling, no model.
 *
 * @param value the area, 0.5 for a score that knows nothing
 * @param error standard error of the area
 * @param positives how many members were scored
 * @param negatives how many strangers were scored
 */
public record Auc(double value, double error, int positives, int negatives) {

    /** The area for the scores of members and of strangers; each needs at least one score. */
    public static Auc of(double[] positives, double[] negatives) {
        Statistics.check(positives, 1);
        Statistics.check(negatives, 1);
        int m = positives.length;
        int n = negatives.length;
        double[] all = Arrays.copyOf(positives, m + n);
        System.arraycopy(negatives, 0, all, m, n);
        double[] together = rank(all);
        double[] amongPositives = rank(positives);
        double[] amongNegatives = rank(negatives);
        // The share of negatives below each positive, and of positives above each negative.
        double[] above = new double[m];
        Arrays.setAll(above, i -> (together[i] - amongPositives[i]) / n);
        double[] below = new double[n];
        Arrays.setAll(below, j -> 1 - (together[m + j] - amongNegatives[j]) / m);
        double variance = Math.pow(Statistics.sd(above), 2) / m + Math.pow(Statistics.sd(below), 2) / n;
        return new Auc(Statistics.mean(above), Math.sqrt(variance), m, n);
    }

    /**
     * The interval on the logit scale, so that it stays inside (0, 1).
     *
     * <p>At perfect separation DeLong's error is 0 and would claim certainty. The open side is then Clopper and
     * Pearson's bound for a proportion of 1 in the smaller group.
     */
    public Interval interval(double level) {
        if (value <= 0 || value >= 1) {
            double bound = Math.pow((1 - level) / 2, 1.0 / Math.min(positives, negatives));
            return value >= 1 ? new Interval(bound, 1, level) : new Interval(0, 1 - bound, level);
        }
        double logit = Math.log(value / (1 - value));
        double half = Statistics.normalQuantile((1 + level) / 2) * error / (value * (1 - value));
        return new Interval(logistic(logit - half), logistic(logit + half), level);
    }

    /** The 95 % interval. */
    public Interval interval() {
        return interval(Statistics.LEVEL);
    }

    /** The two-sided p-value of "this area is the other's", for areas measured on independent samples. */
    public double differenceTest(Auc other) {
        double spread = Math.hypot(error, other.error);
        if (spread == 0) {
            return value == other.value ? 1 : 0;
        }
        return new NormalDistribution().cumulativeProbability(-Math.abs(value - other.value) / spread) * 2;
    }

    /**
     * The share of members found when at most {@code falsePositiveRate} of strangers may be called members.
     *
     * <p>The threshold is the lowest score that keeps to the rate on the strangers at hand; scores above it are called
     * members. With fewer than 1 / rate strangers only scores above all of them count. The interval is the percentile
     * bootstrap over both groups, threshold included, since the threshold is itself measured.
     */
    public static Rate truePositiveRate(
            double[] positives, double[] negatives, double falsePositiveRate, double level, Keyed key) {
        require(
                falsePositiveRate >= 0 && falsePositiveRate < 1,
                "falsePositiveRate",
                falsePositiveRate,
                "at least 0 and below 1");
        double[] members = sorted(positives);
        double[] strangers = sorted(negatives);
        double value = rateAt(members, strangers, falsePositiveRate);
        double[] drawn = new double[Statistics.RESAMPLES];
        for (int b = 0; b < drawn.length; b++) {
            drawn[b] = rateAt(
                    resampled(members, key.of("positives").of(b)),
                    resampled(strangers, key.of("negatives").of(b)),
                    falsePositiveRate);
        }
        Interval interval = Statistics.percentile(drawn, level);
        return new Rate(
                value,
                new Interval(Math.min(interval.low(), value), Math.max(interval.high(), value), level),
                positives.length);
    }

    /** The same with a 95 % interval. */
    public static Rate truePositiveRate(double[] positives, double[] negatives, double falsePositiveRate, Keyed key) {
        return truePositiveRate(positives, negatives, falsePositiveRate, Statistics.LEVEL, key);
    }

    /**
     * A share with its interval.
     *
     * @param value the share
     * @param interval where the true share lies
     * @param n how many were counted
     */
    public record Rate(double value, Interval interval, int n) {}

    private static double rateAt(double[] members, double[] strangers, double falsePositiveRate) {
        int allowed = (int) Math.floor(falsePositiveRate * strangers.length + 1e-9);
        double threshold = strangers[strangers.length - 1 - allowed];
        int found = 0;
        for (int i = members.length - 1; i >= 0 && members[i] > threshold; i--) {
            found++;
        }
        return (double) found / members.length;
    }

    /** A resample of an ascending sample, ascending: draws are counted per position, so no sorting is needed. */
    private static double[] resampled(double[] ascending, Keyed key) {
        int n = ascending.length;
        int[] times = new int[n];
        for (int i = 0; i < n; i++) {
            times[Keyed.below(key.at(i), n)]++;
        }
        double[] resample = new double[n];
        int to = 0;
        for (int i = 0; i < n; i++) {
            for (int t = times[i]; t > 0; t--) {
                resample[to++] = ascending[i];
            }
        }
        return resample;
    }

    private static double[] sorted(double[] sample) {
        double[] ascending = Statistics.check(sample, 1).clone();
        Arrays.sort(ascending);
        return ascending;
    }

    private static double[] rank(double[] sample) {
        return new NaturalRanking(NaNStrategy.FAILED, TiesStrategy.AVERAGE).rank(sample);
    }

    private static double logistic(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
