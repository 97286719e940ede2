package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
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
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * Forgets by retraining touched shards of the graph of users and items, with one learned weight a shard (GraphEraser; Chen et
 * al. 2022, sections 4 and 5).
 *
 * <p>{@code blpa}, balanced label propagation, starts from keyed shards. In each round every user proposes the shard with most
 * neighbours, {@code Σ_i n_is / n_i} over the items of the user, where n_is users of item i are in shard s. Moves are made in
 * falling order of their gain, if the shard has room. {@code bekm}, balanced k-means of embeddings, groups pre-embeddings of
 * {@code wmf}. Each shard trains on its part of the graph alone: made for {@code lightgcn}, and any model with an
 * embedding for every user will do. The served scores are {@code Σ_s w_s s_s(u, i)} with w ≥ 0 and Σw = 1, fitted on the training
 * interactions as in {@link UltraRe}.
 *
 * <p>The published method cuts the graph between all nodes, and edges between shards are lost. Here items stand in every shard in
 * which they have a user, so that no interaction is lost; the paths between users of different shards are. The ledger
 * counts the {@code item-copies} that this makes. The slow variants of the released code solve an assignment of all nodes a
 * round; they are not copied.
 *
 * <p>Exactness and {@code repartition} are as in {@link RecEraser}. Cost of a request: the touched shards and the weights.
 *
 * @param shards number of shards
 * @param partition partition of users: blpa (balanced label propagation) or bekm (balanced k-means of embeddings)
 * @param slack capacity of a shard, as a multiple of an even share
 * @param rounds largest number of rounds of the partition
 * @param repartition whether a request makes the partition again from the remaining data
 */
@Named("graph-eraser")
@Taxonomy({Branch.PARTITION, Branch.GRAPH})
public record GraphEraser(int shards, By partition, double slack, int rounds, boolean repartition)
        implements PartitionedMethod {
    /** The partition of users. */
    public enum By {
        /** Balanced label propagation. */
        BLPA,
        /** Balanced k-means of embeddings. */
        BEKM
    }

    public GraphEraser {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(slack >= 1 && slack <= 1e6, "slack", slack, "1 to 1000000");
        Check.require(rounds >= 1, "rounds", rounds, "at least 1");
    }

    public GraphEraser() {
        this(10, By.BLPA, false);
    }

    /** The default settings for this number of shards. */
    public GraphEraser(int shards, By partition, boolean repartition) {
        this(shards, partition, 1.1, 20, repartition);
    }

    @Override
    public boolean tablesOnly() {
        return false;
    }

    @Override
    public Recommender aggregate(Sharded made, EmbeddingLearner.Loss loss, Split data, Env env) {
        return new Combiner(made, loss, data.train(), env).combined(Combiner.Kind.GLOBAL);
    }

    @Override
    public Partition partition(Split data, Env env) {
        Interactions train = data.train();
        int[] active = Forgetting.active(train.users(), train::degree);
        Forgetting.requireUnits(this, shards, active.length);
        int capacity = BalancedGreedy.capacity(active.length, shards, slack);
        int[] shardOf = switch (partition) {
            case BLPA -> env.ledger().timed("partition", () -> propagated(train, active, capacity, env));
            case BEKM -> {
                Embeddings placed = Forgetting.placed(data, env);
                BalancedGreedy.Rows rows = new BalancedGreedy.Rows(placed.userRows(), placed.dims(), active, shards);
                yield env.ledger()
                        .timed(
                                "partition",
                                () -> new BalancedGreedy(shards, capacity, rounds)
                                        .assign(rows, env.random("graph-eraser-centres"), env.workers()));
            }
        };
        Partition made = Partition.ByUser.of(Forgetting.spread(active, shardOf, train.users(), shards), shards);
        env.ledger().count("item-copies", copies(train, active, shardOf));
        return made;
    }

    /** Balanced label propagation; the shard of each active user. */
    int[] propagated(Interactions train, int[] active, int capacity, Env env) {
        Keyed random = env.random("graph-eraser-labels");
        int[] shardOf = Partition.ByUser.deal(train, active, shards, random);
        int[] sizes = new int[shards];
        int[] at = new int[train.items() * shards]; // n_is
        int[] degrees = new int[train.items()];
        for (int n = 0; n < active.length; n++) {
            sizes[shardOf[n]]++;
            for (int k = train.from(active[n]); k < train.to(active[n]); k++) {
                at[train.item(k) * shards + shardOf[n]]++;
                degrees[train.item(k)]++;
            }
        }
        record Move(int index, int to, double gain) {}
        for (int round = 0; round < rounds; round++) {
            Move[] moves = new Move[active.length];
            env.workers().each(active.length, n -> {
                double[] neighbours = new double[shards];
                for (int k = train.from(active[n]); k < train.to(active[n]); k++) {
                    int item = train.item(k);
                    for (int s = 0; s < shards; s++) {
                        int others = at[item * shards + s] - (s == shardOf[n] ? 1 : 0);
                        neighbours[s] += (double) others / degrees[item];
                    }
                }
                int best = shardOf[n];
                for (int s = 0; s < shards; s++) {
                    best = neighbours[s] > neighbours[best] ? s : best;
                }
                moves[n] = new Move(n, best, neighbours[best] - neighbours[shardOf[n]]);
            });
            int moved = 0;
            Move[] wanted = Arrays.stream(moves)
                    .filter(move -> move.gain > 0)
                    .sorted(Comparator.comparingDouble((Move move) -> -move.gain)
                            .thenComparingInt(Move::index))
                    .toArray(Move[]::new);
            for (Move move : wanted) {
                if (sizes[move.to] < capacity) {
                    int user = active[move.index];
                    int from = shardOf[move.index];
                    for (int k = train.from(user); k < train.to(user); k++) {
                        at[train.item(k) * shards + from]--;
                        at[train.item(k) * shards + move.to]++;
                    }
                    sizes[from]--;
                    sizes[move.to]++;
                    shardOf[move.index] = move.to;
                    moved++;
                }
            }
            if (moved == 0) {
                break;
            }
        }
        return shardOf;
    }

    /** How many more item nodes there are than items: one for each shard of an item beyond the first. */
    private long copies(Interactions train, int[] active, int[] shardOf) {
        BitSet[] of = IntStream.range(0, train.items())
                .mapToObj(_ -> new BitSet(shards))
                .toArray(BitSet[]::new);
        for (int n = 0; n < active.length; n++) {
            for (int k = train.from(active[n]); k < train.to(active[n]); k++) {
                of[train.item(k)].set(shardOf[n]);
            }
        }
        return Arrays.stream(of)
                .mapToLong(set -> Math.max(0, set.cardinality() - 1))
                .sum();
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
