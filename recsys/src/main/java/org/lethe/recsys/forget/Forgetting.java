package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/** The requirements of every method of forgetting. */
public interface Forgetting extends Method<Split, Recommender> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            forget(this, request);
            require(learner);
        });
    }

    @Override
    default Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        return forget(this, request).fulfilled(this, model, learner, data, env);
    }

    /**
     * Forgets what a request removes. A stream asks this again and again, each time with the model and the data that the
     * request before left.
     *
     * @param forgotten what is removed of {@code data}, not nothing
     * @param data the data with it
     */
    Recommender erase(Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env);

    /** Refuses a learner whose models the method cannot change; by default none. */
    default void require(Learner<Split, Recommender> learner) {}

    /** The request, which must be one to forget. */
    static ForgetRequest forget(Method<?, ?> method, Request request) {
        return Suited.request(method, request, ForgetRequest.class, "forget");
    }

    /** The learner, which must train user and item tables. */
    static EmbeddingLearner tables(Method<?, ?> method, Learner<Split, Recommender> learner) {
        if (learner instanceof EmbeddingLearner tables) {
            return tables;
        }
        throw Suited.refused(
                method,
                "needs user and item tables, as bpr or wmf train them, not " + Named.Of.name(learner)
                        + "; retrain, sisa and ultrare work on any model");
    }

    /** Refuses a learner whose models have layers after their tables. */
    static void requireTables(Method<?, ?> method, Learner<Split, Recommender> learner) {
        if (learner instanceof UserLearner rows && !rows.tables()) {
            throw Suited.refused(
                    method,
                    "combines tables by attention, and " + Named.Of.name(learner)
                            + " has layers after its tables; use {aggregate: own}, or ultrare, which weights scores");
        }
    }

    /** The loss of an aggregation: that of the learner if it has one, else the pairwise loss. */
    static Loss fitted(Learner<Split, Recommender> learner) {
        return learner instanceof EmbeddingLearner tables ? tables.loss() : Loss.PAIRWISE;
    }

    /** The model, which must be user and item tables. */
    static Embeddings embeddings(Method<?, ?> method, Recommender model) {
        if (model instanceof Embeddings embeddings) {
            return embeddings;
        }
        throw Suited.refused(
                method,
                "works on user and item tables, not on a " + model.getClass().getSimpleName());
    }

    /** Refuses more shards than there are users, items or interactions. */
    static void requireUnits(Method<?, ?> method, int shards, int units) {
        if (shards > units) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    Named.Of.name(method) + ".shards is " + shards + ", expected at most " + units
                            + ", the number of units in this data");
        }
    }

    /**
     * The pre-embeddings for a partition: {@code wmf} on the same data with learning rate 0.005, at most 20 epochs and a patience
     * of 2, because grouping needs a less accurate model than ranking.
     */
    static Embeddings placed(Split data, Env env) {
        Wmf quick = new Wmf().withEpochs(20).withLearningRate(5e-3).withPatience(2);
        return env.ledger().timed("pre-embedding", () -> quick.train(data, env));
    }

    /** The units with an interaction, ascending. */
    static int[] active(int count, IntUnaryOperator degree) {
        return IntStream.range(0, count).filter(x -> degree.applyAsInt(x) > 0).toArray();
    }

    /** The shard of each unit: as assigned if active, else by its number alone. */
    static int[] spread(int[] active, int[] assigned, int count, int shards) {
        int[] shardOf = new int[count];
        Arrays.setAll(shardOf, x -> x % shards);
        for (int n = 0; n < active.length; n++) {
            shardOf[active[n]] = assigned[n];
        }
        return shardOf;
    }

    /** New tables with new rows for some users; all other bits stay. A row that is not finite stops the run. */
    static Embeddings withRows(
            Method<?, ?> method, Embeddings before, int[] users, Env env, IntFunction<double[]> rowOf) {
        float[] rows = before.userRows().clone();
        int dims = before.dims();
        env.workers().each(users.length, n -> {
            double[] row = rowOf.apply(n);
            for (int d = 0; d < dims; d++) {
                if (!Double.isFinite(row[d])) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            Named.Of.name(method) + ": the new embedding of touched user " + n + " of " + users.length
                                    + " has " + row[d] + " in dimension " + d + "; a larger damping may help");
                }
                rows[users[n] * dims + d] = (float) row[d];
            }
        });
        return new Embeddings(dims, rows, before.itemRows());
    }
}
