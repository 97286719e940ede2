package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.federated.Algorithm;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.GroupRates;
import org.lethe.federated.Grouping;
import org.lethe.federated.Loss;
import org.lethe.federated.Server;

/**
 * FairFed (Ezzeldin and others 2023): clients whose local gap is near the global one weigh more.
 *
 * <p>F is the gap that the request asks about, of summed counts; F_k that of a client. {@code Δ_k = |F − F_k|}, or the difference
 * of accuracies where a client has no gap; {@code ω_k ← ω_k − β(Δ_k − mean Δ)}, cut at 0. Weights begin with the clients' numbers of
 * records. The published code of WassFFed has this baseline with two defects, which are not repeated. The server sees counts of
 * each client.
 *
 * @param step β, how fast weights change
 * @param rounds added to those of the model before
 */
@Named("fairfed")
public record FairFed(double step, int rounds) implements Balancing {
    public FairFed {
        require(step >= 0 && step <= 100, "step", step, "0 to 100");
        require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** β = 1, 29 rounds. */
    public FairFed() {
        this(1, 29);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        GroupRates.Metric metric = switch (request.fairness()) {
            case DEMOGRAPHIC_PARITY -> GroupRates.Metric.DEMOGRAPHIC_PARITY_DIFFERENCE;
            case EQUAL_OPPORTUNITY -> GroupRates.Metric.EQUAL_OPPORTUNITY_DIFFERENCE;
            case EQUALIZED_ODDS -> GroupRates.Metric.EQUALIZED_ODDS_WORST_CASE;
        };
        Map<Integer, Double> weights = new HashMap<>();
        return round -> reweighed(round, metric, grouping.count(), weights);
    }

    private Loss.Maker reweighed(
            Server.Round round, GroupRates.Metric metric, int groups, Map<Integer, Double> weights) {
        List<Counted> counted = round.each(new Count(groups));
        int[] cohort = round.cohort();
        GroupRates all =
                counted.stream().map(Counted::rates).reduce(GroupRates::plus).orElseThrow();
        OptionalDouble global = all.value(metric);
        long right = counted.stream().mapToLong(Counted::right).sum();
        long records = counted.stream().mapToLong(Counted::records).sum();
        double[] gaps = new double[cohort.length];
        for (int k = 0; k < cohort.length; k++) {
            Counted own = counted.get(k);
            weights.putIfAbsent(cohort[k], (double) own.records / records);
            OptionalDouble local = own.rates.value(metric);
            gaps[k] = global.isPresent() && local.isPresent()
                    ? Math.abs(global.getAsDouble() - local.getAsDouble())
                    : Math.abs((double) right / records - (double) own.right / own.records);
        }
        double mean = Arrays.stream(gaps).sum() / gaps.length;
        double sum = 0;
        double[] moved = new double[cohort.length];
        for (int k = 0; k < cohort.length; k++) {
            moved[k] = Math.max(0, weights.getOrDefault(cohort[k], 0.0) - step * (gaps[k] - mean));
            sum += moved[k];
        }
        double[] shares = new double[Arrays.stream(cohort).max().orElse(0) + 1];
        for (int k = 0; k < cohort.length; k++) {
            double weight = sum > 0 ? moved[k] / sum : 1.0 / cohort.length;
            weights.put(cohort[k], weight);
            shares[cohort[k]] = weight;
        }
        return new Weighed(shares);
    }

    private record Counted(GroupRates rates, long right, long records) implements Serializable {}

    /** Decisions of a client by group and label. */
    private record Count(int groups) implements Server.Statistic<Counted> {
        @Override
        public Counted at(Loss.Place place) {
            float[] scores = place.scores();
            int[] of = new int[scores.length];
            byte[] labels = new byte[scores.length];
            long right = 0;
            for (int i = 0; i < of.length; i++) {
                of[i] = place.group(i);
                labels[i] = (byte) place.label(i);
                right += (scores[i] >= 0.5f ? 1 : 0) == labels[i] ? 1 : 0;
            }
            return new Counted(GroupRates.of(groups, of, labels, scores), right, of.length);
        }
    }

    /** Plain training with weights that the server has chosen. */
    private record Weighed(double[] shares) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            return new Loss.CrossEntropy().at(place);
        }

        @Override
        public double share(Loss.Place place) {
            return shares[place.client()];
        }
    }
}
