package org.lethe.recsys.stream;

import java.util.Optional;
import java.util.function.Function;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.recsys.Suited;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.NextItems;

/** A method that serves a stream of erasure requests one by one. */
public interface Erasing extends Method<Events, NextItems> {
    /** A model that this stream may change, made of one that it may not. */
    default NextItems begin(NextItems model) {
        return model;
    }

    /**
     * The same, with what is computed once and not for each request, which is no part of a request's time.
     *
     * @param data from which the model was trained
     */
    default NextItems begin(NextItems model, Learner<Events, NextItems> learner, Events data, Env env) {
        return begin(model);
    }

    /** A model that does not change any more, made of the one that the stream goes on with. */
    default NextItems kept(NextItems current) {
        return current;
    }

    /**
     * Serves one request.
     *
     * @param current the model that earlier requests left
     * @param events what is to go, not empty
     * @param remaining the data without what is gone and without some events
     */
    NextItems erase(
            NextItems current,
            int[] events,
            Function<int[], Events> remaining,
            Learner<Events, NextItems> learner,
            Env env);

    /** Whether each result is what a replay would give, so that a late one need not be replayed. */
    default boolean replays() {
        return false;
    }

    @Override
    default Optional<String> unsuited(Request request, Learner<Events, NextItems> learner) {
        return LetheException.refusal(() -> stream(this, request));
    }

    @Override
    default NextItems fulfil(
            NextItems model, Request request, Learner<Events, NextItems> learner, Events data, Env env) {
        ErasureStream stream = stream(this, request);
        return stream.requests() == 0
                ? model
                : new StreamedSequences(
                        Serving.served(stream, new SequenceRound(this, learner, stream.on(data), data), model, env));
    }

    /** The request, which must be a stream. */
    static ErasureStream stream(Method<?, ?> method, Request request) {
        return Suited.request(method, request, ErasureStream.class, "forget");
    }
}
