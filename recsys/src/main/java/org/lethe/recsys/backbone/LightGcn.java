package org.lethe.recsys.backbone;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Logistic;
import org.lethe.numerics.PairGradient;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;

/**
 * LightGCN (He et al. 2020, sections 3.1 and 3.3): a matrix factorisation whose rows are averages over the graph of
 * interactions, {@code E = 1/(L+1) Σ Â^l E⁰}, trained by BPR on the propagated rows.
 *
 * <p>Loss per batch: mean of −log σ(s⁺ − s⁻) plus {@code l2 Σ (‖p⁰‖² + ‖q⁰⁺‖² + ‖q⁰⁻‖²)} over its samples, under dense Adam.
 * This is the form the paper intends. The script of CURE4Rec differs and is not followed: it does not offset items in the
 * graph, does not normalise, ranks by E⁰ and minimises −softplus(s⁺ − s⁻); nor is its decay of the learning rate.
 *
 * <p>An epoch costs 4 · layers · interactions row additions per batch, so large batches are cheaper. The model is the
 * propagated tables; E⁰ and the moments are the checkpoint's state. A user without interactions is 1/(L+1) of its initial row.
 *
 * @param dims number of dimensions of an embedding; multiples of 16 use whole vector registers
 * @param layers times that rows are passed along the edges; none is plain BPR
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param l2 weight of the squared length of the initial-layer rows of a batch
 * @param initialSd standard deviation of the initial embeddings
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("lightgcn")
public record LightGcn(
        int dims, int layers, int epochs, int batch, double learningRate, double l2, double initialSd, int patience)
        implements SteppedTables {
    public LightGcn {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(layers >= 0 && layers <= 16, "layers", layers, "0 to 16");
        Training.check(epochs, batch, learningRate, initialSd, patience);
        Check.require(l2 >= 0 && l2 < 1e3, "l2", l2, "at least 0 and below 1000");
    }

    /** 64 dimensions, 3 layers, 50 epochs in batches of 1,024. */
    public LightGcn() {
        this(64, 3, 50, 1024, 1e-3, 1e-6, 0.1, 5);
    }

    public LightGcn withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public LightGcn withLayers(int layers) {
        return Components.with(this, "layers", layers);
    }

    public LightGcn withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public LightGcn withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public LightGcn withL2(double l2) {
        return Components.with(this, "l2", l2);
    }

    public LightGcn withInitialSd(double initialSd) {
        return Components.with(this, "initialSd", initialSd);
    }

    public LightGcn withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public LightGcn withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    @Override
    public Loss loss() {
        return Loss.PAIRWISE;
    }

    @Override
    public Checkpoint start(Split data, Env env) {
        Embeddings initial = Training.initial(data.train(), env, dims, initialSd);
        float[][] users = {
            initial.userRows(), new float[initial.userRows().length], new float[initial.userRows().length]
        };
        float[][] items = {
            initial.itemRows(), new float[initial.itemRows().length], new float[initial.itemRows().length]
        };
        Checkpoint unpropagated = new Checkpoint(initial, users, items, 0, 0);
        return new Course(this, unpropagated, data.train(), UserLoss.NONE, env).snapshot(0);
    }

    /** The propagated tables, with E⁰ beside them for methods that propagate it over another graph. */
    @Override
    public Embeddings train(Split data, UserLoss defence, Env env) {
        Checkpoint trained = resume(start(data, env), data, defence, env);
        return trained.model().propagatedFrom(trained.userState()[0], trained.itemState()[0]);
    }

    @Override
    public Checkpoint resume(Checkpoint from, Split data, UserLoss defence, Env env) {
        Training.requireInteractions("lightgcn", data);
        Course course = new Course(this, from, data.train(), defence, env);
        return Training.run("lightgcn", course, data, env, from.epochs(), epochs, patience);
    }

    @Override
    public Estimate estimate(Split data) {
        double edges = (double) data.train().size();
        double steps = Math.max(1, edges / batch);
        double nodes = data.users() + data.items();
        double step = dims * (4e-11 * layers * 4 * edges + 2e-9 * nodes);
        double ranking = data.validation().size() == 0 ? 0 : (double) data.users() * data.items() * dims * 5e-11;
        return new Estimate(0.5 + epochs * (steps * step + ranking), (long) (nodes * dims * 40 + 30 * edges));
    }

    /** The tables in training, users and items joined. */
    static final class Course implements Training.Course<Checkpoint> {
        private final LightGcn settings;
        private final Interactions train;
        private final UserLoss defence;
        private final Env env;
        private boolean defended;
        private final Propagation graph;
        private final Batches batches;
        private final Keyed key;
        private final int stride;
        private final float[] w; // E⁰
        private final float[] m;
        private final float[] v;
        private final float[] rows; // E
        private final float[] gradient; // with respect to E, then to E⁰
        private final float[] decay; // of the rows of E⁰: 2 · l2 · occurrences in the batch
        private long steps;
        private boolean stale = true; // rows are older than w

        Course(LightGcn settings, Checkpoint from, Interactions train, UserLoss defence, Env env) {
            this.settings = settings;
            this.train = train;
            this.defence = defence;
            this.env = env;
            int dims = settings.dims;
            graph = new Propagation(train, dims, settings.layers, env.workers());
            batches = new Batches(train, settings.batch);
            key = env.random("interactions");
            stride = graph.stride;
            w = graph.joined(dims, from.userState()[0], from.itemState()[0]);
            m = graph.joined(dims, from.userState()[1], from.itemState()[1]);
            v = graph.joined(dims, from.userState()[2], from.itemState()[2]);
            rows = new float[w.length];
            gradient = new float[w.length];
            decay = new float[graph.nodes];
            steps = from.steps();
        }

        @Override
        public double epoch(int number) {
            defended = defence.active(number);
            if (defended) {
                defence.aim(number, model().userRows(), settings.dims, env);
            }
            batches.plan(key.of(number));
            double total = 0;
            for (int b = 0; b < batches.count; b++) {
                if (batches.starts[b] < batches.starts[b + 1]) {
                    total += step(batches.starts[b], batches.starts[b + 1]);
                }
            }
            return total / Math.max(1, batches.size());
        }

        /** One step of the optimiser on the samples {@code from … to−1}; returns the sum of their losses before it. */
        double step(int from, int to) {
            double total = differentiate(from, to);
            steps++;
            float rate = DenseAdam.rate(settings.learningRate, steps);
            float root = DenseAdam.root(steps);
            graph.each((first, end) -> DenseAdam.step(w, m, v, gradient, decay, stride, first, end, rate, root));
            stale = true;
            return total;
        }

        /** Leaves the gradient of the mean loss of a batch with respect to E⁰, but for its decay. */
        private double differentiate(int from, int to) {
            propagate();
            Arrays.fill(gradient, 0);
            Arrays.fill(decay, 0);
            float pull = (float) (2 * settings.l2);
            double total = 0;
            for (int s = from; s < to; s++) {
                int p = batches.users[s];
                int i = train.users() + batches.positives[s];
                int j = train.users() + batches.negatives[s];
                float x = PairGradient.margin(rows, p * stride, i * stride, j * stride, stride);
                total += Math.max(-x, 0) + StrictMath.log1p(Logistic.expNegative(x));
                float slope = -Logistic.sigmoid(-x) / (to - from);
                PairGradient.add(rows, gradient, p * stride, i * stride, j * stride, stride, slope);
                decay[p] += pull;
                decay[i] += pull;
                decay[j] += pull;
            }
            if (defended) {
                int[] shown = DefendedUsers.of(defence, batches, from, to);
                DefendedUsers of = new DefendedUsers(shown, settings.dims, rows, stride);
                total += (to - from) * of.addTo(defence, gradient, stride);
            }
            graph.apply(gradient, gradient); // Â is symmetric: back is forth
            return total;
        }

        @Override
        public boolean eligible(int epoch) {
            return defence.eligible(epoch);
        }

        private void propagate() {
            if (stale) {
                graph.apply(w, rows);
                stale = false;
            }
        }

        @Override
        public Embeddings model() {
            propagate();
            return new Embeddings(settings.dims, users(rows), items(rows));
        }

        @Override
        public Checkpoint snapshot(int epochs) {
            return new Checkpoint(
                    model(),
                    new float[][] {users(w), users(m), users(v)},
                    new float[][] {items(w), items(m), items(v)},
                    steps,
                    epochs);
        }

        private float[] users(float[] joined) {
            return graph.rows(joined, settings.dims, 0, train.users());
        }

        private float[] items(float[] joined) {
            return graph.rows(joined, settings.dims, train.users(), graph.nodes);
        }

        /** The gradient of the mean loss of an epoch's samples {@code from … to−1} with respect to E⁰, joined; for tests. */
        float[] gradient(int epoch, int from, int to) {
            batches.plan(key.of(epoch));
            differentiate(from, to);
            float[] whole = gradient.clone();
            for (int n = 0; n < whole.length; n++) {
                whole[n] = Math.fma(decay[n / stride], w[n], whole[n]);
            }
            return whole;
        }

        Batches batches() {
            return batches;
        }
    }
}
