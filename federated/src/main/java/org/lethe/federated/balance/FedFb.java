package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.federated.Algorithm;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;
import org.lethe.federated.Loss;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;

/**
 * FedFB (Zeng, Chen and Lee 2021): FairBatch in a federation, which weighs the losses of group and label so that groups are chosen
 * equally often.
 *
 * <p>Clients minimise {@code Σ λ_ya · Σ_(y,a) ℓ / N_a}; with {@code λ_ya = N_a/N} this is plain training, where it begins. The
 * server sums losses by cell: a group chosen more often than the first one has a gap {@code g_a = [Σ_(0,a) ℓ − Σ_(1,a) ℓ]/N_a −
 * the same of group 0 + m_00/N_0 − m_0a/N_a} above 0. Then {@code λ_0a} rises by {@code step/√(r+1) · g_a}, {@code λ_00} falls by
 * the sum, each is kept within [0, 2N_a/N], and {@code λ_1a = 2N_a/N − λ_0a}.
 *
 * @param step how fast weights change
 * @param rounds added to those of the model before
 */
@Named("fedfb")
public record FedFb(double step, int rounds) implements Balancing {
    public FedFb {
        require(step >= 0 && step <= 100, "step", step, "0 to 100");
        require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** 0.3, 29 rounds. */
    public FedFb() {
        this(0.3, 29);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        int groups = grouping.count();
        double[] negatives = new double[groups];
        int[] number = {0};
        return round -> {
            double[] cells = round.sum(new CellLosses(groups), Histogram::plus);
            CellWeights.update(cells, negatives, step / Math.sqrt(number[0] + 1.0), number[0] == 0);
            number[0]++;
            return new CellWeights(CellWeights.of(cells, negatives));
        };
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        if (request instanceof BalanceSites balance && balance.fairness() != BalanceSites.Fairness.DEMOGRAPHIC_PARITY) {
            return Optional.of("fedfb is here for demographic parity alone");
        }
        return Balancing.super.unsuited(request, learner);
    }

    /** Sums of losses and numbers of records: {@code [group][label][loss, count]} in one run. */
    record CellLosses(int groups) implements Server.Statistic<double[]> {
        @Override
        public double[] at(Loss.Place place) {
            double[] cells = new double[4 * groups];
            float[] scores = place.scores();
            for (int i = 0; i < scores.length; i++) {
                if (place.group(i) >= 0) {
                    int cell = 4 * place.group(i) + 2 * place.label(i);
                    cells[cell] += Loss.crossEntropy(place.label(i), scores[i]);
                    cells[cell + 1]++;
                }
            }
            return cells;
        }
    }

    /**
     * Training in which a record weighs as its group and label say.
     *
     * @param weights {@code [2·group + label]}, 1 for plain training
     */
    record CellWeights(float[] weights) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            return (i, p) -> {
                float weight = place.group(i) < 0 ? 1 : weights[2 * place.group(i) + place.label(i)];
                return weight * (p - place.label(i));
            };
        }

        /** Moves the weights λ_0a of negatives by the gaps of some cells; {@code first} sets them to where they begin. */
        static void update(double[] cells, double[] negatives, double step, boolean first) {
            int groups = negatives.length;
            double all = 0;
            double[] sizes = new double[groups];
            for (int a = 0; a < groups; a++) {
                sizes[a] = cells[4 * a + 1] + cells[4 * a + 3];
                all += sizes[a];
            }
            if (first) {
                for (int a = 0; a < groups; a++) {
                    negatives[a] = sizes[a] / Math.max(1, all);
                }
            }
            if (sizes[0] == 0) {
                return; // nothing to compare with
            }
            double sum = 0;
            for (int a = 1; a < groups; a++) {
                if (sizes[a] > 0) {
                    double gap = selected(cells, a, sizes[a]) - selected(cells, 0, sizes[0]);
                    negatives[a] = Math.clamp(negatives[a] + step * gap, 0, 2 * sizes[a] / all);
                    sum += gap;
                }
            }
            negatives[0] = Math.clamp(negatives[0] - step * sum, 0, 2 * sizes[0] / all);
        }

        /** How often a group is chosen, up to a constant, by its losses. */
        private static double selected(double[] cells, int group, double size) {
            return (cells[4 * group] - cells[4 * group + 2] - cells[4 * group + 1]) / size;
        }

        /** Weights of records: {@code λ_ya · N/N_a}. */
        static float[] of(double[] cells, double[] negatives) {
            int groups = negatives.length;
            double all = 0;
            for (int a = 0; a < groups; a++) {
                all += cells[4 * a + 1] + cells[4 * a + 3];
            }
            float[] weights = new float[2 * groups];
            for (int a = 0; a < groups; a++) {
                double size = cells[4 * a + 1] + cells[4 * a + 3];
                weights[2 * a] = size == 0 ? 1 : (float) (negatives[a] * all / size);
                weights[2 * a + 1] = 2 - weights[2 * a];
            }
            return weights;
        }
    }
}
