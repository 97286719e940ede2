package org.lethe.recsys.forget;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Formerly;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.transport.BalancedClustering;

/**
 * Forgets by retraining touched shards, with users partitioned by optimal balanced transport and a light combiner (UltraRE;
 * Li et al. 2023).
 *
 * <p>A short training of {@code wmf} gives pre-embeddings. {@link BalancedClustering} of the users uses ε = 0, as the
 * published code does. Each shard is trained alone and scores users by their embedding in their own shard. The combiner
 * weights these scores; shards may be tables or networks. Exactness and {@code repartition} are as in {@link RecEraser}.
 * Cost of a request: the touched shards and the combiner.
 *
 * @param shards number of shards
 * @param clusterIterations largest number of iterations of the balanced clustering
 * @param combiner combination of the shards: mean, own, global or user
 * @param repartition whether a request makes pre-embeddings and partition again from the remaining data
 */
@Named("ultrare")
@Taxonomy(Branch.PARTITION)
public record UltraRe(
        int shards,
        @Formerly("rounds") int clusterIterations,
        Combiner.Kind combiner,
        @Formerly("leakFree") boolean repartition)
        implements PartitionedMethod {
    public UltraRe {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(clusterIterations >= 1, "clusterIterations", clusterIterations, "at least 1");
    }

    public UltraRe() {
        this(10);
    }

    /** The default settings for this number of shards. */
    public UltraRe(int shards) {
        this(shards, 10, Combiner.Kind.MEAN, false);
    }

    @Override
    public boolean tablesOnly() {
        return false;
    }

    @Override
    public Recommender aggregate(Sharded shards, EmbeddingLearner.Loss loss, Split data, Env env) {
        return new Combiner(shards, loss, data.train(), env).combined(combiner);
    }

    @Override
    public Partition partition(Split data, Env env) {
        Embeddings placed = Forgetting.placed(data, env);
        return env.ledger().timed("partition", () -> partition(placed, data, env));
    }

    Partition partition(Embeddings placed, Split data, Env env) {
        int[] active = Forgetting.active(data.users(), data.train()::degree);
        Forgetting.requireUnits(this, shards, active.length);
        BalancedClustering.Result groups = new BalancedClustering(shards, clusterIterations)
                .cluster(placed.userRows(), placed.dims(), active, env.random("ultrare-centres"));
        return Partition.ByUser.of(Forgetting.spread(active, groups.labels(), data.users(), shards), shards);
    }

    @Override
    public Exactness exactness() {
        return repartition ? Exactness.EXACT : Exactness.EXACT_GIVEN_PARTITION;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(3);
    }
}
