package org.lethe.federated.balance;

import static org.lethe.Check.require;

import org.lethe.Env;
import org.lethe.Named;
import org.lethe.federated.Algorithm;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;
import org.lethe.federated.Loss;
import org.lethe.federated.Server;

/**
 * FedGFT (Wang and others 2023): a penalty on the gap of mean scores over all clients, which clients can follow with sums alone.
 *
 * <p>Clients minimise {@code BCE + strength/2 · Σ_a (m_a − m)²}, m_a being the mean score of group a over all clients and m that of
 * all; the server sends the means of the round before. For equal opportunity and equalized odds the means are of people with one
 * label. Our form of the method for more than two groups; its paper has the difference of two.
 *
 * @param strength weight of the penalty
 * @param rounds added to those of the model before
 */
@Named("fedgft")
public record FedGft(double strength, int rounds) implements Balancing {
    public FedGft {
        require(strength >= 0 && strength <= 1e6, "strength", strength, "0 to 1,000,000");
        require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** 5, 29 rounds. */
    public FedGft() {
        this(5, 29);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        int groups = grouping.count();
        BalanceSites.Fairness fairness = request.fairness();
        return round -> {
            double[] sums = round.sum(new MeanScores(fairness, groups), Histogram::plus);
            return new Penalty(fairness, groups, slopes(sums, groups, round));
        };
    }

    /** What the score of a record of each cell adds to the loss. */
    private float[] slopes(double[] sums, int groups, Server.Round round) {
        int cells = sums.length / 2;
        float[] slopes = new float[cells];
        long records = 0;
        for (int client : round.cohort()) {
            records += round.recordsOf(client);
        }
        for (int from = 0; from < cells; from += groups) {
            double all = 0;
            double count = 0;
            for (int c = from; c < from + groups; c++) {
                all += sums[2 * c];
                count += sums[2 * c + 1];
            }
            for (int c = from; c < from + groups; c++) {
                double size = sums[2 * c + 1];
                if (size > 0) {
                    slopes[c] = (float) (strength * (sums[2 * c] / size - all / count) * records / size);
                }
            }
        }
        return slopes;
    }

    /** Sums of scores and numbers of records, {@code [stratum][group][sum, count]} in one run. */
    private record MeanScores(BalanceSites.Fairness fairness, int groups) implements Server.Statistic<double[]> {
        @Override
        public double[] at(Loss.Place place) {
            double[] sums = new double[2 * fairness.strata() * groups];
            float[] scores = place.scores();
            for (int i = 0; i < scores.length; i++) {
                int stratum = fairness.stratum(place.label(i));
                if (stratum >= 0 && place.group(i) >= 0) {
                    int cell = stratum * groups + place.group(i);
                    sums[2 * cell] += scores[i];
                    sums[2 * cell + 1]++;
                }
            }
            return sums;
        }
    }

    /** Training with a push of each cell's scores. */
    private record Penalty(BalanceSites.Fairness fairness, int groups, float[] slopes) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            return (i, p) -> {
                int stratum = fairness.stratum(place.label(i));
                float push = stratum < 0 || place.group(i) < 0 ? 0 : slopes[stratum * groups + place.group(i)];
                return p - place.label(i) + push * p * (1 - p);
            };
        }
    }
}
