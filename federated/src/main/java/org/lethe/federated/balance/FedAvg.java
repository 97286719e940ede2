package org.lethe.federated.balance;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.federated.Algorithm;
import org.lethe.federated.Averaging;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;

/**
 * Plain federated averaging for more rounds: the baseline of methods with as many rounds (McMahan and others 2017).
 *
 * @param rounds added to those of the model before
 */
@Named("fed-avg")
public record FedAvg(int rounds) implements Balancing {
    public FedAvg {
        Check.require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** 29 rounds, 50 with the usual 21 of the model before. */
    public FedAvg() {
        this(29);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        return new Averaging();
    }
}
