package org.lethe.federated.forget;

import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.federated.Averaging;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;

/**
 * Goes on without the clients that left: more rounds of plain averaging among the others.
 *
 * <p>What federations do when nobody asks them to forget, and the baseline that a method of forgetting must beat. It promises nothing:
 * what the weights have of a client fades as the other clients pull them elsewhere, and stays where they do not.
 *
 * @param rounds added to those of the model before
 */
@Named("fine-tune")
@Taxonomy({Branch.REPAIR, Branch.FEDERATED})
public record FineTune(int rounds) implements Forgetting {
    public FineTune {
        Check.require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** 5 rounds. */
    public FineTune() {
        this(5);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        return LetheException.refusal(() -> {
            Forgetting.request(this, request);
            federated(learner);
        });
    }

    @Override
    public Classifier fulfil(
            Classifier model, Request request, Learner<Sites, Classifier> learner, Sites data, Env env) {
        ForgetClients.Forgotten forgotten = Forgetting.request(this, request).resolve(data);
        if (forgotten.nothing()) {
            return model;
        }
        if (!model.shards().isEmpty()) {
            throw refused("goes on from one array of weights, and the model before has shards");
        }
        FederatedLearner federated = federated(learner);
        float[] weights = Server.of(forgotten.remaining(), federated, env)
                .run(model.weights(), federated.federation().rounds(), rounds, new Averaging());
        return new Classifier(model.network(), weights);
    }

    private FederatedLearner federated(Learner<Sites, Classifier> learner) {
        if (learner instanceof FederatedLearner federated) {
            return federated;
        }
        throw refused("needs a model that clients train together");
    }

    private LetheException refused(String why) {
        return new LetheException(LetheException.Code.STUDY, Named.Of.name(this) + " " + why);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Sites, Classifier> learner, Sites data) {
        return learner instanceof FederatedLearner federated
                ? federated.estimate(data).then(federated.estimate(data, rounds))
                : learner.estimate(data).times(2);
    }
}
