package org.lethe.recsys.neural;

import java.lang.reflect.RecordComponent;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Components;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/** The weights of a network in Java's memory, and beside them, as {@code settings}, the components of its record. */
final class StoredWeights {
    private static final String SETTINGS = "settings";

    private StoredWeights() {}

    /** Weights with the settings of their network. */
    static Map<String, Safetensors.Tensor> with(Object network, Map<String, Safetensors.Tensor> weights) {
        Map<String, Safetensors.Tensor> all = new LinkedHashMap<>(weights);
        RecordComponent[] components = network.getClass().getRecordComponents();
        double[] values = new double[components == null ? 0 : components.length];
        for (int n = 0; n < values.length; n++) {
            values[n] = ((Number) Components.value(network, components[n])).doubleValue();
        }
        all.putIfAbsent(SETTINGS, Safetensors.Tensor.of(values, values.length));
        return Collections.unmodifiableMap(all);
    }

    /** A copy of the weights that are in libtorch's memory now. */
    static Map<String, Safetensors.Tensor> of(Parameters weights) {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        weights.distinct()
                .forEach((name, tensor) ->
                        tensors.put(name, Safetensors.Tensor.of(Tensors.floats(tensor), tensor.shape())));
        return tensors;
    }

    /** The weights in libtorch's memory, where they are trained. */
    static Parameters leaves(Map<String, Safetensors.Tensor> tensors) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (!name.equals(SETTINGS)) {
                weights.put(name, Tensors.of(tensor).set_requires_grad(true));
            }
        });
        return Parameters.of(weights);
    }

    /** The weights of a file whose names begin with a prefix; each must have its shape. */
    static Map<String, Safetensors.Tensor> read(List<Weight> layout, Safetensors file, String prefix) {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        for (Weight weight : layout) {
            file.require(prefix + weight.name(), weight.sizes());
            tensors.put(weight.name(), Safetensors.Tensor.of(file.floats(prefix + weight.name()), weight.sizes()));
        }
        return tensors;
    }

    /** How many rows a table of a file has. */
    static int rows(Safetensors file, String name) {
        return Math.toIntExact(file.require(name, -1, -1).shape().getFirst());
    }

    /**
     * The network whose settings a file holds.
     *
     * @param usual a network of this kind with any settings
     */
    static <T> T settings(T usual, Safetensors file, String prefix) {
        double[] settings = file.doubles(prefix + SETTINGS);
        RecordComponent[] components = usual.getClass().getRecordComponents();
        if (settings.length != components.length) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "tensor \"" + prefix + SETTINGS + "\" has " + settings.length + " numbers, expected "
                            + components.length);
        }
        Object[] values = new Object[settings.length];
        for (int n = 0; n < values.length; n++) {
            values[n] = components[n].getType() == int.class ? (Object) (int) settings[n] : (Object) settings[n];
        }
        try {
            return Components.made(usual, values);
        } catch (IllegalArgumentException e) {
            throw new LetheException(
                    LetheException.Code.DATA, "tensor \"" + prefix + SETTINGS + "\": " + e.getMessage(), e);
        }
    }

    /** Whether every weight is a finite number. */
    static boolean finite(Map<String, Safetensors.Tensor> tensors) {
        try (var _ = new PointerScope()) {
            for (Tensor tensor : leaves(tensors).all().values()) {
                for (float value : Tensors.floats(tensor.detach())) {
                    if (!Float.isFinite(value)) {
                        return false;
                    }
                }
            }
            return true;
        }
    }
}
