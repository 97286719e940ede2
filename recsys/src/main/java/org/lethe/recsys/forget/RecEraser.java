package org.lethe.recsys.forget;

import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Formerly;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * Forgets by retraining touched shards, with similar data in the same shard and attention over the shard models (RecEraser;
 * Chen, Sun, Zhang and Ding 2022).
 *
 * <p>A short training of {@code wmf} gives pre-embeddings of users and items. Balanced k-means ({@link BalancedGreedy}) of
 * interactions, users or items makes the shards. Each shard is trained alone, and {@link Attention} combines their tables
 * into one pair. After a request, the touched shards are retrained. The aggregator restarts from its initial state, so that
 * it keeps no trace.
 *
 * <p>CURE4Rec runs {@code {partition: users, slack: 1, clusterIterations: 30, aggregate: own}} under this name: it
 * partitions users, and each user's own shard answers. Its code assigns users to the farthest centre; ours uses the
 * nearest.
 *
 * <p>Attention needs user and item tables. The shards of {@code neumf} and {@code multvae} are networks, which only
 * {@code own} can combine. For the tables of {@code dmf} and {@code ngcf}, the attention is trained by the pairwise loss.
 *
 * <p>The partition was made with the forgotten data, so the plain form is exact only given the partition. With
 * {@code repartition}, pre-embeddings and partition are made again from the remaining data, and all shards are trained
 * again: exact, at the cost of learning. Users and items without training data are assigned by their number. Cost of a
 * request: the touched shards and the aggregator.
 *
 * @param shards number of shards
 * @param partition unit of the partition: interactions (InBP), users (UBP) or items (IBP)
 * @param slack capacity of a shard, as a multiple of an even share
 * @param clusterIterations largest number of iterations of the balanced k-means
 * @param aggregate combination of the shards: attention, or own (only the user's own shard answers)
 * @param attentionEpochs largest number of epochs in which the attention is trained
 * @param attentionBatches number of optimiser steps in such an epoch, each on an equal share of the interactions
 * @param attentionLearningRate learning rate of the attention
 * @param attentionPatience stop training the attention after this many epochs without improvement of the validation score
 * @param repartition whether a request makes pre-embeddings and partition again from the remaining data
 */
@Named("receraser")
@Taxonomy(Branch.PARTITION)
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
    /** The unit of the partition. */
    public enum By {
        /** Interactions, by the product of the distances of their user and item: InBP. */
        INTERACTIONS,
        /** Users: UBP. */
        USERS,
        /** Items: IBP. */
        ITEMS
    }

    /** The combination of the shards. */
    public enum Aggregate {
        /** One pair of tables by attention over the shards. */
        ATTENTION,
        /** Only the shard with most of the user's interactions answers. */
        OWN
    }

    public RecEraser {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(slack >= 1 && slack <= 1e6, "slack", slack, "1 to 1000000");
        Check.require(clusterIterations >= 1, "clusterIterations", clusterIterations, "at least 1");
        Check.require(attentionEpochs >= 1, "attentionEpochs", attentionEpochs, "at least 1");
        Check.require(attentionBatches >= 1, "attentionBatches", attentionBatches, "at least 1");
        Check.require(
                attentionLearningRate > 0 && attentionLearningRate <= 1,
                "attentionLearningRate",
                attentionLearningRate,
                "above 0 and at most 1");
        Check.require(attentionPatience >= 0, "attentionPatience", attentionPatience, "at least 0");
    }

    public RecEraser() {
        this(10, By.INTERACTIONS);
    }

    /** The default settings for this number of shards. */
    public RecEraser(int shards, By partition) {
        this(shards, partition, 1.2, 50, Aggregate.ATTENTION, 20, 20, 0.01, 2, false);
    }

    public RecEraser withClusterIterations(int clusterIterations) {
        return Components.with(this, "clusterIterations", clusterIterations);
    }

    public RecEraser withAggregate(Aggregate aggregate) {
        return Components.with(this, "aggregate", aggregate);
    }

    public RecEraser withAttentionEpochs(int attentionEpochs) {
        return Components.with(this, "attentionEpochs", attentionEpochs);
    }

    public RecEraser withAttentionBatches(int attentionBatches) {
        return Components.with(this, "attentionBatches", attentionBatches);
    }

    public RecEraser withRepartition(boolean repartition) {
        return Components.with(this, "repartition", repartition);
    }

    @Override
    public boolean tablesOnly() {
        return aggregate == Aggregate.ATTENTION;
    }

    @Override
    public Recommender aggregate(Sharded shards, EmbeddingLearner.Loss loss, Split data, Env env) {
        return switch (aggregate) {
            case ATTENTION ->
                Attention.aggregate(
                        shards,
                        loss,
                        data,
                        attentionEpochs,
                        attentionBatches,
                        attentionLearningRate,
                        attentionPatience,
                        env);
            case OWN -> shards.local();
        };
    }

    @Override
    public Partition partition(Split data, Env env) {
        Embeddings placed = Forgetting.placed(data, env);
        return env.ledger().timed("partition", () -> partition(placed, data, env));
    }

    Partition partition(Embeddings placed, Split data, Env env) {
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
