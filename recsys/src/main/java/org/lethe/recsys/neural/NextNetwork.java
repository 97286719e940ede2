package org.lethe.recsys.neural;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Parameters;

/**
 * A network that reads a history of items and gives every item a score to be the next one. The settings are in it, the weights
 * are not: it is a function of them, which training and forgetting differentiate.
 *
 * <p>The logit of item j after a history is {@code state · row_j (+ bias_j)}, where the state is all that the network makes of
 * the history and the rows are a table with one row per item.
 */
public interface NextNetwork {
    /** The weights before training, all of them leaves that are trained; drawn by the key alone. */
    Parameters initial(int items, Keyed key);

    /**
     * The states after some histories, [batch, width]. A batch of histories of any lengths: what stands beside a history in its
     * batch does not change its state.
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
}
