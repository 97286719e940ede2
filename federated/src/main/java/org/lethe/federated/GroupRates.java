package org.lethe.federated;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleBinaryOperator;
import java.util.function.IntFunction;

/**
 * Decisions counted by group, label and prediction, and the fairness metrics of these counts.
 *
 * <p>Every metric is of summed counts, never a mean of ratios of clients. One whose cells are empty for all groups but one has no
 * value. Names are those of Fairlearn and AIF360, because "equalized odds difference" has three meanings.
 *
 * @param counts of records: {@code [group][label][prediction]}
 */
public record GroupRates(long[][][] counts) implements Serializable {
    /** A fairness metric with its name in reports. */
    public enum Metric {
        /** Largest difference of selection rates, {@code max |SR_a − SR_b|} (Fairlearn, between groups). */
        DEMOGRAPHIC_PARITY_DIFFERENCE("demographic-parity-difference"),
        /** Largest difference of a selection rate from that of all (Fairlearn, to overall). */
        DEMOGRAPHIC_PARITY_TO_OVERALL("demographic-parity-difference-to-overall"),
        /** Smallest selection rate by the largest. */
        DEMOGRAPHIC_PARITY_RATIO("demographic-parity-ratio"),
        /** Largest difference of true positive rates. */
        EQUAL_OPPORTUNITY_DIFFERENCE("equal-opportunity-difference"),
        /** The larger of the differences of true and false positive rates (Fairlearn, worst case). */
        EQUALIZED_ODDS_WORST_CASE("equalized-odds-difference-worst-case"),
        /** Their mean (Fairlearn, mean; AIF360, average absolute odds difference). */
        EQUALIZED_ODDS_MEAN("equalized-odds-difference-mean"),
        /** Their sum, which the code of WassFFed calls EOD. */
        EQUALIZED_ODDS_SUM("equalized-odds-difference-sum");

        private final String label;

        Metric(String label) {
            this.label = label;
        }

        /** Its name in reports. */
        public String label() {
            return label;
        }
    }

    /** Counts of records with groups (−1 is in none), labels and scores. */
    public static GroupRates of(int groupCount, int[] groups, byte[] labels, float[] scores) {
        long[][][] counts = new long[groupCount][2][2];
        for (int i = 0; i < groups.length; i++) {
            if (groups[i] >= 0) {
                counts[groups[i]][labels[i]][scores[i] >= Classifier.THRESHOLD ? 1 : 0]++;
            }
        }
        return new GroupRates(counts);
    }

    /** The value of a metric, if it has one. */
    public OptionalDouble value(Metric metric) {
        return switch (metric) {
            case DEMOGRAPHIC_PARITY_DIFFERENCE -> spread(this::selectionRate);
            case DEMOGRAPHIC_PARITY_TO_OVERALL -> toOverall();
            case DEMOGRAPHIC_PARITY_RATIO -> ratio();
            case EQUAL_OPPORTUNITY_DIFFERENCE -> spread(this::truePositiveRate);
            case EQUALIZED_ODDS_WORST_CASE -> odds(Math::max);
            case EQUALIZED_ODDS_MEAN -> odds((t, f) -> (t + f) / 2);
            case EQUALIZED_ODDS_SUM -> odds(Double::sum);
        };
    }

    /** P(prediction 1 | group). */
    public OptionalDouble selectionRate(int group) {
        long[][] c = counts[group];
        return rate(c[0][1] + c[1][1], size(group));
    }

    /** P(prediction 1 | label 1, group). */
    public OptionalDouble truePositiveRate(int group) {
        return rate(counts[group][1][1], counts[group][1][0] + counts[group][1][1]);
    }

    /** P(prediction 1 | label 0, group). */
    public OptionalDouble falsePositiveRate(int group) {
        return rate(counts[group][0][1], counts[group][0][0] + counts[group][0][1]);
    }

    /** P(prediction = label | group). */
    public OptionalDouble accuracy(int group) {
        return rate(counts[group][0][0] + counts[group][1][1], size(group));
    }

    /** P(prediction = label) in all groups together. */
    public OptionalDouble accuracy() {
        long right = 0;
        long all = 0;
        for (int g = 0; g < counts.length; g++) {
            right += counts[g][0][0] + counts[g][1][1];
            all += size(g);
        }
        return rate(right, all);
    }

    /** How many records a group has. */
    public long size(int group) {
        long[][] c = counts[group];
        return c[0][0] + c[0][1] + c[1][0] + c[1][1];
    }

    /** The counts of both. */
    public GroupRates plus(GroupRates other) {
        long[][][] sum = new long[counts.length][2][2];
        for (int g = 0; g < sum.length; g++) {
            for (int y = 0; y < 2; y++) {
                for (int p = 0; p < 2; p++) {
                    sum[g][y][p] = counts[g][y][p] + other.counts[g][y][p];
                }
            }
        }
        return new GroupRates(sum);
    }

    private static OptionalDouble rate(long hits, long all) {
        return all == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) hits / all);
    }

    private List<Double> defined(IntFunction<OptionalDouble> rate) {
        List<Double> rates = new ArrayList<>();
        for (int g = 0; g < counts.length; g++) {
            rate.apply(g).ifPresent(rates::add);
        }
        return rates;
    }

    /** Largest minus smallest of the rates that there are, with two of them or more. */
    private OptionalDouble spread(IntFunction<OptionalDouble> rate) {
        List<Double> rates = defined(rate);
        if (rates.size() < 2) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(rates.stream().mapToDouble(r -> r).max().orElseThrow()
                - rates.stream().mapToDouble(r -> r).min().orElseThrow());
    }

    private OptionalDouble ratio() {
        List<Double> rates = defined(this::selectionRate);
        double largest = rates.stream().mapToDouble(r -> r).max().orElse(0);
        return rates.size() < 2 || largest == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(rates.stream().mapToDouble(r -> r).min().orElseThrow() / largest);
    }

    private OptionalDouble toOverall() {
        List<Double> rates = defined(this::selectionRate);
        if (rates.size() < 2) {
            return OptionalDouble.empty();
        }
        long selected = 0;
        long all = 0;
        for (int g = 0; g < counts.length; g++) {
            selected += counts[g][0][1] + counts[g][1][1];
            all += size(g);
        }
        double overall = (double) selected / all;
        return rates.stream().mapToDouble(r -> Math.abs(r - overall)).max();
    }

    private OptionalDouble odds(DoubleBinaryOperator together) {
        OptionalDouble t = spread(this::truePositiveRate);
        OptionalDouble f = spread(this::falsePositiveRate);
        return t.isEmpty() || f.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(together.applyAsDouble(t.getAsDouble(), f.getAsDouble()));
    }
}
