package org.lethe.video;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.numerics.Keyed;

/** How well scores order clips. */
public final class Ordering {
    private Ordering() {}

    /**
     * The share of pairs by chance whose scores are in the order of their truths; equal scores count as half.
     *
     * @param gap pairs whose truths are closer do not count: 0.3 leaves those that a person would tell apart
     * @param pairs how many are drawn; those of equal truths do not count either
     */
    public static double pairAccuracy(double[] scores, double[] truths, double gap, int pairs, Keyed key) {
        sameLength(scores, truths);
        double right = 0;
        int counted = 0;
        for (int n = 0; n < pairs; n++) {
            int a = Keyed.below(key.of("first").at(n), scores.length);
            int b = Keyed.below(key.of("second").at(n), scores.length);
            double truth = truths[a] - truths[b];
            if (Math.abs(truth) <= gap) {
                continue;
            }
            counted++;
            double product = truth * (scores[a] - scores[b]);
            right += product > 0 ? 1 : product == 0 ? 0.5 : 0;
        }
        Check.require(counted > 0, "pairs", pairs, "enough that one has a gap above " + gap);
        return right / counted;
    }

    /** Spearman's rank correlation, ties with the mean of their ranks; 0 where either is constant. */
    public static double spearman(double[] a, double[] b) {
        sameLength(a, b);
        double[] first = ranks(a);
        double[] second = ranks(b);
        double middle = (a.length - 1) / 2.0;
        double together = 0;
        double one = 0;
        double two = 0;
        for (int n = 0; n < a.length; n++) {
            together += (first[n] - middle) * (second[n] - middle);
            one += (first[n] - middle) * (first[n] - middle);
            two += (second[n] - middle) * (second[n] - middle);
        }
        return one == 0 || two == 0 ? 0 : together / Math.sqrt(one * two);
    }

    private static double[] ranks(double... values) {
        int[] order = IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(n -> values[n]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] ranks = new double[values.length];
        for (int from = 0; from < order.length; ) {
            int end = from;
            while (end < order.length && values[order[end]] == values[order[from]]) {
                end++;
            }
            for (int n = from; n < end; n++) {
                ranks[order[n]] = (from + end - 1) / 2.0;
            }
            from = end;
        }
        return ranks;
    }

    private static void sameLength(double[] a, double[] b) {
        Check.require(
                a.length == b.length && a.length >= 2, "length", b.length, "as many as " + a.length + ", at least 2");
        Check.require(
                Arrays.stream(a).allMatch(Double::isFinite) && Arrays.stream(b).allMatch(Double::isFinite),
                "scores",
                "not finite",
                "finite numbers");
    }
}
