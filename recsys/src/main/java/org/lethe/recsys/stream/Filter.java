package org.lethe.recsys.stream;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Filtered;
import org.lethe.recsys.sequence.NextItems;

/**
 * Forgets nothing: the items of erased events are not shown to their users any more, nor are the other items of the category or the
 * targets that the request is about.
 *
 * <p>The control of exposure metrics (erase, E11): no requesting user sees such an item again, and all weights still know the erased
 * events, so that the forget gap stays 1. Works with every model. Costs microseconds a request.
 */
@Named("filter")
public record Filter() implements Method<Events, NextItems> {
    @Override
    public Optional<String> unsuited(Request request, Learner<Events, NextItems> learner) {
        return LetheException.refusal(() -> Erasing.stream(this, request));
    }

    @Override
    public NextItems fulfil(
            NextItems model, Request request, Learner<Events, NextItems> learner, Events data, Env env) {
        boolean[] watched = Erasing.stream(this, request).on(data).watched();
        return new Ban(watched).fulfil(model, request, learner, data, env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Events, NextItems> learner, Events data) {
        return new Estimate(1e-9 * data.size(), 0);
    }

    /** The ban of the items of a request and of the watched ones. */
    @Named("filter")
    private record Ban(boolean[] watched) implements Erasing {
        @Override
        public NextItems erase(
                NextItems current,
                int[] events,
                Function<int[], Events> remaining,
                Learner<Events, NextItems> learner,
                Env env) {
            Events data = remaining.apply(events);
            BitSet items = new BitSet();
            Arrays.stream(events).map(data::item).forEach(items::set);
            for (int i = 0; i < watched.length; i++) {
                items.set(i, items.get(i) || watched[i]);
            }
            Map<Integer, BitSet> banned = new TreeMap<>();
            if (current instanceof Filtered filtered) {
                banned.putAll(filtered.banned());
            }
            banned.merge(data.user(events[0]), items, (before, more) -> {
                more.or(before);
                return more;
            });
            return new Filtered(current.bare(), banned);
        }

        @Override
        public Exactness exactness() {
            return Exactness.NONE;
        }
    }
}
