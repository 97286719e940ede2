package org.lethe.recsys.stream;

import org.lethe.Env;

/**
 * A stream on some data as one method serves it: what {@link Serving} asks of a subject. Requests are numbered from 0 and
 * come in this order.
 *
 * @param <D> the data of the subject
 * @param <M> its models
 */
interface Round<D, M> {
    /** Ascending numbers of requests after which the model is measured; the last one is the end. */
    int[] points();

    /** Whether nothing of a request is left, now that all before it are gone. */
    boolean nothing(int request);

    /** The model after one request. */
    M erased(M current, int request, Env env);

    /** The data without the first requests. */
    D remaining(int requests);

    /**
     * A model that this stream may change, made of one that it may not, with what is computed once and not for each request.
     *
     * @param data from which the model was trained
     */
    default M begun(M model, D data, Env env) {
        return model;
    }

    /** A model that does not change any more, made of the one that the stream goes on with. */
    default M kept(M current) {
        return current;
    }

    /** A model that learns from what remains, in the form that the method needs. */
    M trained(D remaining, Env env);

    /** Whether every number of a model is finite. */
    boolean finite(M model);

    /** Whether each result is what a replay would give, so that a late one need not be replayed. */
    boolean replays();

    /** Whether any validation example remains, by which a method can be stopped. */
    boolean watched(D remaining);

    /** The quality on the validation part of what remains. */
    double quality(M model, D remaining, Env env);
}
