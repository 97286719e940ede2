package org.lethe.federated.forget;

import java.util.Optional;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.federated.Classifier;
import org.lethe.federated.Sites;

/** The requirements of every method by which a classifier forgets clients. */
interface Forgetting extends Method<Sites, Classifier> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        return LetheException.refusal(() -> request(this, request));
    }

    /** The request, which must be one to forget clients. */
    static ForgetClients request(Object asked, Request request) {
        if (request instanceof ForgetClients forget) {
            return forget;
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                Named.Of.name(asked) + " is for requests to forget clients, not for " + Named.Of.name(request));
    }
}
