package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.recsys.stream.Streamed.Point;

/**
 * Serves the requests of a stream one after another. Each is counted in the ledger as served, late, failed, or void where
 * nothing of it was left, and as replayed where a training served it in the end; its seconds are noted there.
 */
final class Serving<D, M> {
    /** The part of a ledger that holds the seconds of each request. */
    static final String REQUEST = "request";

    private static final String PREPARE = "prepare";

    /** Trainings with other seeds at each measuring point, where a model depends on its seed. */
    static final int OTHER_SEEDS = 2;

    private final ErasureStream stream;
    private final Round<D, M> round;
    private final Env env;
    private final List<Point<M>> points = new ArrayList<>();
    private M current;
    private int waiting; // requests that a replay has to serve
    private boolean stopped;

    private Serving(ErasureStream stream, Round<D, M> round, M current, Env env) {
        this.stream = stream;
        this.round = round;
        this.current = current;
        this.env = env;
    }

    /** The model at each measuring point. */
    static <D, M> List<Point<M>> served(ErasureStream stream, Round<D, M> round, M model, Env env) {
        M begun = env.ledger().timed(PREPARE, () -> round.begun(model, round.remaining(0), env));
        Serving<D, M> serving = new Serving<>(stream, round, begun, env);
        serving.serve(model);
        return serving.points;
    }

    /**
     * What is trained at each measuring point on what remains then.
     *
     * @param points ascending numbers of requests
     * @param remaining the data without so many requests
     * @param seeded whether the model depends on its seed, so that others tell how much of a difference is chance
     */
    static <D, M> List<Point<M>> retrained(
            int[] points, IntFunction<D> remaining, Learner<D, M> learner, boolean seeded, Env env) {
        List<Point<M>> all = new ArrayList<>();
        int done = 0;
        for (int n : points) {
            D left = remaining.apply(n);
            M again = env.ledger().timed(REQUEST, () -> learner.train(left, env));
            env.ledger().count("served", n - done);
            done = n;
            List<M> others = new ArrayList<>();
            for (int other = 0; seeded && other < OTHER_SEEDS; other++) {
                Env its = env.with(env.random("other seed").at(other));
                others.add(env.ledger().timed("other-seed", () -> learner.train(left, its)));
            }
            all.add(new Point<>(n, again, others));
        }
        return all;
    }

    private void serve(M before) {
        int done = 0;
        for (int point : round.points()) {
            while (done < point) {
                one(done++);
            }
            D remaining = round.remaining(done);
            if (waiting > 0) {
                replay(remaining);
            } else if (failing(before, remaining)) {
                stopped = true;
                env.ledger().count("stopped-after", done);
                waiting = done; // all that the method made of them is thrown away
                replay(remaining);
            }
            points.add(new Point<>(done, round.kept(current), List.of()));
        }
    }

    private void one(int request) {
        if (round.nothing(request)) {
            env.ledger().count("void", 1);
            return;
        }
        if (stopped || waiting > 0) {
            waiting++;
            return;
        }
        long from = System.nanoTime();
        Optional<M> result = result(request);
        double seconds = (System.nanoTime() - from) / 1e9;
        env.ledger().spent(REQUEST, seconds);
        boolean late = stream.deadline() > 0 && seconds > stream.deadline();
        env.ledger().count(result.isEmpty() ? "failed" : late ? "late" : "served", 1);
        if (result.isEmpty() || late && !round.replays()) {
            waiting++;
        } else {
            current = result.get();
        }
    }

    /** The model after a request; empty where a number in it is not finite. */
    private Optional<M> result(int request) {
        try {
            return Optional.of(round.erased(current, request, env)).filter(round::finite);
        } catch (LetheException e) {
            if (e.code() == LetheException.Code.NUMERIC) {
                return Optional.empty(); // the ledger counts it as failed, and a replay serves it
            }
            throw e;
        }
    }

    private void replay(D remaining) {
        M again = env.ledger().timed("replay", () -> round.trained(remaining, env));
        current = env.ledger().timed(PREPARE, () -> round.begun(again, remaining, env));
        env.ledger().count("replayed", waiting);
        waiting = 0;
    }

    /** Whether the quality on the validation part fell too far, or is no number. */
    private boolean failing(M before, D remaining) {
        if (round.replays() || stream.stop() == 0 || !round.watched(remaining)) {
            return false;
        }
        return env.ledger()
                .timed(
                        "verify",
                        () -> !(round.quality(current, remaining, env)
                                >= stream.stop() * round.quality(before, remaining, env)));
    }
}
