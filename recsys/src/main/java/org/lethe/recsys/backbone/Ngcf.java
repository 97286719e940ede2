package org.lethe.recsys.backbone;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.binary_cross_entropy_with_logits;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.leaky_relu;
import static org.bytedeco.pytorch.global.torch.normalize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Gone;
import org.lethe.Named;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * NGCF (Wang et al. 2019, section 2.2): rows passed along the edges of the graph of interactions and through dense layers,
 * {@code E⁽ˡ⁺¹⁾ = LeakyReLU((Â + I) E⁽ˡ⁾ W₁ + (Â E⁽ˡ⁾ ∘ E⁽ˡ⁾) W₂)} with biases (eq. 7), Â normalised as in {@code lightgcn}.
 * A node's row is E⁽⁰⁾ and every layer's output at length one, end to end, and the score a dot product.
 *
 * <p>Loss is the binary cross-entropy of In-UCDS with one negative or more an interaction, where the paper takes BPR;
 * dropout on the outputs of layers, keyed by (seed, step, node, place). The propagation is the plain Java kernel of
 * LightGCN and the layers are libtorch's, which differentiates them one by one. The finished model is the joined rows as
 * two tables.
 *
 * <p>A step costs 2 · layers passes over the edges and O(nodes · products of neighbouring layers): large batches are cheaper.
 *
 * @param dims length of the initial rows
 * @param layers outputs of the layers
 * @param dropout share of a layer's output that is zeroed in training
 * @param negatives number of sampled negative items for every interaction
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser, each with its negatives
 * @param learningRate learning rate of Adam
 * @param initialSd standard deviation of the initial embeddings
 * @param weightDecay weight decay of Adam, which adds {@code weightDecay · w} to the gradient of every weight and row
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("ngcf")
@Gone(key = "device", remedy = "--device says where models with layers compute")
public record Ngcf(
        int dims,
        List<Integer> layers,
        double dropout,
        int negatives,
        int epochs,
        int batch,
        double learningRate,
        double initialSd,
        double weightDecay,
        int patience)
        implements UserLearner {
    private static final double SLOPE = 0.2; // of LeakyReLU below zero, as in the authors' code

    public Ngcf {
        layers = List.copyOf(layers);
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(
                !layers.isEmpty() && layers.size() <= 16 && layers.stream().allMatch(n -> n >= 1),
                "layers",
                layers,
                "one to 16 sizes");
        Check.require(dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and below 1");
        Check.require(negatives >= 1 && negatives <= 100, "negatives", negatives, "1 to 100");
        Training.check(epochs, batch, learningRate, initialSd, patience);
        Training.checkDecay(weightDecay);
    }

    /** The sizes of In-UCDS: 16 numbers, one layer of 32, dropout 0.5. */
    public Ngcf() {
        this(16, List.of(32), 0.5, 1, 100, 1024, 1e-3, 0.1, 0, 10);
    }

    public Ngcf withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public Ngcf withLayers(List<Integer> layers) {
        return Components.with(this, "layers", layers);
    }

    public Ngcf withDropout(double dropout) {
        return Components.with(this, "dropout", dropout);
    }

    public Ngcf withNegatives(int negatives) {
        return Components.with(this, "negatives", negatives);
    }

    public Ngcf withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    public Ngcf withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public Ngcf withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public Ngcf withInitialSd(double initialSd) {
        return Components.with(this, "initialSd", initialSd);
    }

    public Ngcf withWeightDecay(double weightDecay) {
        return Components.with(this, "weightDecay", weightDecay);
    }

    public Ngcf withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public UserRows train(Split data, UserLoss defence, Env env) {
        Training.requireInteractions("ngcf", data);
        return Training.best("ngcf", new Course(this, defence, data.train(), env), data, env, 0, epochs, patience)
                .state();
    }

    @Override
    public UserRows untrained(Split data, Env env) {
        return new Course(this, UserLoss.NONE, data.train(), env).model();
    }

    @Override
    public Estimate estimate(Split data) {
        double nodes = data.users() + data.items();
        double steps = Math.max(1, data.train().size() / (double) batch);
        double products = 0;
        int in = dims;
        for (int size : layers) {
            products += 2.0 * in * size;
            in = size;
        }
        double step =
                layers.size() * data.train().size() * dims * 4e-10 + nodes * (products * 1.5e-10 + width() * 1e-8);
        double ranking = data.validation().size() == 0 ? 0 : (double) data.users() * data.items() * width() * 5e-11;
        return new Estimate(
                2 + epochs * (steps * step + ranking),
                600_000_000L
                        + (long) (nodes * width() * 80 + 30.0 * data.train().size()));
    }

    private int width() {
        return dims + layers.stream().mapToInt(Integer::intValue).sum();
    }

    private List<Weights.Matrix> matrices() {
        List<Weights.Matrix> matrices = new ArrayList<>();
        int in = dims;
        for (int n = 0; n < layers.size(); n++) {
            for (String part : List.of("sum", "product")) {
                matrices.add(Weights.Matrix.layer(part + "." + n + ".weight", layers.get(n), in));
                matrices.add(Weights.Matrix.bias(part + "." + n + ".bias", layers.get(n)));
            }
            in = layers.get(n);
        }
        return matrices;
    }

    /** The rows in training, users and items joined. */
    static final class Course implements Training.Course<UserRows> {
        private final Ngcf settings;
        private final UserLoss defence;
        private final Interactions train;
        private final Env env;
        private final Propagation[] graph; // of each layer, by the length of its input
        private final Batches batches;
        final Weights weights;
        private final Keyed samples;
        private final Keyed dropout;
        private final int nodes;
        private final int width;
        private final float[] w; // E⁰, [nodes, dims], padded at the end
        final float[] m;
        private final float[] v;
        private final float[] decay;
        private int steps;

        Course(Ngcf settings, UserLoss defence, Interactions train, Env env) {
            this.settings = settings;
            this.defence = defence;
            this.train = train;
            this.env = env;
            graph = new Propagation[settings.layers.size()];
            for (int l = 0; l < graph.length; l++) {
                graph[l] = new Propagation(train, inputs(l), 1, env.workers());
            }
            batches = new Batches(train, settings.batch, settings.negatives);
            weights = new Weights(
                    settings.matrices(), settings.learningRate, settings.weightDecay, env.random("initial-network"));
            samples = env.random("interactions");
            dropout = env.random("dropout");
            decay = new float[] {(float) settings.weightDecay};
            nodes = train.users() + train.items();
            width = settings.width();
            Embeddings initial = Training.initial(train, env, settings.dims, settings.initialSd);
            w = new float[Lanes.padded(nodes * settings.dims)];
            System.arraycopy(initial.userRows(), 0, w, 0, initial.userRows().length);
            System.arraycopy(initial.itemRows(), 0, w, initial.userRows().length, initial.itemRows().length);
            m = new float[w.length];
            v = new float[w.length];
        }

        private int inputs(int layer) {
            return layer == 0 ? settings.dims : settings.layers.get(layer - 1);
        }

        @Override
        public double epoch(int number) {
            Devices.ready(env.device());
            boolean defended = defence.active(number);
            if (defended) {
                UserRows now = model();
                defence.aim(number, now.userRows(), width, env);
            }
            batches.plan(samples.of(number));
            double total = 0;
            for (int b = 0; b < batches.count; b++) {
                int from = batches.starts[b];
                int to = batches.starts[b + 1];
                if (from < to) {
                    total += (to - from) * step(from, to, defended);
                }
            }
            return total / Math.max(1, batches.size());
        }

        @Override
        public boolean eligible(int epoch) {
            return defence.eligible(epoch);
        }

        /** One layer of one step. */
        private record Layer(Tensor ego, Tensor side, Tensor out, Tensor unit) {}

        private double step(int from, int to, boolean defended) {
            try (var _ = new PointerScope()) {
                Tensor[] leaves = weights.leaves(env.device());
                List<Layer> chain = forward(leaves, Optional.of(dropout.of(steps)));
                float[] joined = joined(chain);
                float[] slope = new float[joined.length]; // with respect to the joined rows
                double loss = pairs(joined, from, to, slope);
                if (defended) {
                    loss += defend(joined, from, to, slope);
                }
                float[] gradient = backward(chain, slope);
                weights.step(leaves);
                steps++;
                float rate = DenseAdam.rate(settings.learningRate, steps);
                DenseAdam.step(w, m, v, gradient, decay, w.length, 0, 1, rate, DenseAdam.root(steps));
                return loss;
            }
        }

        /** All layers; each one's tensors begin anew, so that the kernel of the graph may stand between them. */
        private List<Layer> forward(Tensor[] weightsOf, Optional<Keyed> mask) {
            List<Layer> chain = new ArrayList<>();
            float[] rows = Arrays.copyOf(w, nodes * settings.dims);
            for (int l = 0; l < graph.length; l++) {
                float[] around = neighbours(l, rows);
                Tensor ego = leaf(rows, inputs(l));
                Tensor side = leaf(around, inputs(l));
                int at = 4 * l;
                Tensor sum = addmm(weightsOf[at + 1], side.add(ego), weightsOf[at].t());
                Tensor product = addmm(weightsOf[at + 3], side.mul(ego), weightsOf[at + 2].t());
                Tensor out = leaky_relu(sum.add(product), new Scalar(SLOPE)); // [nodes, layers[l]]
                if (settings.dropout > 0 && mask.isPresent()) {
                    int columns = settings.layers.get(l);
                    out = out.mul(tensor(mask(mask.get().of(l), columns), columns));
                }
                chain.add(new Layer(ego, side, out, normalize(out)));
                rows = Tensors.floats(out.detach());
            }
            return chain;
        }

        private Tensor tensor(float[] rows, int columns) {
            return Devices.on(Tensors.of(rows, nodes, columns), env.device());
        }

        private Tensor leaf(float[] rows, int columns) {
            return tensor(rows, columns).requires_grad_(true);
        }

        private float[] mask(Keyed key, int columns) {
            float[] mask = new float[nodes * columns];
            float keep = (float) (1 / (1 - settings.dropout));
            for (int n = 0; n < nodes; n++) {
                Keyed of = key.of(n < train.users() ? train.userKey(n) : ~(n - train.users()));
                for (int d = 0; d < columns; d++) {
                    mask[n * columns + d] = Keyed.unit(of.at(d)) < settings.dropout ? 0 : keep;
                }
            }
            return mask;
        }

        /** Â times rows; symmetric, so that it serves both ways. One layer of the chain is (E + ÂE) / 2. */
        private float[] neighbours(int layer, float[] rows) {
            int dims = inputs(layer);
            int stride = graph[layer].stride;
            float[] padded = new float[nodes * stride];
            for (int n = 0; n < nodes; n++) {
                System.arraycopy(rows, n * dims, padded, n * stride, dims);
            }
            float[] mean = new float[padded.length];
            graph[layer].apply(padded, mean);
            float[] around = new float[rows.length];
            for (int n = 0; n < nodes; n++) {
                for (int d = 0; d < dims; d++) {
                    around[n * dims + d] = 2 * mean[n * stride + d] - padded[n * stride + d];
                }
            }
            return around;
        }

        /** E⁰ and the unit rows of every layer, side by side: {@code [nodes, width]}. */
        private float[] joined(List<Layer> chain) {
            float[] joined = new float[nodes * width];
            place(w, settings.dims, joined, 0);
            int at = settings.dims;
            for (int l = 0; l < chain.size(); l++) {
                place(Tensors.floats(chain.get(l).unit.detach()), settings.layers.get(l), joined, at);
                at += settings.layers.get(l);
            }
            return joined;
        }

        private void place(float[] from, int columns, float[] joined, int at) {
            for (int n = 0; n < nodes; n++) {
                System.arraycopy(from, n * columns, joined, n * width + at, columns);
            }
        }

        private float[] taken(float[] joined, int columns, int at) {
            float[] taken = new float[nodes * columns];
            for (int n = 0; n < nodes; n++) {
                System.arraycopy(joined, n * width + at, taken, n * columns, columns);
            }
            return taken;
        }

        /** The mean cross-entropy of a batch, and its gradient by the joined rows. */
        private double pairs(float[] joined, int from, int to, float[] slope) {
            int count = (to - from) * (1 + batches.draws);
            int[] userOf = new int[count];
            int[] itemOf = new int[count];
            float[] labels = new float[count];
            int at = 0;
            for (int s = from; s < to; s++) {
                for (int draw = -1; draw < batches.draws; draw++) {
                    int item = draw < 0 ? batches.positives[s] : batches.negatives[s * batches.draws + draw];
                    userOf[at] = batches.users[s];
                    itemOf[at] = train.users() + item;
                    labels[at++] = draw < 0 ? 1 : 0;
                }
            }
            try (var _ = new PointerScope()) {
                Tensor rows = leaf(joined, width);
                Tensor p = embedding(rows, Devices.on(Tensors.of(userOf, count), env.device()));
                Tensor q = embedding(rows, Devices.on(Tensors.of(itemOf, count), env.device()));
                Tensor loss = binary_cross_entropy_with_logits(
                        p.mul(q).sum(1), Devices.on(Tensors.of(labels, count), env.device()));
                loss.backward();
                Tensors.read(rows.grad(), slope);
                return loss.item_double();
            }
        }

        private double defend(float[] joined, int from, int to, float[] slope) {
            int[] shown = DefendedUsers.of(defence, batches, from, to);
            return new DefendedUsers(shown, width, joined, width).addTo(defence, slope, width);
        }

        /** The gradient by E⁰, padded; the leaves gather the weights'. */
        private float[] backward(List<Layer> chain, float[] slope) {
            int at = width;
            float[] later = new float[0]; // by the output of the layer, from the one after it
            for (int l = chain.size() - 1; l >= 0; l--) {
                int columns = settings.layers.get(l);
                at -= columns;
                Layer layer = chain.get(l);
                TensorVector of = new TensorVector(layer.unit);
                TensorVector by = new TensorVector(tensor(taken(slope, columns, at), columns));
                if (l < chain.size() - 1) {
                    of.push_back(layer.out);
                    by.push_back(tensor(later, columns));
                }
                torch.backward(of, by, new BoolOptional(), false, new TensorVector());
                later = Tensors.floats(layer.ego.grad());
                float[] around = neighbours(l, Tensors.floats(layer.side.grad()));
                for (int n = 0; n < later.length; n++) {
                    later[n] += around[n];
                }
            }
            float[] gradient = Arrays.copyOf(later, w.length);
            float[] own = taken(slope, settings.dims, 0);
            for (int n = 0; n < own.length; n++) {
                gradient[n] += own[n];
            }
            return gradient;
        }

        @Override
        public Embeddings model() {
            Devices.ready(env.device());
            try (var _ = new PointerScope()) {
                float[] joined = joined(forward(
                        Weights.tensors(settings.matrices(), weights.values(), env.device()), Optional.empty()));
                int split = train.users() * width;
                return new Embeddings(
                        width, Arrays.copyOf(joined, split), Arrays.copyOfRange(joined, split, joined.length));
            }
        }

        @Override
        public UserRows snapshot(int epochs) {
            return model();
        }
    }
}
