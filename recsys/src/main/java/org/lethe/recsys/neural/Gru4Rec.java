package org.lethe.recsys.neural;

import static org.bytedeco.pytorch.global.torch.addmm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
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
 * GRU4Rec (Hidasi et al. 2016) as RecBole trains it: a recurrent layer reads the session, and its last state scores all items.
 *
 * <p>The row of each click goes through dropout and one gated recurrent layer without bias; a dense layer brings the last state to
 * the width of a row. The logit of an item is its row times that. One table serves for reading and for scoring. The loss is the
 * cross-entropy of a softmax over all items, not the original pairwise loss on sampled items. Adam; the epoch with the best
 * validation Recall@20 counts. An epoch costs O(examples · (items · dims + length · hidden · (dims + hidden))).
 *
 * @param dims length of an item's row
 * @param hidden size of the recurrent state
 * @param dropout share of an item's row that training does not see
 * @param epochs largest number of epochs of one training
 * @param batch number of examples per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("gru4rec")
public record Gru4Rec(int dims, int hidden, double dropout, int epochs, int batch, double learningRate, int patience)
        implements NetworkLearner {
    public Gru4Rec {
        new Network(dims, hidden, dropout);
        new NextTraining(epochs, batch, learningRate, patience);
    }

    /** The settings of ERASE: rows of 64, a state of 128, dropout 0.3, at most 100 epochs. */
    public Gru4Rec() {
        this(64, 128, 0.3, 100, 256, 1e-3, 10);
    }

    @Override
    public Network network() {
        return new Network(dims, hidden, dropout);
    }

    @Override
    public NetworkModel train(Events data, Env env) {
        return training().train("gru4rec", network(), data, env);
    }

    private NextTraining training() {
        return new NextTraining(epochs, batch, learningRate, patience);
    }

    @Override
    public Estimate estimate(Events data) {
        return training().estimate(data, Recurrent.products(dims, hidden), dims);
    }

    /**
     * The layers.
     *
     * @param dims length of an item's row
     * @param hidden size of the recurrent state
     * @param dropout share of an item's row that training does not see
     */
    public record Network(int dims, int hidden, double dropout) implements TiedNetwork {
        public Network {
            Check.require(dims >= 1, "dims", dims, "at least 1");
            Check.require(hidden >= 1, "hidden", hidden, "at least 1");
            Check.require(dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and below 1");
        }

        @Override
        public List<Weight> layout(int items) {
            double bound = 1 / Math.sqrt(hidden);
            List<Weight> layout = new ArrayList<>();
            layout.add(Weight.of("items", items, dims, Initial.xavierNormal(1)));
            layout.addAll(Recurrent.layout(dims, hidden));
            layout.add(Weight.of("dense.weight", dims, hidden, Initial.uniform(-bound, bound)));
            layout.add(new Weight("dense.bias", List.of((long) dims), Initial.uniform(-bound, bound)));
            return layout;
        }

        @Override
        public Tensor states(Parameters weights, int[][] histories, Optional<Keyed> key) {
            Histories batch = new Histories(histories);
            Packed packed = batch.packed();
            Tensor rows = batch.rows(weights.tensor("items"), packed, dropout, key); // [clicks, dims]
            Tensor states = Recurrent.states(weights, packed, rows); // [clicks, hidden]
            Tensor last = Histories.rows(states, packed.last()); // [batch, hidden]
            return addmm(
                    weights.tensor("dense.bias"),
                    last,
                    weights.tensor("dense.weight").t());
        }
    }
}
