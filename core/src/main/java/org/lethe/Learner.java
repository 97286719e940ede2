package org.lethe;

/**
 * An architecture with its training settings: {@code bpr {dims: 64}}, {@code lightgcn {layers: 3}}.
 *
 * <p>A record whose components are the settings. Training is a function of the data, the settings and the seed: the
 * same three give the same bits, on any number of workers.
 *
 * @param <D> the data a subject trains on
 * @param <M> the models of the subject
 */
public interface Learner<D, M> {
    /** Trains a model from its seeded initial state. */
    M train(D data, Env env);

    /** The expected cost of one training on this data; {@code --dry-run} shows it. */
    Estimate estimate(D data);
}
