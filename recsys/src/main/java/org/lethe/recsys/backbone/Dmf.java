package org.lethe.recsys.backbone;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.binary_cross_entropy;
import static org.bytedeco.pytorch.global.torch.clamp;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.normalize;
import static org.bytedeco.pytorch.global.torch.relu;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Gone;
import org.lethe.Named;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;

/**
 * Deep matrix factorisation (Xue et al. 2017, section 3.2): a tower of dense layers for users and one for items, the score
 * of a pair is the cosine of what they give.
 *
 * <p>As in CURE4Rec the towers start from learned rows, where the paper reads the matrix of ratings. Loss is the binary
 * cross-entropy of the cosine as a probability, at least 10⁻⁶ (eq. 12) and at most 1 − 10⁻⁶; negatives as in {@code neumf},
 * Adam. The finished model is two tables of rows of length one: what the towers give for every user and item. A step costs
 * O(rows of the batch · products of neighbouring layers + pairs · the last layer).
 *
 * @param dims length of the rows that the towers start from
 * @param layers outputs of the layers of either tower
 * @param negatives number of sampled negative items for every interaction
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser, each with its negatives
 * @param learningRate learning rate of Adam
 * @param initialSd standard deviation of the initial embeddings
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("dmf")
@Gone(key = "device", remedy = "--device says where models with layers compute")
public record Dmf(
        int dims,
        List<Integer> layers,
        int negatives,
        int epochs,
        int batch,
        double learningRate,
        double initialSd,
        int patience)
        implements PairLearner {
    public Dmf {
        layers = List.copyOf(layers);
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(
                !layers.isEmpty() && layers.stream().allMatch(n -> n >= 1), "layers", layers, "one or more sizes");
        Check.require(negatives >= 1 && negatives <= 100, "negatives", negatives, "1 to 100");
        Training.check(epochs, batch, learningRate, initialSd, patience);
    }

    /** The training of CURE4Rec, with towers of 64 and 32. */
    public Dmf() {
        this(32, List.of(64, 32), 1, 50, 1024, 1e-3, 0.01, 5);
    }

    public Dmf withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public Dmf withLayers(List<Integer> layers) {
        return Components.with(this, "layers", layers);
    }

    public Dmf withNegatives(int negatives) {
        return Components.with(this, "negatives", negatives);
    }

    public Dmf withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    public Dmf withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public Dmf withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public Dmf withInitialSd(double initialSd) {
        return Components.with(this, "initialSd", initialSd);
    }

    public Dmf withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public PairCourse course(Split data, UserLoss defence, Env env) {
        PairCourse.Settings settings = new PairCourse.Settings(batch, negatives, learningRate, initialSd);
        return new PairCourse(new Network(dims, layers), dims, settings, defence, data, env);
    }

    @Override
    public Estimate estimate(Split data) {
        double products = layers.getLast();
        int in = dims;
        for (int size : layers) {
            products += (double) in * size;
            in = size;
        }
        double pairs = (double) data.train().size() * (1 + negatives);
        double ranking = data.validation().size() == 0 ? 0 : (double) data.users() * data.items() * layers.getLast();
        long tables = (long) (data.users() + data.items()) * (dims + layers.getLast()) * Float.BYTES;
        return new Estimate(
                2 + epochs * (pairs * (5e-7 + products * 1.2e-10) + ranking * 5e-11), 600_000_000L + 8 * tables);
    }

    /** Both towers. */
    record Network(int dims, List<Integer> layers) implements PairNetwork {
        private static final double LEAST = 1e-6;

        @Override
        public List<Weights.Matrix> matrices() {
            List<Weights.Matrix> matrices = new ArrayList<>();
            for (String tower : List.of("users", "items")) {
                int in = dims;
                for (int n = 0; n < layers.size(); n++) {
                    matrices.add(Weights.Matrix.layer(tower + "." + n + ".weight", layers.get(n), in));
                    matrices.add(Weights.Matrix.bias(tower + "." + n + ".bias", layers.get(n)));
                    in = layers.get(n);
                }
            }
            return matrices;
        }

        private Tensor tower(Tensor rows, Tensor[] w, int from) {
            Tensor last = rows;
            for (int n = from; n < from + 2 * layers.size(); n += 2) {
                last = relu(addmm(w[n + 1], last, w[n].t()));
            }
            return normalize(last); // [rows, layers.last], each of length one
        }

        @Override
        public Tensor users(Tensor rows, Tensor[] w) {
            return tower(rows, w, 0);
        }

        @Override
        public Tensor items(Tensor rows, Tensor[] w) {
            return tower(rows, w, 2 * layers.size());
        }

        @Override
        public Tensor scores(Tensor users, Tensor items, Tensor userOf, Tensor itemOf, Tensor[] w) {
            return embedding(users, userOf).mul(embedding(items, itemOf)).sum(1);
        }

        @Override
        public boolean towers() {
            return true;
        }

        @Override
        public Tensor losses(Tensor scores, Tensor labels) {
            return binary_cross_entropy(probabilities(scores), labels, new TensorOptional(), NONE);
        }

        @Override
        public Tensor loss(Tensor scores, Tensor labels) {
            return binary_cross_entropy(probabilities(scores), labels);
        }

        private static Tensor probabilities(Tensor scores) {
            ScalarOptional least = new ScalarOptional(new Scalar(LEAST));
            ScalarOptional most = new ScalarOptional(new Scalar(1 - LEAST));
            return clamp(scores, least, most);
        }

        @Override
        public Embeddings model(float[] users, float[] items, float[][] weights) {
            return new Embeddings(layers.getLast(), users, items);
        }
    }
}
