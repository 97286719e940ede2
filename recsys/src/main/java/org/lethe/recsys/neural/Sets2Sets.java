package org.lethe.recsys.neural;

import static org.bytedeco.pytorch.global.torch.addmm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.neural.Histories.Packed;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * Sets2Sets (Hu and He 2019) for the next basket: a recurrent layer reads the baskets, and a gate mixes what it predicts with how
 * often the user bought an item.
 *
 * <p>A basket enters as the mean of its items' rows. From the states h of the baskets, attention {@code α = softmax(h_n · A h_t)}
 * gives {@code c = Σ α_t h_t}, and {@code s = tanh(C [c ; h_n])}. An item that the user never bought has the logit
 * {@code o_i = row_i · s + b_i}. One that is in the share f of his baskets has {@code (1 − g) o_i + g (r_1 f + r_0)} with the
 * gate {@code g = σ(w_i f + v_i)}.
 *
 * <p>Unlike the paper, the gate of an item sees the frequency of that item alone: the paper's matrix has a number for every two
 * items, which is out of reach for 12,000. The frequency enters as a logit, and the loss is the multi-label soft margin
 * {@code mean_i (softplus(y_i) − t_i y_i)}; the paper's is a weighted squared error with a ranking term. Each training basket with
 * one before it is an example, not only the last of a user. Adam; the epoch with the best validation Recall@20 counts. An
 * epoch costs O(examples · items · dims).
 *
 * @param dims length of an item's row
 * @param hidden size of the recurrent state
 * @param dropout share of s that training does not see
 * @param epochs largest number of epochs of one training
 * @param batch number of examples per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("sets2sets")
public record Sets2Sets(int dims, int hidden, double dropout, int epochs, int batch, double learningRate, int patience)
        implements Learner<Events, NextItems> {
    public Sets2Sets {
        new Network(dims, hidden, dropout);
        new NextTraining(epochs, batch, learningRate, patience);
    }

    /** Rows and states of 32, at most 20 epochs. */
    public Sets2Sets() {
        this(32, 32, 0.1, 20, 64, 1e-2, 5);
    }

    @Override
    public Model train(Events data, Env env) {
        Network network = new Network(dims, hidden, dropout);
        NextTraining.Task<Model> task = new NextTraining.Task<>() {
            @Override
            public Tensor loss(Parameters weights, List<Example> batch, Keyed key) {
                return network.loss(weights, batch, Optional.of(key));
            }

            @Override
            public Model model(Parameters weights) {
                return new Model(network, data.itemCount(), StoredWeights.of(weights));
            }
        };
        return training().train("sets2sets", task, network.layout(data.itemCount()), data, env);
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
     * @param dropout share of s that training does not see
     */
    public record Network(int dims, int hidden, double dropout) {
        private static final String ROWS = "items";

        public Network {
            Check.require(dims >= 1, "dims", dims, "at least 1");
            Check.require(hidden >= 1, "hidden", hidden, "at least 1");
            Check.require(dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and below 1");
        }

        List<Weight> layout(int items) {
            List<Weight> layout = new ArrayList<>();
            layout.add(Weight.of(ROWS, items, dims, Initial.normal(0, 1 / Math.sqrt(dims))));
            layout.addAll(Recurrent.layout(dims, hidden));
            layout.add(Weight.of("attention", hidden, hidden, Initial.XAVIER_UNIFORM)); // A
            layout.add(Weight.of("context", dims, 2L * hidden, Initial.XAVIER_UNIFORM)); // C
            layout.add(Weight.constant("bias", items, 0)); // b
            layout.add(Weight.constant("gate.frequency", items, 0)); // w
            layout.add(Weight.constant("gate.bias", items, 0)); // v
            layout.add(Weight.constant("repeat", 2, 0)); // r_0 and r_1
            return layout;
        }

        /** The logits of all items, [batch, items]. */
        Tensor logits(Parameters weights, List<Example> batch, Optional<Keyed> key) {
            Tensor predicted = addmm( // o
                    weights.tensor("bias"),
                    states(weights, batch, key),
                    weights.tensor(ROWS).t());
            Bought bought = Bought.of(batch, (int) predicted.size(1));
            Tensor place = Histories.whole(predicted, bought.place);
            Tensor item = Histories.whole(predicted, bought.item);
            Tensor share =
                    Tensors.of(bought.share, bought.share.length).to(predicted.device(), predicted.scalar_type()); // f
            Tensor flat = predicted.view(-1);
            Tensor gate = weights.tensor("gate.frequency")
                    .index_select(0, item)
                    .mul(share)
                    .add(weights.tensor("gate.bias").index_select(0, item))
                    .sigmoid();
            Tensor repeat = weights.tensor("repeat");
            Tensor often = share.mul(repeat.narrow(0, 1, 1)).add(repeat.narrow(0, 0, 1));
            Tensor moved = gate.mul(often.sub(flat.index_select(0, place)));
            return flat.index_add(0, place, moved).view(predicted.shape());
        }

        /** What is predicted of each history, [batch, dims]. */
        private Tensor states(Parameters weights, List<Example> batch, Optional<Keyed> key) {
            int[][] numbers = new int[batch.size()][]; // of the baskets of each history
            List<int[]> baskets = new ArrayList<>();
            for (int n = 0; n < numbers.length; n++) {
                int[][] history = batch.get(n).history();
                int from = Math.max(0, history.length - NextNetwork.LONGEST);
                numbers[n] = new int[history.length - from];
                for (int b = from; b < history.length; b++) {
                    numbers[n][b - from] = baskets.size();
                    baskets.add(history[b]);
                }
            }
            Packed packed = new Histories(numbers).packed();
            Tensor rows = Histories.rows(means(weights.tensor(ROWS), baskets), packed.item()); // [baskets, dims]
            Tensor states = Recurrent.states(weights, packed, rows); // [baskets, hidden]
            Tensor last = Histories.rows(states, packed.last()); // [batch, hidden]
            Tensor context = attended(weights, states, last, packed);
            Tensor state = torch.cat(new TensorVector(context, last), 1)
                    .matmul(weights.tensor("context").t())
                    .tanh();
            if (key.isPresent() && dropout > 0) {
                Keyed[] keys =
                        batch.stream().map(example -> keyOf(example, key.get())).toArray(Keyed[]::new);
                state = Histories.dropped(state, dropout, keys);
            }
            return state;
        }

        private static Keyed keyOf(Example example, Keyed key) {
            Keyed of = key;
            for (int[] basket : example.history()) {
                of = of.of("basket");
                for (int item : basket) {
                    of = of.of(item);
                }
            }
            return of;
        }

        /** The mean of the rows of each basket, [baskets, dims]. */
        private static Tensor means(Tensor table, List<int[]> baskets) {
            int size = baskets.stream().mapToInt(basket -> basket.length).sum();
            int[] item = new int[size];
            int[] owner = new int[size];
            float[] part = new float[size];
            int at = 0;
            for (int b = 0; b < baskets.size(); b++) {
                for (int i : baskets.get(b)) {
                    item[at] = i;
                    owner[at] = b;
                    part[at++] = 1f / baskets.get(b).length;
                }
            }
            Tensor parts = Tensors.of(part, size, 1).to(table.device(), table.scalar_type());
            return torch.zeros(new long[] {baskets.size(), table.size(1)})
                    .to(table.device(), table.scalar_type())
                    .index_add(
                            0,
                            Histories.whole(table, owner),
                            Histories.rows(table, item).mul(parts));
        }

        /** The sum of the states of each history, weighted by a softmax, [batch, hidden]. */
        private static Tensor attended(Parameters weights, Tensor states, Tensor last, Packed packed) {
            int batch = packed.last().length;
            int longest = packed.counts().length;
            int[] padded = new int[batch * longest]; // where the state of each place is, the first one behind the end
            float[] behind = new float[batch * longest];
            Arrays.fill(behind, Float.NEGATIVE_INFINITY);
            for (int n = 0; n < packed.item().length; n++) {
                int place = packed.history()[n] * longest + packed.place()[n];
                padded[place] = n;
                behind[place] = 0;
            }
            Tensor all = Histories.rows(states, padded).view(batch, longest, -1);
            Tensor query = last.matmul(weights.tensor("attention")).unsqueeze(1); // [batch, 1, hidden]
            Tensor mask = Tensors.of(behind, batch, 1, longest).to(all.device(), all.scalar_type());
            Tensor shares = query.matmul(all.transpose(1, 2)).add(mask).softmax(-1); // [batch, 1, longest]
            return shares.matmul(all).squeeze(1);
        }

        /** Multi-label soft margin, averaged over items and examples. */
        Tensor loss(Parameters weights, List<Example> batch, Optional<Keyed> key) {
            Tensor logits = logits(weights, batch, key);
            int items = (int) logits.size(1);
            int[] targets = new int
                    [batch.stream()
                            .mapToInt(example -> example.targets().length)
                            .sum()];
            int at = 0;
            for (int n = 0; n < batch.size(); n++) {
                for (int item : batch.get(n).targets()) {
                    targets[at++] = n * items + item;
                }
            }
            Tensor hit = logits.view(-1).index_select(0, Histories.whole(logits, targets));
            return torch.softplus(logits).sum().sub(hit.sum()).div(new Scalar((double) logits.numel()));
        }
    }

    /** Which items the users of a batch have bought: places in the flattened logits, and shares of their baskets. */
    private record Bought(int[] place, int[] item, float[] share) {
        static Bought of(List<Example> batch, int items) {
            List<Map<Integer, Integer>> counts = new ArrayList<>();
            int size = 0;
            for (Example example : batch) {
                Map<Integer, Integer> count = new TreeMap<>();
                for (int[] basket : example.history()) {
                    Set<Integer> distinct = new LinkedHashSet<>();
                    Arrays.stream(basket).forEach(distinct::add);
                    distinct.forEach(item -> count.merge(item, 1, Integer::sum));
                }
                counts.add(count);
                size += count.size();
            }
            Bought bought = new Bought(new int[size], new int[size], new float[size]);
            int at = 0;
            for (int n = 0; n < counts.size(); n++) {
                for (Map.Entry<Integer, Integer> entry : counts.get(n).entrySet()) {
                    bought.place[at] = n * items + entry.getKey();
                    bought.item[at] = entry.getKey();
                    bought.share[at++] = entry.getValue() / (float) batch.get(n).history().length;
                }
            }
            return bought;
        }
    }

    /**
     * The network with its weights. Scores are logits; the probability of an item is that it is in the next basket.
     *
     * @param network what reads the weights
     * @param itemCount how many items it scores
     * @param tensors the weights, by name, and the settings of the network as {@code settings}
     */
    public record Model(Network network, int itemCount, Map<String, Safetensors.Tensor> tensors) implements Layered {
        public Model {
            tensors = StoredWeights.with(network, tensors);
        }

        static Model read(Safetensors file, String prefix) {
            Sets2Sets usual = new Sets2Sets();
            Network network =
                    StoredWeights.settings(new Network(usual.dims, usual.hidden, usual.dropout), file, prefix);
            int items = StoredWeights.rows(file, prefix + Network.ROWS);
            return new Model(network, items, StoredWeights.read(network.layout(items), file, prefix));
        }

        @Override
        public Tensor logits(List<Example> after) {
            return network.logits(StoredWeights.leaves(tensors), after, Optional.empty());
        }

        @Override
        public double probability(double[] scores, int item) {
            return 1 / (1 + Math.exp(-scores[item]));
        }

        @Override
        public boolean finite() {
            return StoredWeights.finite(tensors);
        }

        @Override
        public String kind() {
            return "sets2sets";
        }
    }
}
