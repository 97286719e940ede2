package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.List;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;

/**
 * RecEraser's attentive aggregation of frozen shard tables (Chen et al. 2022, section 4.3): {@code e_s = W_sᵀx_s + b_s},
 * {@code a_s = hᵀReLU(A e_s + c)}, {@code α = softmax(a)}, {@code p = Σ α_s e_s}, with W and b common to users and items
 * and (A, c, h) apart; a pair scores {@code p_u·q_i}.
 *
 * <p>Only (W, b, A, c, h) are trained, by the loss of the backbone with one sampled negative per interaction, dropout that
 * keeps 0.7 of p_u, and 10⁻⁵(‖W‖² + ‖b‖²). Departures: W starts as the identity, so that the untrained aggregate is the
 * mean of the shards; a step of Adam sees all interactions at once, since the transfer of every user and item costs more
 * than all pairs do; a user that a shard never saw has a row of zeros there. Gradients are by hand, in double.
 * A step costs {@code O((n + m)·S·k² + |D|·k)}.
 */
final class Attention {
    private static final double KEEP = 0.7;
    private static final double RIDGE = 1e-5;
    private static final int BLOCK = 256;

    private final int shards;
    private final int dims;
    private final int hidden;
    private final float[][] users; // by shard, [n, k]
    private final float[][] items; // by shard, [m, k]
    private final Loss loss;

    /** All parameters end to end: W by shard, b by shard, then Aᵀ, c and h of users, then those of items. */
    final double[] theta;

    Attention(int dims, float[][] users, float[][] items, Loss loss, Keyed random) {
        this.shards = users.length;
        this.dims = dims;
        this.hidden = Math.max(1, dims / 2);
        this.users = users;
        this.items = items;
        this.loss = loss;
        theta = new double[shards * dims * (dims + 1) + 2 * sideSize()];
        for (int s = 0; s < shards; s++) {
            for (int d = 0; d < dims; d++) {
                theta[s * dims * dims + d * dims + d] = 1;
            }
        }
        double sd = Math.sqrt(2.0 / (hidden + dims));
        for (int side = 0; side < 2; side++) {
            int from = side(side);
            for (int n = 0; n < dims * hidden; n++) {
                double z = Keyed.normal(random.of(side).at(n));
                theta[from + n] = sd * Math.clamp(z, -2, 2);
            }
            Arrays.fill(theta, from + dims * hidden + hidden, from + sideSize(), 0.01);
        }
    }

    /** Trains the aggregation of these shards and applies it. */
    static Embeddings aggregate(Sharded sharded, Loss loss, Interactions train, int steps, double rate, Env env) {
        List<Sharded.Shard> shards = sharded.shards();
        int dims = sharded.dims();
        float[][] users = new float[shards.size()][];
        float[][] items = new float[shards.size()][];
        for (int s = 0; s < users.length; s++) {
            Sharded.Shard shard = shards.get(s);
            users[s] = new float[sharded.users() * dims];
            for (int row = 0; row < shard.users().length; row++) {
                System.arraycopy(shard.model().userRows(), row * dims, users[s], shard.users()[row] * dims, dims);
            }
            items[s] = shard.model().itemRows();
        }
        Attention attention = new Attention(dims, users, items, loss, env.random("aggregator"));
        attention.train(train, steps, rate, env);
        return attention.apply(env.workers());
    }

    /** Adam on full batches. */
    void train(Interactions train, int steps, double rate, Env env) {
        Keyed negatives = env.random("aggregator-negatives");
        Keyed dropout = env.random("aggregator-dropout");
        double[] gradient = new double[theta.length];
        double[] first = new double[theta.length];
        double[] second = new double[theta.length];
        int[] against = new int[train.size()];
        for (int step = 1; step <= steps; step++) {
            negatives(train, negatives.of(step), against);
            double[] mask = mask(train, dropout.of(step));
            double value = loss(train, against, mask, gradient, env.workers());
            if (!Double.isFinite(value)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "receraser: the aggregator's loss of step " + step + " is " + value);
            }
            double right1 = 1 - Math.pow(0.9, step);
            double right2 = 1 - Math.pow(0.999, step);
            for (int n = 0; n < theta.length; n++) {
                first[n] = 0.9 * first[n] + 0.1 * gradient[n];
                second[n] = 0.999 * second[n] + 0.001 * gradient[n] * gradient[n];
                theta[n] -= rate * (first[n] / right1) / (Math.sqrt(second[n] / right2) + 1e-8);
            }
        }
    }

    /** The aggregated tables, without dropout. */
    Embeddings apply(Workers workers) {
        return new Embeddings(dims, floats(new Side(0, users, workers).out), floats(new Side(1, items, workers).out));
    }

    /** The weights of the shards for one user; they sum to 1. */
    double[] weights(int user, Workers workers) {
        double[] alpha = new Side(0, users, workers).alpha;
        return Arrays.copyOfRange(alpha, user * shards, (user + 1) * shards);
    }

    /** One item per interaction that its user never took; the interaction's own where there is none. */
    static void negatives(Interactions train, Keyed random, int[] into) {
        for (int u = 0; u < train.users(); u++) {
            for (int k = train.from(u); k < train.to(u); k++) {
                int item = train.item(k);
                into[k] = train.degree(u) == train.items() ? item : negative(train, u, random, item);
            }
        }
    }

    private static int negative(Interactions train, int user, Keyed random, int item) {
        long bits = random.at(train.userKey(user), item);
        int drawn = Keyed.below(bits, train.items());
        while (train.contains(user, drawn)) {
            bits = Keyed.mix(bits + 0x9E3779B97F4A7C15L);
            drawn = Keyed.below(bits, train.items());
        }
        return drawn;
    }

    private double[] mask(Interactions train, Keyed random) {
        double[] mask = new double[train.users() * dims];
        for (int u = 0; u < train.users(); u++) {
            Keyed of = random.of(train.userKey(u));
            for (int d = 0; d < dims; d++) {
                mask[u * dims + d] = Keyed.unit(of.at(d)) < KEEP ? 1 / KEEP : 0;
            }
        }
        return mask;
    }

    /** The loss, and its gradient by every parameter. {@code mask} multiplies the users' aggregated rows. */
    double loss(Interactions train, int[] against, double[] mask, double[] gradient, Workers workers) {
        Side user = new Side(0, users, workers);
        Side item = new Side(1, items, workers);
        double[] p = user.out.clone();
        for (int n = 0; n < p.length; n++) {
            p[n] *= mask[n];
        }
        double[] byUser = new double[p.length];
        double[] byItem = new double[item.out.length];
        double total = pairs(train, against, p, item.out, byUser, byItem);
        for (int n = 0; n < p.length; n++) {
            byUser[n] *= mask[n];
        }
        Arrays.fill(gradient, 0);
        user.back(byUser, gradient, workers);
        item.back(byItem, gradient, workers);
        for (int n = 0; n < shards * dims * (dims + 1); n++) {
            total += RIDGE * theta[n] * theta[n];
            gradient[n] += 2 * RIDGE * theta[n];
        }
        return total;
    }

    private double pairs(Interactions train, int[] against, double[] p, double[] q, double[] byUser, double[] byItem) {
        double total = 0;
        double share = 1.0 / Math.max(1, train.size());
        for (int u = 0; u < train.users(); u++) {
            for (int k = train.from(u); k < train.to(u); k++) {
                int i = train.item(k) * dims;
                int j = against[k] * dims;
                double taken = 0;
                double left = 0;
                for (int d = 0; d < dims; d++) {
                    taken += p[u * dims + d] * q[i + d];
                    left += p[u * dims + d] * q[j + d];
                }
                double slopeTaken;
                double slopeLeft;
                switch (loss) {
                    case PAIRWISE -> {
                        total += share * softplus(left - taken);
                        slopeLeft = share * sigmoid(left - taken);
                        slopeTaken = -slopeLeft;
                    }
                    case LOGISTIC -> {
                        total += share / 2 * (softplus(-taken) + softplus(left));
                        slopeTaken = -share / 2 * sigmoid(-taken);
                        slopeLeft = share / 2 * sigmoid(left);
                    }
                    case SQUARED -> {
                        total += share / 2 * ((1 - taken) * (1 - taken) + left * left);
                        slopeTaken = share * (taken - 1);
                        slopeLeft = share * left;
                    }
                    default -> throw new AssertionError(loss);
                }
                for (int d = 0; d < dims; d++) {
                    byUser[u * dims + d] += slopeTaken * q[i + d] + slopeLeft * q[j + d];
                    byItem[i + d] += slopeTaken * p[u * dims + d];
                    byItem[j + d] += slopeLeft * p[u * dims + d];
                }
            }
        }
        return total;
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static float[] floats(double[] values) {
        float[] rounded = new float[values.length];
        for (int n = 0; n < rounded.length; n++) {
            rounded[n] = (float) values[n];
        }
        return rounded;
    }

    private int sideSize() {
        return dims * hidden + 2 * hidden;
    }

    private int side(int side) {
        return shards * dims * (dims + 1) + side * sideSize();
    }

    /** y += a·x over a stretch; the compiler makes vectors of it. */
    private static void add(double a, double[] x, int from, double[] y, int to, int length) {
        for (int n = 0; n < length; n++) {
            y[to + n] += a * x[from + n];
        }
    }

    /** Users, or items: what they become under the present parameters, and the way back of a gradient. */
    private final class Side {
        private final int from; // of this side's (Aᵀ, c, h) in theta
        private final float[][] rows;
        private final int count;
        private final double[][] moved; // e_s, by shard, [count, k]
        private final double[][] units; // A e_s + c before ReLU, by shard, [count, hidden]
        private final double[] alpha; // [count, shards]
        private final double[] out; // [count, k]

        Side(int side, float[][] rows, Workers workers) {
            this.from = side(side);
            this.rows = rows;
            this.count = rows[0].length / dims;
            moved = new double[shards][count * dims];
            units = new double[shards][count * hidden];
            alpha = new double[count * shards];
            out = new double[count * dims];
            workers.each(shards, this::move);
            workers.each((count + BLOCK - 1) / BLOCK, this::mix);
        }

        private void move(int s) {
            int w = s * dims * dims;
            int b = shards * dims * dims + s * dims;
            for (int n = 0; n < count; n++) {
                System.arraycopy(theta, b, moved[s], n * dims, dims);
                System.arraycopy(theta, from + dims * hidden, units[s], n * hidden, hidden);
                for (int d = 0; d < dims; d++) {
                    add(rows[s][n * dims + d], theta, w + d * dims, moved[s], n * dims, dims);
                }
                for (int d = 0; d < dims; d++) {
                    add(moved[s][n * dims + d], theta, from + d * hidden, units[s], n * hidden, hidden);
                }
            }
        }

        private void mix(int block) {
            int h = from + dims * hidden + hidden;
            for (int n = block * BLOCK; n < Math.min(count, (block + 1) * BLOCK); n++) {
                double most = Double.NEGATIVE_INFINITY;
                for (int s = 0; s < shards; s++) {
                    double logit = 0;
                    for (int j = 0; j < hidden; j++) {
                        logit += theta[h + j] * Math.max(0, units[s][n * hidden + j]);
                    }
                    alpha[n * shards + s] = logit;
                    most = Math.max(most, logit);
                }
                double sum = 0;
                for (int s = 0; s < shards; s++) {
                    alpha[n * shards + s] = Math.exp(alpha[n * shards + s] - most);
                    sum += alpha[n * shards + s];
                }
                for (int s = 0; s < shards; s++) {
                    alpha[n * shards + s] /= sum;
                    add(alpha[n * shards + s], moved[s], n * dims, out, n * dims, dims);
                }
            }
        }

        /** Adds to the gradient of the parameters; {@code byOut} is the gradient by the aggregated rows. */
        void back(double[] byOut, double[] gradient, Workers workers) {
            double[] byLogit = new double[count * shards];
            workers.each((count + BLOCK - 1) / BLOCK, block -> logits(block, byOut, byLogit));
            double[] upright = new double[hidden * dims]; // A
            for (int d = 0; d < dims; d++) {
                for (int j = 0; j < hidden; j++) {
                    upright[j * dims + d] = theta[from + d * hidden + j];
                }
            }
            double[][] ofSide = new double[shards][sideSize()];
            workers.each(shards, s -> shard(s, byOut, byLogit, upright, ofSide[s], gradient));
            for (double[] part : ofSide) {
                add(1, part, 0, gradient, from, part.length);
            }
        }

        private void logits(int block, double[] byOut, double[] byLogit) {
            for (int n = block * BLOCK; n < Math.min(count, (block + 1) * BLOCK); n++) {
                double mean = 0;
                for (int s = 0; s < shards; s++) {
                    double by = 0;
                    for (int d = 0; d < dims; d++) {
                        by += byOut[n * dims + d] * moved[s][n * dims + d];
                    }
                    byLogit[n * shards + s] = by;
                    mean += alpha[n * shards + s] * by;
                }
                for (int s = 0; s < shards; s++) {
                    byLogit[n * shards + s] = alpha[n * shards + s] * (byLogit[n * shards + s] - mean);
                }
            }
        }

        private void shard(
                int s, double[] byOut, double[] byLogit, double[] upright, double[] ofSide, double[] gradient) {
            int c = dims * hidden;
            int h = c + hidden;
            double[] byUnit = new double[hidden];
            double[] byMoved = new double[dims];
            for (int n = 0; n < count; n++) {
                double slope = byLogit[n * shards + s];
                Arrays.fill(byMoved, 0);
                add(alpha[n * shards + s], byOut, n * dims, byMoved, 0, dims);
                for (int j = 0; j < hidden; j++) {
                    double unit = units[s][n * hidden + j];
                    ofSide[h + j] += slope * Math.max(0, unit);
                    byUnit[j] = unit > 0 ? slope * theta[from + h + j] : 0;
                    ofSide[c + j] += byUnit[j];
                    add(byUnit[j], upright, j * dims, byMoved, 0, dims);
                }
                for (int d = 0; d < dims; d++) {
                    add(moved[s][n * dims + d], byUnit, 0, ofSide, d * hidden, hidden);
                    add(rows[s][n * dims + d], byMoved, 0, gradient, s * dims * dims + d * dims, dims);
                }
                add(1, byMoved, 0, gradient, shards * dims * dims + s * dims, dims);
            }
        }
    }
}
