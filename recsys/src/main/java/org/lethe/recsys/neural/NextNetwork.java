package org.lethe.recsys.neural;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * A network that reads a history of items and gives every item a score to be the next one. The settings are in it, the weights
 * are not: it is a function of them, which training and forgetting differentiate. A record whose components are numbers: they
 * are stored beside the weights.
 *
 * <p>The logit of item j after a history is {@code state · row_j (+ bias_j)}, where the state is all that the network makes of
 * the history and the rows are a table with one row per item. Weights may be floats or doubles, on any device.
 */
public interface NextNetwork {
    /** How many items of a history count: the newest. */
    int LONGEST = 50;

    /** What it is made of, in order. */
    List<Weight> layout(int items);

    /** The weights before training, all of them leaves that are trained; drawn by the key alone. */
    default Parameters initial(int items, Keyed key) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (Weight weight : layout(items)) {
            long[] shape = weight.shape().stream().mapToLong(Long::longValue).toArray();
            Tensor tensor = torch.zeros(shape);
            weight.initial().fill(tensor, key.of(weight.name()), Workers.here());
            weights.put(weight.name(), tensor.set_requires_grad(true));
        }
        return Parameters.of(weights);
    }

    /**
     * The states after some histories, [batch, width]. A batch of histories of any lengths: what stands beside a history in its
     * batch does not change its state, beyond the rounding of sums.
     *
     * @param histories items, oldest first, each at least one; longer ones are cut to the newest
     * @param dropout the key of what is dropped, in training; empty for none
     */
    Tensor states(Parameters weights, int[][] histories, Optional<Keyed> dropout);

    /** The logits of all items, [batch, items], from states. */
    Tensor logits(Parameters weights, Tensor states);

    /** The name of the table whose rows are read for the items of a history. */
    String readRows();

    /** The name of the table whose rows score the items; the same as {@link #readRows()} where they are tied. */
    String scoredRows();

    /** Whether the state after a history is the row that is read for its last item, and nothing else. */
    default boolean stateIsLastRow() {
        return false;
    }

    /** Full-softmax cross-entropy of the next items, averaged over the batch. */
    default Tensor loss(Parameters weights, int[][] histories, int[] next, Optional<Keyed> dropout) {
        Tensor logits = logits(weights, states(weights, histories, dropout));
        return torch.cross_entropy(logits, Tensors.of(next, next.length).to(logits.device(), ScalarType.Long));
    }
}
