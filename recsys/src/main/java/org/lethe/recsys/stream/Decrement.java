package org.lethe.recsys.stream;

import java.util.Optional;
import java.util.function.Function;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.sequence.CountingLearner;
import org.lethe.recsys.sequence.Decremental;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.NextItems;

/**
 * Forgets by taking the erased events out of an index or of counts.
 *
 * <p>Exact: the model has the bits of one built without these events, after any number of requests and in any order. Works
 * for models that are such an index: {@code vmis-knn}, {@code tifu-knn}, {@code up-cf} and the frequency baselines. Costs
 * microseconds a request, which grow with what the request touches.
 */
@Named("decrement")
@Taxonomy({Branch.ALGEBRAIC, Branch.SEQUENCE})
public record Decrement() implements Erasing {
    @Override
    public Optional<String> unsuited(Request request, Learner<Events, NextItems> learner) {
        return Erasing.super
                .unsuited(request, learner)
                .or(() -> learner instanceof CountingLearner
                        ? Optional.empty()
                        : Optional.of("decrement needs a model that is an index or counts, for example vmis-knn, not "
                                + Named.Of.name(learner)));
    }

    @Override
    public NextItems begin(NextItems model) {
        return ((Decremental) model).copy();
    }

    @Override
    public NextItems kept(NextItems current) {
        return begin(current);
    }

    @Override
    public NextItems erase(
            NextItems current,
            int[] events,
            Function<int[], Events> remaining,
            Learner<Events, NextItems> learner,
            Env env) {
        ((Decremental) current).forget(events);
        return current;
    }

    @Override
    public boolean replays() {
        return true;
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }

    @Override
    public Estimate estimate(Learner<Events, NextItems> learner, Events data) {
        return learner.estimate(data);
    }
}
