package org.lethe.recsys.forget;

import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

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
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        env.ledger().count("shards-touched", 1);
        env.ledger().count("interactions-touched", forgotten.remaining().train().size());
        return learner.train(forgotten.remaining(), env);
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data, Request request) {
        return learner.estimate(data).times(1 + Forgetting.forget(this, request).trainings(learner));
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }
}
