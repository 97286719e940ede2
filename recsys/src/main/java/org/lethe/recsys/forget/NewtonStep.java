package org.lethe.recsys.forget;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by a Newton step on the remaining data: {@code p_u ← p_u − (H + damping·I)⁻¹∇L_r(p_u)} for every touched user,
 * with items fixed.
 *
 * <p>L_r is the model's loss over the user's remaining interactions, with one sampled negative each, plus a squared length
 * with weight {@code ridge}. For a squared loss, one step is the exact ridge solution; for other losses, more steps come
 * closer. A user without remaining interactions ends at zero. All other embeddings, items included, keep their bits and
 * their memory of the forgotten data: approximate. For LightGCN the propagated embeddings move. Cost: {@code O(degree·k)}
 * for each product with the Hessian, about k products a step, for each touched user.
 *
 * @param damping damping added to the Hessian
 * @param ridge weight of the squared length in the objective
 * @param steps number of Newton steps, each halved if it would raise the objective
 */
@Named("newton-step")
@Taxonomy(Branch.INFLUENCE)
public record NewtonStep(double damping, double ridge, int steps) implements Forgetting {
    public NewtonStep {
        Check.require(damping >= 0 && damping <= 1e9, "damping", damping, "0 to 1e9");
        Check.require(ridge > 0 && ridge <= 1e9, "ridge", ridge, "above 0 and at most 1e9");
        Check.require(steps >= 1, "steps", steps, "at least 1");
    }

    public NewtonStep() {
        this(0, 0.1, 1);
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        Forgetting.tables(this, learner);
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        EmbeddingLearner.Loss loss = Forgetting.tables(this, learner).loss();
        Embeddings before = Forgetting.embeddings(this, model);
        int[] touched = forgotten.touchedUsers();
        Interactions left = forgotten.remainingOf(touched).train();
        env.ledger().count("interactions-touched", left.size());
        return Forgetting.withRows(this, before, touched, env, n -> {
            RowObjective objective = RowObjective.of(n, left, before, loss, ridge, env);
            return objective.newton(RowObjective.row(before, touched[n]), damping, steps);
        });
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.1);
    }
}
