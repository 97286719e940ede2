package org.lethe.recsys.forget;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Request;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * A method that divides the data by pre-embeddings, trains one model a shard and aggregates them; to forget, it trains the
 * touched shards and the aggregation again, or, leak-free, everything from the partition on.
 */
interface PartitionedMethod extends Forgetting {
    /** Number of shards. */
    int shards();

    /** Whether the partition is drawn again without what is forgotten. */
    boolean leakFree();

    /** Whether the aggregation works on tables alone, not on models with layers. */
    boolean tablesOnly();

    /** The partition of some data by where the pre-embeddings place it. */
    Partition partition(Embeddings placed, Split data, Env env);

    /** What is served, from trained shards. */
    Recommender aggregate(Sharded shards, EmbeddingLearner.Loss loss, Split data, Env env);

    @Override
    default boolean learnsPlainly() {
        return false;
    }

    @Override
    default Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            Forgetting.forget(this, request);
            Forgetting.ofShards(this, learner);
            if (tablesOnly()) {
                Forgetting.requireTables(this, learner);
            }
        });
    }

    @Override
    default Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        Learner<Split, Recommender> ofShards = Forgetting.ofShards(this, learner);
        if (tablesOnly()) {
            Forgetting.requireTables(this, learner);
        }
        Embeddings placed = Forgetting.placed(data, env);
        Partition made = env.ledger().timed("partition", () -> partition(placed, data, env));
        return trained(made, IntStream.range(0, shards()).toArray(), List.of(), ofShards, data, env);
    }

    @Override
    default Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        Sharded before = Sharded.madeBy(this, model);
        ForgetRequest.Forgotten forgotten = Forgetting.resolve(this, request, data);
        if (forgotten.nothing()) {
            return model;
        }
        if (leakFree()) {
            return learn(learner, forgotten.remaining(), env);
        }
        Partition made = before.partition();
        Learner<Split, Recommender> ofShards = Forgetting.ofShards(this, learner);
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
