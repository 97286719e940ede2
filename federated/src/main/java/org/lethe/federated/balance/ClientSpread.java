package org.lethe.federated.balance;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Named;
import org.lethe.Scale;
import org.lethe.federated.Classifier;
import org.lethe.federated.GroupRates;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;

/**
 * How differently clients are served: the accuracy of each on its own test records, and the gap between groups at each.
 *
 * <p>The standard deviation is that of a population. A client without test records is left out, as is one with only one group from
 * the local gaps; how many are is a finding. Intervals are over resampled clients.
 */
@Named("client-spread")
public record ClientSpread() implements Audit<Sites, Classifier> {
    @Override
    public List<Finding> examine(Case<Sites, Classifier> c, Env env) {
        Predictions of = Predictions.of(c, env);
        List<Double> accuracies = new ArrayList<>();
        List<Double> gaps = new ArrayList<>();
        int clients = c.remaining().clients().size();
        for (Sites.Client client : c.remaining().clients()) {
            GroupRates rates = rates(of, client.test());
            accuracy(of, client.test()).ifPresent(accuracies::add);
            rates.value(GroupRates.Metric.DEMOGRAPHIC_PARITY_DIFFERENCE).ifPresent(gaps::add);
        }
        List<Finding> findings = new ArrayList<>();
        Keyed key = env.random("clients");
        if (!accuracies.isEmpty()) {
            double[] all = accuracies.stream().mapToDouble(a -> a).toArray();
            findings.add(found("accuracy-sd", all, ClientSpread::sd, Direction.LOWER, key));
            findings.add(found("accuracy-min", all, ClientSpread::min, Direction.HIGHER, key)
                    .on(Scale.SHARE));
            findings.add(found("accuracy-mean", all, ClientSpread::mean, Direction.HIGHER, key)
                    .on(Scale.SHARE));
        }
        if (!gaps.isEmpty()) {
            double[] all = gaps.stream().mapToDouble(g -> g).toArray();
            findings.add(
                    found("local-demographic-parity-difference-mean", all, ClientSpread::mean, Direction.LOWER, key));
            findings.add(
                    found("local-demographic-parity-difference-max", all, ClientSpread::max, Direction.LOWER, key));
        }
        findings.add(new Finding("clients-without-test-records", clients - accuracies.size(), clients, Direction.NONE));
        findings.add(new Finding("clients-without-local-gap", clients - gaps.size(), clients, Direction.NONE));
        return findings;
    }

    private static GroupRates rates(Predictions of, int[] records) {
        int[] groups = new int[records.length];
        byte[] labels = new byte[records.length];
        float[] scores = new float[records.length];
        for (int i = 0; i < records.length; i++) {
            groups[i] = of.groups()[records[i]];
            labels[i] = of.labels()[records[i]];
            scores[i] = of.after()[records[i]];
        }
        return GroupRates.of(of.count(), groups, labels, scores);
    }

    /** Of all records, those of people in no group too. */
    private static OptionalDouble accuracy(Predictions of, int[] records) {
        long right = 0;
        for (int i : records) {
            right += (of.after()[i] >= Classifier.THRESHOLD ? 1 : 0) == of.labels()[i] ? 1 : 0;
        }
        return records.length == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) right / records.length);
    }

    private interface Measure {
        double of(double[] values);
    }

    private static Finding found(String name, double[] values, Measure measure, Direction direction, Keyed key) {
        double[] resampled = Resampling.values(Predictions.RESAMPLES, values.length, key, times -> {
            double[] drawn = new double[values.length];
            int at = 0;
            for (int k = 0; k < values.length; k++) {
                for (int t = 0; t < times[k]; t++) {
                    drawn[at++] = values[k];
                }
            }
            return measure.of(drawn);
        });
        double value = measure.of(values);
        Interval interval = Resampling.interval(value, resampled);
        return new Finding(name, value, values.length, direction).within(interval);
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    private static double sd(double[] values) {
        double mean = mean(values);
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / values.length);
    }

    private static double min(double[] values) {
        double least = values[0];
        for (double value : values) {
            least = Math.min(least, value);
        }
        return least;
    }

    private static double max(double[] values) {
        double most = values[0];
        for (double value : values) {
            most = Math.max(most, value);
        }
        return most;
    }

    @Override
    public Aspect aspect() {
        return Aspect.FAIRNESS;
    }

    @Override
    public String limits() {
        return "A client with few test records has an accuracy that chance decides; clients weigh the same whatever their size.";
    }
}
