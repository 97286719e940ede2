package org.lethe.federated.balance;

import static org.lethe.Check.require;

import org.lethe.Env;
import org.lethe.Named;
import org.lethe.federated.Algorithm;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;
import org.lethe.federated.Loss;

/**
 * WassFFed inside each client, then plain averaging: a client pulls the scores of its groups towards one distribution of its own.
 * A client with one group learns plainly.
 *
 * @param beta weight of the labels, from 0 to 1
 * @param rounds added to those of the model before
 * @param target distribution that all groups of a client should have
 * @param pull second part of the loss; the published code has squared
 * @param bins of the histograms from 0 to 1
 */
@Named("local-wb")
public record LocalWb(double beta, int rounds, FairTarget target, Pull pull, int bins) implements Balancing {
    public LocalWb {
        require(beta >= 0 && beta <= 1, "beta", beta, "0 to 1");
        require(rounds >= 0, "rounds", rounds, "at least 0");
        require(bins >= 2 && bins <= 10_001, "bins", bins, "2 to 10,001");
    }

    /** The client's marginal distribution and the squared difference, β = 0.5, 29 rounds. */
    public LocalWb() {
        this(0.5, 29, FairTarget.MARGINAL, Pull.SQUARED, 101);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        Loss.Maker own = new Pull.Local(
                pull, (float) beta, target, new Histogram(request.fairness(), grouping.count(), bins, 0, 0));
        return round -> own;
    }
}
