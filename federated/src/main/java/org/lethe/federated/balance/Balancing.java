package org.lethe.federated.balance;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.federated.Algorithm;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;

/**
 * A method that goes on from a learned classifier with rounds of its own. It uses the shape, the local steps and the federation
 * of the learner; a map of scores that the model before has is left out.
 */
interface Balancing extends Method<Sites, Classifier> {
    /** How many rounds it adds. */
    int rounds();

    /** Its part in these rounds. */
    Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env);

    @Override
    default Classifier fulfil(
            Classifier model, Request request, Learner<Sites, Classifier> learner, Sites data, Env env) {
        BalanceSites balance = balance(this, request);
        FederatedLearner federated = federated(this, learner);
        Grouping grouping = balance.grouping(data);
        Server server = Server.of(data, grouping.of(data.train()), federated, env);
        float[] weights = server.run(
                weights(this, model),
                federated.federation().rounds(),
                rounds(),
                algorithm(balance, grouping, federated, env));
        return new Classifier(model.network(), weights);
    }

    @Override
    default Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        if (!(request instanceof BalanceSites)) {
            return Optional.of(Named.Of.name(this) + " balances groups, and the request asks for something else");
        }
        return learner instanceof FederatedLearner
                ? Optional.empty()
                : Optional.of(Named.Of.name(this) + " needs a model that clients train together");
    }

    @Override
    default Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    default Estimate estimate(Learner<Sites, Classifier> learner, Sites data) {
        return learner instanceof FederatedLearner federated
                ? federated.estimate(data).then(federated.estimate(data, rounds()))
                : learner.estimate(data).times(2);
    }

    /** The request of a method; other requests were refused before. */
    static BalanceSites balance(Method<?, ?> method, Request request) {
        if (request instanceof BalanceSites balance) {
            return balance;
        }
        throw new IllegalArgumentException(Named.Of.name(method) + " got a request it does not suit");
    }

    /** The weights that a method goes on from, of a model that has no shards. */
    static float[] weights(Method<?, ?> method, Classifier model) {
        if (model.shards().isEmpty()) {
            return model.weights();
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                Named.Of.name(method) + " goes on from the weights of the model before, and this one has "
                        + model.shards().size() + " shards with weights of their own");
    }

    /** The learner of a method; other learners were refused before. */
    static FederatedLearner federated(Method<?, ?> method, Learner<Sites, Classifier> learner) {
        if (learner instanceof FederatedLearner federated) {
            return federated;
        }
        throw new IllegalArgumentException(Named.Of.name(method) + " got a model it does not suit");
    }
}
