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
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserLearner;

/** The requirements of every method that hides attributes. */
interface Hiding extends Method<Split, Recommender> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            hide(this, request);
            Suited.embedded(this, learner);
        });
    }

    /** The request, which must be one to hide. */
    static Hide hide(Method<?, ?> method, Request request) {
        return Suited.request(method, request, Hide.class, "hide");
    }

    /** The classes to make equal, with the labels that the method may use. */
    static List<Classes> known(Hide hide, Split data) {
        return hide.targets(data.train()).stream()
                .map(classes -> hide.known(classes, data.train()))
                .toList();
    }

    /** The learner, which must train under a defence and for more epochs than its warm-up. */
    static UserLearner stepped(Method<?, ?> method, Learner<?, ?> learner, int warmup) {
        UserLearner stepped = Suited.stepped(method, learner);
        if (stepped.epochs() <= warmup) {
            throw Suited.refused(
                    method,
                    "has a warm-up of " + warmup + " epochs, expected fewer than the " + stepped.epochs() + " of "
                            + Named.Of.name(learner));
        }
        return stepped;
    }
}
