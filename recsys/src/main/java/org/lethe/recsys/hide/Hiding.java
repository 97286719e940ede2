package org.lethe.recsys.hide;

import java.util.List;
import java.util.Optional;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserRows;

/** What every method of hiding asks of its arguments. */
interface Hiding extends Method<Split, Recommender> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> hide(this, request));
    }

    /** The request as one to hide. */
    static Hide hide(Method<?, ?> method, Request request) {
        if (request instanceof Hide hide) {
            return hide;
        }
        throw refused(method, "fulfils requests to hide, not " + Named.Of.name(request));
    }

    /** What is to be made alike, as far as the method may know it. */
    static List<Classes> known(Hide hide, Split data) {
        return hide.targets(data.train()).stream()
                .map(classes -> hide.known(classes, data.train()))
                .toList();
    }

    /** The model as one with rows of users. */
    static UserRows rows(Method<?, ?> method, Recommender model) {
        if (model.served() instanceof UserRows rows) {
            return rows;
        }
        throw refused(
                method,
                "works on a model that holds users as rows; this one is put together from parts that each have rows of"
                        + " their own");
    }

    /** The learner as one that trains under a defence, for more epochs than the defence waits. */
    static UserLearner stepped(Method<?, ?> method, Learner<?, ?> learner, int warmup) {
        if (!(learner instanceof UserLearner stepped)) {
            throw refused(
                    method,
                    "needs a model that is trained step by step, as bpr or lightgcn, not " + Named.Of.name(learner));
        }
        if (stepped.epochs() <= warmup) {
            throw refused(
                    method,
                    "has a warm-up of " + warmup + " epochs, expected fewer than the " + stepped.epochs() + " of "
                            + Named.Of.name(learner));
        }
        return stepped;
    }

    static LetheException refused(Method<?, ?> method, String why) {
        return new LetheException(LetheException.Code.STUDY, Named.Of.name(method) + " " + why);
    }
}
