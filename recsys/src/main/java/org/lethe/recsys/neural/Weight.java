package org.lethe.recsys.neural;

import java.util.List;
import org.lethe.torch.Initial;

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

    /** A matrix or a table, row by row. */
    static Weight of(String name, long rows, long columns, Initial initial) {
        return new Weight(name, List.of(rows, columns), initial);
    }

    /** A vector of the same value. */
    static Weight constant(String name, long size, double value) {
        return new Weight(name, List.of(size), Initial.constant(value));
    }
}
