package org.lethe.recsys.forget;

import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.ItemKnn;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by taking interactions out of the counts that an item-based neighbourhood is made of, for the model
 * {@code item-knn}.
 *
 * <p>{@code C_ij ← C_ij − 1} for all pairs of items of a user who goes, and {@code c_i ← c_i − 1}. Counts are whole numbers and
 * lists of neighbours are made from them when they are asked for. Exact: the model has the bits of one built without the data, after
 * any number of requests in any order. Cost: the rows of the items that the users of the request had.
 */
@Named("decrement")
@Taxonomy(Branch.ALGEBRAIC)
public record Decrement() implements Forgetting {
    @Override
    public void require(Learner<Split, Recommender> learner) {
        if (!(learner instanceof ItemKnn)) {
            throw Suited.refused(
                    this,
                    "takes interactions out of the counts of item-knn, which " + Named.Of.name(learner)
                            + " does not have");
        }
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        if (!(model instanceof ItemKnn.Model before)) {
            throw Suited.refused(
                    this,
                    "works on a model of item-knn, not on a " + model.getClass().getSimpleName());
        }
        Interactions gone = forgotten.interactions();
        if (gone.size() == 0) {
            return model;
        }
        int[] changed =
                IntStream.range(0, data.users()).filter(u -> gone.degree(u) > 0).toArray();
        env.ledger().count("interactions-touched", data.train().ofUsers(changed).size());
        return before.with(forgotten.remaining().train(), changed, env.workers());
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.2);
    }
}
