package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.ErasureStream.Arrivals;
import org.lethe.recsys.stream.Streamed.Point;
import org.lethe.statistics.Statistics;

/**
 * Serves the requests of a stream one after another. Each is counted in the ledger as served, late, failed, or void where
 * nothing of it was left, and as replayed where a training served it in the end; its seconds are noted there.
 */
final class Serving {
    /** The part of a ledger that holds the seconds of each request. */
    static final String REQUEST = "request";

    private static final String PREPARE = "prepare";

    private static final int K = 20; // of the stop rule

    private final ErasureStream stream;
    private final Erasing method;
    private final Learner<Events, NextItems> learner;
    private final Events data;
    private final Env env;
    private final BitSet gone;
    private final List<Point> points = new ArrayList<>();
    private NextItems current;
    private int waiting; // requests that a replay has to serve
    private boolean stopped;

    private Serving(
            ErasureStream stream,
            Erasing method,
            NextItems model,
            Learner<Events, NextItems> learner,
            Events data,
            Env env) {
        this.stream = stream;
        this.method = method;
        this.current = model;
        this.learner = learner;
        this.data = data;
        this.env = env;
        this.gone = new BitSet(data.size());
    }

    static Streamed served(
            ErasureStream stream,
            Erasing method,
            NextItems model,
            Learner<Events, NextItems> learner,
            Events data,
            Env env) {
        NextItems begun = env.ledger().timed(PREPARE, () -> method.begin(model, learner, data, env));
        Serving serving = new Serving(stream, method, begun, learner, data, env);
        serving.serve(stream.on(data), model);
        return new Streamed(serving.points);
    }

    /** The events of some requests. */
    static BitSet bits(List<int[]> requests, int events) {
        BitSet bits = new BitSet(events);
        requests.forEach(request -> Arrays.stream(request).forEach(bits::set));
        return bits;
    }

    private void serve(Arrivals arrivals, NextItems before) {
        int next = 0;
        for (int n = 0; n < arrivals.erased().size(); n++) {
            one(
                    Arrays.stream(arrivals.erased().get(n))
                            .filter(e -> !gone.get(e))
                            .toArray(),
                    n);
            if (n + 1 == arrivals.points()[next]) {
                next++;
                Events remaining = remaining();
                if (waiting > 0) {
                    replay(remaining);
                } else if (failing(before, remaining)) {
                    stopped = true;
                    env.ledger().count("stopped-after", n + 1);
                    waiting = n + 1; // all that the method made of them is thrown away
                    replay(remaining);
                }
                points.add(new Point(n + 1, method.kept(current), List.of()));
            }
        }
    }

    private Events remaining() {
        return data.without((BitSet) gone.clone());
    }

    private void one(int[] events, int n) {
        if (events.length == 0) {
            env.ledger().count("void", 1);
            return;
        }
        if (stopped || waiting > 0) {
            wait(events);
            return;
        }
        long from = System.nanoTime();
        NextItems result = method.erase(
                current,
                events,
                this::with,
                learner,
                env.with(env.random("request").at(n)));
        double seconds = (System.nanoTime() - from) / 1e9;
        env.ledger().spent(REQUEST, seconds);
        env.ledger().count("events-erased", events.length);
        boolean late = stream.deadline() > 0 && seconds > stream.deadline();
        boolean failed = !result.finite();
        env.ledger().count(failed ? "failed" : late ? "late" : "served", 1);
        if (failed || late && !method.replays()) {
            wait(events);
            return;
        }
        current = result;
        set(events);
    }

    private void wait(int[] events) {
        waiting++;
        set(events);
    }

    private void set(int[] events) {
        for (int e : events) {
            gone.set(e);
        }
    }

    /** The data without what is gone and some more events. */
    private Events with(int[] events) {
        BitSet more = (BitSet) gone.clone();
        Arrays.stream(events).forEach(more::set);
        return data.without(more);
    }

    private void replay(Events remaining) {
        NextItems again = env.ledger().timed("replay", () -> learner.train(remaining, env));
        current = env.ledger().timed(PREPARE, () -> method.begin(again, learner, remaining, env));
        env.ledger().count("replayed", waiting);
        waiting = 0;
    }

    /** Whether the quality on the validation part fell too far, or is no number. */
    private boolean failing(NextItems before, Events remaining) {
        List<Example> examples =
                method.replays() || stream.stop() == 0 ? List.of() : remaining.examples(ErasureStream.watchedPart());
        if (examples.isEmpty()) {
            return false;
        }
        return env.ledger()
                .timed("verify", () -> !(quality(current, examples) >= stream.stop() * quality(before, examples)));
    }

    private double quality(NextItems model, List<Example> examples) {
        return Statistics.mean(
                NextItemRanking.of(model, examples, K, env.workers()).ndcgFull());
    }
}
