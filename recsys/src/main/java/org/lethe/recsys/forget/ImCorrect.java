package org.lethe.recsys.forget;

import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by correcting the interactions that scores are made of, and the mapping behind them (IMCorrect), for
 * the model {@code ease}.
 *
 * <p>Scores are {@code Y M}, interactions times a mapping. The request takes its entries out of Y. M is {@code fixed}, so
 * that it keeps its memory of the data and users outside the request keep their scores to the last bit; or it moves to
 * {@code first-order}, {@code P ← P + Σ (Px)(Px)ᵀ − Σ (Px')(Px')ᵀ} over the rows x before and x' after, in which
 * {@code downdate} divides by {@code 1 − xᵀPx}. Approximate; reconstructed from the paper's abstract.
 *
 * <p>Cost: the lists alone, or {@code O(items²)} for each user.
 *
 * @param mapping what becomes of the mapping: fixed or first-order
 */
@Named("imcorrect")
@Taxonomy(Branch.ALGEBRAIC)
public record ImCorrect(Mapping mapping) implements Forgetting {
    /** What becomes of the mapping. */
    public enum Mapping {
        /** It stays. */
        FIXED,
        /** It moves to first order in the rows that change. */
        FIRST_ORDER
    }

    public ImCorrect() {
        this(Mapping.FIRST_ORDER);
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        if (!(learner instanceof Ease)) {
            throw Suited.refused(
                    this, "corrects the mapping of ease, which " + Named.Of.name(learner) + " does not have");
        }
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        if (!(model instanceof Ease.Model before)) {
            throw Suited.refused(
                    this,
                    "works on a model of ease, not on a " + model.getClass().getSimpleName());
        }
        env.ledger().count("interactions-touched", forgotten.interactions().size());
        return forgotten.interactions().size() == 0
                ? model
                : before.corrected(forgotten.remaining().train(), mapping == Mapping.FIRST_ORDER, env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.2);
    }
}
