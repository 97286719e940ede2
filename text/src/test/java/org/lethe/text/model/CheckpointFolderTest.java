package org.lethe.text.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.text.LanguageModel;
import org.lethe.text.PromptFormat;
import org.lethe.text.tokenizer.Tokenizer;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;

class CheckpointFolderTest {
    @TempDir
    Path temporary;

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static Tokenizer words(int count) {
        return Tokenizer.ofWords(
                IntStream.range(0, count).mapToObj(n -> "w" + n).toList());
    }

    private static Transformer drawn(Architecture shape) {
        Transformer model = new Transformer(shape, Device.CPU);
        model.parameters().draw(Keyed.seed(5), (_, _) -> java.util.Optional.of(Initial.normal(0, 0.3)), Workers.here());
        return model;
    }

    /** A folder with a small GPT-2 of 18 words. */
    private Path folder(String name) throws IOException {
        Path folder = temporary.resolve(name);
        try (var _ = new PointerScope()) {
            Transformer model = drawn(Architecture.gpt(20, 8, 2, 2, 16, 1));
            CheckpointFolder.saveNew(folder, LanguageModel.of(model, words(18), PromptFormat.PLAIN), ScalarType.Float);
        }
        return folder;
    }

    private static float[] logits(Transformer model) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor ids = Tensors.of(new int[] {3, 7, 11, 2, 5, 9}, 2, 3).to(ScalarType.Long);
            return Tensors.floats(
                    model.logits(ids, torch.ones_like(ids)).to(ScalarType.Float).contiguous());
        }
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> there = Files.list(folder)) {
            return there.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aSavedModelLoadsToTheSameBits() throws IOException {
        Path first = folder("first");
        CheckpointFolder opened = CheckpointFolder.open(first);
        assertEquals(ScalarType.Float, opened.type());
        try (var _ = new PointerScope()) {
            Transformer model = opened.transformer(Device.CPU);
            Path second = temporary.resolve("second");
            opened.save(second, model, ScalarType.Float, 2000);
            assertTrue(
                    files(second).contains("model.safetensors.index.json"),
                    files(second).toString());
            assertArrayEquals(
                    logits(model), logits(CheckpointFolder.open(second).transformer(Device.CPU)));
            for (String same : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
                assertEquals(-1, Files.mismatch(first.resolve(same), second.resolve(same)), same);
            }
            assertArrayEquals(
                    logits(model), logits(opened.model(PromptFormat.PLAIN).open(Device.CPU)));
            assertEquals(List.of("first", "second"), files(temporary), "nothing else is left");
        }
    }

    @Test
    void tiedEmbeddingsAreWrittenOnceUnderTheNamesOfTheList() throws IOException {
        Path folder = folder("tied");
        try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
            assertEquals(
                    new TreeMap<>(Architecture.read(folder.resolve("config.json"))
                                    .shapes())
                            .keySet(),
                    new TreeMap<>(file.entries()).keySet());
        }
    }

    @Test
    void theTypeOfTheFileIsKeptAndCanBeComputedIn() throws IOException {
        Path wide = folder("wide");
        CheckpointFolder opened = CheckpointFolder.open(wide);
        Path narrow = temporary.resolve("narrow");
        try (var _ = new PointerScope()) {
            opened.save(narrow, opened.transformer(Device.CPU), ScalarType.BFloat16);
            CheckpointFolder half = CheckpointFolder.open(narrow);
            assertEquals(ScalarType.BFloat16, half.type());
            Transformer computing = half.transformer(Device.CPU, half.type());
            assertEquals(
                    ScalarType.BFloat16,
                    computing
                            .parameters()
                            .tensor("transformer.wte.weight")
                            .scalar_type()
                            .intern());
            assertArrayEquals(logits(half.transformer(Device.CPU)), logits(computing), 0.2f);
        }
    }

    private static String message(Path folder) {
        return assertThrows(LetheException.class, () -> {
                    try (var _ = new PointerScope()) {
                        CheckpointFolder.open(folder).transformer(Device.CPU);
                    }
                })
                .getMessage();
    }

    private static void rewrite(Path folder, java.util.function.Consumer<Map<String, Safetensors.Tensor>> change)
            throws IOException {
        Path file = folder.resolve("model.safetensors");
        Map<String, Safetensors.Tensor> all = new TreeMap<>();
        try (Safetensors read = Safetensors.open(file)) {
            read.entries()
                    .forEach((name, entry) -> all.put(
                            name,
                            Safetensors.Tensor.of(
                                    read.floats(name),
                                    entry.shape().stream()
                                            .mapToLong(Long::longValue)
                                            .toArray())));
        }
        change.accept(all);
        Safetensors.write(file, all, Map.of());
    }

    @Test
    void missingSurplusAndMisshapenTensorsHaveMessagesOfTheirOwn() throws IOException {
        Path missing = folder("missing");
        rewrite(missing, all -> all.remove("transformer.h.1.attn.c_attn.bias"));
        assertTrue(
                message(missing).contains("tensor \"transformer.h.1.attn.c_attn.bias\" [24] is missing"),
                message(missing));

        Path surplus = folder("surplus");
        rewrite(surplus, all -> all.put("h.0.ln_3.weight", Safetensors.Tensor.of(new float[8], 8)));
        String said = message(surplus);
        assertTrue(said.contains("\"h.0.ln_3.weight\" is surplus") && said.contains("did you mean"), said);

        Path misshapen = folder("misshapen");
        rewrite(misshapen, all -> all.put("transformer.ln_f.bias", Safetensors.Tensor.of(new float[9], 9)));
        assertTrue(message(misshapen).contains("has shape [9], expected [8]"), message(misshapen));
    }

    @Test
    void weightsThatAreNoNumbersAreRefusedByName() throws IOException {
        for (float odd : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
            Path folder = folder("odd" + odd);
            rewrite(
                    folder,
                    all -> all.put(
                            "transformer.ln_f.bias", Safetensors.Tensor.of(new float[] {0, 0, 0, 0, 0, odd, 0, 0}, 8)));
            assertTrue(message(folder).contains("a NaN or an infinite number in \"transformer.ln_f.bias\""));
        }
    }

    @Test
    void picklesAreRefusedWithTheRemedy() throws IOException {
        Path folder = folder("pickled");
        Files.move(folder.resolve("model.safetensors"), folder.resolve("pytorch_model.bin"));
        String said = message(folder);
        assertTrue(said.contains("pytorch_model.bin") && said.contains("write the weights as safetensors"), said);
    }

    @Test
    void aWrongKindOfModelIsRefusedByName() throws IOException {
        Path folder = folder("wrong");
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"t5\"}");
        assertTrue(message(folder).contains("model_type is \"t5\", expected one of gpt2, llama"), message(folder));
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": ");
        assertTrue(message(folder).contains("not proper JSON"), message(folder));
        Files.delete(folder.resolve("config.json"));
        assertTrue(message(folder).contains("has no config.json"), message(folder));
        assertTrue(message(temporary.resolve("nowhere")).contains("is no folder"));
    }

    @Test
    void whatWouldChangeTheArithmeticIsRefused() throws IOException {
        Path folder = folder("changed");
        Path file = folder.resolve("config.json");
        JsonMapper json = new JsonMapper();
        ObjectNode plain = (ObjectNode) json.readTree(file.toFile());
        for (String field : List.of("quantization_config", "scale_attn_by_inverse_layer_idx", "add_cross_attention")) {
            json.writeValue(file.toFile(), plain.deepCopy().put(field, true));
            assertTrue(message(folder).contains(field + " is true"), message(folder));
        }
        json.writeValue(file.toFile(), plain.deepCopy().put("n_layer", 1_000_000_000));
        assertTrue(message(folder).contains("num_hidden_layers is 1000000000, expected at most"), message(folder));
        json.writeValue(file.toFile(), plain.deepCopy().put("activation_function", "tanhish"));
        assertTrue(message(folder).contains("activation_function is \"tanhish\""), message(folder));
    }

    @Test
    void aTokenizerLargerThanTheVocabularyIsRefused() throws IOException {
        Path folder = folder("large");
        words(19).write(folder);
        assertTrue(message(folder).contains("ids up to 20"), message(folder));
    }

    @Test
    void aFolderThatIsInUseIsNotOverwritten() throws IOException {
        Path folder = folder("used");
        CheckpointFolder opened = CheckpointFolder.open(folder);
        try (var _ = new PointerScope()) {
            Transformer model = opened.transformer(Device.CPU);
            String said = assertThrows(LetheException.class, () -> opened.save(folder, model, ScalarType.Float))
                    .getMessage();
            assertTrue(said.contains("is there already"), said);
            Path empty = Files.createDirectory(temporary.resolve("empty"));
            opened.save(empty, model, ScalarType.Float);
            assertArrayEquals(logits(model), logits(CheckpointFolder.open(empty).transformer(Device.CPU)));
        }
    }

    @Test
    void whereWeightsCannotBeWrittenTheFolderIsNamedAndNothingIsLeft() throws IOException {
        CheckpointFolder opened = CheckpointFolder.open(folder("source"));
        Path file = Files.writeString(temporary.resolve("file"), "");
        try (var _ = new PointerScope()) {
            Transformer model = opened.transformer(Device.CPU);
            Path below = file.resolve("to");
            String said = assertThrows(LetheException.class, () -> opened.save(below, model, ScalarType.Float))
                    .getMessage();
            assertTrue(said.startsWith(below + ": cannot be written"), said);
        }
        assertEquals(List.of("file", "source"), files(temporary));
    }

    @Test
    void whatAKilledProcessLeftIsNoModelAndInNobodysWay() throws IOException {
        Path folder = folder("whole");
        Path left = Files.createDirectory(temporary.resolve(".next.part"));
        Files.copy(folder.resolve("model.safetensors"), left.resolve("model.safetensors"));
        assertTrue(message(left).contains("has no config.json"), message(left));
        CheckpointFolder opened = CheckpointFolder.open(folder);
        try (var _ = new PointerScope()) {
            opened.save(temporary.resolve("next"), opened.transformer(Device.CPU), ScalarType.Float);
        }
        assertFalse(Files.exists(left));
    }

    @Test
    void generationIsReadFromTheFolder() throws IOException {
        Path folder = folder("generating");
        assertTrue(CheckpointFolder.open(folder).generation().isEmpty());
        Files.writeString(
                folder.resolve("generation_config.json"),
                "{\"do_sample\": true, \"temperature\": 0.7, \"top_p\": 0.9, \"top_k\": 5}");
        assertEquals(
                new Generation(64, 0.7, 0.9, 5, 1),
                CheckpointFolder.open(folder).generation().orElseThrow());
    }

    @Test
    void storiesOfARealTinyLlamaAreThoseOfItsReference() throws IOException {
        Path data = Goldens.data("llm/stories260k");
        Path folder = temporary.resolve("stories");
        Stories.convert(data, folder);
        CheckpointFolder opened = CheckpointFolder.open(folder);
        Tokenizer tokenizer = opened.tokenizer().with(OptionalInt.of(1), 2);
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Transformer model = opened.transformer(Device.CPU);
            assertEquals(260_032, model.parameters().size());
            JsonNode sentences = new JsonMapper()
                    .readTree(data.resolve("reference_logprobs.json").toFile());
            double worst = 0;
            for (JsonNode sentence : sentences) {
                int[] ids = IntStream.range(0, sentence.path("ids").size())
                        .map(n -> sentence.path("ids").get(n).asInt())
                        .toArray();
                int[] own = tokenizer.encode(sentence.path("text").asText());
                assertArrayEquals(
                        java.util.Arrays.copyOfRange(ids, 1, ids.length),
                        own,
                        sentence.path("text").asText());
                Tensor tokens = Tensors.of(ids, 1, ids.length).to(ScalarType.Long);
                Tensor all = torch.log_softmax(model.logits(tokens, torch.ones_like(tokens)), 2)
                        .narrow(1, 0, ids.length - 1)
                        .gather(2, tokens.narrow(1, 1, ids.length - 1).unsqueeze(2));
                float[] found = Tensors.floats(all.contiguous());
                for (int n = 0; n < found.length; n++) {
                    double expected = sentence.path("token_logprobs").get(n).asDouble();
                    worst = Math.max(worst, Math.abs(expected - found[n]));
                }
            }
            System.out.println(sentences.size() + " sentences, largest difference of log p " + worst);
            assertEquals(0, worst, 1e-4);
            int[] told = Generation.greedy(200)
                    .of(model, List.of(new int[] {1}), 2, Keyed.seed(0), Progress.NONE)
                    .getFirst();
            String text = tokenizer.decode(told).strip();
            assertTrue(
                    text.startsWith("Once upon a time, there was a little girl named Lily. She loved to play outside in"
                            + " the park. One day, she saw a big, red ball. She wanted to play with it, but it was too"
                            + " high."),
                    text);
            assertEquals(200, told.length);
            assertTrue(text.endsWith("Lily didn't want to help her mom, so she"), text);
        }
    }
}
