package org.lethe.federated.forget;

import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.federated.Classifier;
import org.lethe.federated.Sites;

/**
 * Forgets clients by training again with those that remain, from the same seeded weights.
 *
 * <p>Exact, and the reference for all other methods. Costs a whole training, in which every remaining client takes part; nothing if
 * nobody leaves.
 */
@Named("retrain")
@Taxonomy({Branch.RETRAINING, Branch.FEDERATED})
public record Retrain() implements Forgetting {
    @Override
    public Classifier fulfil(
            Classifier model, Request request, Learner<Sites, Classifier> learner, Sites data, Env env) {
        ForgetClients.Forgotten forgotten = Forgetting.request(this, request).resolve(data);
        return forgotten.nothing() ? model : learner.train(forgotten.remaining(), env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }
}
