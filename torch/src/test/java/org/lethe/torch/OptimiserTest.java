package org.lethe.torch;

import static org.bytedeco.pytorch.global.torch.cos;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;

class OptimiserTest {
    /** The golden paths follow the gradient sin(3p + t), found from their steps, at rate 0.01 with decay 0.1. */
    private static void followsTheGolden(String name, UpdateRule rule) throws IOException {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope();
                Safetensors golden = Safetensors.open(Goldens.of("primitives/optimisers.safetensors"))) {
            float[] path = golden.floats("optimiser." + name); // [6 steps, 6 parameters], the first as it starts
            Tensor p = Tensors.of(Arrays.copyOf(path, 6), 6).requires_grad_(true);
            Optimiser optimiser = new Optimiser(rule, Parameters.of(Map.of("p", p)), Optimiser.ALL);
            for (int t = 0; t < 5; t++) {
                cos(p.mul(new Scalar(3)).add(new Scalar(t)))
                        .div(new Scalar(-3))
                        .sum()
                        .backward();
                optimiser.step(1);
                optimiser.dropGradients();
                float[] expected = Arrays.copyOfRange(path, 6 * t + 6, 6 * t + 12);
                // float32 rounding of another order of the same arithmetic, a few units in the last place of numbers
                // below 2
                assertArrayEquals(expected, Tensors.floats(p.detach()), 1e-6f, name + " after step " + (t + 1));
            }
        }
    }

    @Test
    void pathsAreThoseOfTheReference() throws IOException {
        followsTheGolden("adamw", new UpdateRule.AdamW(0.01, 0.1));
        followsTheGolden("adamw_amsgrad", new UpdateRule.AdamW(0.01, 0.9, 0.999, 1e-8, 0.01, true));
        followsTheGolden("sgd_momentum", new UpdateRule.Sgd(0.01, 0.9, 0.1, false));
    }

    @Test
    void stepsAreThoseOfTheClassOfLibtorch() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Parameters ours = Mlp.parameters(16);
            Parameters theirs = Mlp.parameters(16);
            AdamWOptions options = new AdamWOptions(1e-2);
            options.weight_decay().put(0.1);
            TensorVector vector = new TensorVector(theirs.trained().values().toArray(Tensor[]::new));
            AdamW reference = new AdamW(vector, options);
            Optimiser optimiser = new Optimiser(new UpdateRule.AdamW(1e-2, 0.1), ours, Optimiser.ALL);
            for (int s = 0; s < 20; s++) {
                Keyed key = Keyed.seed(s);
                new Mlp.Task(ours, 32, 0).loss(Mlp.batch(32, key), key).backward();
                new Mlp.Task(theirs, 32, 0).loss(Mlp.batch(32, key), key).backward();
                optimiser.step(1);
                reference.step();
                optimiser.dropGradients();
                reference.zero_grad();
            }
            // the same formulas in another order: rounding of 20 steps of at most 0.01
            assertArrayEquals(Mlp.values(theirs), Mlp.values(ours), 2e-5f);
        }
    }

    @Test
    void biasesDoNotDecayWhereOnlyMatricesDo() {
        try (var _ = new PointerScope()) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            all.put("w", torch.ones(2, 2).requires_grad_(true));
            all.put("b", torch.ones(2).requires_grad_(true));
            all.put("frozen", torch.ones(2, 2));
            Parameters parameters = Parameters.of(all);
            Optimiser optimiser = new Optimiser(new UpdateRule.Sgd(0.5, 0, 0.1, false), parameters, Optimiser.MATRICES);
            Mlp.named(all, "w")
                    .sum()
                    .add(Mlp.named(all, "b").sum())
                    .mul(new Scalar(0))
                    .backward();
            optimiser.step(1);
            assertArrayEquals(
                    new float[] {0.95f, 0.95f, 0.95f, 0.95f},
                    Tensors.floats(Mlp.named(all, "w").detach()),
                    1e-7f);
            assertArrayEquals(
                    new float[] {1, 1}, Tensors.floats(Mlp.named(all, "b").detach()));
            assertArrayEquals(new float[] {1, 1, 1, 1}, Tensors.floats(Mlp.named(all, "frozen")));
        }
    }

    @Test
    void aParameterWithoutGradientStaysAndItsStateToo() {
        try (var _ = new PointerScope()) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            all.put("used", torch.ones(3).requires_grad_(true));
            all.put("unused", torch.ones(3).requires_grad_(true));
            Optimiser optimiser = new Optimiser(new UpdateRule.AdamW(0.1, 0.1), Parameters.of(all), Optimiser.ALL);
            Mlp.named(all, "used").sum().backward();
            optimiser.step(1);
            assertArrayEquals(
                    new float[] {1, 1, 1},
                    Tensors.floats(Mlp.named(all, "unused").detach()));
            Map<String, Tensor> state = optimiser.state();
            assertEquals(1, Mlp.named(state, "step.used").item_double());
            assertEquals(0, Mlp.named(state, "step.unused").item_double());
            assertEquals(6, state.size());
        }
    }

    @Test
    void clippingLimitsTheNormOfAllGradientsTogether() {
        try (var _ = new PointerScope()) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            all.put("a", torch.zeros(1).requires_grad_(true));
            all.put("b", torch.zeros(1).requires_grad_(true));
            Optimiser optimiser = new Optimiser(new UpdateRule.Sgd(1, 0, 0, false), Parameters.of(all), Optimiser.ALL);
            Mlp.named(all, "a")
                    .mul(new Scalar(3))
                    .add(Mlp.named(all, "b").mul(new Scalar(4)))
                    .sum()
                    .backward();
            assertEquals(5, optimiser.clip(1), 1e-6);
            // libtorch divides by the norm plus 1e-6
            assertEquals(0.6, Mlp.named(all, "a").grad().item_double(), 1e-6);
            assertEquals(0.8, Mlp.named(all, "b").grad().item_double(), 1e-6);
            assertEquals(1, optimiser.clip(10), 1e-6);
            assertEquals(0.6, Mlp.named(all, "a").grad().item_double(), 1e-6);
        }
    }

    @Test
    void smallFloatsAreTrainedInTheirOwnType() {
        try (var _ = new PointerScope()) {
            Tensor half = torch.ones(4).to(torch.ScalarType.BFloat16).requires_grad_(true);
            Tensor full = torch.ones(4).requires_grad_(true);
            Map<String, Tensor> all = new LinkedHashMap<>();
            all.put("half", half);
            all.put("full", full);
            Optimiser optimiser = new Optimiser(new UpdateRule.AdamW(0.25, 0), Parameters.of(all), Optimiser.ALL);
            half.sum().to(torch.ScalarType.Float).add(full.sum()).backward();
            optimiser.step(1);
            assertArrayEquals(
                    new float[] {0.75f, 0.75f, 0.75f, 0.75f},
                    Tensors.floats(half.detach().to(torch.ScalarType.Float)));
            assertEquals(torch.ScalarType.BFloat16, half.scalar_type().intern());
            assertArrayEquals(new float[] {0.75f, 0.75f, 0.75f, 0.75f}, Tensors.floats(full.detach()), 1e-6f);
        }
    }

    @Test
    void rulesRefuseRatesThatCannotBe() {
        for (double rate : List.of(0.0, -1.0, Double.NaN, Double.POSITIVE_INFINITY)) {
            assertThrows(IllegalArgumentException.class, () -> new UpdateRule.AdamW(rate, 0));
            assertThrows(IllegalArgumentException.class, () -> new UpdateRule.Sgd(rate, 0, 0, false));
        }
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> new UpdateRule.Sgd(1, 0, 0, true));
        assertEquals("nesterov is true, expected false where momentum is 0", e.getMessage());
    }
}
