package org.lethe.recsys.stream;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.sequence.CountingLearner;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.ErasureStream.Arrivals;

/**
 * Forgets by training again, at each measuring point of a stream, on what remains then.
 *
 * <p>Exact, and the reference for all other methods. A model that depends on its seed is trained twice more at each point,
 * with other seeds, which tells how much of a difference is chance. Cost: one training for each measuring point, besides
 * these two.
 */
@Named("retrain")
@Taxonomy({Branch.RETRAINING, Branch.SEQUENCE})
public record Retrain() implements Method<Events, NextItems> {
    @Override
    public Optional<String> unsuited(Request request, Learner<Events, NextItems> learner) {
        return LetheException.refusal(() -> Erasing.stream(this, request));
    }

    @Override
    public NextItems fulfil(
            NextItems model, Request request, Learner<Events, NextItems> learner, Events data, Env env) {
        Arrivals arrivals = Erasing.stream(this, request).on(data);
        if (arrivals.erased().isEmpty()) {
            return model;
        }
        return new StreamedSequences(Serving.retrained(
                arrivals.points(), n -> arrivals.after(n, data), learner, !(learner instanceof CountingLearner), env));
    }

    @Override
    public Estimate estimate(Learner<Events, NextItems> learner, Events data, Request request) {
        return learner.estimate(data)
                .times(1 + Erasing.stream(this, request).trainings(!(learner instanceof CountingLearner)));
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }
}
