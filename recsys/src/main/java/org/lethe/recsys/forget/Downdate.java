package org.lethe.recsys.forget;

import org.lethe.Check;
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
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by taking rows out of the inverse that a linear autoencoder is made of: {@code P ← P + (Px)(Px)ᵀ / (1 − xᵀPx)} for
 * a user with row x (Sherman and Morrison), for the model {@code ease}.
 *
 * <p>A user who loses some interactions is added with the rest and then taken away whole; an item that loses all is
 * eliminated, {@code P ← P − p_i p_iᵀ / P_ii}. The result is the model of the
 * remaining data up to rounding. The residual {@code |P(XᵀX + λI)v − v|} of a random vector v measures the rounding errors of all
 * requests so far; above {@code drift}, and where a request needs more than half as many updates as there are items, P is
 * built again from the remaining data, as {@code retrain} does. Cost: {@code O(items²)} for each user or item of the request, 7 ms at
 * 3,416 items on one thread.
 *
 * @param drift residual above which P is built again
 */
@Named("downdate")
@Taxonomy(Branch.ALGEBRAIC)
public record Downdate(double drift) implements Forgetting {
    public Downdate {
        Check.require(drift >= 0 && drift <= 1, "drift", drift, "0 to 1");
    }

    /** The root of the rounding unit. */
    public Downdate() {
        this(1.5e-8);
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        ease(learner);
    }

    private Ease ease(Learner<Split, Recommender> learner) {
        if (learner instanceof Ease ease) {
            return ease;
        }
        throw Suited.refused(this, "works on the inverse of ease, which " + Named.Of.name(learner) + " does not have");
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        Ease ease = ease(learner);
        if (!(model instanceof Ease.Model before)) {
            throw Suited.refused(
                    this,
                    "works on a model of ease, not on a " + model.getClass().getSimpleName());
        }
        Interactions gone = forgotten.interactions();
        if (gone.size() == 0) {
            return model;
        }
        Split remaining = forgotten.remaining();
        int updates = before.updates(remaining.train());
        env.ledger().count("updates", updates);
        if (2 * updates <= data.items()) {
            Ease.Model after = before.with(remaining.train(), env);
            if (after.residual(env) <= drift) {
                return after;
            }
        }
        env.ledger().count("rebuilds", 1);
        return ease.train(remaining, env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT_UP_TO_ROUNDING;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.2);
    }
}
