package org.lethe.recsys.forget;

import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.transport.BalancedClustering;

/**
 * Forgets by retraining touched shards, with users put together by optimal balanced transport and a light combiner
 * (UltraRE; Li et al. 2023).
 *
 * <p>Pre-embeddings by {@code wmf} with its default settings; {@link BalancedClustering} of the users at ε = 0, which is
 * what the published code computes; each shard is trained alone; every shard's scores use the row a user has in its own
 * shard, and the combiner weighs them. Exactness and {@code leakFree} are as in {@link RecEraser}. Cost of a request: the
 * touched shards, and fitting the combiner.
 *
 * @param shards number of shards
 * @param rounds most rounds of the balanced clustering
 * @param combiner how the shards answer as one: mean, own, global or user
 * @param leakFree whether a request makes pre-embeddings and partition anew from what remains
 */
@Named("ultrare")
public record UltraRe(int shards, int rounds, Combiner.Kind combiner, boolean leakFree)
        implements Method<Split, Recommender> {
    public UltraRe {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(rounds >= 1, "rounds", rounds, "at least 1");
    }

    public UltraRe() {
        this(10);
    }

    /** The usual settings for so many shards. */
    public UltraRe(int shards) {
        this(shards, 10, Combiner.Kind.MEAN, false);
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        EmbeddingLearner tables = Forgetting.tables(this, learner);
        Embeddings placed = Forgetting.placed(data, env);
        Partition made = env.ledger().timed("partition", () -> partition(placed, data, env));
        return trained(made, IntStream.range(0, shards).toArray(), List.of(), tables, data, env);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        Sharded before = Sharded.madeBy(this, model);
        ForgetRequest.Forgotten forgotten = Forgetting.resolve(this, request, data);
        if (forgotten.nothing()) {
            return model;
        }
        if (leakFree) {
            return learn(learner, forgotten.remaining(), env);
        }
        Partition made = before.partition();
        EmbeddingLearner tables = Forgetting.tables(this, learner);
        return trained(made, made.touched(forgotten, data), before.shards(), tables, forgotten.remaining(), env);
    }

    private Recommender trained(
            Partition made, int[] touched, List<Sharded.Shard> old, EmbeddingLearner learner, Split data, Env env) {
        List<Sharded.Shard> trained = Sharded.train(
                touched, old, s -> Sharded.Job.whole(made.members(s, data), made.part(s, data)), learner, env);
        Sharded plain = new Sharded(this, made, trained, data, Sharded::local);
        Recommender served = env.ledger()
                .timed("aggregate", () -> new Combiner(plain, learner.loss(), data.train(), env).combined(combiner));
        return new Sharded(this, made, trained, data, s -> served);
    }

    private Partition partition(Embeddings placed, Split data, Env env) {
        int[] active = Forgetting.active(data.users(), data.train()::degree);
        Forgetting.requireUnits(this, shards, active.length);
        BalancedClustering.Result groups = new BalancedClustering(shards, rounds)
                .cluster(placed.userRows(), placed.dims(), active, env.random("ultrare-centres"));
        return Partition.ByUser.of(Forgetting.spread(active, groups.labels(), data.users(), shards), shards);
    }

    @Override
    public Exactness exactness() {
        return leakFree ? Exactness.EXACT : Exactness.EXACT_GIVEN_PARTITION;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(3);
    }
}
