package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;
import org.lethe.federated.ScoreMap;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;

/**
 * Moves the scores of each group to their common barycenter when a prediction is made (Chzhen and others 2020): the least that
 * accuracy has to pay for demographic parity, and a bound for methods that train.
 *
 * <p>The weights stay as they are. Predictions need the group of a person. Training scores of all clients are counted by group
 * and bin once.
 *
 * @param target distribution that all groups should have
 * @param repair share of the way that a score goes
 * @param equalWeights whether groups weigh the same in the target, rather than as they have records
 * @param bins of the histograms from 0 to 1
 * @param noise standard deviation of the noise on each number of the histograms, for differential privacy; 0 for none
 */
@Named("w2-post-processing")
public record W2PostProcessing(FairTarget target, double repair, boolean equalWeights, int bins, double noise)
        implements Method<Sites, Classifier> {
    public W2PostProcessing {
        require(repair >= 0 && repair <= 1, "repair", repair, "0 to 1");
        require(bins >= 2 && bins <= 10_001, "bins", bins, "2 to 10,001");
        require(noise >= 0 && noise <= 1e6, "noise", noise, "0 to 1,000,000");
    }

    /** All the way to the W2 barycenter, by 1,001 bins. */
    public W2PostProcessing() {
        this(FairTarget.W2_BARYCENTER, 1, false, 1001, 0);
    }

    @Override
    public Classifier fulfil(
            Classifier model, Request request, Learner<Sites, Classifier> learner, Sites data, Env env) {
        return repaired(model, Balancing.balance(this, request), Balancing.federated(this, learner), data, env);
    }

    Classifier repaired(Classifier model, BalanceSites request, FederatedLearner learner, Sites data, Env env) {
        Grouping grouping = request.grouping(data);
        Keyed random = env.random("w2-post-processing");
        Histogram histogram = new Histogram(
                request.fairness(),
                grouping.count(),
                bins,
                noise / Math.sqrt(data.clients().size()),
                random.key());
        Server server = Server.of(data, grouping.of(data.train()), learner, env);
        double[] sum = server.sum(Balancing.weights(this, model), histogram, Histogram::plus);
        double[][] parts = histogram.of(sum, 0);
        if (noise > 0) {
            for (int g = 0; g < parts.length; g++) {
                parts[g] = Histogram.repaired(parts[g]);
            }
        }
        ScoreMap map = target.map(parts, equalWeights, repair);
        return new Classifier(model.network(), model.weights(), Optional.of(new Classifier.Repair(grouping, map)));
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        if (!(request instanceof BalanceSites balance)) {
            return Optional.of("w2-post-processing balances groups, and the request asks for something else");
        }
        if (balance.fairness() != BalanceSites.Fairness.DEMOGRAPHIC_PARITY) {
            return Optional.of(
                    "w2-post-processing moves predictions without their labels, so it suits demographic parity alone");
        }
        return Optional.empty();
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Sites, Classifier> learner, Sites data) {
        return learner instanceof FederatedLearner federated
                ? federated.estimate(data).then(new Estimate(1e-6 * data.trainSize(), 8L * bins))
                : learner.estimate(data);
    }
}
