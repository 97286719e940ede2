package org.lethe.recsys.neural;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;

/**
 * A weight of a network.
 *
 * @param name by which it is stored and drawn
 * @param shape of the tensor
 * @param initial how it is drawn before training
 */
public record Weight(String name, List<Long> shape, Initial initial) {
    public Weight {
        shape = List.copyOf(shape);
    }

    /** The shape as libtorch takes it. */
    long[] sizes() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    /** Weights before training, all of them leaves that are trained; drawn by the key alone. */
    static Parameters initial(List<Weight> layout, Keyed key) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (Weight weight : layout) {
            Tensor tensor = torch.zeros(weight.sizes());
            weight.initial.fill(tensor, key.of(weight.name), Workers.here());
            weights.put(weight.name, tensor.set_requires_grad(true));
        }
        return Parameters.of(weights);
    }

    /** A matrix or a table, row by row. */
    static Weight of(String name, long rows, long columns, Initial initial) {
        return new Weight(name, List.of(rows, columns), initial);
    }

    /** A vector of the same value. */
    static Weight constant(String name, long size, double value) {
        return new Weight(name, List.of(size), Initial.constant(value));
    }
}
