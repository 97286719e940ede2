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

/** The requirements of every method that hides attributes. */
interface Hiding extends Method<Split, Recommender> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> hide(this, request));
    }

    /** The request, which must be one to hide. */
    static Hide hide(Method<?, ?> method, Request request) {
        if (request instanceof Hide hide) {
            return hide;
        }
        throw refused(method, "fulfils requests to hide, not " + Named.Of.name(request));
    }

    /** The classes to make equal, with the labels that the method may use. */
    static List<Classes> known(Hide hide, Split data) {
        return hide.targets(data.train()).stream()
                .map(classes -> hide.known(classes, data.train()))
                .toList();
    }

    /** The model, which must hold user embeddings. */
    static UserRows rows(Method<?, ?> method, Recommender model) {
        if (model.served() instanceof UserRows rows) {
            return rows;
        }
        throw refused(
                method,
                "needs a model with one table of user embeddings; shards that answer one by one have a table each");
    }

    /** The learner, which must train under a defence and for more epochs than its warm-up. */
    static UserLearner stepped(Method<?, ?> method, Learner<?, ?> learner, int warmup) {
        if (!(learner instanceof UserLearner stepped)) {
            throw refused(
                    method,
                    "needs a model trained by gradient steps, for example bpr or lightgcn, not "
                            + Named.Of.name(learner));
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
