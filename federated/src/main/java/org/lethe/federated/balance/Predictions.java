package org.lethe.federated.balance;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Scale;
import org.lethe.federated.Classifier;
import org.lethe.federated.GroupRates;
import org.lethe.federated.Grouping;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;

/**
 * What two models say about the test records, and the same resamples of these records for both, so that common noise cancels in
 * a difference.
 *
 * @param labels of the records
 * @param groups of the records, or −1
 * @param count how many groups there are
 * @param after scores of the model that is judged
 * @param before scores of the model before
 * @param key of the resamples
 */
record Predictions(byte[] labels, int[] groups, int count, float[] after, float[] before, Keyed key) {
    /** Resamples: the ends of an interval then move by about 4 % of its width. */
    static final int RESAMPLES = 500;

    /** The test records of clients that are still there, in the groups of its request; in one group without such a request. */
    static Predictions of(Case<Sites, Classifier> c, Env env) {
        Sites data = c.remaining();
        List<Grouping> grouping = BalanceSites.in(c.request()).stream()
                .map(balance -> balance.grouping(data))
                .toList();
        int[] groups = grouping.isEmpty()
                ? new int[data.test().size()]
                : grouping.getFirst().of(data.test());
        float[] before = c.baseline()
                .of(
                        List.of("scores of the test records", c.request()),
                        env,
                        _ -> c.before().scores(data.test()));
        return new Predictions(
                data.test().labels(),
                groups,
                grouping.isEmpty() ? 1 : grouping.getFirst().count(),
                c.untouched() ? before : c.after().scores(data.test()),
                before,
                env.random("test records"));
    }

    int size() {
        return labels.length;
    }

    /** How many records are in a group. */
    int inGroups() {
        return (int) Arrays.stream(groups).filter(g -> g >= 0).count();
    }

    /** Counts of one model: of all records, then of each resample. */
    List<GroupRates> rates(float[] scores) {
        int[] cell = new int[size()];
        for (int i = 0; i < cell.length; i++) {
            cell[i] =
                    groups[i] < 0 ? -1 : (groups[i] * 2 + labels[i]) * 2 + (scores[i] >= Classifier.THRESHOLD ? 1 : 0);
        }
        GroupRates[] rates = new GroupRates[RESAMPLES + 1];
        for (int b = -1; b < RESAMPLES; b++) {
            long[] counts = new long[4 * count];
            Keyed draws = key.of(b);
            for (int i = 0; i < cell.length; i++) {
                int of = cell[b < 0 ? i : Keyed.below(draws.at(i), cell.length)];
                if (of >= 0) {
                    counts[of]++;
                }
            }
            long[][][] shaped = new long[count][2][2];
            for (int k = 0; k < counts.length; k++) {
                shaped[k / 4][k / 2 % 2][k % 2] = counts[k];
            }
            rates[b + 1] = new GroupRates(shaped);
        }
        return List.of(rates);
    }

    /** The mean of a number of each record of some records, then of each resample; not-a-number without records. */
    double[] means(double[] each, boolean[] chosen) {
        double[] means = new double[RESAMPLES + 1];
        for (int b = -1; b < RESAMPLES; b++) {
            Keyed draws = key.of(b);
            double sum = 0;
            long n = 0;
            for (int i = 0; i < each.length; i++) {
                int of = b < 0 ? i : Keyed.below(draws.at(i), each.length);
                if (chosen[of]) {
                    sum += each[of];
                    n++;
                }
            }
            means[b + 1] = n == 0 ? Double.NaN : sum / n;
        }
        return means;
    }

    /** A number for each of some counts; not-a-number where it has no value. */
    static double[] values(List<GroupRates> rates, Function<GroupRates, OptionalDouble> metric) {
        return rates.stream()
                .mapToDouble(r -> metric.apply(r).orElse(Double.NaN))
                .toArray();
    }

    /** The differences of two lists of numbers. */
    static double[] minus(double[] left, double[] right) {
        double[] differences = new double[left.length];
        Arrays.setAll(differences, i -> left[i] - right[i]);
        return differences;
    }

    /** The interval of a value, which is first, with its resamples. */
    static Interval interval(double[] values) {
        return Resampling.interval(values[0], Arrays.copyOfRange(values, 1, values.length));
    }

    /** A finding of a value with its resamples; none where it has no value. */
    static List<Finding> finding(String name, double[] values, long n, Direction direction) {
        return Double.isFinite(values[0])
                ? List.of(new Finding(name, values[0], n, direction).within(interval(values)))
                : List.of();
    }

    /** The same of a share. */
    static List<Finding> share(String name, double[] values, long n, Direction direction) {
        return finding(name, values, n, direction).stream()
                .map(f -> f.on(Scale.SHARE))
                .toList();
    }
}
