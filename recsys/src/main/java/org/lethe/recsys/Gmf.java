package org.lethe.recsys;

import static org.bytedeco.pytorch.global.torch.embedding;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.torch.Device;
import org.lethe.torch.Initial;

/**
 * Generalised matrix factorisation (He et al. 2017, section 3.2): {@code s = w·(p_u∘q_i) + b}, a matrix factorisation whose
 * dimensions are weighted.
 *
 * <p>Loss and negatives are those of {@code neumf}, here with the settings of CURE4Rec. The finished model is two tables, p
 * and w∘q; b, which is the same for every pair and moves no list, is left out. A step costs O(pairs · dims).
 *
 * @param dims length of a user's and an item's row
 * @param negatives items drawn for every interaction
 * @param epochs most epochs that one training runs
 * @param batch mean number of interactions per step of the optimiser, each with its negatives
 * @param learningRate of Adam
 * @param initialSd standard deviation of the initial rows
 * @param patience epochs without a better validation score after which training goes on no longer
 * @param device where the network is computed: cpu or cuda
 */
@Named("gmf")
public record Gmf(
        int dims,
        int negatives,
        int epochs,
        int batch,
        double learningRate,
        double initialSd,
        int patience,
        Device device)
        implements UserLearner {
    public Gmf {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(negatives >= 1 && negatives <= 100, "negatives", negatives, "1 to 100");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0 and below 1000");
        Check.require(initialSd >= 0 && initialSd < 1e3, "initialSd", initialSd, "at least 0 and below 1000");
        Check.require(patience >= 0, "patience", patience, "at least 0");
    }

    /** The settings of CURE4Rec. */
    public Gmf() {
        this(32, 1, 50, 1024, 1e-3, 0.01, 5, Device.CPU);
    }

    @Override
    public UserRows train(Split data, UserLoss defence, Env env) {
        Training.requireInteractions("gmf", data);
        PairCourse.Settings settings = new PairCourse.Settings(batch, negatives, learningRate, initialSd, device);
        PairCourse course = new PairCourse(new Network(dims), dims, dims, settings, defence, data, env);
        return Training.best("gmf", course, data, env, 0, epochs, patience).state();
    }

    @Override
    public Estimate estimate(Split data) {
        return PairCourse.estimate(data, 2 * dims, dims, negatives, epochs);
    }

    /** The weighted product. */
    record Network(int dims) implements PairNetwork {
        @Override
        public List<Weights.Matrix> matrices() {
            return List.of(
                    new Weights.Matrix("output.weight", 1, dims, Initial.KAIMING_UNIFORM),
                    Weights.Matrix.bias("output.bias", 1));
        }

        @Override
        public Tensor items(Tensor rows, Tensor[] w) {
            return rows.mul(w[0].view(1, -1));
        }

        @Override
        public Tensor scores(Tensor users, Tensor items, Tensor userOf, Tensor itemOf, Tensor[] w) {
            return embedding(users, userOf).mul(embedding(items, itemOf)).sum(1).add(w[1]);
        }

        @Override
        public Tensor loss(Tensor scores, Tensor labels) {
            return PairCourse.crossEntropy(scores, labels);
        }

        @Override
        public Embeddings model(float[] users, float[] items, float[][] weights) {
            return new Embeddings(dims, users, items);
        }
    }
}
