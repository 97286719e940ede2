package org.lethe.recsys.neural;

import java.lang.reflect.RecordComponent;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Components;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * A network with its weights, which lie in Java's memory. Scores are logits, and their softmax is its probability.
 *
 * @param kind the name of its learner
 * @param network what reads the weights
 * @param itemCount how many items it scores
 * @param tensors the weights, by name, and the settings of the network as {@code settings}
 */
public record NetworkModel(String kind, NextNetwork network, int itemCount, Map<String, Safetensors.Tensor> tensors)
        implements NextItems {
    private static final String SETTINGS = "settings";

    public NetworkModel {
        Map<String, Safetensors.Tensor> all = new LinkedHashMap<>(tensors);
        all.putIfAbsent(SETTINGS, settings(network));
        tensors = Collections.unmodifiableMap(all);
    }

    /** A copy of the weights that are in libtorch's memory now. */
    public static NetworkModel of(String kind, NextNetwork network, int itemCount, Parameters weights) {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        weights.distinct()
                .forEach((name, tensor) ->
                        tensors.put(name, Safetensors.Tensor.of(Tensors.floats(tensor), tensor.shape())));
        return new NetworkModel(kind, network, itemCount, tensors);
    }

    /**
     * A model from the tensors of a file whose names begin with a prefix.
     *
     * @param usual a network of this kind with any settings
     */
    static NetworkModel read(String kind, NextNetwork usual, Safetensors file, String prefix) {
        double[] settings = file.doubles(prefix + SETTINGS);
        NextNetwork network = (NextNetwork) made((Record) usual, settings, kind);
        int items = Math.toIntExact(
                file.require(prefix + network.scoredRows(), -1, -1).shape().getFirst());
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        for (Weight weight : network.layout(items)) {
            long[] shape = weight.shape().stream().mapToLong(Long::longValue).toArray();
            file.require(prefix + weight.name(), shape);
            tensors.put(weight.name(), Safetensors.Tensor.of(file.floats(prefix + weight.name()), shape));
        }
        return new NetworkModel(kind, network, items, tensors);
    }

    private static Safetensors.Tensor settings(NextNetwork network) {
        RecordComponent[] components = network.getClass().getRecordComponents();
        double[] values = new double[components == null ? 0 : components.length];
        for (int n = 0; n < values.length; n++) {
            values[n] = ((Number) Components.value(network, components[n])).doubleValue();
        }
        return Safetensors.Tensor.of(values, values.length);
    }

    private static Record made(Record usual, double[] settings, String kind) {
        RecordComponent[] components = usual.getClass().getRecordComponents();
        if (settings.length != components.length) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    kind + " has " + settings.length + " settings, expected " + components.length);
        }
        Object[] values = new Object[settings.length];
        for (int n = 0; n < values.length; n++) {
            values[n] = components[n].getType() == int.class ? (Object) (int) settings[n] : (Object) settings[n];
        }
        try {
            return Components.made(usual, values);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, kind + ": " + e.getMessage());
        }
    }

    /** The weights in libtorch's memory, where they can be changed; they end with the scope around the call. */
    public Parameters weights() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (!name.equals(SETTINGS)) {
                weights.put(name, Tensors.of(tensor).set_requires_grad(true));
            }
        });
        return Parameters.of(weights);
    }

    @Override
    public void scores(Example after, double[] into) {
        scores(List.of(after), new double[][] {into});
    }

    @Override
    public void scores(List<Example> after, double[][] into) {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Parameters weights = weights();
            int[][] histories =
                    after.stream().map(example -> example.history()[0]).toArray(int[][]::new);
            float[] logits = Tensors.floats(
                    network.logits(weights, network.states(weights, histories, Optional.empty())));
            for (int n = 0; n < histories.length; n++) {
                for (int i = 0; i < itemCount; i++) {
                    into[n][i] = logits[n * itemCount + i];
                }
            }
        }
    }

    /** The softmax of the scores. */
    @Override
    public double probability(double[] scores, int item) {
        double most = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            most = Math.max(most, score);
        }
        double sum = 0;
        for (double score : scores) {
            sum += Math.exp(score - most);
        }
        return Math.exp(scores[item] - most) / sum;
    }

    @Override
    public boolean finite() {
        return tensors.values().stream().allMatch(NetworkModel::finite);
    }

    private static boolean finite(Safetensors.Tensor tensor) {
        if (tensor.dtype() != Safetensors.Dtype.F32) {
            return true; // the settings, which their record has checked
        }
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
