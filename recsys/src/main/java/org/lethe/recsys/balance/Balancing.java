package org.lethe.recsys.balance;

import java.util.Optional;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;

/** The requirements of every method that balances groups. */
interface Balancing extends Method<Split, Recommender> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> balance(this, request));
    }

    /** The request, which must be one to balance. */
    static Balance balance(Method<?, ?> method, Request request) {
        return Suited.request(method, request, Balance.class, "balance");
    }
}
