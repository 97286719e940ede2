package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.AlternatingLearner;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by replaying one training that took groups of users in turn, from the last group that did not see the forgotten data
 * (LASER; Li et al. 2022).
 *
 * <p>The paper's groups are {@code collaborative}: users are embedded by propagation over the hypergraph whose edges are the users of an item,
 * {@code X ← D_v^(−½) H D_e⁻¹ Hᵀ D_v^(−½) X}, twice from keyed random rows. Balanced k-means of these rows makes the groups, and
 * training takes them from easy to hard: the most cohesive group first, with cohesion one over the mean squared distance to the
 * group's centre. {@code random}, the default, deals users by their keys instead. Each group trains with the item table and the
 * optimiser's state of the group before; the state after each group is kept. The item table of the last group serves.
 *
 * <p>A request replays its first touched group and all later ones: half the training on average, all of it at worst. With
 * {@code random} groups the result has the bits of learning without the data. Groups by propagation, and their order, were made
 * with the data in it: exact given the partition. They also rank worse, because the taste of the
 * last group moves the items for all: on MovieLens-100K, five groups of {@code bpr} have NDCG@20 0.17, random ones 0.29, and plain
 * training 0.31.
 *
 * <p>Reconstructed from the paper's abstract. Its journal version also manipulates parameters; this one only replays. Models
 * must train user and item tables by steps; {@code als} solves its items afresh from one group alone and is refused.
 *
 * @param groups number of groups
 * @param grouping groups: collaborative (by propagation over shared items) or random (by keyed random numbers)
 * @param slack capacity of a group, as a multiple of an even share
 * @param clusterIterations largest number of iterations of the balanced k-means
 */
@Named("laser")
@Taxonomy(Branch.SEQUENTIAL)
public record Laser(int groups, Grouping grouping, double slack, int clusterIterations) implements Forgetting {
    private static final int DIMS = 16; // of the propagated rows

    /** How users are put into groups. */
    public enum Grouping {
        /** By propagation over shared items, the most cohesive group first. */
        COLLABORATIVE,
        /** By keyed random numbers. */
        RANDOM
    }

    public Laser {
        Check.require(groups >= 1, "groups", groups, "at least 1");
        Check.require(slack >= 1 && slack <= 1e6, "slack", slack, "1 to 1000000");
        Check.require(clusterIterations >= 1, "clusterIterations", clusterIterations, "at least 1");
    }

    public Laser() {
        this(5, Grouping.RANDOM);
    }

    /** The default settings for this number of groups. */
    public Laser(int groups, Grouping grouping) {
        this(groups, grouping, 1.1, 30);
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        stepped(learner);
    }

    private EmbeddingLearner stepped(Learner<Split, Recommender> learner) {
        if (learner instanceof AlternatingLearner) {
            throw Suited.refused(
                    this,
                    "trains one group after another, and " + Named.Of.name(learner)
                            + " solves all items afresh from the last group alone");
        }
        return Forgetting.tables(this, learner);
    }

    @Override
    public Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        EmbeddingLearner stepped = stepped(learner);
        Forgetting.requireUnits(this, groups, data.users());
        Partition.ByUser partition = switch (grouping) {
            case COLLABORATIVE -> env.ledger().timed("partition", () -> grouped(data.train(), env));
            case RANDOM -> Partition.ByUser.dealt(data.train(), groups, env.random("laser-groups"));
        };
        return replayed(partition, List.of(), stepped, data, env);
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        Sharded before = Sharded.madeBy(this, model);
        int first = before.partition().touched(forgotten, data)[0];
        List<Sharded.Shard> kept = before.shards().subList(0, first);
        return replayed(before.partition(), kept, stepped(learner), forgotten.remaining(), env);
    }

    /** Trains the groups after the kept ones, each from the state of the one before. */
    private Sharded replayed(
            Partition partition, List<Sharded.Shard> kept, EmbeddingLearner learner, Split data, Env env) {
        List<Sharded.Shard> done = new ArrayList<>(kept);
        for (int group = kept.size(); group < groups; group++) {
            Split part = partition.part(group, data);
            Checkpoint start = learner.start(part, env);
            if (group > 0) {
                Checkpoint last = done.get(group - 1).stages().getFirst();
                start = new Checkpoint(
                        new Embeddings(
                                start.model().dims(),
                                start.model().userRows(),
                                last.model().itemRows()),
                        start.userState(),
                        last.itemState(),
                        last.steps(),
                        last.epochs());
            }
            env.ledger().count("shards-touched", 1);
            env.ledger().count("interactions-touched", part.train().size());
            Checkpoint from = start;
            Checkpoint end = part.train().size() == 0
                    ? from
                    : env.ledger().timed("group", () -> learner.resume(from, part, env));
            done.add(new Sharded.Shard(partition.members(group, data), end.model(), List.of(end)));
        }
        return new Sharded(this, partition, done, data, Laser::served);
    }

    /** Users as their group left them, items as the last group left them. */
    private static Recommender served(Sharded groups) {
        return new Embeddings(
                groups.width(),
                groups.ownRows(),
                groups.shards().getLast().tables().itemRows());
    }

    /** Balanced groups of propagated rows, the most cohesive first; users without interactions go by their number. */
    Partition.ByUser grouped(Interactions train, Env env) {
        int[] active = Forgetting.active(train.users(), train::degree);
        Forgetting.requireUnits(this, groups, active.length);
        float[] rows = propagated(train, env.random("laser-rows"));
        int[] of = new BalancedGreedy(groups, BalancedGreedy.capacity(active.length, groups, slack), clusterIterations)
                .assign(
                        new BalancedGreedy.Rows(rows, DIMS, active, groups),
                        env.random("laser-centres"),
                        env.workers());
        double[] spread = spread(rows, active, of);
        int[] order = IntStream.range(0, groups)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer g) -> spread[g]).thenComparingInt(g -> g))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] place = new int[groups];
        for (int n = 0; n < groups; n++) {
            place[order[n]] = n;
        }
        int[] groupOf = Arrays.stream(of).map(g -> place[g]).toArray();
        return Partition.ByUser.of(Forgetting.spread(active, groupOf, train.users(), groups), groups);
    }

    /** Two propagations of keyed normal rows, of length one; zeros for users without interactions. */
    static float[] propagated(Interactions train, Keyed random) {
        double[] x = new double[train.users() * DIMS];
        for (int u = 0; u < train.users(); u++) {
            Keyed of = random.of(train.userKey(u));
            for (int d = 0; d < DIMS; d++) {
                x[u * DIMS + d] = Keyed.normal(of.at(d));
            }
        }
        int[] degrees = new int[train.items()];
        for (int item : train.columns()) {
            degrees[item]++;
        }
        for (int round = 0; round < 2; round++) {
            double[] edges = new double[train.items() * DIMS];
            for (int u = 0; u < train.users(); u++) {
                double scale = 1 / Math.sqrt(train.degree(u));
                for (int k = train.from(u); k < train.to(u); k++) {
                    add(x, u, scale / degrees[train.item(k)], edges, train.item(k));
                }
            }
            double[] next = new double[x.length];
            for (int u = 0; u < train.users(); u++) {
                double scale = 1 / Math.sqrt(train.degree(u));
                for (int k = train.from(u); k < train.to(u); k++) {
                    add(edges, train.item(k), scale, next, u);
                }
            }
            x = next;
        }
        float[] rows = new float[x.length];
        for (int u = 0; u < train.users(); u++) {
            double length = 0;
            for (int d = 0; d < DIMS; d++) {
                length += x[u * DIMS + d] * x[u * DIMS + d];
            }
            for (int d = 0; d < DIMS && length > 0; d++) {
                rows[u * DIMS + d] = (float) (x[u * DIMS + d] / Math.sqrt(length));
            }
        }
        return rows;
    }

    private static void add(double[] from, int row, double weight, double[] to, int at) {
        for (int d = 0; d < DIMS; d++) {
            to[at * DIMS + d] += weight * from[row * DIMS + d];
        }
    }

    /** The mean squared distance of each group's rows to their mean: {@code mean ‖x‖² − ‖mean x‖²}. */
    private double[] spread(float[] rows, int[] active, int[] of) {
        double[] sums = new double[groups * DIMS];
        double[] squares = new double[groups];
        int[] sizes = new int[groups];
        for (int n = 0; n < active.length; n++) {
            sizes[of[n]]++;
            for (int d = 0; d < DIMS; d++) {
                double value = rows[active[n] * DIMS + d];
                sums[of[n] * DIMS + d] += value;
                squares[of[n]] += value * value;
            }
        }
        double[] spread = new double[groups];
        for (int g = 0; g < groups; g++) {
            spread[g] = sizes[g] == 0 ? 0 : squares[g] / sizes[g];
            for (int d = 0; d < DIMS && sizes[g] > 0; d++) {
                double mean = sums[g * DIMS + d] / sizes[g];
                spread[g] -= mean * mean;
            }
        }
        return spread;
    }

    @Override
    public Exactness exactness() {
        return grouping == Grouping.RANDOM ? Exactness.EXACT : Exactness.EXACT_GIVEN_PARTITION;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.6);
    }
}
