package org.lethe;

import java.util.List;

/**
 * Requests carried out one after another: the model after one is the model before the next, and each finds the data as the
 * one before left it. In a study file it is a list inside the list of requests.
 *
 * @param steps at least two requests, in their order
 */
public record Chain(List<Request> steps) implements Request {
    public Chain {
        steps = List.copyOf(steps);
        Check.require(steps.size() >= 2, "steps", steps.size(), "at least 2");
    }

    /** The steps of a request; one that is no chain is its own only step. */
    public static List<Request> steps(Request request) {
        return request instanceof Chain chain ? chain.steps : List.of(request);
    }
}
