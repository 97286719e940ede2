package org.lethe.recsys.neural;

import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.NextItems;

/** A learner whose models are networks, which can be changed weight by weight. */
public interface NetworkLearner extends Learner<Events, NextItems> {
    /** The network that it trains. */
    NextNetwork network();

    /** Full-softmax cross-entropy of the next item, averaged over the examples of a batch. */
    @Override
    NetworkModel train(Events data, Env env);
}
