package org.lethe.recsys.neural;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/** A model whose scores libtorch computes, for many histories at once. */
interface Layered extends NextItems {
    /** The scores of all items after each history, {@code [histories, items]}, in the current scope. */
    Tensor logits(List<Example> after);

    @Override
    default void scores(Example after, double[] into) {
        scores(List.of(after), new double[][] {into});
    }

    @Override
    default void scores(List<Example> after, double[][] into) {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            float[] logits = Tensors.floats(logits(after));
            int items = itemCount();
            for (int n = 0; n < into.length; n++) {
                for (int i = 0; i < items; i++) {
                    into[n][i] = logits[n * items + i];
                }
            }
        }
    }
}
