package org.lethe.recsys.hide;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;

/**
 * The loop of post-training attribute unlearning (arXiv 2310.05847): descent on user embeddings alone, over {@code
 * discrepancy + regulariserWeight · regulariser}.
 *
 * <p>All other parameters are shared with the model before, bit by bit. Users without a class do not move.
 *
 * @param descent Adam, or plain descent with a learning rate that falls linearly to 0
 * @param steps largest number of steps
 * @param rate learning rate
 * @param regulariser what is kept close to the model before: function (the top-k order), parameters (the embeddings) or
 *     none
 * @param regulariserWeight weight of the regulariser, for each unit of its sum over users
 * @param margin smallest difference of the scores of two neighbouring recommendations
 * @param k number of recommendations of each user that the regulariser keeps in order
 * @param seen share of the top-k lists in a step, a new sample each time, weighted for all
 * @param tables user tables that move
 */
record Unlearning(
        Descent descent,
        int steps,
        double rate,
        Regulariser regulariser,
        double regulariserWeight,
        double margin,
        int k,
        double seen,
        ProtectedTables tables) {
    /** The optimiser. */
    enum Descent {
        ADAM,
        PLAIN
    }

    Unlearning {
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(rate > 0 && rate < 1e3, "learningRate", rate, "above 0 and below 1000");
        Check.require(
                regulariserWeight >= 0 && regulariserWeight < 1e6,
                "regulariserWeight",
                regulariserWeight,
                "at least 0 and below 1000000");
        Check.require(margin >= 0 && margin < 1e6, "margin", margin, "at least 0 and below 1000000");
        Check.require(k >= 2, "k", k, "at least 2");
    }

    /** The embeddings after all steps; only users with a class in one of the targets move. */
    UserRows run(
            Method<?, ?> method, UserRows before, List<Classes> targets, Discrepancy discrepancy, Split data, Env env) {
        String name = Named.Of.name(method);
        int width = before.width();
        int size = before.userRows().length;
        int stride = Lanes.padded(size); // the whole table as one row
        float[] rows = Arrays.copyOf(before.userRows(), stride);
        float[] gradient = new float[stride];
        Down down = down(stride);
        IntPredicate moving = u -> targets.stream().anyMatch(classes -> classes.of()[u] >= 0);
        Lists lists = regulariser == Regulariser.FUNCTION ? Lists.of(before, data, k, moving, env) : Lists.NONE;
        Keyed random = env.random(name);
        int taken = 0;
        try (Progress.Training watched = env.progress().steps(name, steps)) {
            for (; taken < steps; taken++) {
                if (discrepancy.reached(rows, width, random.of("look"), env.workers())) {
                    break;
                }
                int t = taken + 1;
                Arrays.fill(gradient, 0);
                discrepancy.addGradient(rows, width, gradient, random.of(t), env.workers());
                switch (regulariser) {
                    case FUNCTION -> {
                        Lists some = lists.drawn(
                                (int) Math.ceil(seen * lists.users.length),
                                random.of("lists").of(t));
                        double each = regulariserWeight * lists.users.length / Math.max(1, some.users.length);
                        some.addGradient(
                                before.withUserRows(Arrays.copyOf(rows, size)), each, (float) margin, gradient);
                    }
                    case PARAMETERS -> {
                        for (int n = 0; n < size; n++) {
                            gradient[n] += (float) (2 * regulariserWeight * (rows[n] - before.userRows()[n]));
                        }
                    }
                    case NONE -> {}
                }
                still(gradient, width, tables.columns(before));
                down.step(rows, gradient, t);
                requireFinite(name, rows, t);
                watched.done();
            }
        }
        env.ledger().count("steps", taken);
        return before.withUserRows(discrepancy.ended(Arrays.copyOf(rows, size), width));
    }

    /** One step on all embeddings, counted from 1. */
    private interface Down {
        void step(float[] rows, float[] gradient, int t);
    }

    private Down down(int stride) {
        return switch (descent) {
            case ADAM -> {
                float[] first = new float[stride];
                float[] second = new float[stride];
                float[] none = new float[1];
                yield (rows, gradient, t) -> DenseAdam.step(
                        rows, first, second, gradient, none, stride, 0, 1, DenseAdam.rate(rate, t), DenseAdam.root(t));
            }
            case PLAIN ->
                (rows, gradient, t) -> {
                    float length = (float) (rate * (steps - t + 1) / steps);
                    for (int n = 0; n < rows.length; n++) {
                        rows[n] -= length * gradient[n];
                    }
                };
        };
    }

    /** Clears the gradient of the columns from {@code moving} on. */
    private static void still(float[] gradient, int width, int moving) {
        for (int at = 0; moving < width && at + width <= gradient.length; at += width) {
            Arrays.fill(gradient, at + moving, at + width, 0);
        }
    }

    private static void requireFinite(String name, float[] rows, int step) {
        float sum = 0;
        for (float v : rows) {
            sum += 0 * v;
        }
        if (sum != 0) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    name + ": the embeddings of users are not finite after step " + step
                            + "; a smaller learningRate may help");
        }
    }

    /** The top-k list of each user before, best item first; users with fewer than two items have none. */
    record Lists(int[] users, int[] items, int length) {
        static final Lists NONE = new Lists(new int[0], new int[0], 1);

        static Lists of(UserRows model, Split data, int length, IntPredicate whose, Env env) {
            int longest = Math.min(length, data.items());
            int[] all = IntStream.range(0, data.users()).filter(whose).toArray();
            int[][] top = Ranking.top(model, data.train(), all, longest, env.workers());
            int[] full = IntStream.range(0, all.length)
                    .filter(n -> top[n].length == longest)
                    .toArray();
            int[] items = IntStream.of(full).flatMap(n -> IntStream.of(top[n])).toArray();
            int[] users = IntStream.of(full).map(n -> all[n]).toArray();
            return longest < 2 ? NONE : new Lists(users, items, longest);
        }

        /** A random sample of at most so many lists, without repeats. */
        Lists drawn(int most, Keyed random) {
            if (users.length <= most) {
                return this;
            }
            int[] which = Classes.drawn(IntStream.range(0, users.length).toArray(), most, random);
            return new Lists(
                    IntStream.of(which).map(n -> users[n]).toArray(),
                    IntStream.of(which)
                            .flatMap(n -> Arrays.stream(items, n * length, (n + 1) * length))
                            .toArray(),
                    length);
        }

        /** The sum of the hinges. */
        double loss(UserRows model, float margin) {
            float[] scores = new float[items.length];
            model.scores(users, items, scores);
            double total = 0;
            for (int n = 0; n < items.length; n++) {
                if (n % length > 0) {
                    total += Math.max(0, scores[n] - scores[n - 1] + margin);
                }
            }
            return total;
        }

        void addGradient(UserRows model, double weight, float margin, float[] gradient) {
            if (users.length == 0) {
                return;
            }
            float[] scores = new float[items.length];
            model.scores(users, items, scores);
            float[] weights = new float[items.length];
            for (int n = 0; n < items.length; n++) {
                if (n % length > 0 && scores[n] - scores[n - 1] + margin > 0) {
                    weights[n] += (float) weight;
                    weights[n - 1] -= (float) weight;
                }
            }
            int width = model.width();
            float[] own = new float[users.length * width];
            model.addGradient(users, items, weights, own);
            for (int n = 0; n < users.length; n++) {
                for (int d = 0; d < width; d++) {
                    gradient[users[n] * width + d] += own[n * width + d];
                }
            }
        }
    }
}
