package org.lethe.recsys.forget;

import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/** What every method of forgetting asks of its arguments. */
final class Forgetting {
    private Forgetting() {}

    /** The request, resolved on the data. */
    static ForgetRequest.Forgotten resolve(Method<?, ?> method, Request request, Split data) {
        if (request instanceof ForgetRequest forget) {
            return forget.resolve(data);
        }
        throw refused(method, "fulfils requests to forget, not " + request);
    }

    /** The learner as one of user and item tables. */
    static EmbeddingLearner tables(Method<?, ?> method, Learner<Split, Recommender> learner) {
        if (learner instanceof EmbeddingLearner tables) {
            return tables;
        }
        throw refused(method, "needs a model of user and item tables, as bpr or wmf, not " + learner);
    }

    /** The model as user and item tables. */
    static Embeddings embeddings(Method<?, ?> method, Recommender model) {
        if (model instanceof Embeddings embeddings) {
            return embeddings;
        }
        throw refused(
                method,
                "works on user and item tables, not on a " + model.getClass().getSimpleName());
    }

    /** More shards than there are users, items or interactions to put into them are refused. */
    static void requireUsers(Method<?, ?> method, int shards, int units) {
        if (shards > units) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    Named.Of.name(method) + ".shards is " + shards + ", expected at most " + units
                            + ", the number of things this data has to put into them");
        }
    }

    static LetheException refused(Method<?, ?> method, String why) {
        return new LetheException(LetheException.Code.STUDY, Named.Of.name(method) + " " + why);
    }
}
