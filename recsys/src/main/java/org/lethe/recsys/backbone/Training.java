package org.lethe.recsys.backbone;

import java.util.BitSet;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * The loop over epochs that every learner shares: train, look at the validation part, keep the best.
 *
 * <p>After each epoch the full ranking of the validation part gives NDCG@20 (the form CURE4Rec publishes); training stops
 * when it has not improved for more than {@code patience} epochs, and the result is that of the best epoch. Without
 * validation interactions all epochs run and the last one counts.
 *
 * <p>Where ranking all users would cost more than the epoch before it, the same users of a keyed sample are ranked after each epoch: 32 scores for each
 * interaction of training, but at least 512 users. Their number is then in the ledger as {@code validation-users}.
 */
public final class Training {
    private static final int TOP = 20;
    private static final int SCORES = 32; // for each interaction of training: a step of a pair costs about as much
    private static final int FEWEST = 512; // users whose ranking can choose an epoch

    private Training() {}

    /**
     * What is trained.
     *
     * @param <S> what is kept of the best epoch
     */
    public interface Course<S> {
        /** Runs the epoch of a number, which draws depend on, and returns its mean loss. */
        double epoch(int number);

        /** The model as it is now, for reading until the next epoch. */
        Recommender model();

        /** A copy of all that is kept; {@code epochs} is written into it where it has a place for it. */
        S snapshot(int epochs);

        /** How many interactions all epochs together were trained on. */
        default long trained(int epochs, Split data) {
            return (long) data.train().size() * epochs;
        }

        /** Whether the state after an epoch, from 0, may be the result. */
        default boolean eligible(int epoch) {
            return true;
        }
    }

    /** The state after the best epoch, and how many epochs were run in all. */
    record Best<S>(S state, int epochs) {}

    /**
     * Runs up to {@code epochs} epochs more than {@code done} and returns the best state; its {@code epochs} are all that
     * were run. Counts {@code interactions-trained} and {@code epochs}.
     */
    public static Checkpoint run(
            String name, Course<Checkpoint> course, Split data, Env env, int done, int epochs, int patience) {
        Best<Checkpoint> best = best(name, course, data, env, done, epochs, patience);
        Checkpoint state = best.state();
        return new Checkpoint(state.model(), state.userState(), state.itemState(), state.steps(), best.epochs());
    }

    /** The same for what cannot be trained on, or need not be. */
    static <S> Best<S> best(String name, Course<S> course, Split data, Env env, int done, int epochs, int patience) {
        Interactions validation = validation(data, env);
        boolean validate = validation.size() > 0;
        Optional<S> best = Optional.empty();
        double bestScore = Double.NEGATIVE_INFINITY;
        int bestEpoch = done;
        int epoch = done;
        try (Progress.Training watched = env.progress().epochs(name, epochs)) {
            while (epoch < done + epochs && (!validate || epoch - bestEpoch <= patience)) {
                double loss = course.epoch(epoch);
                epoch++;
                if (!Double.isFinite(loss)) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            name + ": the mean loss of epoch " + epoch + " is " + loss
                                    + "; a smaller learningRate may help");
                }
                if (validate) {
                    double score =
                            Ranking.mean(Ranking.evaluate(course.model(), data.train(), validation, TOP, env.workers())
                                    .ndcgFull());
                    if (!course.eligible(epoch - 1)) {
                        bestEpoch = epoch; // patience starts where the result may be taken from
                    } else if (score > bestScore) {
                        bestScore = score;
                        bestEpoch = epoch;
                        best = Optional.of(course.snapshot(epoch));
                    }
                    watched.done(loss, String.format(Locale.ROOT, "validation ndcg@%d %.4f", TOP, score));
                } else {
                    watched.done(loss);
                }
            }
        }
        env.ledger().count("interactions-trained", course.trained(epoch - done, data));
        env.ledger().count("epochs", epoch - done);
        return new Best<>(best.isPresent() ? best.get() : course.snapshot(epoch), epoch);
    }

    /** The part of the validation pairs that is ranked after each epoch. */
    private static Interactions validation(Split data, Env env) {
        Interactions all = data.validation();
        int[] users =
                IntStream.range(0, all.users()).filter(u -> all.degree(u) > 0).toArray();
        long most = Math.max(FEWEST, SCORES * (long) data.train().size() / Math.max(1, data.items()));
        if (users.length <= most) {
            return all;
        }
        env.ledger().count("validation-users", most);
        Keyed key = env.random("validation users");
        long[] drawn = new long[all.users()];
        for (int u : users) {
            drawn[u] = key.at(data.train().userKey(u));
        }
        BitSet chosen = new BitSet();
        IntStream.of(users)
                .boxed()
                .sorted(Comparator.comparingLong((Integer u) -> drawn[u]).thenComparingInt(u -> u))
                .limit(most)
                .forEach(chosen::set);
        return all.where((u, _) -> chosen.get(u));
    }

    /** Refuses settings, by their names, with which no step could be taken. */
    static void check(int epochs, int batch, double learningRate, double initialSd, int patience) {
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0 and below 1000");
        Check.require(initialSd >= 0 && initialSd < 1e3, "initialSd", initialSd, "at least 0 and below 1000");
        Check.require(patience >= 0, "patience", patience, "at least 0");
    }

    /** Refuses a weight decay that no training could use. */
    static void checkDecay(double weightDecay) {
        Check.require(weightDecay >= 0 && weightDecay < 1e3, "weightDecay", weightDecay, "at least 0 and below 1000");
    }

    /** Refuses data that nothing can be learned from. */
    static void requireInteractions(String name, Split data) {
        if (data.train().size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    name + ": the training part has no interactions (" + data.train() + "), expected at least 1");
        }
    }

    /** Normal tables: a user's row depends on (seed, user key), an item's on (seed, item). */
    static Embeddings initial(Interactions train, Env env, int dims, double sd) {
        return new Embeddings(
                dims,
                normal(env.random("initial-user"), train::userKey, train.users(), dims, sd),
                normal(env.random("initial-item"), i -> i, train.items(), dims, sd));
    }

    /** The row of one user in the initial tables. */
    static float[] initialUser(Interactions train, int user, Env env, int dims, double sd) {
        return normal(env.random("initial-user"), _ -> train.userKey(user), 1, dims, sd);
    }

    private static float[] normal(Keyed key, IntUnaryOperator keyOf, int rows, int dims, double sd) {
        float[] table = new float[rows * dims];
        for (int row = 0; row < rows; row++) {
            Keyed of = key.of(keyOf.applyAsInt(row));
            for (int d = 0; d < dims; d++) {
                table[row * dims + d] = (float) (sd * Keyed.normal(of.at(d)));
            }
        }
        return table;
    }
}
