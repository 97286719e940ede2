package org.lethe.recsys.backbone;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.relu;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Gone;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;

/**
 * NeuMF, also called NCF (He et al. 2017, section 3.4): a generalised matrix factorisation and a multi-layer perceptron side
 * by side, each with tables of its own, {@code s = a·[p∘q ; MLP([p′;q′])] + b}.
 *
 * <p>Loss is binary cross-entropy of σ(s), averaged over a batch, with {@code negatives} items for every interaction, drawn
 * afresh each epoch from those the user never took; Adam. Tables start normal, dense layers Xavier-uniform, the last one
 * Kaiming-uniform, biases zero. Trained from the start; the paper's pre-training of both halves is not done. A user's row is
 * both of its tables, {@code [p_u ; p′_u]}.
 *
 * <p>The first layer is computed once for each user and item of a batch, not for every pair: the same sum in another order,
 * and the fewer products the larger the batch. An epoch of MovieLens-100K with the default settings takes 1.5 seconds of one
 * core. A step costs O(rows of the batch · layers[0]² + pairs · products of the later layers); the full ranking of a user
 * O(items · products of the later layers).
 *
 * @param dims length of p_u and q_i, the rows of the factorisation
 * @param layers outputs of the perceptron's layers; its rows p′_u and q′_i have as many numbers as the first layer
 * @param negatives number of sampled negative items for every interaction
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser, each with its negatives
 * @param learningRate learning rate of Adam
 * @param initialSd standard deviation of the initial embeddings
 * @param weightDecay weight decay of Adam, which adds {@code weightDecay · w} to the gradient of every weight and row
 * @param negativesAvoidTest leave false for numbers of your own; whether negatives avoid the pairs of the validation and test
 *     parts too, which tells the model what not to rank low: the published weights of In-UCDS rank as if trained so
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("neumf")
@Gone(key = "device", remedy = "--device says where models with layers compute")
public record NeuMf(
        int dims,
        List<Integer> layers,
        int negatives,
        int epochs,
        int batch,
        double learningRate,
        double initialSd,
        double weightDecay,
        boolean negativesAvoidTest,
        int patience)
        implements PairLearner {
    public NeuMf {
        layers = List.copyOf(layers);
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(
                !layers.isEmpty() && layers.stream().allMatch(n -> n >= 1), "layers", layers, "one or more sizes");
        Check.require(negatives >= 1 && negatives <= 100, "negatives", negatives, "1 to 100");
        Training.check(epochs, batch, learningRate, initialSd, patience);
        Training.checkDecay(weightDecay);
    }

    /** The sizes of attribute unlearning and RAID: 32 beside 256-128-64-32, 4 negatives, 25 epochs in batches of 256. */
    public NeuMf() {
        this(32, List.of(128, 64, 32), 4, 25, 256, 1e-3, 0.01, 0, false, 5);
    }

    public NeuMf withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public NeuMf withLayers(List<Integer> layers) {
        return Components.with(this, "layers", layers);
    }

    public NeuMf withNegatives(int negatives) {
        return Components.with(this, "negatives", negatives);
    }

    public NeuMf withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    public NeuMf withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public NeuMf withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public NeuMf withInitialSd(double initialSd) {
        return Components.with(this, "initialSd", initialSd);
    }

    public NeuMf withWeightDecay(double weightDecay) {
        return Components.with(this, "weightDecay", weightDecay);
    }

    public NeuMf withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public boolean tables() {
        return false;
    }

    @Override
    public PairCourse course(Split data, UserLoss defence, Env env) {
        Network network = new Network(dims, layers, env.device());
        PairCourse.Settings settings =
                new PairCourse.Settings(batch, negatives, learningRate, initialSd, weightDecay, negativesAvoidTest);
        return new PairCourse(network, network.width(), settings, defence, data, env);
    }

    @Override
    public Estimate estimate(Split data) {
        double products = dims;
        for (int n = 1; n < layers.size(); n++) {
            products += (double) layers.get(n - 1) * layers.get(n);
        }
        double pairs = (double) data.train().size() * (1 + negatives);
        double ranked = data.validation().size() == 0 ? 0 : (double) data.users() * data.items();
        long tables = (long) (data.users() + data.items()) * (dims + layers.getFirst()) * Float.BYTES;
        return new Estimate(
                2 + epochs * (pairs * (2e-6 + products * 2e-10) + ranked * products * 4e-11),
                600_000_000L + 8 * tables);
    }

    /** The network between the rows, without their values. */
    record Network(int dims, List<Integer> layers, Device device) implements PairNetwork {
        int width() {
            return dims + layers.getFirst();
        }

        @Override
        public List<Weights.Matrix> matrices() {
            List<Weights.Matrix> matrices = new ArrayList<>();
            int in = 2 * layers.getFirst();
            for (int n = 0; n < layers.size(); n++) {
                matrices.add(Weights.Matrix.layer("mlp." + n + ".weight", layers.get(n), in));
                matrices.add(Weights.Matrix.bias("mlp." + n + ".bias", layers.get(n)));
                in = layers.get(n);
            }
            matrices.add(new Weights.Matrix("output.weight", 1, dims + in, Initial.KAIMING_UNIFORM));
            matrices.add(Weights.Matrix.bias("output.bias", 1));
            return matrices;
        }

        @Override
        public Tensor scores(Tensor users, Tensor items, Tensor userOf, Tensor itemOf, Tensor[] w) {
            Tensor product = embedding(users.narrow(1, 0, dims), userOf)
                    .mul(embedding(items.narrow(1, 0, dims), itemOf)); // [pairs, dims]
            Tensor hidden = embedding(ofUsers(users, w), userOf).add(embedding(ofItems(items, w), itemOf));
            return finished(product, relu(hidden), w);
        }

        /** What users contribute to the first layer, its bias included: {@code [users, layers[0]]}. */
        Tensor ofUsers(Tensor users, Tensor[] w) {
            int size = layers.getFirst();
            return addmm(
                    w[1], users.narrow(1, dims, size), w[0].narrow(1, 0, size).t());
        }

        /** What items contribute to the first layer: {@code [items, layers[0]]}. */
        Tensor ofItems(Tensor items, Tensor[] w) {
            int size = layers.getFirst();
            return items.narrow(1, dims, size).mm(w[0].narrow(1, size, size).t());
        }

        /** From the first layer's output on; {@code hidden} is {@code [pairs, layers[0]]}, the result {@code [pairs]}. */
        Tensor finished(Tensor product, Tensor hidden, Tensor[] w) {
            Tensor last = hidden;
            for (int n = 2; n < w.length - 2; n += 2) {
                last = relu(addmm(w[n + 1], last, w[n].t()));
            }
            Tensor a = w[w.length - 2].view(-1);
            Tensor ofProduct = product.mv(a.narrow(0, 0, dims));
            Tensor ofHidden = last.mv(a.narrow(0, dims, layers.getLast()));
            return ofProduct.add(ofHidden).add(w[w.length - 1]);
        }

        @Override
        public Model model(float[] users, float[] items, float[][] weights) {
            return new Model(this, users, items, weights);
        }
    }

    /** A trained NeuMF. Scores are logits. */
    public static final class Model extends RowNetwork {
        private final Network network;
        private final float[] itemRows; // [items, width]
        private final float[][] weights;

        Model(Network network, float[] userRows, float[] itemRows, float[][] weights) {
            super(userRows, network.width(), itemRows.length / network.width(), network.device);
            this.network = network;
            this.itemRows = itemRows;
            this.weights = weights;
        }

        float[] itemRows() {
            return itemRows;
        }

        float[][] weights() {
            return weights;
        }

        @Override
        public Model withUserRows(float[] rows) {
            return new Model(network, fitting(rows), itemRows, weights);
        }

        @Override
        public void scores(int[] users, float[] into) {
            Devices.ready(device);
            try (var _ = new PointerScope()) {
                Tensor[] w = leaves();
                Tensor items = Devices.on(Tensors.of(itemRows, items(), width()), device);
                Tensor ofItems = network.ofItems(items, w); // [items, layers[0]]
                Tensor factors = items.narrow(1, 0, network.dims);
                Tensor rows = rows(users);
                Tensor ofUsers = network.ofUsers(rows, w);
                float[] one = new float[items()];
                for (int n = 0; n < users.length; n++) {
                    try (var _ =
                            new PointerScope()) { // a user at a time: the layers of all its items stay in the cache
                        Tensor product = factors.mul(rows.narrow(0, n, 1).narrow(1, 0, network.dims));
                        Tensor hidden = relu(ofItems.add(ofUsers.narrow(0, n, 1)));
                        Tensors.read(network.finished(product, hidden, w), one);
                    }
                    System.arraycopy(one, 0, into, n * one.length, one.length);
                }
            }
        }

        @Override
        Tensor scores(Tensor rows, int count, int[] items) {
            int each = items.length / count;
            int[] userOf = new int[items.length];
            Arrays.setAll(userOf, n -> n / each);
            int[] own = Arrays.stream(items).distinct().sorted().toArray();
            int[] itemOf =
                    Arrays.stream(items).map(i -> Arrays.binarySearch(own, i)).toArray();
            return network.scores(
                    rows,
                    Devices.on(Tensors.of(taken(itemRows, width(), own), own.length, width()), device),
                    Devices.on(Tensors.of(userOf, userOf.length), device),
                    Devices.on(Tensors.of(itemOf, itemOf.length), device),
                    leaves());
        }

        private Tensor[] leaves() {
            return Weights.tensors(network.matrices(), weights, device);
        }

        @Override
        public String kind() {
            return "neumf";
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            Map<String, Safetensors.Tensor> tensors = new TreeMap<>();
            tensors.put("users", Safetensors.Tensor.of(userRows, users(), width()));
            tensors.put("items", Safetensors.Tensor.of(itemRows, items(), width()));
            Weights.save(network.matrices(), weights, tensors);
            return tensors;
        }

        /** Reads a model that {@link #save} wrote; a {@code LetheException} says what else it is. */
        public static Model load(Path file) throws IOException {
            try (Safetensors read = Safetensors.open(file)) {
                return read(read, file, "");
            }
        }

        /** Reads a model whose tensors stand in a file under names that begin with {@code prefix}. */
        public static Model read(Safetensors read, Path file, String prefix) {
            List<Integer> layers = new ArrayList<>();
            while (read.entries().containsKey(prefix + "mlp." + layers.size() + ".weight")) {
                Safetensors.Entry layer = read.require(prefix + "mlp." + layers.size() + ".weight", -1, -1);
                layers.add(Weights.size(file, layer.shape().get(0)));
            }
            int width = Weights.size(
                    file, read.require(prefix + "users", -1, -1).shape().get(1));
            read.require(prefix + "items", -1, width);
            if (layers.isEmpty() || layers.getFirst() >= width) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": layers " + layers + " do not fit rows of " + width + ", expected a neumf");
            }
            Network network = new Network(width - layers.getFirst(), layers, Device.CPU);
            float[][] weights = Weights.load(network.matrices(), read, prefix);
            return new Model(network, read.floats(prefix + "users"), read.floats(prefix + "items"), weights);
        }
    }
}
