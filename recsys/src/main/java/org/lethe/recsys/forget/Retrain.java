package org.lethe.recsys.forget;

import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * Forgets by training again on the remaining data, from the same seeded initial state.
 *
 * <p>Exact, and the reference for all other methods. Cost: a whole training for every request; nothing if nothing is to be
 * forgotten.
 */
@Named("retrain")
@Taxonomy(Branch.RETRAINING)
public record Retrain() implements Forgetting {
    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        ForgetRequest.Forgotten forgotten = Forgetting.resolve(this, request, data);
        if (forgotten.nothing()) {
            return model;
        }
        env.ledger().count("shards-touched", 1);
        env.ledger().count("interactions-touched", forgotten.remaining().train().size());
        return learner.train(forgotten.remaining(), env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }
}
