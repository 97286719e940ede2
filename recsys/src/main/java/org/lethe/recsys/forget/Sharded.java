package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Workers;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Delegating;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserRows;

/**
 * A recommender of shard models, each trained on its own data alone, and an aggregation that answers for all.
 *
 * <p>Immutable: a request makes a new one that shares every untouched shard.
 */
public final class Sharded implements Delegating {
    private final Method<?, ?> maker;
    private final Partition partition;
    private final List<Shard> shards;
    private final int[] own;
    private final int items;
    private final Function<Sharded, Recommender> aggregation;
    private @Nullable Recommender served;

    /**
     * One shard.
     *
     * @param users users of the shard, ascending; the position of a user here is its row in the model
     * @param model model of all items, but only of the shard's users
     * @param stages training state after each slice but the last; empty without slices
     */
    public record Shard(int[] users, UserRows model, List<Checkpoint> stages) {
        /** The model as two tables; only for models that are. */
        Embeddings tables() {
            return (Embeddings) model;
        }

        /** The row of a user in the model, negative if the shard does not know the user. */
        int row(int user) {
            return Arrays.binarySearch(users, user);
        }
    }

    /** The combination of the shards. */
    public enum Aggregate {
        /**
         * The mean of the shards' scores, each with the embedding of the user's own shard (the released UltraRE). Shards of tables
         * become one table of users and one mean table of items. Networks read embeddings of other shards, which started from
         * the same values and were trained apart.
         */
        MEAN,
        /** Only the user's own shard answers, as the released CURE4Rec measures it. */
        OWN
    }

    Sharded(
            Method<?, ?> maker,
            Partition partition,
            List<Shard> shards,
            Split data,
            Function<Sharded, Recommender> aggregation) {
        this(maker, partition, shards, partition.own(data), data.items(), aggregation);
    }

    /** A model with a known own shard of each user. */
    Sharded(
            Method<?, ?> maker,
            Partition partition,
            List<Shard> shards,
            int[] own,
            int items,
            Function<Sharded, Recommender> aggregation) {
        this.maker = maker;
        this.partition = partition;
        this.shards = List.copyOf(shards);
        this.own = own;
        this.items = items;
        this.aggregation = aggregation;
    }

    /** The method that learned it. */
    public Method<?, ?> maker() {
        return maker;
    }

    /** The model, which this very method must have learned. */
    static Sharded madeBy(Method<?, ?> maker, Recommender model) {
        if (model instanceof Sharded sharded && sharded.maker.equals(maker)) {
            return sharded;
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                "model is "
                        + (model instanceof Sharded s
                                ? "learned by " + s.maker
                                : model.getClass().getSimpleName()) + ", expected one learned by " + maker);
    }

    /** The aggregation that a setting names. */
    static Recommender aggregated(Sharded sharded, Aggregate aggregate) {
        return switch (aggregate) {
            case MEAN -> {
                double[] even = new double[sharded.shards.size()];
                Arrays.fill(even, 1);
                yield sharded.weighted(even, even.length);
            }
            case OWN -> sharded.local();
        };
    }

    /** The shard models. */
    public List<Shard> shards() {
        return shards;
    }

    /** The assignment to shards. */
    public Partition partition() {
        return partition;
    }

    /** The own shard of a user. */
    public int shardOf(int user) {
        return own[user];
    }

    /** The mean of the values of each shard's users, for the shards that have any; {@code values} are parallel to users. */
    double[] shardMeans(int[] users, double[] values) {
        double[] sum = new double[shards().size()];
        int[] count = new int[sum.length];
        for (int n = 0; n < users.length; n++) {
            int s = shardOf(users[n]);
            sum[s] += values[n];
            count[s]++;
        }
        return IntStream.range(0, sum.length)
                .filter(s -> count[s] > 0)
                .mapToDouble(s -> sum[s] / count[s])
                .toArray();
    }

    /** The model that answers for all shards: two tables if shards are tables, unless only own shards answer. */
    @Override
    public synchronized Recommender served() {
        Recommender answer = served;
        if (answer == null) {
            answer = aggregation.apply(this);
            served = answer;
        }
        return answer;
    }

    /** The model in which only own shards answer; zeros if the own shard does not know the user. */
    public Recommender local() {
        return new Recommender() {
            @Override
            public int users() {
                return own.length;
            }

            @Override
            public int items() {
                return items;
            }

            @Override
            public float score(int user, int item) {
                Shard shard = shards.get(own[user]);
                int row = shard.row(user);
                return row < 0 ? 0 : shard.model.score(row, item);
            }

            @Override
            public void scores(int user, float[] into) {
                Shard shard = shards.get(own[user]);
                int row = shard.row(user);
                if (row < 0) {
                    Arrays.fill(into, 0, items, 0);
                } else {
                    shard.model.scores(row, into);
                }
            }

            @Override
            public void scores(int[] users, float[] into) {
                Arrays.fill(into, 0, users.length * items, 0);
                for (int s = 0; s < shards.size(); s++) {
                    int shard = s;
                    int[] places = IntStream.range(0, users.length)
                            .filter(n ->
                                    own[users[n]] == shard && shards.get(shard).row(users[n]) >= 0)
                            .toArray();
                    int[] rows = Arrays.stream(places)
                            .map(n -> shards.get(shard).row(users[n]))
                            .toArray();
                    if (rows.length == 0) {
                        continue;
                    }
                    float[] scores = new float[rows.length * items];
                    shards.get(s).model.scores(rows, scores);
                    for (int n = 0; n < places.length; n++) {
                        System.arraycopy(scores, n * items, into, places[n] * items, items);
                    }
                }
            }
        };
    }

    @Override
    public int users() {
        return own.length;
    }

    @Override
    public int items() {
        return items;
    }

    /** Whether every shard is two tables. */
    boolean tabular() {
        return shards.stream().allMatch(shard -> shard.model instanceof Embeddings);
    }

    /** Length of the shards' rows of users. */
    int width() {
        return shards.getFirst().model.width();
    }

    /** The embedding of each user in its own shard; zeros if no shard knows the user. */
    float[] ownRows() {
        int width = width();
        float[] rows = new float[own.length * width];
        for (int u = 0; u < own.length; u++) {
            Shard shard = shards.get(own[u]);
            int row = shard.row(u);
            if (row >= 0) {
                System.arraycopy(shard.model.userRows(), row * width, rows, u * width, width);
            }
        }
        return rows;
    }

    /** Every shard's model with all users' own rows. */
    List<UserRows> pooled() {
        float[] rows = ownRows();
        return shards.stream().map(shard -> shard.model.withUserRows(rows)).toList();
    }

    /** The scores of all shards, which use a user's own row, summed shard by shard with weights and divided by {@code total}. */
    Recommender weighted(double[] weights, double total) {
        if (!tabular()) {
            float[] shares = new float[weights.length];
            for (int s = 0; s < shares.length; s++) {
                shares[s] = (float) (weights[s] / total);
            }
            return new WeightedScores(pooled(), shares);
        }
        int dims = width();
        double[] sum = new double[items * dims];
        for (int s = 0; s < weights.length; s++) {
            float[] rows = shards.get(s).tables().itemRows();
            for (int n = 0; n < sum.length; n++) {
                sum[n] += weights[s] * rows[n];
            }
        }
        float[] mean = new float[sum.length];
        for (int n = 0; n < sum.length; n++) {
            mean[n] = (float) (sum[n] / total);
        }
        return new Embeddings(dims, ownRows(), mean);
    }

    /** Trains some shards, independently and in parallel; the others stay the objects they are. */
    static List<Shard> train(
            int[] touched,
            List<Shard> old,
            Function<Integer, Job> jobOf,
            Learner<Split, Recommender> learner,
            Env env) {
        List<Workers.Task<Shard>> tasks = new ArrayList<>();
        for (int s : touched) {
            Job job = jobOf.apply(s);
            env.ledger().count("shards-touched", 1);
            env.ledger().count("interactions-touched", job.part.train().size());
            tasks.add(workers -> env.ledger().timed("shard", () -> job.run(learner, env.with(workers))));
        }
        List<Shard> fresh = env.workers().all(tasks);
        List<Shard> all = new ArrayList<>(old);
        for (int n = 0; n < touched.length; n++) {
            if (touched[n] < all.size()) {
                all.set(touched[n], fresh.get(n));
            } else {
                all.add(fresh.get(n));
            }
        }
        return all;
    }

    /**
     * The training of one shard in stages. Stage r sees slices 0 … r and starts from the end of stage r−1. A shard without
     * interactions stays untrained.
     *
     * @param users the shard's users
     * @param part the shard's data
     * @param sliceOf the slice of each of its users
     * @param slices number of slices
     * @param kept training states of the stages that remain valid
     */
    record Job(int[] users, Split part, int[] sliceOf, int slices, List<Checkpoint> kept) {
        static Job whole(int[] users, Split part) {
            return new Job(users, part, new int[users.length], 1, List.of());
        }

        Shard run(Learner<Split, Recommender> learner, Env env) {
            return switch (learner) {
                case EmbeddingLearner tables -> staged(tables, env);
                case UserLearner rows ->
                    new Shard(
                            users,
                            part.train().size() > 0 ? rows.train(part, env) : rows.untrained(part, env),
                            List.of());
                default -> throw new IllegalArgumentException("learner is " + learner);
            };
        }

        private Shard staged(EmbeddingLearner learner, Env env) {
            List<Checkpoint> stages = new ArrayList<>(kept);
            Checkpoint at = stages.isEmpty() ? learner.start(part, env) : stages.getLast();
            for (int stage = stages.size(); stage < slices; stage++) {
                int last = stage;
                Split seen = stage == slices - 1 ? part : part.withoutUsers(u -> sliceOf[u] > last);
                if (seen.train().size() > 0) {
                    at = learner.withEpochs(epochs(learner.epochs(), stage)).resume(at, seen, env);
                }
                if (stage < slices - 1) {
                    stages.add(at);
                }
            }
            return new Shard(users, at.model(), List.copyOf(stages));
        }

        /** So that Σ epochs · share of the data = one training: {@code 2E/(R+1)} a stage (Bourtoule et al., section 4.4). */
        private int epochs(int total, int stage) {
            long until = Math.round(2.0 * total * (stage + 1) / (slices + 1));
            long before = Math.round(2.0 * total * stage / (slices + 1));
            return (int) Math.max(1, until - before);
        }
    }
}
