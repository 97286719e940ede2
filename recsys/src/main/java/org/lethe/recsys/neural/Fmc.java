package org.lethe.recsys.neural;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;

/**
 * Predicts the next item from the last one alone: a factorised Markov chain with a softmax over all items (the part without
 * users of Rendle, Freudenthaler and Schmidt-Thieme 2010, trained by cross-entropy instead of pairs).
 *
 * <p>The logit of item j after item i is {@code e_i · w_j + b_j}, with two tables of items and a bias. Rows e begin at zero, so that
 * an item without a click after it in training keeps a row of zeros. Adam; the epoch with the best validation Recall@20 counts.
 * An epoch costs O(examples · items · dims).
 *
 * @param dims length of an item's rows
 * @param epochs largest number of epochs of one training
 * @param batch number of examples per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("fmc")
public record Fmc(int dims, int epochs, int batch, double learningRate, int patience) implements NetworkLearner {
    public Fmc {
        new Network(dims);
        new NextTraining(epochs, batch, learningRate, patience);
    }

    /** Rows of length 32, 12 epochs at a rate that suits two tables and a bias. */
    public Fmc() {
        this(32, 12, 256, 1e-2, 10);
    }

    @Override
    public Network network() {
        return new Network(dims);
    }

    @Override
    public NetworkModel train(Events data, Env env) {
        return training().train("fmc", network(), data, env);
    }

    private NextTraining training() {
        return new NextTraining(epochs, batch, learningRate, patience);
    }

    @Override
    public Estimate estimate(Events data) {
        return training().estimate(data, dims, dims);
    }

    /**
     * The bilinear form.
     *
     * @param dims length of an item's rows
     */
    public record Network(int dims) implements NextNetwork {
        public Network {
            Check.require(dims >= 1, "dims", dims, "at least 1");
        }

        @Override
        public List<Weight> layout(int items) {
            return List.of(
                    Weight.of("last", items, dims, Initial.ZERO),
                    Weight.of("next", items, dims, Initial.normal(0, 1 / Math.sqrt(dims))),
                    Weight.constant("bias", items, 0));
        }

        @Override
        public Tensor states(Parameters weights, int[][] histories, Optional<Keyed> dropout) {
            return new Histories(histories).last(weights.tensor("last"));
        }

        @Override
        public Tensor logits(Parameters weights, Tensor states) {
            return torch.addmm(
                    weights.tensor("bias"), states, weights.tensor("next").t());
        }

        @Override
        public String readRows() {
            return "last";
        }

        @Override
        public String scoredRows() {
            return "next";
        }

        @Override
        public boolean stateIsLastRow() {
            return true;
        }
    }
}
