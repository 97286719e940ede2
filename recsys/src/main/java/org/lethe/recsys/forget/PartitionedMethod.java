package org.lethe.recsys.forget;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Request;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * A method that partitions the data, trains one model a shard and aggregates them.
 *
 * <p>To forget, it retrains the touched shards and the aggregation. With {@code repartition} it trains everything again,
 * the partition included.
 */
interface PartitionedMethod extends Forgetting {
    /** Number of shards. */
    int shards();

    /** Whether a request makes the partition again from the remaining data. */
    boolean repartition();

    /** Whether the aggregation works on tables alone, not on models with layers. */
    boolean tablesOnly();

    /** The partition of some data. */
    Partition partition(Split data, Env env);

    /** The served model of trained shards. */
    Recommender aggregate(Sharded shards, EmbeddingLearner.Loss loss, Split data, Env env);

    @Override
    default boolean learnsPlainly() {
        return false;
    }

    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            Forgetting.forget(this, request);
            Suited.embedded(this, learner);
            if (tablesOnly()) {
                Forgetting.requireTables(this, learner);
            }
        });
    }

    @Override
    default Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        Learner<Split, Recommender> ofShards = Suited.embedded(this, learner);
        if (tablesOnly()) {
            Forgetting.requireTables(this, learner);
        }
        Partition made = partition(data, env);
        return trained(made, IntStream.range(0, shards()).toArray(), List.of(), ofShards, data, env);
    }

    @Override
    default Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        Sharded before = Sharded.madeBy(this, model);
        if (repartition()) {
            return learn(learner, forgotten.remaining(), env);
        }
        Partition made = before.partition();
        Learner<Split, Recommender> ofShards = Suited.embedded(this, learner);
        return trained(made, made.touched(forgotten, data), before.shards(), ofShards, forgotten.remaining(), env);
    }

    private Recommender trained(
            Partition made,
            int[] touched,
            List<Sharded.Shard> old,
            Learner<Split, Recommender> learner,
            Split data,
            Env env) {
        List<Sharded.Shard> trained = Sharded.train(
                touched, old, s -> Sharded.Job.whole(made.members(s, data), made.part(s, data)), learner, env);
        Sharded plain = new Sharded(this, made, trained, data, Sharded::local);
        Recommender served =
                env.ledger().timed("aggregate", () -> aggregate(plain, Forgetting.fitted(learner), data, env));
        return new Sharded(this, made, trained, data, s -> served);
    }
}
