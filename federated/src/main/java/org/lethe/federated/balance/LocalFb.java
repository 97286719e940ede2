package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
import org.lethe.federated.Sites;

/**
 * FairBatch inside each client, then plain averaging: the baseline that shows that clients which are fair by themselves do not
 * make a fair federation.
 *
 * @param step how fast weights change
 * @param rounds added to those of the model before
 */
@Named("local-fb")
public record LocalFb(double step, int rounds) implements Balancing {
    public LocalFb {
        require(step >= 0 && step <= 100, "step", step, "0 to 100");
        require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** 0.3, 29 rounds. */
    public LocalFb() {
        this(0.3, 29);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        int groups = grouping.count();
        Map<Integer, double[]> negatives = new HashMap<>(); // what each client would keep for itself
        Map<Integer, Integer> taken = new HashMap<>();
        return round -> {
            List<double[]> cells = round.each(new FedFb.CellLosses(groups));
            int[] cohort = round.cohort();
            float[][] weights = new float[cohort[cohort.length - 1] + 1][0];
            for (int k = 0; k < cohort.length; k++) {
                int before = taken.merge(cohort[k], 1, Integer::sum) - 1;
                double[] own = negatives.computeIfAbsent(cohort[k], client -> new double[groups]);
                FedFb.CellWeights.update(cells.get(k), own, step / Math.sqrt(before + 1.0), before == 0);
                weights[cohort[k]] = FedFb.CellWeights.of(cells.get(k), own);
            }
            return new OwnWeights(weights);
        };
    }

    /** Each client's own weights of cells. */
    private record OwnWeights(float[][] weights) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            return new FedFb.CellWeights(weights[place.client()]).at(place);
        }
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        if (request instanceof BalanceSites balance && balance.fairness() != BalanceSites.Fairness.DEMOGRAPHIC_PARITY) {
            return Optional.of("local-fb is here for demographic parity alone");
        }
        return Balancing.super.unsuited(request, learner);
    }
}
