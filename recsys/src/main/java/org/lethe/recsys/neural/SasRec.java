package org.lethe.recsys.neural;

import static org.bytedeco.pytorch.global.torch.gelu;
import static org.bytedeco.pytorch.global.torch.layer_norm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;

/**
 * SASRec (Kang and McAuley 2018) as RecBole trains it: a transformer reads the session, and the output at its last click scores all
 * items.
 *
 * <p>A click enters as the row of its item plus that of its place, normed. Each block is self-attention over earlier clicks, then
 * two dense layers with GELU between, each added to its input and normed. The logit of an item is its row times the output.
 * One table serves for reading and for scoring. The loss is the cross-entropy of a softmax over all items, not the original one
 * with a sampled negative. Adam; the epoch with the best validation Recall@20 counts. An epoch costs O(examples · (items · dims +
 * blocks · length · (dims · inner + dims² + length · dims))).
 *
 * @param dims length of an item's row, a multiple of heads
 * @param inner size of the layer between the two dense layers
 * @param blocks how many blocks
 * @param heads of the attention
 * @param dropout share of rows, attention weights and outputs of layers that training does not see
 * @param epochs largest number of epochs of one training
 * @param batch number of examples per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("sasrec")
public record SasRec(
        int dims,
        int inner,
        int blocks,
        int heads,
        double dropout,
        int epochs,
        int batch,
        double learningRate,
        int patience)
        implements NetworkLearner {
    private static final double SLOWER = 20; // many clicks, small products and passes over memory, against a softmax

    public SasRec {
        new Network(dims, inner, blocks, heads, dropout);
        new NextTraining(epochs, batch, learningRate, patience);
    }

    /** The settings of ERASE: rows of 32, 2 blocks of 2 heads, 128 between, dropout 0.5, at most 60 epochs. */
    public SasRec() {
        this(32, 128, 2, 2, 0.5, 60, 256, 1e-3, 10);
    }

    @Override
    public Network network() {
        return new Network(dims, inner, blocks, heads, dropout);
    }

    @Override
    public NetworkModel train(Events data, Env env) {
        return training().train("sasrec", network(), data, env);
    }

    private NextTraining training() {
        return new NextTraining(epochs, batch, learningRate, patience);
    }

    @Override
    public Estimate estimate(Events data) {
        double products = (double) blocks * dims * (2.0 * inner + 4.0 * dims); // of a click
        return training().estimate(data, SLOWER * products, dims);
    }

    /**
     * The layers.
     *
     * @param dims length of an item's row, a multiple of heads
     * @param inner size of the layer between the two dense layers
     * @param blocks how many blocks
     * @param heads of the attention
     * @param dropout share of rows, attention weights and outputs of layers that training does not see
     */
    public record Network(int dims, int inner, int blocks, int heads, double dropout) implements TiedNetwork {
        private static final double EPSILON = 1e-12; // of the norms
        private static final Initial SMALL = Initial.normal(0, 0.02);
        private static final int MOST_BLOCKS = 100;
        private static final int SHORT = 3; // up to 8 clicks
        private static final int LONG = 6; // all that are longer than 32

        public Network {
            Check.require(heads >= 1, "heads", heads, "at least 1");
            Check.require(dims >= 1 && dims % heads == 0, "dims", dims, "a multiple of heads, " + heads);
            Check.require(inner >= 1, "inner", inner, "at least 1");
            Check.require(blocks >= 1 && blocks <= MOST_BLOCKS, "blocks", blocks, "1 to " + MOST_BLOCKS);
            Check.require(dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and below 1");
        }

        @Override
        public List<Weight> layout(int items) {
            List<Weight> layout = new ArrayList<>();
            layout.add(Weight.of("items", items, dims, SMALL));
            layout.add(Weight.of("places", LONGEST, dims, SMALL));
            norm(layout, "norm");
            for (int b = 0; b < blocks; b++) {
                for (String name : List.of("query", "key", "value", "output")) {
                    dense(layout, "block" + b + "." + name, dims, dims);
                }
                norm(layout, "block" + b + ".attended");
                dense(layout, "block" + b + ".inner", inner, dims);
                dense(layout, "block" + b + ".outer", dims, inner);
                norm(layout, "block" + b + ".fed");
            }
            return layout;
        }

        private static void dense(List<Weight> layout, String name, int outputs, int inputs) {
            layout.add(Weight.of(name + ".weight", outputs, inputs, SMALL));
            layout.add(Weight.constant(name + ".bias", outputs, 0));
        }

        private void norm(List<Weight> layout, String name) {
            layout.add(Weight.constant(name + ".weight", dims, 1));
            layout.add(Weight.constant(name + ".bias", dims, 0));
        }

        /** Histories of like lengths are padded together: in a whole batch, most places would be padding. */
        @Override
        public Tensor states(Parameters weights, int[][] histories, Optional<Keyed> key) {
            Map<Integer, List<Integer>> alike = new TreeMap<>();
            for (int n = 0; n < histories.length; n++) {
                int log = Integer.SIZE - Integer.numberOfLeadingZeros(histories[n].length - 1);
                alike.computeIfAbsent(Math.clamp(log, SHORT, LONG), _ -> new ArrayList<>())
                        .add(n);
            }
            TensorVector parts = new TensorVector();
            int[] place = new int[histories.length];
            int at = 0;
            for (List<Integer> group : alike.values()) {
                parts.push_back(
                        last(weights, group.stream().map(n -> histories[n]).toArray(int[][]::new), key));
                for (int n : group) {
                    place[n] = at++;
                }
            }
            return Histories.rows(torch.cat(parts, 0), place);
        }

        private Tensor last(Parameters weights, int[][] histories, Optional<Keyed> key) {
            Histories batch = new Histories(histories);
            int longest = batch.longest();
            int[] last = new int[batch.size()];
            Arrays.setAll(last, n -> n * longest + batch.length(n) - 1);
            return Histories.rows(outputs(weights, batch, key).view(-1, dims), last);
        }

        /** The outputs at all clicks, [batch, longest, dims]; behind the end of a history they mean nothing. */
        Tensor outputs(Parameters weights, Histories batch, Optional<Keyed> key) {
            int size = batch.size();
            int longest = batch.longest();
            Optional<Keyed[]> keys = key.filter(_ -> dropout > 0).map(batch::keys);
            Tensor rows =
                    Histories.rows(weights.tensor("items"), batch.padded()).view(size, longest, dims);
            Tensor places = weights.tensor("places").narrow(0, 0, longest);
            Tensor x = dropped(norm(rows.add(places), weights, "norm"), keys, "rows");
            Tensor later = torch.ones(new long[] {longest, longest})
                    .to(x.device(), ScalarType.Bool)
                    .triu(1);
            for (int b = 0; b < blocks; b++) {
                String block = "block" + b + ".";
                Tensor attended = attention(x, weights, block, later, keys);
                x = norm(x.add(attended), weights, block + "attended");
                Tensor inside = gelu(dense(x, weights, block + "inner"));
                Tensor fed = dropped(dense(inside, weights, block + "outer"), keys, block + "outer");
                x = norm(x.add(fed), weights, block + "fed");
            }
            return x;
        }

        private Tensor attention(Tensor x, Parameters weights, String block, Tensor later, Optional<Keyed[]> keys) {
            Tensor query = split(dense(x, weights, block + "query")); // [batch, heads, longest, dims / heads]
            Tensor key = split(dense(x, weights, block + "key"));
            Tensor value = split(dense(x, weights, block + "value"));
            Tensor likeness = query.matmul(key.transpose(2, 3)).mul(new Scalar(1 / Math.sqrt(dims / (double) heads)));
            Tensor shares = likeness.masked_fill(later, new Scalar(Double.NEGATIVE_INFINITY))
                    .softmax(-1); // [batch, heads, longest, longest]
            Tensor mixed = dropped(shares, keys, block + "shares")
                    .matmul(value)
                    .transpose(1, 2)
                    .contiguous()
                    .view(x.shape());
            return dropped(dense(mixed, weights, block + "output"), keys, block + "output");
        }

        private Tensor split(Tensor x) {
            return x.view(x.size(0), x.size(1), heads, dims / heads).transpose(1, 2);
        }

        private static Tensor dense(Tensor x, Parameters weights, String name) {
            return torch.linear(
                    x, weights.tensor(name + ".weight"), new TensorOptional(weights.tensor(name + ".bias")));
        }

        private Tensor norm(Tensor x, Parameters weights, String name) {
            return layer_norm(
                    x,
                    new long[] {dims},
                    new TensorOptional(weights.tensor(name + ".weight")),
                    new TensorOptional(weights.tensor(name + ".bias")),
                    EPSILON,
                    false);
        }

        /** Dropout of what a layer gives, by history and row: [batch, …, width]. */
        private Tensor dropped(Tensor x, Optional<Keyed[]> keys, String layer) {
            if (keys.isEmpty()) {
                return x;
            }
            long[] shape = x.shape();
            int longest = (int) shape[shape.length - 2];
            int each = (int) (x.numel() / shape[0] / shape[shape.length - 1]); // rows of a history: of heads, of clicks
            Keyed[] rows = new Keyed[(int) shape[0] * each];
            for (int n = 0; n < shape[0]; n++) {
                Keyed ofHistory = keys.get()[n].of(layer);
                for (int r = 0; r < each; r++) {
                    rows[n * each + r] = ofHistory.of(r / longest).of(r % longest);
                }
            }
            return Histories.dropped(x, dropout, rows);
        }
    }
}
