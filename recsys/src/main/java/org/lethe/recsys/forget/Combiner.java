package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.List;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.UserRows;

/**
 * UltraRE's light combiner: {@code s(u, i) = Σ_g β_g s_g(u, i)} with β ≥ 0 and Σβ = 1; every shard uses the embedding of
 * the user's own shard.
 *
 * <p>Weights are fitted on the training interactions, by the backbone's loss with one sampled negative per interaction.
 * This is reconstructed from the paper's abstract; its code has the plain mean. Shards of tables are combined into tables;
 * those of networks answer by {@link WeightedScores}. Fitting costs two scores of every shard an interaction.
 */
public final class Combiner {
    private static final int STEPS = 200;
    private static final int BLOCK = 4096; // pairs that a network scores at a time

    private final Sharded sharded;
    private final Loss loss;
    private final Interactions train;
    private final int[] against;
    private final Workers workers;
    private final List<UserRows> pooled; // where shards are networks

    /** The kinds of combination. */
    public enum Kind {
        /** The plain mean. */
        MEAN,
        /** Only the user's own shard answers. */
        OWN,
        /** One fitted weight per shard. */
        GLOBAL,
        /** One fitted weight per shard and user; tables become S times as wide. */
        USER
    }

    Combiner(Sharded sharded, Loss loss, Interactions train, Env env) {
        this.sharded = sharded;
        this.loss = loss;
        this.train = train;
        this.workers = env.workers();
        this.pooled = sharded.tabular() ? List.of() : sharded.pooled();
        this.against = new int[train.size()];
        RowObjective.negatives(train, env.random("combiner-negatives"), against);
    }

    Recommender combined(Kind kind) {
        return switch (kind) {
            case MEAN -> Sharded.aggregated(sharded, Sharded.Aggregate.MEAN);
            case OWN -> sharded.local();
            case GLOBAL -> sharded.weighted(fit(0, train.users()), 1);
            case USER -> perUser();
        };
    }

    private Recommender perUser() {
        int shards = sharded.shards().size();
        if (!sharded.tabular()) {
            double[] taken = scores(0, train.users(), train.columns());
            double[] left = scores(0, train.users(), against);
            float[] weights = new float[train.users() * shards];
            for (int u = 0; u < train.users(); u++) {
                double[] beta = fit(taken, left, train.from(u), train.to(u));
                for (int s = 0; s < shards; s++) {
                    weights[u * shards + s] = (float) beta[s];
                }
            }
            return new WeightedScores(pooled, weights);
        }
        int dims = sharded.width();
        float[] own = sharded.ownRows();
        float[] users = new float[own.length * shards];
        for (int u = 0; u < train.users(); u++) {
            double[] beta = fit(u, u + 1);
            for (int s = 0; s < shards; s++) {
                for (int d = 0; d < dims; d++) {
                    users[(u * shards + s) * dims + d] = (float) (beta[s] * own[u * dims + d]);
                }
            }
        }
        float[] items = new float[train.items() * dims * shards];
        for (int i = 0; i < train.items(); i++) {
            for (int s = 0; s < shards; s++) {
                System.arraycopy(
                        sharded.shards().get(s).tables().itemRows(), i * dims, items, (i * shards + s) * dims, dims);
            }
        }
        return new Embeddings(dims * shards, users, items);
    }

    /**
     * The weights for users {@code from … to−1}, by exponentiated gradient from equal weights with steps that shrink as
     * 1/√t. The weights stay on the simplex, and the loss is convex in β.
     */
    double[] fit(int from, int to) {
        int count = train.to(to - 1) - train.from(from);
        return fit(scores(from, to, train.columns()), scores(from, to, against), 0, count);
    }

    /** Fits weights on the interactions {@code from … to−1} of the given scores. */
    private double[] fit(double[] taken, double[] left, int from, int to) {
        int shards = sharded.shards().size();
        double[] beta = new double[shards];
        Arrays.fill(beta, 1.0 / shards);
        if (from == to || shards == 1) {
            return beta;
        }
        double[] gradient = new double[shards];
        for (int step = 1; step <= STEPS; step++) {
            Arrays.fill(gradient, 0);
            for (int n = from; n < to; n++) {
                double yes = 0;
                double no = 0;
                for (int s = 0; s < shards; s++) {
                    yes += beta[s] * taken[n * shards + s];
                    no += beta[s] * left[n * shards + s];
                }
                double byYes = switch (loss) {
                    case PAIRWISE -> -RowObjective.sigmoid(no - yes);
                    case LOGISTIC -> -RowObjective.sigmoid(-yes);
                    case SQUARED -> yes - 1;
                };
                double byNo = switch (loss) {
                    case PAIRWISE -> -byYes;
                    case LOGISTIC -> RowObjective.sigmoid(no);
                    case SQUARED -> no;
                };
                for (int s = 0; s < shards; s++) {
                    gradient[s] += byYes * taken[n * shards + s] + byNo * left[n * shards + s];
                }
            }
            double largest = Arrays.stream(gradient).map(Math::abs).max().orElse(0);
            if (largest == 0) {
                return beta;
            }
            double sum = 0;
            for (int s = 0; s < shards; s++) {
                beta[s] *= Math.exp(-gradient[s] / largest / Math.sqrt(step));
                sum += beta[s];
            }
            for (int s = 0; s < shards; s++) {
                beta[s] /= sum;
            }
        }
        return beta;
    }

    /** Scores by every shard of one item per interaction, [interactions, shards]. */
    private double[] scores(int from, int to, int[] itemOf) {
        int shards = sharded.shards().size();
        int first = train.from(from);
        int count = train.to(to - 1) - first;
        double[] scores = new double[count * shards];
        if (!sharded.tabular()) {
            int[] userOf = new int[count];
            for (int u = from; u < to; u++) {
                Arrays.fill(userOf, train.from(u) - first, train.to(u) - first, u);
            }
            int[] items = Arrays.copyOfRange(itemOf, first, first + count);
            workers.each(shards, s -> score(s, userOf, items, scores));
            return scores;
        }
        int dims = sharded.width();
        for (int u = from; u < to; u++) {
            Sharded.Shard own = sharded.shards().get(sharded.shardOf(u));
            int row = own.row(u) * dims;
            for (int k = train.from(u); k < train.to(u); k++) {
                for (int s = 0; s < shards; s++) {
                    float[] items = sharded.shards().get(s).tables().itemRows();
                    double sum = 0;
                    for (int d = 0; d < dims; d++) {
                        sum += own.tables().userRows()[row + d] * items[itemOf[k] * dims + d];
                    }
                    scores[(k - first) * shards + s] = sum;
                }
            }
        }
        return scores;
    }

    private void score(int shard, int[] users, int[] items, double[] scores) {
        int shards = pooled.size();
        for (int at = 0; at < users.length; at += BLOCK) {
            int end = Math.min(users.length, at + BLOCK);
            float[] block = new float[end - at];
            pooled.get(shard).scores(Arrays.copyOfRange(users, at, end), Arrays.copyOfRange(items, at, end), block);
            for (int n = 0; n < block.length; n++) {
                scores[(at + n) * shards + shard] = block[n];
            }
        }
    }
}
