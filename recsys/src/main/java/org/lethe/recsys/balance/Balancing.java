package org.lethe.recsys.balance;

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

/** The requirements of every method that balances groups. */
interface Balancing extends Method<Split, Recommender> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> balance(this, request));
    }

    /** The request, which must be one to balance. */
    static Balance balance(Method<?, ?> method, Request request) {
        if (request instanceof Balance balance) {
            return balance;
        }
        throw refused(method, "fulfils requests to balance, not " + Named.Of.name(request));
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

    /** The learner, which must train under an additional loss. */
    static UserLearner stepped(Method<?, ?> method, Learner<?, ?> learner) {
        if (learner instanceof UserLearner stepped) {
            return stepped;
        }
        throw refused(
                method,
                "needs a model trained by gradient steps, for example neumf or bpr, not " + Named.Of.name(learner));
    }

    static LetheException refused(Method<?, ?> method, String why) {
        return new LetheException(LetheException.Code.STUDY, Named.Of.name(method) + " " + why);
    }
}
