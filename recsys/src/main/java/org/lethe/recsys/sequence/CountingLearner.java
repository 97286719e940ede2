package org.lethe.recsys.sequence;

import org.lethe.Env;
import org.lethe.Learner;

/** A learner without training: its models are an index or counts, from which events can be taken away again. */
public interface CountingLearner extends Learner<Events, NextItems> {
    @Override
    Decremental train(Events data, Env env);
}
