package org.lethe.recsys.forget;

import java.util.Arrays;
import org.lethe.Env;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;

/**
 * UltraRE's light combiner: {@code s(u, i) = Σ_g β_g s_g(u, i)} with β ≥ 0 and Σβ = 1, where every shard's score uses the
 * row the user has in its own shard. Weights are fitted on what the model was trained on, by the backbone's loss with one
 * sampled negative per interaction (reconstructed from the paper's abstract; its code has the plain mean).
 */
public final class Combiner {
    private static final int STEPS = 200;

    private final Sharded sharded;
    private final Loss loss;
    private final Interactions train;
    private final int[] against;

    /** The kinds of combination. */
    public enum Kind {
        /** The plain mean. */
        MEAN,
        /** Each user is answered by its own shard alone. */
        OWN,
        /** One fitted weight per shard. */
        GLOBAL,
        /** One fitted weight per shard and user: tables S times as wide. */
        USER
    }

    Combiner(Sharded sharded, Loss loss, Interactions train, Env env) {
        this.sharded = sharded;
        this.loss = loss;
        this.train = train;
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

    private Embeddings perUser() {
        int shards = sharded.shards().size();
        int dims = sharded.dims();
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
                        sharded.shards().get(s).model().itemRows(), i * dims, items, (i * shards + s) * dims, dims);
            }
        }
        return new Embeddings(dims * shards, users, items);
    }

    /**
     * The weights for users {@code from … to−1}, by exponentiated gradient from equal weights with steps that shrink as
     * 1/√t: it stays on the simplex by itself, and the loss is convex in β.
     */
    double[] fit(int from, int to) {
        int shards = sharded.shards().size();
        double[] beta = new double[shards];
        Arrays.fill(beta, 1.0 / shards);
        int count = train.to(to - 1) - train.from(from);
        if (count == 0 || shards == 1) {
            return beta;
        }
        double[] taken = scores(from, to, train.columns());
        double[] left = scores(from, to, against);
        double[] gradient = new double[shards];
        for (int step = 1; step <= STEPS; step++) {
            Arrays.fill(gradient, 0);
            for (int n = 0; n < count; n++) {
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
        int dims = sharded.dims();
        int first = train.from(from);
        double[] scores = new double[(train.to(to - 1) - first) * shards];
        for (int u = from; u < to; u++) {
            Sharded.Shard own = sharded.shards().get(sharded.shardOf(u));
            int row = own.row(u) * dims;
            for (int k = train.from(u); k < train.to(u); k++) {
                for (int s = 0; s < shards; s++) {
                    float[] items = sharded.shards().get(s).model().itemRows();
                    double sum = 0;
                    for (int d = 0; d < dims; d++) {
                        sum += own.model().userRows()[row + d] * items[itemOf[k] * dims + d];
                    }
                    scores[(k - first) * shards + s] = sum;
                }
            }
        }
        return scores;
    }
}
