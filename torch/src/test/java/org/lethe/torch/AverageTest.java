package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class AverageTest {
    @Test
    void theAverageIsThatOfItsFormula() {
        try (var _ = new PointerScope()) {
            Tensor w = torch.zeros(3).requires_grad_(true);
            Map<String, Tensor> all = new LinkedHashMap<>();
            all.put("w", w);
            all.put("frozen", torch.ones(2));
            Average average = new Average(Parameters.of(all), 0.9);
            assertEquals(1, average.tensors().size());
            double expected = 0;
            for (int step = 0; step < 200; step++) {
                w.detach().fill_(new Scalar(Math.sin(step)));
                average.add(step);
                double kept = Math.min(0.9, (1.0 + step) / (10 + step));
                expected = kept * expected + (1 - kept) * Math.sin(step);
            }
            // float32 against double: the rounding of some ten steps that matter
            assertEquals(
                    expected, Mlp.named(average.tensors(), "w").select(0, 0).item_double(), 1e-6);
        }
    }

    @Test
    void swappingTwiceChangesNothing() {
        try (var _ = new PointerScope()) {
            Tensor w = torch.ones(2).requires_grad_(true);
            Average average = new Average(Parameters.of(Map.of("w", w)), 0.5);
            w.detach().fill_(new Scalar(3));
            average.swap();
            assertArrayEquals(new float[] {1, 1}, Tensors.floats(w.detach()));
            assertThrows(IllegalArgumentException.class, () -> average.add(0));
            average.swap();
            assertArrayEquals(new float[] {3, 3}, Tensors.floats(w.detach()));
            assertArrayEquals(new float[] {1, 1}, Tensors.floats(Mlp.named(average.tensors(), "w")));
        }
    }
}
