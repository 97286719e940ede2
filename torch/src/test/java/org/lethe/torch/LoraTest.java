package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

class LoraTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private static List<Lora.Layer> layers(ModelFiles base, boolean inputsFirst) {
        List<Lora.Layer> layers = new ArrayList<>();
        for (String name : base.names()) {
            Tensor tensor = Tensors.of(base.file(name), name).clone();
            if (tensor.dim() == 2 && !name.contains("embed") && !name.contains("wte") && !name.contains("wpe")) {
                String module = name.substring(0, name.length() - ".weight".length());
                layers.add(new Lora.Layer(module, tensor, inputsFirst, module.equals("lm_head")));
            }
        }
        return layers;
    }

    private static Tensor linear(Lora.Layer layer, Tensor x) {
        return torch.linear(x, layer.inputsFirst() ? layer.weight().t() : layer.weight());
    }

    /** Adapters of PEFT: the merged weights it made, what a layer gives before and after merging, and its own file again. */
    private void agreesWithPeft(String name, String base, boolean inputsFirst, int adapted) throws IOException {
        Devices.ready(Device.CPU);
        Path golden = Goldens.of("lora/" + name);
        try (var _ = new PointerScope();
                ModelFiles files = ModelFiles.open(Goldens.of("llm/" + base));
                Safetensors expected = Safetensors.open(golden.resolve("golden.safetensors"));
                Safetensors theirs = Safetensors.open(golden.resolve("adapter_model.safetensors"))) {
            List<Lora.Layer> layers = layers(files, inputsFirst);
            Adapter adapter = Adapter.load(golden, layers);
            assertEquals(2 * adapted, adapter.parameters().all().size());
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            Map<String, float[]> before = new LinkedHashMap<>();
            for (Lora.Layer layer : layers) {
                Tensor x = input(layer);
                outputs.put(layer.name(), adapter.with(layer.name(), x, linear(layer, x)));
                before.put(layer.name(), Tensors.floats(layer.weight()));
            }
            adapter.merge();
            int merged = 0;
            for (Lora.Layer layer : layers) {
                String key = "merged." + layer.name() + ".weight";
                Tensor x = input(layer);
                Tensor now = adapter.with(layer.name(), x, linear(layer, x));
                // outputs are sums of up to 56 products of the rounded weights
                assertArrayEquals(
                        Tensors.floats(Mlp.named(outputs, layer.name()).detach()),
                        Tensors.floats(now),
                        2e-4f,
                        layer.name());
                if (expected.entries().containsKey(key)) {
                    assertArrayEquals(expected.floats(key), Tensors.floats(layer.weight()), 1e-6f, key);
                    assertFalse(java.util.Arrays.equals(before.get(layer.name()), Tensors.floats(layer.weight())));
                    merged++;
                } else {
                    assertArrayEquals(before.get(layer.name()), Tensors.floats(layer.weight()), key);
                }
            }
            assertEquals(adapted, merged);
            adapter.unmerge();
            for (Lora.Layer layer : layers) {
                assertArrayEquals(before.get(layer.name()), Tensors.floats(layer.weight()), 1e-6f, layer.name());
            }
            Path own = Files.createDirectories(folder.resolve(name));
            adapter.save(own, base);
            try (Safetensors ours = Safetensors.open(own.resolve("adapter_model.safetensors"))) {
                assertEquals(theirs.entries().keySet(), ours.entries().keySet());
                for (String key : theirs.entries().keySet()) {
                    assertEquals(-1, theirs.bytes(key).mismatch(ours.bytes(key)), key);
                }
            }
            assertEquals(adapter.settings(), Adapter.load(own, layers).settings());
        }
    }

    private static Tensor input(Lora.Layer layer) {
        Tensor x = torch.zeros(3, layer.inputs());
        Initial.normal(0, 1).fill(x, Keyed.seed(3).of(layer.name()), Workers.here());
        return x;
    }

    @Test
    void adaptersOfPeftMergeToItsWeights() throws IOException {
        agreesWithPeft("llama-qv", "llama", false, 4);
        agreesWithPeft("llama-all-rslora", "llama", false, 14);
        agreesWithPeft("gpt2-conv1d", "gpt2", true, 2);
    }

    @Test
    void oneStepOfTheAdapterIsThatOfTheReference() throws IOException {
        Path golden = Goldens.of("lora/llama-qv");
        try (var _ = new PointerScope();
                ModelFiles files = ModelFiles.open(Goldens.of("llm/llama"));
                Safetensors expected = Safetensors.open(golden.resolve("golden.safetensors"))) {
            Adapter adapter = Adapter.load(golden, layers(files, false));
            Parameters trained = adapter.parameters();
            Optimiser optimiser = new Optimiser(new UpdateRule.AdamW(1e-2, 0), trained, Optimiser.ALL);
            int compared = 0;
            for (Map.Entry<String, Tensor> e : trained.trained().entrySet()) {
                Tensor gradient = Tensors.of(expected, "grad." + e.getKey());
                e.getValue().mul(gradient).sum().backward(); // the gradient of the reference, by hand
            }
            optimiser.step(1);
            for (Map.Entry<String, Tensor> e : trained.trained().entrySet()) {
                float[] gradient = expected.floats("grad." + e.getKey());
                float[] after = expected.floats("adamw.1." + e.getKey());
                float[] ours = Tensors.floats(e.getValue().detach());
                for (int n = 0; n < ours.length; n++) {
                    if (Math.abs(gradient[n]) >= 1e-4) { // elsewhere a step is the sign of noise
                        assertEquals(after[n], ours[n], 2e-5f, e.getKey());
                        compared++;
                    }
                }
            }
            assertTrue(compared > 500, compared + " compared");
        }
    }

    private static List<Lora.Layer> small() {
        return List.of(
                new Lora.Layer("model.0.q_proj", torch.ones(4, 6)),
                new Lora.Layer("model.0.v_proj", torch.ones(4, 6)),
                new Lora.Layer("model.1.q_proj", torch.ones(4, 6)),
                new Lora.Layer("lm_head", torch.ones(9, 4), false, true));
    }

    private static Set<String> adapted(Lora lora) {
        Set<String> names = new java.util.TreeSet<>();
        lora.adapt(small(), Keyed.seed(1)).parameters().all().keySet().forEach(name -> {
            names.add(name.replace("base_model.model.", "").replaceAll("\\.lora_[AB]\\.weight", ""));
        });
        return names;
    }

    @Test
    void targetsAreChosenAsPeftChoosesThem() {
        try (var _ = new PointerScope()) {
            assertEquals(Set.of("model.0.q_proj", "model.1.q_proj"), adapted(new Lora(2, 4, List.of("q_proj"))));
            assertEquals(Set.of("model.0.v_proj"), adapted(new Lora(2, 4, List.of("model.0.v_proj", "proj"))));
            assertEquals(
                    Set.of("model.0.q_proj", "model.0.v_proj"),
                    adapted(new Lora(2, 4, List.of("regex:model\\.0\\.(q|v)_proj"))));
            assertEquals(
                    Set.of("model.0.q_proj", "model.0.v_proj", "model.1.q_proj"),
                    adapted(new Lora(2, 4, List.of(Lora.ALL_LINEAR))));
            assertEquals(Set.of("lm_head"), adapted(new Lora(2, 4, List.of("lm_head"))));
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> adapted(new Lora(2, 4, List.of("k_proj"))));
            assertTrue(String.valueOf(e.getMessage())
                    .startsWith("targets is [k_proj], expected at least one of [model.0.q_proj"));
        }
    }

    @Test
    void anExpressionThatNeverEndsIsStopped() {
        try (var _ = new PointerScope()) {
            List<Lora.Layer> layers = List.of(new Lora.Layer("a".repeat(60), torch.ones(2, 2)));
            Lora bomb = new Lora(1, 1, List.of("regex:(.*a){20}b"));
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> bomb.adapt(layers, Keyed.seed(1)));
            assertTrue(String.valueOf(e.getMessage()).contains("expected a simpler one"), e.getMessage());
        }
    }

    @Test
    void aFreshAdapterChangesNothingAndLearnsAtItsFirstStep() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            List<Lora.Layer> layers = small();
            Lora settings = new Lora(2, 4, true, 0.5, List.of("q_proj"), Map.of("1.q_proj", 3), Map.of());
            Adapter adapter = settings.adapt(layers, Keyed.seed(1));
            Tensor x = input(layers.get(2));
            Tensor plain = linear(layers.get(2), x);
            assertTrue(plain.equal(adapter.with("model.1.q_proj", x, plain, Keyed.seed(4))));
            assertTrue(plain.equal(adapter.with("model.0.v_proj", x, plain)));
            assertArrayEquals(
                    new long[] {3, 6},
                    adapter.parameters()
                            .tensor("base_model.model.model.1.q_proj.lora_A.weight")
                            .shape());
            Optimiser optimiser = new Optimiser(new UpdateRule.AdamW(0.1, 0), adapter.parameters(), Optimiser.ALL);
            adapter.with("model.1.q_proj", x, plain).square().sum().backward();
            optimiser.step(1);
            Tensor b = adapter.parameters().tensor("base_model.model.model.1.q_proj.lora_B.weight");
            assertTrue(b.detach().abs().min().item_double() > 0.09, "every element of B moved");
            Tensor moved = adapter.with("model.1.q_proj", x, plain);
            assertFalse(plain.equal(moved));
            assertFalse(moved.equal(adapter.with("model.1.q_proj", x, plain, Keyed.seed(4))), "dropout");
            assertTrue(adapter.with("model.1.q_proj", x, plain, Keyed.seed(4))
                    .equal(adapter.with("model.1.q_proj", x, plain, Keyed.seed(4))));
            adapter.turn(false);
            assertTrue(plain.equal(adapter.with("model.1.q_proj", x, plain)));
            adapter.turn(true);
            adapter.merge();
            assertThrows(IllegalArgumentException.class, adapter::merge);
            assertThrows(IllegalArgumentException.class, () -> adapter.turn(false));
            adapter.unmerge();
            assertThrows(IllegalArgumentException.class, adapter::unmerge);
        }
    }

    @Test
    void whatIsNotSupportedIsRefusedByItsKey() throws IOException {
        Map<String, String> wrong = Map.of(
                "\"use_dora\": true", "use_dora is true",
                "\"lora_bias\": true", "lora_bias is true",
                "\"modules_to_save\": [\"lm_head\"]", "modules_to_save",
                "\"layer_replication\": [[0,1]]", "layer_replication",
                "\"bias\": \"all\"", "bias is \"all\"",
                "\"init_lora_weights\": \"pissa\"", "changes the base weights",
                "\"some_new_thing\": 3", "some_new_thing is 3",
                "\"r\": 0", "rank is 0",
                "\"r\": \"four\"", "r is \"four\"",
                "\"peft_type\": \"IA3\"", "peft_type is \"IA3\"");
        try (var _ = new PointerScope()) {
            for (Map.Entry<String, String> e : wrong.entrySet()) {
                String key = e.getKey().substring(0, e.getKey().indexOf(':'));
                StringBuilder config = new StringBuilder("{" + e.getKey());
                Map.of(
                                "\"r\"",
                                "2",
                                "\"lora_alpha\"",
                                "2",
                                "\"peft_type\"",
                                "\"LORA\"",
                                "\"target_modules\"",
                                "[\"q_proj\"]")
                        .forEach((k, v) -> config.append(k.equals(key) ? "" : ", " + k + ": " + v));
                Files.writeString(folder.resolve("adapter_config.json"), config.append("}"));
                LetheException refused = assertThrows(LetheException.class, () -> Adapter.load(folder, small()));
                assertTrue(refused.getMessage().contains(e.getValue()), refused.getMessage());
                assertTrue(refused.getMessage().contains("adapter_config.json"), refused.getMessage());
            }
        }
    }
}
