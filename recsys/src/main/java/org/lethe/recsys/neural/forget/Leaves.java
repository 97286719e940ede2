package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.torch.Parameters;

/** The trained weights of a network, in double, as one vector in Java's memory and back: tensor after tensor, by their names. */
final class Leaves {
    private final Map<String, Tensor> tensors;
    private final Map<String, Integer> from = new LinkedHashMap<>();
    private final int size;

    Leaves(Parameters weights) {
        tensors = weights.trained();
        int at = 0;
        for (Map.Entry<String, Tensor> e : tensors.entrySet()) {
            from.put(e.getKey(), at);
            at = Math.addExact(at, Math.toIntExact(e.getValue().numel()));
        }
        size = at;
    }

    int size() {
        return size;
    }

    Set<String> names() {
        return tensors.keySet();
    }

    Tensor tensor(String name) {
        return Objects.requireNonNull(tensors.get(name));
    }

    /** The place of the first entry of a tensor. */
    int from(String name) {
        return Objects.requireNonNull(from.get(name));
    }

    /** Number of entries in a row of a table. */
    int columns(String name) {
        return (int) tensor(name).shape()[1];
    }

    TensorVector all() {
        return new TensorVector(tensors.values().toArray(Tensor[]::new));
    }

    double[] values() {
        try (var _ = new PointerScope()) {
            return joined(tensors.values().stream().map(Tensor::detach).toList());
        }
    }

    void set(double[] values) {
        try (var _ = new PointerScope()) {
            List<Tensor> parts = shaped(values);
            int n = 0;
            for (Tensor tensor : tensors.values()) {
                tensor.detach().copy_(parts.get(n++));
            }
        }
    }

    /** A vector as tensors of the shapes of the weights. */
    List<Tensor> shaped(double[] vector) {
        List<Tensor> parts = new ArrayList<>();
        Tensor whole = Tensor.create(vector, vector.length);
        tensors.forEach((name, tensor) ->
                parts.add(whole.narrow(0, from(name), tensor.numel()).view(tensor.shape())));
        return parts;
    }

    /** Gradients by all weights as a vector; 0 for a weight that takes no part. */
    double[] flat(TensorVector gradients) {
        List<Tensor> parts = new ArrayList<>();
        int n = 0;
        for (Tensor tensor : tensors.values()) {
            Tensor gradient = gradients.get(n++);
            parts.add(gradient.defined() ? gradient : torch.zeros_like(tensor.detach()));
        }
        return joined(parts);
    }

    private double[] joined(List<Tensor> parts) {
        Tensor whole = torch.cat(new TensorVector(
                        parts.stream().map(part -> part.detach().reshape(-1)).toArray(Tensor[]::new)))
                .contiguous();
        double[] values = new double[size];
        new DoublePointer(whole.data_ptr()).get(values);
        return values;
    }

    /** Which entries belong to some tensors. */
    boolean[] within(String... names) {
        boolean[] within = new boolean[size];
        for (String name : names) {
            Arrays.fill(within, from(name), from(name) + (int) tensor(name).numel(), true);
        }
        return within;
    }
}
