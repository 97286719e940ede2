package org.lethe.recsys.forget;

import org.lethe.Request;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/** A request to forget, resolved against data: which interactions go, and what remains. */
public interface ForgetRequest extends Request {
    /**
     * What this request means on this data. Throws a {@code LetheException} that names the key and the value where it
     * cannot be carried out: an unknown user, one that has nothing left to forget, a percentage that selects nobody.
     */
    Forgotten resolve(Split data);

    /**
     * A resolved request.
     *
     * @param users whose every interaction goes, ascending; empty where a request is not about users
     * @param interactions the training interactions that go
     * @param remaining the data without what is forgotten; users and items keep their numbers
     */
    record Forgotten(int[] users, Interactions interactions, Split remaining) {}
}
