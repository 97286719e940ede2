package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;
import org.lethe.Safetensors;

class ModelFilesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private static Map<String, Tensor> tensors(String... names) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        float next = 1;
        for (String name : names) {
            all.put(name, Tensors.of(new float[] {next++, next++, next++, next++, next++, next++}, 2, 3));
        }
        return all;
    }

    private static Map<String, Tensor> zeros(String... names) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (String name : names) {
            all.put(name, torch.zeros(2, 3));
        }
        return all;
    }

    private static void load(Path path, Map<String, Tensor> into) throws IOException {
        try (ModelFiles files = ModelFiles.open(path)) {
            files.load(Parameters.of(into));
        }
    }

    private String refusal(Path path, Map<String, Tensor> into) {
        return assertThrows(LetheException.class, () -> load(path, into)).getMessage();
    }

    @Test
    void aModuleComesBackBitForBit() throws IOException {
        try (var _ = new PointerScope()) {
            Module net = new Module();
            LinearImpl inner = net.register_module("inner", new LinearImpl(3, 2));
            net.register_parameter("tied", inner.weight());
            net.register_buffer("count", Tensors.of(new int[] {7}, 1));
            Parameters model = Parameters.of(net);
            assertEquals(
                    List.of("tied", "inner.weight", "inner.bias", "count"),
                    List.copyOf(model.all().keySet()));
            assertEquals(
                    List.of("tied", "inner.bias"), List.copyOf(model.trained().keySet()));
            assertEquals(6 + 2 + 1, model.size());
            float[] weight = Tensors.floats(inner.weight().detach());
            ModelFiles.save(folder, model, 1 << 20, Map.of("made-by", "a test"));
            inner.weight().detach().fill_(new org.bytedeco.pytorch.Scalar(0));
            try (ModelFiles files = ModelFiles.open(folder)) {
                assertEquals(3, files.names().size()); // the tied tensor is stored once
                assertEquals(
                        Map.of("made-by", "a test", "format", "pt"),
                        files.file("tied").metadata());
                files.load(model);
            }
            assertArrayEquals(weight, Tensors.floats(inner.weight().detach()));
        }
    }

    @Test
    void aTiedTensorIsTakenUnderAnyOfItsNames() throws IOException {
        try (var _ = new PointerScope()) {
            Path file = folder.resolve("model.safetensors");
            Map<String, Tensor> one = zeros("embedding");
            one.put("head", Mlp.named(one, "embedding"));
            for (List<String> names : List.of(List.of("embedding"), List.of("head"), List.of("embedding", "head"))) {
                Map<String, Tensor> written = new LinkedHashMap<>();
                names.forEach(n -> written.put(n, Mlp.named(tensors("any"), "any")));
                ModelFiles.write(file, Parameters.of(written), Map.of());
                Mlp.named(one, "head").detach().zero_();
                load(file, one);
                assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, Tensors.floats(Mlp.named(one, "embedding")));
            }
            ModelFiles.write(file, Parameters.of(tensors("embedding", "head")), Map.of());
            assertTrue(refusal(file, one).contains("differ, but are one tensor of the model"));
        }
    }

    @Test
    void missingSurplusAndMisshapenTensorsAreNamed() throws IOException {
        try (var _ = new PointerScope()) {
            Path file = folder.resolve("model.safetensors");
            ModelFiles.write(file, Parameters.of(tensors("layer.0.weight", "layer.1.weight")), Map.of());
            Map<String, Tensor> more = zeros("layer.0.weight", "layer.1.weight", "layer.2.weight");
            assertEquals(
                    file + ": tensor \"layer.2.weight\" [2, 3] is missing; did you mean \"layer.0.weight\"?",
                    refusal(file, more));
            assertArrayEquals(new float[6], Tensors.floats(Mlp.named(more, "layer.0.weight")), "nothing is copied");
            assertEquals(
                    file + ": tensor \"layer.1.weight\" is surplus: the model has no \"layer.1.weight\";"
                            + " did you mean \"layer.0.weight\"?",
                    refusal(file, zeros("layer.0.weight")));
            Map<String, Tensor> turned = zeros("layer.0.weight");
            turned.put("layer.1.weight", torch.zeros(3, 2));
            assertEquals(
                    file + ": tensor \"layer.1.weight\" has shape [2, 3], expected [3, 2] as \"layer.1.weight\" of the"
                            + " model",
                    refusal(file, turned));
            Map<String, Tensor> whole = zeros("layer.0.weight");
            whole.put("layer.1.weight", Tensors.of(new int[6], 2, 3));
            assertTrue(refusal(file, whole).contains("is F32, expected I32"));
            String[] many =
                    Stream.iterate(0, n -> n + 1).limit(20).map(n -> "far" + n).toArray(String[]::new);
            assertTrue(refusal(file, zeros(many)).endsWith(": and 14 more"), "22 mistakes, eight told");
        }
    }

    @Test
    void namesAreChangedByAFunctionThatMayLeaveSomeOut() throws IOException {
        try (var _ = new PointerScope()) {
            Path file = folder.resolve("model.safetensors");
            ModelFiles.write(file, Parameters.of(tensors("transformer.a", "transformer.mask", "b")), Map.of());
            Map<String, Tensor> model = zeros("a", "b");
            try (ModelFiles files = ModelFiles.open(file)) {
                files.load(
                        Parameters.of(model),
                        name -> name.endsWith("mask")
                                ? Optional.empty()
                                : Optional.of(name.replaceFirst("^transformer\\.", "")));
                assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, Tensors.floats(Mlp.named(model, "a")));
                assertArrayEquals(new float[] {13, 14, 15, 16, 17, 18}, Tensors.floats(Mlp.named(model, "b")));
                LetheException e = assertThrows(
                        LetheException.class, () -> files.load(Parameters.of(model), name -> Optional.of("a")));
                assertTrue(e.getMessage().contains("are both \"a\" of the model"), e.getMessage());
            }
        }
    }

    @Test
    void floatingPointTypesAreConvertedAndTheOthersKept() throws IOException {
        try (var _ = new PointerScope()) {
            Path file = folder.resolve("model.safetensors");
            for (ScalarType type : List.of(ScalarType.Double, ScalarType.Float, ScalarType.Half, ScalarType.BFloat16)) {
                Map<String, Tensor> written = tensors("x");
                written.put(
                        "x",
                        Mlp.named(written, "x")
                                .div(new org.bytedeco.pytorch.Scalar(3))
                                .to(type));
                ModelFiles.write(file, Parameters.of(written), Map.of());
                Map<String, Tensor> same = Map.of("x", torch.zeros(2, 3).to(type));
                load(file, same);
                assertTrue(Mlp.named(written, "x").equal(Mlp.named(same, "x")));
                Map<String, Tensor> floats = zeros("x");
                load(file, floats);
                assertTrue(Mlp.named(written, "x").to(ScalarType.Float).equal(Mlp.named(floats, "x")));
            }
            for (ScalarType type : List.of(
                    ScalarType.Long,
                    ScalarType.Int,
                    ScalarType.Short,
                    ScalarType.Char,
                    ScalarType.Byte,
                    ScalarType.Bool)) {
                Map<String, Tensor> written =
                        Map.of("x", Mlp.named(tensors("x"), "x").to(type));
                ModelFiles.write(file, Parameters.of(written), Map.of());
                Map<String, Tensor> same = Map.of("x", torch.zeros(2, 3).to(type));
                load(file, same);
                assertTrue(Mlp.named(written, "x").equal(Mlp.named(same, "x")), type.toString());
            }
        }
    }

    @Test
    void aModelIsCutIntoShardsThatHoldNoMoreThanAsked() throws IOException {
        try (var _ = new PointerScope()) {
            ModelFiles.save(folder, Parameters.of(tensors("a", "b", "c", "d", "e")), 50, Map.of());
            assertTrue(Files.exists(folder.resolve("model-00003-of-00003.safetensors")));
            assertFalse(Files.exists(folder.resolve("model.safetensors")));
            Map<String, Tensor> model = zeros("e", "d", "c", "b", "a");
            load(folder, model);
            tensors("a", "b", "c", "d", "e")
                    .forEach((name, tensor) -> assertTrue(tensor.equal(Mlp.named(model, name)), name));
            LetheException e = assertThrows(
                    LetheException.class, () -> ModelFiles.save(folder, Parameters.of(tensors("a")), 50, Map.of()));
            assertTrue(e.getMessage().contains("already has model.safetensors.index.json"), e.getMessage());
            try (Stream<Path> left = Files.list(folder)) {
                assertEquals(4, left.count());
            }
        }
    }

    @Test
    void theShardsOfTheReferenceAreTheModelThatIsWhole() throws IOException {
        try (var _ = new PointerScope();
                ModelFiles whole = ModelFiles.open(Goldens.of("llm/llama"));
                ModelFiles parts = ModelFiles.open(Goldens.of("llm/llama-sharded"))) {
            assertEquals(java.util.Set.copyOf(whole.names()), java.util.Set.copyOf(parts.names()));
            Map<String, Tensor> model = new LinkedHashMap<>();
            whole.names().forEach(name -> model.put(name, torch.zeros_like(Tensors.of(whole.file(name), name))));
            parts.load(Parameters.of(model));
            whole.names()
                    .forEach(name ->
                            assertTrue(Tensors.of(whole.file(name), name).equal(Mlp.named(model, name)), name));
        }
    }

    @Test
    void anIndexThatLiesIsRefused() throws IOException {
        try (var _ = new PointerScope()) {
            ModelFiles.write(folder.resolve("one.safetensors"), Parameters.of(tensors("a", "b")), Map.of());
            ModelFiles.write(folder.resolve("two.safetensors"), Parameters.of(tensors("c")), Map.of());
        }
        Map<String, String> lies = Map.of(
                "{\"a\":\"one.safetensors\",\"b\":\"one.safetensors\",\"d\":\"two.safetensors\"}", "does not name",
                "{\"a\":\"one.safetensors\",\"c\":\"two.safetensors\"}", "does not name",
                "{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"two.safetensors\"}",
                        "places in two.safetensors",
                "{\"a\":\"one.safetensors\",\"b\":\"one.safetensors\",\"c\":\"one.safetensors\"}", "which has it not",
                "{\"a\":\"../one.safetensors\"}", "the plain name of a .safetensors file",
                "{\"a\":\"/etc/one.safetensors\"}", "the plain name of a .safetensors file",
                "{\"a\":\"one.bin\"}", "the plain name of a .safetensors file",
                "{\"a\":\"three.safetensors\"}", "which is not there",
                "{\"a\":\"one.safetensors\",\"a\":\"two.safetensors\"}", "not proper JSON",
                "{}", "has no weight_map");
        for (Map.Entry<String, String> lie : lies.entrySet()) {
            Path index = folder.resolve("model.safetensors.index.json");
            Files.writeString(index, "{\"weight_map\":" + lie.getKey() + "}");
            LetheException e = assertThrows(LetheException.class, () -> ModelFiles.open(folder), lie.getKey());
            assertTrue(e.getMessage().contains(lie.getValue()), e.getMessage());
        }
    }

    @Test
    void aFolderOfPicklesIsToldToCarryCode() throws IOException {
        Files.writeString(folder.resolve("pytorch_model.bin"), "no matter");
        LetheException e = assertThrows(LetheException.class, () -> ModelFiles.open(folder));
        assertTrue(e.getMessage().contains("pytorch_model.bin; pickles can carry code"), e.getMessage());
    }

    @Test
    void aFailedWriteLeavesTheFileBefore() throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (var _ = new PointerScope()) {
            ModelFiles.write(file, Parameters.of(tensors("a")), Map.of());
            byte[] before = Files.readAllBytes(file);
            Map<String, Tensor> bad = tensors("a");
            bad.put("__metadata__", Mlp.named(bad, "a").clone());
            assertThrows(IllegalArgumentException.class, () -> ModelFiles.write(file, Parameters.of(bad), Map.of()));
            assertArrayEquals(before, Files.readAllBytes(file));
            try (Safetensors read = Safetensors.open(file)) {
                assertEquals(1, read.entries().size());
            }
        }
    }
}
