package org.lethe.statistics;

import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.function.ToDoubleFunction;
import org.lethe.Interval;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;

/**
 * The same resamples for several models, so that their common noise cancels in a difference. People are drawn with
 * replacement, each with all of their samples; a person counts as often as drawn.
 */
public final class Resampling {
    private Resampling() {}

    /** How often each is drawn in one resample of as many. */
    public static int[] draw(Keyed key, int owners) {
        int[] times = new int[owners];
        for (int n = 0; n < owners; n++) {
            times[Keyed.below(key.at(n), owners)]++;
        }
        return times;
    }

    /** The value of a measure in each of a number of resamples. */
    public static double[] values(int resamples, int owners, Keyed key, ToDoubleFunction<int[]> measure) {
        double[] values = new double[resamples];
        for (int b = 0; b < resamples; b++) {
            values[b] = measure.applyAsDouble(draw(key.of(b), owners));
        }
        return values;
    }

    /** Combines resampled values, one resample at a time. */
    public static double[] each(int resamples, IntToDoubleFunction value) {
        double[] values = new double[resamples];
        Arrays.setAll(values, value);
        return values;
    }

    /** The middle 95 % of the finite ones, widened where needed so that it holds the value itself. */
    public static Interval interval(double value, double[] resampled) {
        double[] sorted =
                Arrays.stream(resampled).filter(Double::isFinite).sorted().toArray();
        if (sorted.length == 0) {
            return new Interval(value, value, Statistics.LEVEL);
        }
        double tail = (1 - Statistics.LEVEL) / 2;
        return new Interval(
                Math.min(value, Statistics.quantile(sorted, tail)),
                Math.max(value, Statistics.quantile(sorted, 1 - tail)),
                Statistics.LEVEL);
    }

    /** Two-sided p-value of "the difference is 0": twice the smaller share of resamples on either side, at least 1/B. */
    public static double pValue(double[] differences) {
        double[] finite = Arrays.stream(differences).filter(Double::isFinite).toArray();
        if (finite.length == 0) {
            return 1;
        }
        double above = Arrays.stream(finite).filter(d -> d >= 0).count();
        double below = Arrays.stream(finite).filter(d -> d <= 0).count();
        return Math.min(1, Math.max(2 * Math.min(above, below), 1) / finite.length);
    }

    /**
     * A measure with its value in each resample.
     *
     * @param value as measured
     * @param drawn in each resample
     */
    public record Sampled(double value, double[] drawn) {
        /** A measure of owners that are each counted a number of times: once for its value, as often as drawn in a resample. */
        public static Sampled of(int resamples, int owners, Keyed key, ToDoubleFunction<IntUnaryOperator> measure) {
            return new Sampled(
                    measure.applyAsDouble(o -> 1),
                    values(resamples, owners, key, times -> measure.applyAsDouble(o -> times[o])));
        }

        /** The 95 % interval. */
        public Interval interval() {
            return Resampling.interval(value, drawn);
        }

        /** The differences from another measure, resample by resample. */
        public double[] differences(Sampled other) {
            return each(drawn.length, b -> drawn[b] - other.drawn[b]);
        }

        /** The difference from another measure under the same resamples. */
        public Difference less(Sampled other) {
            return Difference.of(value - other.value, differences(other));
        }
    }

    /**
     * A difference with its interval.
     *
     * @param value as measured
     * @param interval where it lies
     */
    public record Difference(double value, Interval interval) {
        public static Difference of(double value, double[] resampled) {
            return new Difference(value, Resampling.interval(value, resampled));
        }

        /** Whether it is larger than a margin, and its interval leaves out 0. */
        public boolean beyond(double margin) {
            return Math.abs(value) > margin && !interval.contains(0);
        }
    }

    /** The verdict on whether a model is like the one reference there is, see {@link #likeReferences}. */
    public static Verdict likeReference(
            String bar, Difference after, Difference before, double margin, int drawn, String who) {
        return likeReferences(bar, List.of(after), List.of(before), margin, drawn, who);
    }

    /**
     * The verdict on whether a model is like references that differ in their seeds. The measure must tell the model before
     * from each of them.
     *
     * <p>Fail: from every reference the difference is larger than the margin, its interval leaves out 0, and all differences
     * have one sign. A model that differs from some references only as they differ from each other passes. Undecided: the
     * measure does not tell the model before from a reference, or the interval is so wide that it holds the value of the
     * model before. The reason then names a sample size that would be enough, as intervals narrow with its root. Pass
     * otherwise.
     *
     * @param after the differences of the model from each reference
     * @param before the differences of the model before from each reference, in the same order
     * @param drawn how many people, or pairs, the intervals were drawn from
     * @param who the word for them
     */
    public static Verdict likeReferences(
            String bar, List<Difference> after, List<Difference> before, double margin, int drawn, String who) {
        if (apart(after, margin)) {
            return new Verdict.Fail(bar);
        }
        Difference told = nearest(before);
        if (Math.abs(told.value) <= margin) {
            return new Verdict.Undecided(
                    bar,
                    String.format(
                            Locale.ROOT,
                            "the model before is only %.3f from the reference, which the margin of %s lets pass",
                            Math.abs(told.value),
                            margin));
        }
        if (!told.beyond(margin)) {
            double half = told.value > 0 ? told.value - told.interval.low() : told.interval.high() - told.value;
            return new Verdict.Undecided(
                    bar,
                    String.format(
                            Locale.ROOT,
                            "the model before, %.3f from the reference, is not told from it by %d %s; about %d would do",
                            Math.abs(told.value),
                            drawn,
                            who,
                            needed(drawn, half, Math.abs(told.value))));
        }
        Difference like = nearest(after);
        double untreated = before.get(after.indexOf(like)).value;
        return like.interval.contains(untreated)
                ? new Verdict.Undecided(bar, like(like, untreated, drawn, who))
                : new Verdict.Pass(bar);
    }

    /** Whether all differences are larger than a margin, in one direction, and told from 0. */
    private static boolean apart(List<Difference> differences, double margin) {
        double sign = Math.signum(differences.getFirst().value);
        return differences.stream().allMatch(d -> d.beyond(margin) && Math.signum(d.value) == sign);
    }

    private static Difference nearest(List<Difference> differences) {
        return Collections.min(differences, Comparator.comparingDouble(d -> Math.abs(d.value)));
    }

    /** Why a model is not told from the model before. */
    private static String like(Difference after, double before, int drawn, String who) {
        double far = Math.abs(before - after.value);
        double width = before > after.value ? after.interval.high() - after.value : after.value - after.interval.low();
        return String.format(Locale.ROOT, "%d %s do not tell it from the model before", drawn, who)
                + (far > 0
                        ? String.format(Locale.ROOT, "; about %d would, by this difference", needed(drawn, width, far))
                        : "");
    }

    /** How many are enough for half an interval to become as short as a difference, to two digits, rounded up. */
    private static long needed(int drawn, double half, double difference) {
        double ratio = half / difference;
        double n = Math.max(drawn + 1, Math.ceil(drawn * ratio * ratio));
        double unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(n)) - 1));
        return (long) (Math.ceil(n / unit) * unit);
    }

    /** Whether a difference, higher being better, is no worse than minus a margin. */
    public static Verdict notWorse(String bar, Interval difference, double margin) {
        return notWorse(bar, List.of(difference), margin);
    }

    /** Whether a model is no worse than some reference by more than a margin, given its differences from each. */
    public static Verdict notWorse(String bar, List<Interval> differences, double margin) {
        if (differences.stream().anyMatch(d -> d.low() >= -margin)) {
            return new Verdict.Pass(bar);
        }
        return differences.stream().allMatch(d -> d.high() < -margin)
                ? new Verdict.Fail(bar)
                : new Verdict.Undecided(bar, "the interval of the difference crosses the bar");
    }
}
