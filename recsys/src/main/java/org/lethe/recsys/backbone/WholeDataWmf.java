package org.lethe.recsys.backbone;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.numerics.FactorSteps;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.NormalEquations;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/**
 * Weighted matrix factorisation over all pairs, in the form RecEraser trains (Chen et al. 2022; CURE4Rec section 6).
 *
 * <p>Loss of a batch B of users: {@code w0 Σ_ab (QᵀQ)_ab (P_BᵀP_B)_ab + Σ_{u∈B} Σ_{i∈N_u} ((1 − w0) s² − 2 s)}, up to a
 * constant the squared error over all pairs with weight w0 on those that did not happen; no negatives are drawn. Users
 * have their rows thinned by dropout while training. Adagrad. An epoch costs O((users + items · batches) dims² +
 * interactions · dims). One thread, plain loops.
 *
 * @param dims number of dimensions of an embedding
 * @param epochs largest number of epochs of one training
 * @param batch mean number of users per step of the optimiser
 * @param learningRate learning rate of Adagrad
 * @param unobserved w0, the weight of a pair that did not happen
 * @param keep probability with which dropout keeps a place of a user's row
 * @param initialSd standard deviation of the initial embeddings
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("whole-data-wmf")
public record WholeDataWmf(
        int dims,
        int epochs,
        int batch,
        double learningRate,
        double unobserved,
        double keep,
        double initialSd,
        int patience)
        implements EmbeddingLearner {
    public WholeDataWmf {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0 and below 1000");
        Check.require(unobserved >= 0 && unobserved < 1, "unobserved", unobserved, "at least 0 and below 1");
        Check.require(keep > 0 && keep <= 1, "keep", keep, "above 0, at most 1");
        Check.require(initialSd > 0 && initialSd < 1e3, "initialSd", initialSd, "above 0 and below 1000");
        Check.require(patience >= 0, "patience", patience, "at least 0");
    }

    /** The settings of RecEraser for MovieLens. */
    public WholeDataWmf() {
        this(64, 50, 256, 0.05, 0.2, 0.7, 0.01, 5);
    }

    public WholeDataWmf withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public WholeDataWmf withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public WholeDataWmf withKeep(double keep) {
        return Components.with(this, "keep", keep);
    }

    public WholeDataWmf withInitialSd(double initialSd) {
        return Components.with(this, "initialSd", initialSd);
    }

    @Override
    public WholeDataWmf withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    @Override
    public Loss loss() {
        return Loss.SQUARED;
    }

    @Override
    public Checkpoint start(Split data, Env env) {
        Embeddings model = Training.initial(data.train(), env, dims, initialSd);
        float[] users = new float[model.userRows().length];
        float[] items = new float[model.itemRows().length];
        Arrays.fill(users, 1e-8f);
        Arrays.fill(items, 1e-8f);
        return new Checkpoint(model, new float[][] {users}, new float[][] {items}, 0, 0);
    }

    @Override
    public Checkpoint resume(Checkpoint from, Split data, Env env) {
        Training.requireInteractions("whole-data-wmf", data);
        Course course = new Course(this, from, data.train(), env);
        return Training.run("whole-data-wmf", course, data, env, from.epochs(), epochs, patience);
    }

    @Override
    public Estimate estimate(Split data) {
        double batches = Math.max(1.0, (double) data.users() / batch);
        double epoch = 4e-9 * dims * data.train().size()
                + 1e-10 * dims * dims * (2.0 * data.users() + 2 * batches * data.items());
        return new Estimate(0.2 + epochs * epoch, 24L * dims * (data.users() + data.items()));
    }

    /** The tables in training. */
    static final class Course implements Training.Course<Checkpoint> {
        private final WholeDataWmf settings;
        private final Interactions train;
        private final Keyed key;
        private final int stride;
        private final float[] p; // [users, stride]
        private final float[] q;
        private final float[] pSquares; // Adagrad's sums
        private final float[] qSquares;
        private final float[] thinned; // users after dropout
        private final float[] pGradient;
        private final float[] qGradient;
        private final float[] userGram; // P_BᵀP_B
        private final float[] itemGram;
        private final int[] everything;
        private long steps;

        Course(WholeDataWmf settings, Checkpoint from, Interactions train, Env env) {
            this.settings = settings;
            this.train = train;
            key = env.random("whole-data");
            stride = FactorSteps.stride(settings.dims);
            p = padded(from.model().userRows());
            q = padded(from.model().itemRows());
            pSquares = padded(from.userState()[0]);
            qSquares = padded(from.itemState()[0]);
            thinned = new float[p.length];
            pGradient = new float[stride];
            qGradient = new float[q.length];
            userGram = new float[stride * stride];
            itemGram = new float[stride * stride];
            everything = IntStream.range(0, train.items()).toArray();
            steps = from.steps();
        }

        @Override
        public double epoch(int number) {
            Keyed epoch = key.of(number);
            int[] active = IntStream.range(0, train.users())
                    .filter(u -> train.degree(u) > 0)
                    .toArray();
            int count = Math.max(1, Math.round(active.length / (float) settings.batch));
            double total = 0;
            for (int b = 0; b < count; b++) {
                int wanted = b;
                int[] users = Arrays.stream(active)
                        .filter(u -> Keyed.below(epoch.of("batch").at(train.userKey(u)), count) == wanted)
                        .toArray();
                if (users.length > 0) {
                    total += step(users, epoch.of("dropout"));
                }
            }
            return total / train.size();
        }

        private double step(int[] users, Keyed dropout) {
            int dims = settings.dims;
            float w0 = (float) settings.unobserved;
            for (int u : users) {
                Keyed of = dropout.of(train.userKey(u));
                for (int d = 0; d < dims; d++) {
                    boolean kept = Keyed.unit(of.at(d)) < settings.keep;
                    thinned[u * stride + d] = kept ? (float) (p[u * stride + d] / settings.keep) : 0;
                }
            }
            gram(thinned, users, userGram);
            gram(q, everything, itemGram);
            double loss = 0;
            for (int n = 0; n < userGram.length; n++) {
                loss += (double) w0 * userGram[n] * itemGram[n];
            }
            Arrays.fill(qGradient, 0);
            for (int i = 0; i < train.items(); i++) {
                multiply(userGram, q, i * stride, 2 * w0, qGradient, i * stride);
            }
            for (int u : users) {
                int row = u * stride;
                multiply(itemGram, thinned, row, 2 * w0, pGradient, 0);
                for (int k = train.from(u); k < train.to(u); k++) {
                    int item = train.item(k) * stride;
                    float s = FactorSteps.dot(thinned, row, q, item, stride);
                    loss += (1 - w0) * s * s - 2 * s;
                    float slope = 2 * ((1 - w0) * s - 1);
                    for (int d = 0; d < dims; d++) {
                        pGradient[d] = Math.fma(slope, q[item + d], pGradient[d]);
                        qGradient[item + d] = Math.fma(slope, thinned[row + d], qGradient[item + d]);
                    }
                }
                for (int d = 0; d < dims; d++) { // through the dropout
                    pGradient[d] = thinned[row + d] == 0 ? 0 : (float) (pGradient[d] / settings.keep);
                }
                adagrad(p, pSquares, row, pGradient, 0, dims);
            }
            for (int i = 0; i < train.items(); i++) {
                adagrad(q, qSquares, i * stride, qGradient, i * stride, dims);
            }
            steps++;
            return loss;
        }

        private void gram(float[] table, int[] rows, float[] into) {
            Arrays.fill(into, 0);
            NormalEquations.outer(table, stride, rows, 0, rows.length, 1, into, into);
            for (int r = 0; r < stride; r++) {
                for (int c = 0; c < r; c++) {
                    into[r * stride + c] = into[c * stride + r];
                }
            }
        }

        /** {@code into = factor · gram · row}. */
        private void multiply(float[] gram, float[] rows, int row, float factor, float[] into, int at) {
            for (int d = 0; d < settings.dims; d++) {
                into[at + d] = factor * FactorSteps.dot(gram, d * stride, rows, row, stride);
            }
        }

        private void adagrad(float[] w, float[] squares, int at, float[] gradient, int from, int dims) {
            float rate = (float) settings.learningRate;
            for (int d = 0; d < dims; d++) {
                float g = gradient[from + d];
                squares[at + d] = Math.fma(g, g, squares[at + d]);
                w[at + d] -= rate * g / (float) Math.sqrt(squares[at + d]);
            }
        }

        @Override
        public Embeddings model() {
            return new Embeddings(settings.dims, packed(p), packed(q));
        }

        @Override
        public Checkpoint snapshot(int epochs) {
            return new Checkpoint(
                    model(), new float[][] {packed(pSquares)}, new float[][] {packed(qSquares)}, steps, epochs);
        }

        private float[] padded(float[] rows) {
            int count = rows.length / settings.dims;
            float[] padded = new float[count * stride];
            for (int row = 0; row < count; row++) {
                System.arraycopy(rows, row * settings.dims, padded, row * stride, settings.dims);
            }
            return padded;
        }

        private float[] packed(float[] padded) {
            int count = padded.length / stride;
            float[] packed = new float[count * settings.dims];
            for (int row = 0; row < count; row++) {
                System.arraycopy(padded, row * stride, packed, row * settings.dims, settings.dims);
            }
            return packed;
        }
    }
}
