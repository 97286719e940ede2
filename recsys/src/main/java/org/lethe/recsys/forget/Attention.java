package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.FactorSteps;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.numerics.Logistic;
import org.lethe.numerics.MatrixProduct;
import org.lethe.numerics.PairGradient;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Batches;
import org.lethe.recsys.backbone.Training;

/**
 * RecEraser's attentive aggregation of frozen shard tables (Chen et al. 2022, section 4.3): {@code e_s = W_sᵀx_s + b_s},
 * {@code a_s = hᵀReLU(A e_s + c)}, {@code α = softmax(a)}, {@code p = Σ α_s e_s}.
 *
 * <p>W and b are common to users and items, (A, c, h) are separate; a pair scores {@code p_u·q_i}. Only these parameters
 * are trained, with Adam, by the loss of the backbone with one sampled negative per interaction. Dropout keeps 0.7 of p_u,
 * and 10⁻⁵(‖W‖² + ‖b‖²) is added. Batches are of interactions, with early stopping on the validation part.
 *
 * <p>Departures: W starts as the identity, so that the untrained aggregate is the mean of the shards. A shard without an
 * interaction of a user has no weight for that user. Its row of an item without interactions counts as zeros, which favours
 * items known to many shards. Gradients are by hand, in float. A step transforms each row of its batch once:
 * {@code O(rows · shards · k² + batch · k)}.
 */
final class Attention implements Training.Course<Checkpoint> {
    private static final double KEEP = 0.7;
    private static final float RIDGE = 1e-5f;
    private static final int BLOCK = 4096; // rows of the served tables made at a time

    private final Loss loss;
    private final Interactions train;
    private final Batches batches;
    private final double rate;
    private final Keyed samples;
    private final Keyed dropout;
    private final Workers workers;

    private final int shards;
    private final int dims;
    private final int stride;
    private final int hidden;
    private final Side users;
    private final Side items;

    /** All parameters end to end: W by shard, b by shard, then Aᵀ, c and h of users, then those of items. */
    final float[] theta;

    final float[] gradient;
    private final float[] first;
    private final float[] second;
    private final float[] decay; // by stretches of 16 parameters
    private float[] rows = {}; // p of the touched users, then q of the touched items, [slots, stride]
    private float[] byRows = {};
    private float[] mask = {};
    private long steps;

    /**
     * Prepares the aggregation of some shards.
     *
     * @param users tables of users by shard, [users, k]; a row of zeros if the shard does not know the user
     * @param items tables of items by shard, [items, k]; a row of zeros if the shard does not know the item
     * @param batches number of batches in an epoch
     */
    Attention(float[][] users, float[][] items, Loss loss, Interactions train, int batches, double rate, Env env) {
        this.loss = loss;
        this.train = train;
        this.rate = rate;
        this.workers = env.workers();
        this.batches = new Batches(batches, train);
        samples = env.random("aggregator-samples");
        dropout = env.random("aggregator-dropout");
        shards = users.length;
        dims = users[0].length / train.users();
        stride = FactorSteps.stride(dims);
        int half = Math.max(1, dims / 2);
        hidden = FactorSteps.stride(half);
        theta = new float[shards * stride * (stride + 1) + 2 * sideSize()];
        gradient = new float[theta.length];
        first = new float[theta.length];
        second = new float[theta.length];
        decay = new float[theta.length / Lanes.FLOATS];
        Arrays.fill(decay, 0, shards * stride * (stride + 1) / Lanes.FLOATS, 2 * RIDGE);
        for (int s = 0; s < shards; s++) {
            for (int d = 0; d < dims; d++) {
                theta[s * stride * stride + d * stride + d] = 1;
            }
        }
        this.users = new Side(0, users);
        this.items = new Side(1, items);
        for (Side side : List.of(this.users, this.items)) {
            Keyed random = env.random("aggregator").of(side == this.users ? 0 : 1);
            double sd = Math.sqrt(2.0 / (half + dims));
            for (int d = 0; d < dims; d++) {
                for (int j = 0; j < half; j++) {
                    double z = Keyed.normal(random.at(d, j));
                    theta[side.at + d * hidden + j] = (float) (sd * Math.clamp(z, -2, 2));
                }
            }
            Arrays.fill(theta, side.h, side.h + half, 0.01f);
        }
    }

    /** Trains the aggregation of these shards and applies it. */
    static Embeddings aggregate(
            Sharded sharded, Loss loss, Split data, int epochs, int batches, double rate, int patience, Env env) {
        int shards = sharded.shards().size();
        float[][] users = new float[shards][];
        float[][] items = new float[shards][];
        env.workers().each(shards, s -> {
            Sharded.Shard shard = sharded.shards().get(s);
            int dims = sharded.width();
            users[s] = new float[sharded.users() * dims];
            items[s] = new float[sharded.items() * dims];
            Interactions seen = sharded.partition().part(s, data).train();
            boolean[] known = new boolean[seen.items()];
            for (int i : seen.columns()) {
                known[i] = true;
            }
            for (int row = 0; row < shard.users().length; row++) {
                if (seen.degree(row) > 0) {
                    System.arraycopy(shard.model().userRows(), row * dims, users[s], shard.users()[row] * dims, dims);
                }
            }
            for (int i = 0; i < known.length; i++) {
                if (known[i]) {
                    System.arraycopy(shard.tables().itemRows(), i * dims, items[s], i * dims, dims);
                }
            }
        });
        Attention attention = new Attention(users, items, loss, data.train(), batches, rate, env);
        return Training.run("receraser's aggregator", attention, data, env, 0, epochs, patience)
                .model();
    }

    @Override
    public double epoch(int number) {
        batches.plan(samples.of(number));
        double total = 0;
        for (int b = 0; b < batches.count; b++) {
            int from = batches.starts[b];
            int to = batches.starts[b + 1];
            if (from < to) {
                total +=
                        (to - from) * differentiate(from, to, dropout.of(number).of(b));
                steps++;
                DenseAdam.step(
                        theta,
                        first,
                        second,
                        gradient,
                        decay,
                        Lanes.FLOATS,
                        0,
                        decay.length,
                        DenseAdam.rate(rate, steps),
                        DenseAdam.root(steps));
            }
        }
        return total / Math.max(1, batches.size());
    }

    /** The aggregated tables, without dropout. */
    @Override
    public Embeddings model() {
        return new Embeddings(dims, users.served(), items.served());
    }

    @Override
    public Checkpoint snapshot(int epochs) {
        return new Checkpoint(model(), new float[0][], new float[0][], steps, epochs);
    }

    /** The weights of the shards for one user; they sum to 1. */
    float[] weights(int user) {
        users.select(new int[] {user}, 0, 1);
        users.forward(new float[stride], 0);
        float[] weights = new float[shards];
        for (int s = 0; s < shards; s++) {
            weights[s] = users.place[s] < 0 ? 0 : users.alpha[s][0];
        }
        return weights;
    }

    /** Plans an epoch and writes the gradient of one batch, without decay, to {@link #gradient}; returns the mean loss. */
    double differentiate(int epoch, int batch) {
        batches.plan(samples.of(epoch));
        return differentiate(
                batches.starts[batch],
                batches.starts[batch + 1],
                dropout.of(epoch).of(batch));
    }

    Batches batches() {
        return batches;
    }

    /** The dropout factor of one number of a user's aggregated row in a batch. */
    float mask(int epoch, int batch, int user, int d) {
        return mask(dropout.of(epoch).of(batch).of(train.userKey(user)), d);
    }

    private static float mask(Keyed ofUser, int d) {
        return Keyed.unit(ofUser.at(d)) < KEEP ? (float) (1 / KEEP) : 0;
    }

    private double differentiate(int from, int to, Keyed drop) {
        users.select(batches.users, from, to);
        items.clear();
        items.choose(batches.positives, from, to);
        items.choose(batches.negatives, from, to);
        int ofItems = users.size * stride;
        int size = ofItems + items.size * stride;
        if (rows.length < size) {
            rows = new float[size + size / 8];
            byRows = new float[rows.length];
            mask = new float[rows.length];
        }
        Arrays.fill(rows, 0, size, 0);
        Arrays.fill(byRows, 0, size, 0);
        Arrays.fill(gradient, 0);
        users.forward(rows, 0);
        items.forward(rows, ofItems);
        for (int slot = 0; slot < users.size; slot++) {
            Keyed ofUser = drop.of(train.userKey(users.touched[slot]));
            for (int d = 0; d < dims; d++) {
                mask[slot * stride + d] = mask(ofUser, d);
                rows[slot * stride + d] *= mask[slot * stride + d];
            }
        }
        double total = pairs(from, to, ofItems);
        for (int n = 0; n < ofItems; n++) {
            byRows[n] *= mask[n];
        }
        users.back(byRows, 0);
        items.back(byRows, ofItems);
        return total / (to - from);
    }

    /** The loss of the samples, and its gradient by the aggregated rows. */
    private double pairs(int from, int to, int ofItems) {
        double total = 0;
        float share = 1f / (to - from);
        for (int n = from; n < to; n++) {
            int p = users.slotOf[batches.users[n]] * stride;
            int i = ofItems + items.slotOf[batches.positives[n]] * stride;
            int j = ofItems + items.slotOf[batches.negatives[n]] * stride;
            if (loss == Loss.PAIRWISE) {
                float x = PairGradient.margin(rows, p, i, j, stride);
                total += Math.max(-x, 0) + StrictMath.log1p(Logistic.expNegative(x));
                PairGradient.add(rows, byRows, p, i, j, stride, -share * Logistic.sigmoid(-x));
            } else {
                float taken = FactorSteps.dot(rows, p, rows, i, stride);
                float left = FactorSteps.dot(rows, p, rows, j, stride);
                boolean squared = loss == Loss.SQUARED;
                total += squared
                        ? ((1 - taken) * (1 - taken) + left * left) / 2
                        : (Math.max(-taken, 0)
                                        + StrictMath.log1p(Logistic.expNegative(taken))
                                        + Math.max(left, 0)
                                        + StrictMath.log1p(Logistic.expNegative(left)))
                                / 2;
                float half = share / 2;
                PairGradient.add(
                        rows, byRows, p, i, stride, squared ? share * (taken - 1) : -half * Logistic.sigmoid(-taken));
                PairGradient.add(rows, byRows, p, j, stride, squared ? share * left : half * Logistic.sigmoid(left));
            }
        }
        return total;
    }

    private int sideSize() {
        return stride * hidden + 2 * hidden;
    }

    /** Users, or items: the aggregated rows of a batch under the present parameters, and their gradient. */
    private final class Side {
        private final int at; // of Aᵀ in theta
        private final int c;
        private final int h;
        private final int count;
        private final float[][] tables; // by shard, [count, stride]
        private final boolean[] known; // [count, shards]

        private final int[] slotOf; // of each row, −1 where untouched
        private final int[] touched; // row of each slot
        private int size;

        private int[] place = {}; // [slots, shards]: where in the shard's stretch, −1 where it has no say
        private final int[][] slots = new int[shards][0];
        private final int[] sizes = new int[shards];
        private final float[][] x = new float[shards][0];
        private final float[][] moved = new float[shards][0]; // e_s
        private final float[][] units = new float[shards][0]; // A e_s + c before ReLU
        private final float[][] alpha = new float[shards][0];
        private final float[][] slope = new float[shards][0]; // by the logit
        private final float[][] byMoved = new float[shards][0];
        private final float[][] byUnit = new float[shards][0];

        Side(int side, float[][] packed) {
            at = shards * stride * (stride + 1) + side * sideSize();
            c = at + stride * hidden;
            h = c + hidden;
            count = packed[0].length / dims;
            tables = new float[shards][count * stride];
            known = new boolean[count * shards];
            for (int s = 0; s < shards; s++) {
                for (int n = 0; n < count; n++) {
                    known[n * shards + s] = side == 1;
                    for (int d = 0; d < dims; d++) {
                        tables[s][n * stride + d] = packed[s][n * dims + d];
                        known[n * shards + s] |= packed[s][n * dims + d] != 0;
                    }
                }
            }
            slotOf = new int[count];
            Arrays.fill(slotOf, -1);
            touched = new int[count];
        }

        void clear() {
            for (int slot = 0; slot < size; slot++) {
                slotOf[touched[slot]] = -1;
            }
            size = 0;
        }

        void choose(int[] of, int from, int to) {
            for (int n = from; n < to; n++) {
                if (slotOf[of[n]] < 0) {
                    slotOf[of[n]] = size;
                    touched[size++] = of[n];
                }
            }
        }

        void select(int[] of, int from, int to) {
            clear();
            choose(of, from, to);
        }

        /** Adds the aggregated rows of the slots to a table of zeros. */
        void forward(float[] out, int offset) {
            if (place.length < size * shards) {
                place = new int[(size + size / 8) * shards];
            }
            workers.each(shards, this::move);
            for (int slot = 0; slot < size; slot++) {
                mix(slot, out, offset + slot * stride);
            }
        }

        private void move(int s) {
            if (slots[s].length < size) {
                int room = size + size / 8;
                slots[s] = new int[room];
                x[s] = new float[room * stride];
                moved[s] = new float[room * stride];
                byMoved[s] = new float[room * stride];
                units[s] = new float[room * hidden];
                byUnit[s] = new float[room * hidden];
                alpha[s] = new float[room];
                slope[s] = new float[room];
            }
            int b = shards * stride * stride + s * stride;
            int n = 0;
            for (int slot = 0; slot < size; slot++) {
                int row = touched[slot];
                place[slot * shards + s] = known[row * shards + s] ? n : -1;
                if (known[row * shards + s]) {
                    slots[s][n] = slot;
                    System.arraycopy(tables[s], row * stride, x[s], n * stride, stride);
                    System.arraycopy(theta, b, moved[s], n * stride, stride);
                    System.arraycopy(theta, c, units[s], n * hidden, hidden);
                    n++;
                }
            }
            sizes[s] = n;
            MatrixProduct.add(moved[s], 0, x[s], 0, theta, s * stride * stride, n, stride, stride);
            MatrixProduct.add(units[s], 0, moved[s], 0, theta, at, n, stride, hidden);
            for (int k = 0; k < n; k++) {
                float logit = 0;
                for (int j = 0; j < hidden; j++) {
                    logit = Math.fma(theta[h + j], Math.max(0, units[s][k * hidden + j]), logit);
                }
                alpha[s][k] = logit;
            }
        }

        private void mix(int slot, float[] out, int to) {
            float most = Float.NEGATIVE_INFINITY;
            for (int s = 0; s < shards; s++) {
                int k = place[slot * shards + s];
                most = k < 0 ? most : Math.max(most, alpha[s][k]);
            }
            float sum = 0;
            for (int s = 0; s < shards; s++) {
                int k = place[slot * shards + s];
                if (k >= 0) {
                    alpha[s][k] = Logistic.expNegative(alpha[s][k] - most);
                    sum += alpha[s][k];
                }
            }
            for (int s = 0; s < shards; s++) {
                int k = place[slot * shards + s];
                if (k >= 0) {
                    alpha[s][k] /= sum;
                    MatrixProduct.add(out, to, alpha[s], k, moved[s], k * stride, 1, 1, stride);
                }
            }
        }

        /** Adds to the gradient of the parameters; {@code byOut} has the gradient by the aggregated rows of the slots. */
        void back(float[] byOut, int offset) {
            float[] by = new float[shards];
            for (int slot = 0; slot < size; slot++) {
                float mean = 0;
                for (int s = 0; s < shards; s++) {
                    int k = place[slot * shards + s];
                    if (k >= 0) {
                        by[s] = FactorSteps.dot(byOut, offset + slot * stride, moved[s], k * stride, stride);
                        mean += alpha[s][k] * by[s];
                    }
                }
                for (int s = 0; s < shards; s++) {
                    int k = place[slot * shards + s];
                    if (k >= 0) {
                        slope[s][k] = alpha[s][k] * (by[s] - mean);
                    }
                }
            }
            float[] upright = new float[hidden * stride]; // A
            for (int d = 0; d < stride; d++) {
                for (int j = 0; j < hidden; j++) {
                    upright[j * stride + d] = theta[at + d * hidden + j];
                }
            }
            float[][] ofSide = new float[shards][sideSize()];
            workers.each(shards, s -> back(s, byOut, offset, upright, ofSide[s]));
            for (float[] part : ofSide) {
                for (int n = 0; n < part.length; n++) {
                    gradient[at + n] += part[n];
                }
            }
        }

        private void back(int s, float[] byOut, int offset, float[] upright, float[] ofSide) {
            int n = sizes[s];
            Arrays.fill(byMoved[s], 0, n * stride, 0);
            for (int k = 0; k < n; k++) {
                int out = offset + slots[s][k] * stride;
                MatrixProduct.add(byMoved[s], k * stride, alpha[s], k, byOut, out, 1, 1, stride);
                for (int j = 0; j < hidden; j++) {
                    float unit = units[s][k * hidden + j];
                    byUnit[s][k * hidden + j] = unit > 0 ? slope[s][k] * theta[h + j] : 0;
                    ofSide[c - at + j] += byUnit[s][k * hidden + j];
                    ofSide[h - at + j] += slope[s][k] * Math.max(0, unit);
                }
            }
            MatrixProduct.add(byMoved[s], 0, byUnit[s], 0, upright, 0, n, hidden, stride);
            MatrixProduct.addTransposed(ofSide, 0, moved[s], 0, byUnit[s], 0, stride, n, hidden);
            MatrixProduct.addTransposed(gradient, s * stride * stride, x[s], 0, byMoved[s], 0, stride, n, stride);
            int b = shards * stride * stride + s * stride;
            for (int k = 0; k < n; k++) {
                for (int d = 0; d < stride; d++) {
                    gradient[b + d] += byMoved[s][k * stride + d];
                }
            }
        }

        /** The aggregated table of all rows. */
        float[] served() {
            float[] table = new float[count * dims];
            int[] all = IntStream.range(0, count).toArray();
            for (int from = 0; from < count; from += BLOCK) {
                select(all, from, Math.min(count, from + BLOCK));
                float[] block = new float[size * stride];
                forward(block, 0);
                for (int slot = 0; slot < size; slot++) {
                    System.arraycopy(block, slot * stride, table, (from + slot) * dims, dims);
                }
            }
            return table;
        }
    }
}
