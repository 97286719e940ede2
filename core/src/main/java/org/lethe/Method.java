package org.lethe;

import java.util.Optional;

/**
 * An algorithm with two verbs: learn a model in the form it needs, and fulfil a request on what was learned.
 *
 * <p>A record whose components are its settings. {@code fulfil} never changes the model it is given.
 *
 * @param <D> the data a subject trains on
 * @param <M> the models of the subject
 */
public interface Method<D, M> {
    /** Trains in the form this method needs; plain training unless the method says otherwise. */
    default M learn(Learner<D, M> learner, D data, Env env) {
        return learner.train(data, env);
    }

    /** Whether {@link #learn} is plain training, so that one training serves all such methods of a study. */
    default boolean learnsPlainly() {
        return true;
    }

    /**
     * The reason why this method does not suit such a request or learner, as a sentence that begins with its name.
     * Empty where it suits them, which is the default. A study leaves such pairs out before it trains anything.
     */
    default Optional<String> unsuited(Request request, Learner<D, M> learner) {
        return Optional.empty();
    }

    /** Carries out a request on a learned model. {@code data} still contains what is to be forgotten. */
    M fulfil(M model, Request request, Learner<D, M> learner, D data, Env env);

    /** The promise of this method about its result. */
    Exactness exactness();

    /** The expected cost of learning and of fulfilling one request together. */
    default Estimate estimate(Learner<D, M> learner, D data) {
        return learner.estimate(data).times(2);
    }

    /** The same for this request, where what it asks changes the work; by default it does not. */
    default Estimate estimate(Learner<D, M> learner, D data, Request request) {
        return estimate(learner, data);
    }
}
