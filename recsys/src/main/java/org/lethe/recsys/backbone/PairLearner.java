package org.lethe.recsys.backbone;

import org.lethe.Env;
import org.lethe.Named;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;

/** A learner whose network over rows of users and items {@link PairCourse} trains: what NeuMF, DMF and PMF share. */
interface PairLearner extends UserLearner {
    /** The training, at its seeded initial state. */
    PairCourse course(Split data, UserLoss defence, Env env);

    /** Stop after this many epochs without improvement of the validation score. */
    int patience();

    @Override
    default UserRows train(Split data, UserLoss defence, Env env) {
        String name = Named.Of.name(this);
        Training.requireInteractions(name, data);
        return Training.best(name, course(data, defence, env), data, env, 0, epochs(), patience())
                .state();
    }

    @Override
    default boolean weighsSamples() {
        return true;
    }

    @Override
    default UserRows untrained(Split data, Env env) {
        return course(data, UserLoss.NONE, env).model();
    }
}
