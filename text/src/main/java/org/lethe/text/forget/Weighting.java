package org.lethe.text.forget;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Statistics;

/** How scores of samples become the probabilities with which they are drawn: a larger score is drawn more often. */
public sealed interface Weighting {
    /**
     * Weights that sum to 1.
     *
     * @param scores of samples, finite and at least 0
     * @param done share of the steps that is done, from 0 to 1
     */
    double[] of(double[] scores, double done);

    /**
     * In proportion to the score.
     *
     * @param quantile larger scores count as the score at this quantile; 1 for no clipping
     */
    @Named("proportional")
    record Proportional(double quantile) implements Weighting {
        public Proportional {
            requireQuantile(quantile);
        }

        public Proportional() {
            this(0.95);
        }

        @Override
        public double[] of(double[] scores, double done) {
            return normalised(clipped(scores, quantile));
        }
    }

    /**
     * One weight for scores from the median up, another for those below, as in the authors' code: 0.6 and 0.4.
     *
     * @param upper weight of the easier half; the other half has 1 − upper
     */
    @Named("median-split")
    record MedianSplit(double upper) implements Weighting {
        public MedianSplit {
            Check.require(upper > 0 && upper < 1, "upper", upper, "between 0 and 1");
        }

        public MedianSplit() {
            this(0.6);
        }

        @Override
        public double[] of(double[] scores, double done) {
            double[] ascending = required(scores).clone();
            Arrays.sort(ascending);
            double median = Statistics.quantile(ascending, 0.5);
            return normalised(Arrays.stream(scores)
                    .map(s -> s >= median ? upper : 1 - upper)
                    .toArray());
        }
    }

    /**
     * In proportion to a power of the score.
     *
     * @param exponent 0 is uniform, 1 proportional
     * @param quantile larger scores count as the score at this quantile; 1 for no clipping
     */
    @Named("power")
    record Power(double exponent, double quantile) implements Weighting {
        public Power {
            Check.require(exponent >= -10 && exponent <= 10, "exponent", exponent, "-10 to 10");
            requireQuantile(quantile);
        }

        public Power() {
            this(0.5, 0.95);
        }

        @Override
        public double[] of(double[] scores, double done) {
            double[] clipped = clipped(scores, quantile);
            double largest = Arrays.stream(clipped).max().orElseThrow();
            double smallest = Math.max(largest * 1e-12, Double.MIN_NORMAL); // a negative power of 0 has no weight
            return normalised(Arrays.stream(clipped)
                    .map(s -> Math.pow(Math.max(s, smallest) / Math.max(largest, smallest), exponent))
                    .toArray());
        }
    }

    /** In proportion to the rank: 1 for the smallest score up to n for the largest, ties sharing their mean rank. */
    @Named("rank")
    record Rank() implements Weighting {
        @Override
        public double[] of(double[] scores, double done) {
            double[] ranks = new double[required(scores).length];
            for (int i = 0; i < ranks.length; i++) {
                for (double other : scores) {
                    ranks[i] += other < scores[i] ? 1 : other == scores[i] ? 0.5 : 0;
                }
                ranks[i] += 0.5; // itself counts half above
            }
            return normalised(ranks);
        }
    }

    /**
     * The easiest samples first: a pool that grows from one tenth of the samples to all of them, uniform within.
     *
     * @param until share of the steps after which all samples are in the pool
     */
    @Named("curriculum")
    record Curriculum(double until) implements Weighting {
        private static final double FIRST = 0.1;

        public Curriculum {
            Check.require(until > 0 && until <= 1, "until", until, "above 0, at most 1");
        }

        public Curriculum() {
            this(0.5);
        }

        @Override
        public double[] of(double[] scores, double done) {
            double share = Math.min(1, FIRST + (1 - FIRST) * done / until);
            int pool = Math.max(1, (int) Math.ceil(share * required(scores).length));
            double[] weights = new double[scores.length];
            IntStream.range(0, scores.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -scores[i]))
                    .limit(pool)
                    .forEach(i -> weights[i] = 1);
            return normalised(weights);
        }
    }

    private static void requireQuantile(double quantile) {
        Check.require(quantile > 0 && quantile <= 1, "quantile", quantile, "above 0, at most 1");
    }

    private static double[] required(double[] scores) {
        Check.require(scores.length >= 1, "scores", 0, "at least 1");
        for (double s : scores) {
            Check.require(s >= 0 && s < Double.POSITIVE_INFINITY, "score", s, "a finite number, at least 0");
        }
        return scores;
    }

    private static double[] clipped(double[] scores, double quantile) {
        double[] ascending = required(scores).clone();
        Arrays.sort(ascending);
        double most = Statistics.quantile(ascending, quantile);
        return Arrays.stream(scores).map(s -> Math.min(s, most)).toArray();
    }

    /** Scaled to sum 1; uniform where all are 0. */
    private static double[] normalised(double[] weights) {
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights)
                .map(w -> sum == 0 ? 1.0 / weights.length : w / sum)
                .toArray();
    }

    /** (1 − u) w + u / n, so that no sample is never drawn. */
    static double[] mixed(double[] weights, double uniform) {
        return Arrays.stream(weights)
                .map(w -> (1 - uniform) * w + uniform / weights.length)
                .toArray();
    }

    /** How many samples of equal weight would be as spread: 1 / Σ w². */
    static double effectiveSize(double[] weights) {
        return 1 / Arrays.stream(weights).map(w -> w * w).sum();
    }

    /** Places drawn with replacement; a function of key and weights. */
    static int[] draw(double[] weights, int count, Keyed key) {
        double[] cumulative = weights.clone();
        for (int i = 1; i < cumulative.length; i++) {
            cumulative[i] += cumulative[i - 1];
        }
        double total = cumulative[cumulative.length - 1];
        int[] drawn = new int[count];
        for (int n = 0; n < count; n++) {
            double at = Keyed.unit(key.at(n)) * total;
            int found = Arrays.binarySearch(cumulative, at);
            int place = found >= 0 ? found + 1 : -found - 1;
            drawn[n] = Math.min(place, weights.length - 1);
            while (weights[drawn[n]] == 0) {
                drawn[n]--; // rounding at the very end may meet a sample of no weight
            }
        }
        return drawn;
    }
}
