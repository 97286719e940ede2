package org.lethe.recsys.neural;

import org.bytedeco.pytorch.Tensor;
import org.lethe.torch.Parameters;

/** A network that reads and scores items by one table, {@code items}, without a bias. */
interface TiedNetwork extends NextNetwork {
    @Override
    default Tensor logits(Parameters weights, Tensor states) {
        return states.matmul(weights.tensor("items").t());
    }

    @Override
    default String readRows() {
        return "items";
    }

    @Override
    default String scoredRows() {
        return "items";
    }
}
