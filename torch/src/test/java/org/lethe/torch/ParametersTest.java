package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ParametersTest {
    @Test
    void aTensorWithTwoNamesCountsOnce() {
        try (var _ = new PointerScope()) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            all.put("embedding", torch.zeros(5, 2).requires_grad_(true));
            all.put("norm", torch.zeros(2).requires_grad_(true));
            all.put("head", all.values().iterator().next());
            all.put("steps", Tensors.of(new int[] {1}, 1));
            Parameters model = Parameters.of(all);
            assertEquals(13, model.size());
            assertEquals(
                    List.of("embedding", "norm", "head", "steps"),
                    List.copyOf(model.all().keySet()));
            assertEquals(
                    List.of("embedding", "norm", "steps"),
                    List.copyOf(model.distinct().keySet()));
            assertEquals(
                    List.of("embedding", "norm"), List.copyOf(model.trained().keySet()));
            assertEquals(List.of("embedding", "head"), model.namesOf("head"));
        }
    }

    @Test
    void whatIsTrainedIsChosenByName() {
        try (var _ = new PointerScope()) {
            Module net = new Module();
            net.register_module("body", new LinearImpl(2, 3));
            net.register_module("head", new LinearImpl(3, 1));
            net.register_buffer("steps", Tensors.of(new int[] {1}, 1));
            Parameters model = Parameters.of(net);
            model.train(name -> name.startsWith("head") || name.equals("steps"));
            assertEquals(
                    List.of("head.weight", "head.bias"),
                    List.copyOf(model.trained().keySet()));
            assertEquals(2, Parameters.of(net).trained().size());
        }
    }

    @Test
    void anUnknownNameIsToldTheNearest() {
        try (var _ = new PointerScope()) {
            Parameters model = Parameters.of(Map.of("layer.weight", torch.zeros(1)));
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> model.tensor("layer.wieght"));
            assertEquals("the model has no tensor \"layer.wieght\"; did you mean \"layer.weight\"?", e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> model.tensor("x".repeat(100_000)));
        }
    }
}
