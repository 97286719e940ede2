package org.lethe.recsys.approximate;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;
import org.lethe.recsys.forget.Forgetting;

/** What the methods of this package share: they move the tables of a trained model, and promise nothing exact. */
interface TableMethod extends Forgetting {
    /** The tables after the request. */
    double[] moved(Problem problem);

    /** Whether the method moves the tables before propagation and propagates again, where the model is propagated. */
    default boolean overGraph() {
        return false;
    }

    @Override
    default void require(Learner<Split, Recommender> learner) {
        Problem.form(this, learner);
    }

    @Override
    default Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        Optional<Problem> problem = Problem.of(this, model, forgotten, learner, data, overGraph(), env);
        if (problem.isEmpty()) {
            return model;
        }
        env.ledger().count("interactions-touched", problem.get().requested());
        return problem.get().model(moved(problem.get()));
    }

    @Override
    default Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    default Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(3);
    }
}
