package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class RecomputedTest {
    private static final int WIDTH = 16;

    private int passes;

    /** Blocks in a row, of which the last one reads the first one's output too, as the skips of a UNet do. */
    private Tensor network(Tensor x, Tensor weights) {
        return Tensors.within(() -> inside(x, weights));
    }

    private Tensor inside(Tensor x, Tensor weights) {
        Tensor start = x.mul(x);
        Tensor shift = torch.ones_like(x); // ends with the scope around
        Tensor first = Recomputed.of(start, t -> block(t.add(shift), weights), shift);
        Tensor second = Recomputed.of(first.add(start), t -> block(t, weights));
        Tensor unused = Recomputed.of(second, t -> block(t, weights));
        assertFalse(unused.equals(second));
        Tensor both = torch.cat(new TensorVector(first, second), 0);
        return Recomputed.of(both, t -> block(t, weights)).sum();
    }

    private Tensor block(Tensor x, Tensor weights) {
        passes++;
        return Tensors.within(() -> torch.tanh(x.matmul(weights)).add(x));
    }

    @Test
    void theDerivativeIsThatOfKeptActivations() {
        try (var _ = new PointerScope()) {
            Tensor weights = Tensors.of(Initial.XAVIER_UNIFORM.of(Keyed.seed(1), WIDTH, WIDTH), WIDTH, WIDTH);
            Tensor x = Tensors.of(Initial.XAVIER_UNIFORM.of(Keyed.seed(2), 3, WIDTH), 3, WIDTH)
                    .requires_grad_(true);
            Tensor kept = torch.grad(new TensorVector(network(x, weights)), new TensorVector(x))
                    .get(0);
            assertEquals(4, passes);
            Tensor again = Recomputed.derivative(() -> network(x, weights), x);
            assertEquals(4 + 4 + 3, passes); // the unused block is not passed a second time
            assertArrayEquals(Tensors.floats(kept), Tensors.floats(again), 1e-5f);
            assertFalse(x.grad().defined());
            assertFalse(weights.grad().defined());
        }
    }

    @Test
    void weightsThatWouldBeTrainedGetNoGradient() {
        try (var _ = new PointerScope()) {
            Tensor weights = Tensors.of(Initial.XAVIER_UNIFORM.of(Keyed.seed(1), WIDTH, WIDTH), WIDTH, WIDTH)
                    .requires_grad_(true);
            Tensor x = Tensors.of(Initial.XAVIER_UNIFORM.of(Keyed.seed(2), 3, WIDTH), 3, WIDTH)
                    .requires_grad_(true);
            Recomputed.derivative(() -> network(x, weights).add(weights.sum()), x);
            assertFalse(weights.grad().defined());
        }
    }
}
