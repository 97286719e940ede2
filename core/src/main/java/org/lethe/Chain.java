package org.lethe;

import java.util.List;

/**
 * Requests that are carried out one after another. The model after one step is the model before the next, and each step
 * gets the data that the step before left. In a study file a chain is a list inside the list of requests.
 *
 * @param steps at least two requests, in their order
 */
public record Chain(List<Request> steps) implements Request {
    public Chain {
        steps = List.copyOf(steps);
        Check.require(steps.size() >= 2, "steps", steps.size(), "at least 2");
    }

    /** The steps of a request; a request that is no chain is its own only step. */
    public static List<Request> steps(Request request) {
        return request instanceof Chain chain ? chain.steps : List.of(request);
    }
}
