package org.lethe;

/**
 * Hands back the model it was given: the control that every audit must reject.
 *
 * @param <D> the data a subject trains on
 * @param <M> the models of the subject
 */
@Named("do-nothing")
public record DoNothing<D, M>() implements Method<D, M> {
    @Override
    public M fulfil(M model, Request request, Learner<D, M> learner, D data, Env env) {
        return model;
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    /** Learning alone. */
    @Override
    public Estimate estimate(Learner<D, M> learner, D data) {
        return learner.estimate(data);
    }
}
