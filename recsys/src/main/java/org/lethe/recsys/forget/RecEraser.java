package org.lethe.recsys.forget;

import org.lethe.Formerly;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * Forgets by retraining touched shards, with like put to like in the shards and attention over their models (RecEraser;
 * Chen, Sun, Zhang and Ding 2022).
 *
 * <p>Pre-embeddings by a short training of {@code wmf} place users and items; {@link BalancedGreedy balanced k-means}
 * of interactions, users or items makes the shards; each is trained alone; {@link Attention} serves one pair of tables.
 * After a request the touched shards are retrained and the aggregator starts from scratch, so that it keeps no trace.
 *
 * <p>What CURE4Rec runs under this name is {@code {partition: users, slack: 1, rounds: 30, aggregate: own}}: users are
 * partitioned and each is answered by its own shard. Its code assigns users to the farthest centre; ours to the nearest.
 *
 * <p>Attention needs user and item tables; the shards of {@code neumf} and {@code multvae} are networks, and only {@code own}
 * puts these together. The tables of {@code dmf} and {@code ngcf} are weighed by the pairwise loss.
 *
 * <p>The partition was drawn with the forgotten data in it, so the plain form is exact only given the partition. With
 * {@code leakFree} pre-embeddings and partition are made anew from what remains and everything is trained again: exact,
 * at the price of learning. Users and items that are in no shard's data keep their place by number. Cost of a request: the
 * touched shards and the aggregator.
 *
 * @param shards number of shards
 * @param partition what is partitioned: interactions (InBP), users (UBP) or items (IBP)
 * @param slack capacity of a shard, as a multiple of an even share
 * @param rounds most rounds of the balanced k-means
 * @param aggregate how the shards answer as one: attention, or own (each user's own shard alone)
 * @param epochs most epochs in which the attention is trained
 * @param batches steps of the optimiser in such an epoch, each on an equal share of the interactions
 * @param rate learning rate of the attention
 * @param patience epochs without a better validation score after which the attention is trained no longer
 * @param leakFree whether a request makes pre-embeddings and partition anew from what remains
 */
@Named("receraser")
public record RecEraser(
        int shards,
        By partition,
        double slack,
        @Formerly("rounds") int clusterIterations,
        Aggregate aggregate,
        @Formerly("epochs") int attentionEpochs,
        @Formerly("batches") int attentionBatches,
        @Formerly("rate") double attentionLearningRate,
        @Formerly("patience") int attentionPatience,
        @Formerly("leakFree") boolean repartition)
        implements PartitionedMethod {
    /** What is partitioned. */
    public enum By {
        /** Interactions, by the product of the distances of their two ends: InBP. */
        INTERACTIONS,
        /** Users: UBP. */
        USERS,
        /** Items: IBP. */
        ITEMS
    }

    /** How the shards answer as one. */
    public enum Aggregate {
        /** One pair of tables by attention over the shards. */
        ATTENTION,
        /** Each user is answered by the shard with most of its interactions alone. */
        OWN
    }

    public RecEraser {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(slack >= 1 && slack <= 1e6, "slack", slack, "1 to 1000000");
        Check.require(clusterIterations >= 1, "clusterIterations", clusterIterations, "at least 1");
        Check.require(attentionEpochs >= 1, "attentionEpochs", attentionEpochs, "at least 1");
        Check.require(attentionBatches >= 1, "attentionBatches", attentionBatches, "at least 1");
        Check.require(attentionLearningRate > 0 && attentionLearningRate <= 1, "attentionLearningRate", attentionLearningRate, "above 0 and at most 1");
        Check.require(attentionPatience >= 0, "attentionPatience", attentionPatience, "at least 0");
    }

    public RecEraser() {
        this(10, By.INTERACTIONS);
    }

    /** The usual settings for so many shards. */
    public RecEraser(int shards, By partition) {
        this(shards, partition, 1.2, 50, Aggregate.ATTENTION, 20, 20, 0.01, 2, false);
    }

    @Override
    public boolean tablesOnly() {
        return aggregate == Aggregate.ATTENTION;
    }

    @Override
    public Recommender aggregate(Sharded shards, EmbeddingLearner.Loss loss, Split data, Env env) {
        return switch (aggregate) {
            case ATTENTION -> Attention.aggregate(shards, loss, data, attentionEpochs, attentionBatches, attentionLearningRate, attentionPatience, env);
            case OWN -> shards.local();
        };
    }

    @Override
    public Partition partition(Embeddings placed, Split data, Env env) {
        Interactions train = data.train();
        Keyed random = env.random("receraser-anchors");
        return switch (partition) {
            case INTERACTIONS -> {
                Forgetting.requireUnits(this, shards, train.size());
                BalancedGreedy greedy = greedy(train.size());
                BalancedGreedy.Pairs pairs = new BalancedGreedy.Pairs(placed, train, shards);
                yield new Partition.ByPair(train, greedy.assign(pairs, random, env.workers()), shards);
            }
            case USERS -> {
                int[] active = Forgetting.active(train.users(), train::degree);
                int[] shardOf = rows(placed.userRows(), placed.dims(), active, train.users(), random, env);
                yield Partition.ByUser.of(shardOf, shards);
            }
            case ITEMS -> {
                int[] starts = train.byItem().starts();
                int[] active = Forgetting.active(train.items(), i -> starts[i + 1] - starts[i]);
                int[] shardOf = rows(placed.itemRows(), placed.dims(), active, train.items(), random, env);
                yield new Partition.ByItem(shardOf, shards);
            }
        };
    }

    private int[] rows(float[] table, int dims, int[] active, int count, Keyed random, Env env) {
        Forgetting.requireUnits(this, shards, active.length);
        int[] assigned = greedy(active.length)
                .assign(new BalancedGreedy.Rows(table, dims, active, shards), random, env.workers());
        return Forgetting.spread(active, assigned, count, shards);
    }

    private BalancedGreedy greedy(int units) {
        return new BalancedGreedy(shards, BalancedGreedy.capacity(units, shards, slack), clusterIterations);
    }

    @Override
    public Exactness exactness() {
        return repartition ? Exactness.EXACT : Exactness.EXACT_GIVEN_PARTITION;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(4);
    }
}
