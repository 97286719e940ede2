package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by retraining only the shards that saw the forgotten data, from the last slice that did not (SISA; Bourtoule et
 * al. 2021, section 4).
 *
 * <p>Keyed random numbers deal users into shards, and the users of a shard into slices. They depend on the seed and on the
 * set of users, never on interactions. Stage r of a shard trains on slices 1 … r from the checkpoint of stage r − 1,
 * optimiser state included. It runs {@code 2E/(R+1)} epochs, so that all stages together cost one training of E epochs. A
 * forgotten user leaves an empty place; no other user moves. Shards train in parallel from the same seed;
 * {@code {shards: 1, slices: 1}} is plain training.
 *
 * <p>Exact: the result has the same bits as learning without the data, for any order of requests. A request about one user
 * costs one shard of S, or about two thirds of it with many slices. Requests about j random users touch
 * {@code S(1 − (1 − 1/S)^j)} shards on average; 5 % of all users touch every shard. Each slice keeps one checkpoint.
 *
 * <p>A shard can be any model with an embedding for every user. Slices need training that can resume, which models with
 * layers do not have, except {@code gmf}. Networks are combined by the mean of their scores, each with the user's embedding
 * of its own shard; a ranking then costs S rankings.
 *
 * @param shards number of shards
 * @param slices number of slices in a shard; 1 for no slices, and for models with layers
 * @param aggregate combination of the shards: mean (of the scores of all shards) or own (only the user's own shard answers)
 */
@Named("sisa")
@Taxonomy(Branch.PARTITION)
public record Sisa(int shards, int slices, Sharded.Aggregate aggregate) implements Forgetting {
    public Sisa {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(slices >= 1, "slices", slices, "at least 1");
    }

    public Sisa() {
        this(10, 1);
    }

    /** The mean of all shards' scores. */
    public Sisa(int shards, int slices) {
        this(shards, slices, Sharded.Aggregate.MEAN);
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        ofShards(learner);
    }

    @Override
    public Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        Learner<Split, Recommender> ofShards = ofShards(learner);
        Forgetting.requireUnits(this, shards, data.users());
        Partition partition = Partition.ByUser.dealt(data.train(), shards, env.random("sisa-shards"));
        List<Sharded.Shard> trained = Sharded.train(
                IntStream.range(0, shards).toArray(),
                List.of(),
                s -> {
                    Split part = partition.part(s, data);
                    return new Sharded.Job(partition.members(s, data), part, slicesOf(part, env), slices, List.of());
                },
                ofShards,
                env);
        return sharded(partition, trained, data);
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        Sharded before = Sharded.madeBy(this, model);
        Partition partition = before.partition();
        int[] touchedUsers = forgotten.touchedUsers();
        List<Sharded.Shard> trained = Sharded.train(
                partition.touched(forgotten, data),
                before.shards(),
                s -> {
                    Sharded.Shard old = before.shards().get(s);
                    Split part = partition.remaining(s, forgotten);
                    int[] sliceOf = slicesOf(part, env);
                    int first = Arrays.stream(touchedUsers)
                            .map(old::row)
                            .filter(row -> row >= 0)
                            .map(row -> sliceOf[row])
                            .min()
                            .orElseThrow();
                    List<Checkpoint> kept = old.stages().subList(0, first);
                    return new Sharded.Job(old.users(), part, sliceOf, slices, kept);
                },
                ofShards(learner),
                env);
        return sharded(partition, trained, data);
    }

    private Learner<Split, Recommender> ofShards(Learner<Split, Recommender> learner) {
        if (slices > 1 && !(learner instanceof EmbeddingLearner)) {
            throw Suited.refused(
                    this,
                    "has slices " + slices + ", expected 1 for " + Named.Of.name(learner)
                            + ", whose training cannot resume from a slice");
        }
        return Suited.embedded(this, learner);
    }

    private int[] slicesOf(Split part, Env env) {
        Keyed random = env.random("sisa-slices");
        return Partition.ByUser.deal(
                part.train(), IntStream.range(0, part.users()).toArray(), slices, random);
    }

    private Sharded sharded(Partition partition, List<Sharded.Shard> trained, Split data) {
        return new Sharded(this, partition, trained, data, s -> Sharded.aggregated(s, aggregate));
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(slices == 1 ? 2 : 1 + 2 / 3.0);
    }
}
