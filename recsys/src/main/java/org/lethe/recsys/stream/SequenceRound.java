package org.lethe.recsys.stream;

import java.util.Arrays;
import java.util.BitSet;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.ErasureStream.Arrivals;
import org.lethe.statistics.Statistics;

/** A stream on sessions or baskets. */
final class SequenceRound implements Round<Events, NextItems> {
    private static final int K = 20; // of the stop rule

    private final Erasing method;
    private final Learner<Events, NextItems> learner;
    private final Arrivals arrivals;
    private final Events data;
    private final BitSet gone;
    private int done; // requests in gone

    SequenceRound(Erasing method, Learner<Events, NextItems> learner, Arrivals arrivals, Events data) {
        this.method = method;
        this.learner = learner;
        this.arrivals = arrivals;
        this.data = data;
        this.gone = new BitSet(data.size());
    }

    @Override
    public int[] points() {
        return arrivals.points();
    }

    @Override
    public boolean nothing(int request) {
        return left(request).length == 0;
    }

    /** What is left of a request, now that all before it are gone. */
    private int[] left(int request) {
        while (done < request) {
            Arrays.stream(arrivals.erased().get(done++)).forEach(gone::set);
        }
        return Arrays.stream(arrivals.erased().get(request))
                .filter(e -> !gone.get(e))
                .toArray();
    }

    @Override
    public NextItems erased(NextItems current, int request, Env env) {
        int[] events = left(request);
        env.ledger().count("events-erased", events.length);
        return method.erase(
                current,
                events,
                this::with,
                learner,
                env.with(env.random("request").at(request)));
    }

    /** The data without what is gone and some more events. */
    private Events with(int[] events) {
        BitSet more = (BitSet) gone.clone();
        Arrays.stream(events).forEach(more::set);
        return data.without(more);
    }

    @Override
    public Events remaining(int requests) {
        return arrivals.after(requests, data);
    }

    @Override
    public NextItems begun(NextItems model, Events from, Env env) {
        return method.begin(model, learner, from, env);
    }

    @Override
    public NextItems kept(NextItems current) {
        return method.kept(current);
    }

    @Override
    public NextItems trained(Events remaining, Env env) {
        return method.learn(learner, remaining, env);
    }

    @Override
    public boolean finite(NextItems model) {
        return model.finite();
    }

    @Override
    public boolean replays() {
        return method.replays();
    }

    @Override
    public boolean watched(Events remaining) {
        return !remaining.examples(ErasureStream.watchedPart()).isEmpty();
    }

    @Override
    public double quality(NextItems model, Events remaining, Env env) {
        return Statistics.mean(
                NextItemRanking.of(model, remaining.examples(ErasureStream.watchedPart()), K, env.workers())
                        .ndcgFull());
    }
}
