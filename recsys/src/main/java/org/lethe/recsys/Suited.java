package org.lethe.recsys;

import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;

/** The requirements that methods of several verbs share; each refusal begins with the name of the method. */
public final class Suited {
    private Suited() {}

    /** The request, which must be of this kind; {@code verb} is what the method does, as {@code forget}. */
    public static <R extends Request> R request(Method<?, ?> method, Request request, Class<R> kind, String verb) {
        if (kind.isInstance(request)) {
            return kind.cast(request);
        }
        throw refused(method, "fulfils requests to " + verb + ", not " + Named.Of.name(request));
    }

    /** The model, which must hold user embeddings. */
    public static UserRows rows(Method<?, ?> method, Recommender model) {
        if (model.served() instanceof UserRows rows) {
            return rows;
        }
        throw refused(
                method,
                "needs a model with one table of user embeddings; shards that answer one by one have a table each");
    }

    /** The learner, whose models must have an embedding for every user. */
    public static Learner<Split, Recommender> embedded(Method<?, ?> method, Learner<Split, Recommender> learner) {
        if (learner instanceof EmbeddingLearner || learner instanceof UserLearner) {
            return learner;
        }
        throw refused(
                method,
                "needs a model with an embedding for every user, as bpr or neumf, not " + Named.Of.name(learner));
    }

    /** The learner, which must train under an additional loss. */
    public static UserLearner stepped(Method<?, ?> method, Learner<?, ?> learner) {
        if (learner instanceof UserLearner stepped) {
            return stepped;
        }
        throw refused(
                method,
                "needs a model trained by gradient steps, for example bpr or lightgcn, not " + Named.Of.name(learner));
    }

    /** A refusal, for the reason given. */
    public static LetheException refused(Method<?, ?> method, String why) {
        return new LetheException(LetheException.Code.STUDY, Named.Of.name(method) + " " + why);
    }
}
