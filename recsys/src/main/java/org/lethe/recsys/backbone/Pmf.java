package org.lethe.recsys.backbone;

import static org.bytedeco.pytorch.global.torch.embedding;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;

/**
 * Probabilistic matrix factorisation as In-UCDS trains it: {@code P(i | u) = σ(p_u·q_i)} under binary cross-entropy.
 *
 * <p>The loss is averaged over a batch with {@code negatives} items for every interaction, drawn afresh each epoch from those
 * the user never took; Adam with weight decay, which takes the place of the normal priors of Salakhutdinov and Mnih (2007).
 * A step costs O(pairs · dims), and with weight decay O((users + items) · dims) more.
 *
 * @param dims number of dimensions of an embedding
 * @param negatives number of sampled negative items for every interaction
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser, each with its negatives
 * @param learningRate learning rate of Adam
 * @param initialSd standard deviation of the initial embeddings
 * @param weightDecay weight decay of Adam, which adds {@code weightDecay · w} to the gradient of every row
 * @param negativesAvoidTest leave false for numbers of your own; whether negatives avoid the pairs of the validation and test
 *     parts too, which tells the model what not to rank low: the published weights of In-UCDS rank as if trained so
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("pmf")
public record Pmf(
        int dims,
        int negatives,
        int epochs,
        int batch,
        double learningRate,
        double initialSd,
        double weightDecay,
        boolean negativesAvoidTest,
        int patience)
        implements PairLearner {
    public Pmf {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(negatives >= 1 && negatives <= 100, "negatives", negatives, "1 to 100");
        Training.check(epochs, batch, learningRate, initialSd, patience);
        Training.checkDecay(weightDecay);
    }

    /** 16 dimensions and 4 negatives as in In-UCDS; ten times its learning rate. */
    public Pmf() {
        this(16, 4, 100, 205, 1e-3, 0.1, 1e-5, false, 10);
    }

    public Pmf withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    public Pmf withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public Pmf withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public Pmf withNegatives(int negatives) {
        return Components.with(this, "negatives", negatives);
    }

    public Pmf withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public Pmf withWeightDecay(double weightDecay) {
        return Components.with(this, "weightDecay", weightDecay);
    }

    public Pmf withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public PairCourse course(Split data, UserLoss defence, Env env) {
        PairCourse.Settings settings =
                new PairCourse.Settings(batch, negatives, learningRate, initialSd, weightDecay, negativesAvoidTest);
        return new PairCourse(new Network(dims), dims, settings, defence, data, env);
    }

    @Override
    public Estimate estimate(Split data) {
        double pairs = (double) data.train().size() * (1 + negatives);
        double steps = Math.max(1, data.train().size() / (double) batch);
        double rows = weightDecay == 0 ? 0 : (double) (data.users() + data.items()) * dims;
        double ranking = data.validation().size() == 0 ? 0 : (double) data.users() * data.items() * dims * 5e-11;
        long tables = (long) (data.users() + data.items()) * dims * Float.BYTES;
        return new Estimate(
                2 + epochs * (pairs * (2e-7 + dims * 1e-9) + steps * rows * 3e-9 + ranking), 600_000_000L + 8 * tables);
    }

    /** The dot product of two rows. */
    record Network(int dims) implements PairNetwork {
        @Override
        public List<Weights.Matrix> matrices() {
            return List.of();
        }

        @Override
        public Tensor scores(Tensor users, Tensor items, Tensor userOf, Tensor itemOf, Tensor[] w) {
            return embedding(users, userOf).mul(embedding(items, itemOf)).sum(1);
        }

        @Override
        public Embeddings model(float[] users, float[] items, float[][] weights) {
            return new Embeddings(dims, users, items);
        }
    }
}
