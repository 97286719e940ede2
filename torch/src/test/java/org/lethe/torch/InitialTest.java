package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

class InitialTest {
    /** Mean and variance of 150,000 draws; bounds are six standard errors, of kurtosis at most 3. */
    private static void hasMoments(Initial initial, double mean, double variance) {
        float[] values = initial.of(Keyed.seed(4), 300, 500);
        double sum = 0;
        double squares = 0;
        for (float v : values) {
            sum += v;
            squares += (v - mean) * (v - mean);
        }
        assertEquals(mean, sum / values.length, 6 * Math.sqrt(variance / values.length) + 1e-12, initial.toString());
        assertEquals(
                variance, squares / values.length, 6 * variance * Math.sqrt(2.0 / values.length), initial.toString());
    }

    @Test
    void drawsHaveTheMomentsTheyPromise() {
        hasMoments(Initial.normal(0.5, 0.02), 0.5, 0.0004);
        hasMoments(Initial.uniform(-1, 3), 1, 16 / 12.0);
        hasMoments(Initial.xavierNormal(1), 0, 2.0 / 800);
        hasMoments(Initial.xavierUniform(2), 0, 8.0 / 800);
        hasMoments(Initial.kaimingNormal(Math.sqrt(2)), 0, 2.0 / 500);
        hasMoments(Initial.kaimingUniform(1), 0, 1.0 / 500);
        // a normal cut at 2: 1 - 2 * 2 φ(2) / (2 Φ(2) - 1)
        hasMoments(Initial.truncatedNormal(1, 2), 0, 0.7737413035499232);
        for (float v : Initial.truncatedNormal(0.02, 2).of(Keyed.seed(9), 100, 100)) {
            assertTrue(Math.abs(v) <= 0.04f);
        }
    }

    @Test
    void bitsDependOnNameAndPlaceAlone() {
        try (var _ = new PointerScope();
                Workers three = Workers.threads(3)) {
            Map<String, Tensor> one = new LinkedHashMap<>();
            one.put("a", torch.zeros(300, 200));
            one.put("b", torch.zeros(7));
            Map<String, Tensor> other = new LinkedHashMap<>();
            other.put("b", torch.zeros(7));
            other.put("c", torch.zeros(2, 2));
            other.put("a", torch.zeros(300, 200));
            Initial normal = Initial.normal(0, 1);
            Parameters.of(one).draw(Keyed.seed(5), (name, tensor) -> Optional.of(normal), Workers.here());
            Parameters.of(other).draw(Keyed.seed(5), (name, tensor) -> Optional.of(normal), three);
            for (String name : List.of("a", "b")) {
                assertArrayEquals(Tensors.floats(Mlp.named(one, name)), Tensors.floats(Mlp.named(other, name)), name);
            }
            assertArrayEquals(normal.of(Keyed.seed(5).of("a"), 300, 200), Tensors.floats(Mlp.named(one, "a")));
        }
    }

    @Test
    void uniformValuesAreThoseOfTheirFormula() {
        Keyed key = Keyed.seed(8);
        float[] xavier = Initial.XAVIER_UNIFORM.of(key, 3, 5);
        float[] kaiming = Initial.KAIMING_UNIFORM.of(key, 3, 5);
        for (int n = 0; n < 15; n++) {
            assertEquals((float) (Math.sqrt(6.0 / 8) * (2 * Keyed.unit(key.at(n)) - 1)), xavier[n]);
            assertEquals((float) (Math.sqrt(3.0 / 5) * (2 * Keyed.unit(key.at(n)) - 1)), kaiming[n]);
        }
    }

    @Test
    void convolutionsCountTheirFieldAndOtherTypesAreRounded() {
        try (var _ = new PointerScope()) {
            Tensor kernel = torch.zeros(64, 32, 3, 3);
            Initial.KAIMING_UNIFORM.fill(kernel, Keyed.seed(1), Workers.here());
            double bound = Math.sqrt(3.0 / (32 * 9));
            double largest = kernel.abs().max().item_double();
            assertTrue(largest <= bound && largest > 0.999 * bound, largest + " of " + bound);
            Tensor half = torch.zeros(64, 32, 3, 3).to(torch.ScalarType.BFloat16);
            Initial.KAIMING_UNIFORM.fill(half, Keyed.seed(1), Workers.here());
            assertTrue(kernel.to(torch.ScalarType.BFloat16).equal(half));
            // a transposed tensor gets the same values by place
            Tensor turned = torch.zeros(5, 3).t();
            Initial.XAVIER_UNIFORM.fill(turned, Keyed.seed(2), Workers.here());
            assertArrayEquals(Initial.XAVIER_UNIFORM.of(Keyed.seed(2), 3, 5), Tensors.floats(turned));
        }
    }

    @Test
    void whatCannotBeDrawnIsRefused() {
        try (var _ = new PointerScope()) {
            Tensor bias = torch.zeros(3);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Initial.XAVIER_UNIFORM.fill(bias, Keyed.seed(1), Workers.here()));
            Tensor whole = Tensors.of(new int[4], 2, 2);
            assertThrows(IllegalArgumentException.class, () -> Initial.ZERO.fill(whole, Keyed.seed(1), Workers.here()));
        }
    }
}
