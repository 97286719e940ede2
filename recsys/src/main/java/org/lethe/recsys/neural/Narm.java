package org.lethe.recsys.neural;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.neural.Histories.Packed;
import org.lethe.recsys.sequence.Events;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;

/**
 * NARM (Li et al. 2017) as RecBole trains it: a recurrent layer whose states an attention adds up, by their likeness to the last one.
 *
 * <p>From the states h of the clicks, {@code α_t = v · σ(A1 h_L + A2 h_t)}, without a softmax, and {@code c = [Σ α_t h_t ; h_L]};
 * the logit of an item is {@code row · (B c)}. Dropout on the rows of the clicks and on c. One table serves for reading and for
 * scoring. Cross-entropy of a softmax over all items, Adam; the epoch with the best validation Recall@20 counts. An epoch
 * costs O(examples · (items · dims + length · hidden · (dims + hidden))).
 *
 * @param dims length of an item's row
 * @param hidden size of the recurrent state
 * @param rowDropout share of an item's row that training does not see
 * @param stateDropout share of c that training does not see
 * @param epochs largest number of epochs of one training
 * @param batch number of examples per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("narm")
public record Narm(
        int dims,
        int hidden,
        double rowDropout,
        double stateDropout,
        int epochs,
        int batch,
        double learningRate,
        int patience)
        implements NetworkLearner {
    public Narm {
        new Network(dims, hidden, rowDropout, stateDropout);
        new NextTraining(epochs, batch, learningRate, patience);
    }

    /** The settings of ERASE: rows of 64, a state of 100, dropout 0.25 and 0.5, at most 30 epochs. */
    public Narm() {
        this(64, 100, 0.25, 0.5, 30, 256, 1e-3, 10);
    }

    @Override
    public Network network() {
        return new Network(dims, hidden, rowDropout, stateDropout);
    }

    @Override
    public NetworkModel train(Events data, Env env) {
        return training().train("narm", network(), data, env);
    }

    private NextTraining training() {
        return new NextTraining(epochs, batch, learningRate, patience);
    }

    @Override
    public Estimate estimate(Events data) {
        return training().estimate(data, Recurrent.products(dims, hidden) + 2.0 * hidden * hidden, dims);
    }

    /**
     * The layers.
     *
     * @param dims length of an item's row
     * @param hidden size of the recurrent state
     * @param rowDropout share of an item's row that training does not see
     * @param stateDropout share of c that training does not see
     */
    public record Network(int dims, int hidden, double rowDropout, double stateDropout) implements TiedNetwork {
        public Network {
            Check.require(dims >= 1, "dims", dims, "at least 1");
            Check.require(hidden >= 1, "hidden", hidden, "at least 1");
            Check.require(rowDropout >= 0 && rowDropout < 1, "rowDropout", rowDropout, "at least 0 and below 1");
            Check.require(
                    stateDropout >= 0 && stateDropout < 1, "stateDropout", stateDropout, "at least 0 and below 1");
        }

        @Override
        public List<Weight> layout(int items) {
            List<Weight> layout = new ArrayList<>();
            layout.add(Weight.of("items", items, dims, Initial.xavierNormal(1)));
            layout.addAll(Recurrent.layout(dims, hidden));
            layout.add(Weight.of("attention.last", hidden, hidden, Initial.xavierNormal(1))); // A1
            layout.add(Weight.of("attention.each", hidden, hidden, Initial.xavierNormal(1))); // A2
            layout.add(Weight.of("attention.weight", 1, hidden, Initial.xavierNormal(1))); // v
            layout.add(Weight.of("bilinear", dims, 2L * hidden, Initial.xavierNormal(1))); // B
            return layout;
        }

        @Override
        public Tensor states(Parameters weights, int[][] histories, Optional<Keyed> key) {
            Histories batch = new Histories(histories);
            Packed packed = batch.packed();
            Tensor rows = batch.rows(weights.tensor("items"), packed, rowDropout, key); // [clicks, dims]
            Tensor states = Recurrent.states(weights, packed, rows); // [clicks, hidden]
            Tensor last = Histories.rows(states, packed.last()); // [batch, hidden]
            Tensor both = torch.cat(new TensorVector(attended(weights, states, last, packed), last), 1);
            if (key.isPresent() && stateDropout > 0) {
                both = Histories.dropped(
                        both, stateDropout, batch.keys(key.get().of("state")));
            }
            return both.matmul(weights.tensor("bilinear").t());
        }

        /** The sum of the states of each history, weighted, [batch, hidden]. */
        private static Tensor attended(Parameters weights, Tensor states, Tensor last, Packed packed) {
            Tensor owner = Histories.whole(states, packed.history());
            Tensor ofLast = last.matmul(weights.tensor("attention.last").t()); // [batch, hidden]
            Tensor ofEach = states.matmul(weights.tensor("attention.each").t()); // [clicks, hidden]
            Tensor weight = ofLast.index_select(0, owner)
                    .add(ofEach)
                    .sigmoid()
                    .matmul(weights.tensor("attention.weight").t()); // [clicks, 1]
            return torch.zeros_like(last.detach()).index_add(0, owner, states.mul(weight));
        }
    }
}
