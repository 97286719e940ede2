package org.lethe.recsys.neural;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * A network with its weights, which lie in Java's memory.
 *
 * @param kind the name of its learner
 * @param network what reads the weights
 * @param itemCount how many items it scores
 * @param tensors the weights, by name
 */
public record NetworkModel(String kind, NextNetwork network, int itemCount, Map<String, Safetensors.Tensor> tensors)
        implements NextItems {
    public NetworkModel {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    /** A copy of the weights that are in libtorch's memory now. */
    public static NetworkModel of(String kind, NextNetwork network, int itemCount, Parameters weights) {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        weights.distinct()
                .forEach((name, tensor) ->
                        tensors.put(name, Safetensors.Tensor.of(Tensors.floats(tensor), tensor.shape())));
        return new NetworkModel(kind, network, itemCount, tensors);
    }

    /** The weights in libtorch's memory, where they can be changed; they end with the scope around the call. */
    public Parameters weights() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> weights.put(name, Tensors.of(tensor).set_requires_grad(true)));
        return Parameters.of(weights);
    }

    @Override
    public void scores(Example after, double[] into) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Parameters weights = weights();
            int[] history = after.history()[0];
            float[] logits = Tensors.floats(
                    network.logits(weights, network.states(weights, new int[][] {history}, Optional.empty())));
            for (int i = 0; i < itemCount; i++) {
                into[i] = logits[i];
            }
        }
    }

    @Override
    public boolean finite() {
        return tensors.values().stream().allMatch(NetworkModel::finite);
    }

    private static boolean finite(Safetensors.Tensor tensor) {
        try (var _ = new PointerScope()) {
            for (float value : Tensors.floats(Tensors.of(tensor))) {
                if (!Float.isFinite(value)) {
                    return false;
                }
            }
            return true;
        }
    }
}
