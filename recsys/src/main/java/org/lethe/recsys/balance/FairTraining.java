package org.lethe.recsys.balance;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Request;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;

/** A method that trains anew under a {@link FairLoss}: how In-UCDS and In-Naive differ is whom they draw users to, and how often. */
interface FairTraining extends Balancing {
    /** The search for neighbours. */
    Neighbours.Search search();

    /** Factor c of the fairness loss. */
    double strength();

    /** Whether a neighbour counts by its weight, of sum 1, or each counts 1. */
    boolean weighted();

    /** How often each of some users counts in a step. */
    double[] counts(int[] users, Interactions train);

    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            Balancing.balance(this, request);
            Suited.stepped(this, learner);
        });
    }

    @Override
    default Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        Groups groups = Balancing.balance(this, request).of(data.train());
        Neighbours found = search().of(this, groups, data.train(), env);
        double[] counts = counts(groups.disadvantaged(), data.train());
        FairLoss loss = new FairLoss(strength(), weighted(), found, counts, data.users());
        return Suited.stepped(this, learner).train(data, loss, env);
    }

    @Override
    default Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    default Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(2.4); // the model before, and a training with the fairness loss
    }
}
