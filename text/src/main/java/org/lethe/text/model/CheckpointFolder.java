package org.lethe.text.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.study.Storage;
import org.lethe.text.LanguageModel;
import org.lethe.text.PromptFormat;
import org.lethe.text.tokenizer.Tokenizer;
import org.lethe.torch.Adapter;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Parameters;

/**
 * A model in a folder as the Hugging Face libraries lay it out: {@code config.json}, weights in safetensors in one file or shards,
 * a tokenizer, and where it is there {@code generation_config.json}.
 *
 * <p>Pickled weights are refused, as they can carry code. Every tensor that the configuration asks for must be there, with its
 * shape, and no other.
 */
public final class CheckpointFolder {
    /** Files of tokenizers and of generating, which are copied as they are. */
    private static final List<String> COPIED = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "tokenizer.model",
            "chat_template.jinja",
            "generation_config.json");

    private static final long LARGEST_SHARD = 5_000_000_000L;
    private static final JsonMapper JSON = new JsonMapper();

    private final Path path;
    private final Architecture architecture;
    private final Tokenizer tokenizer;
    private final ScalarType type;

    private CheckpointFolder(Path path, Architecture architecture, Tokenizer tokenizer, ScalarType type) {
        this.path = path;
        this.architecture = architecture;
        this.tokenizer = tokenizer;
        this.type = type;
    }

    /** Opens a folder: reads configuration and tokenizer, and looks for the weights without reading them. */
    public static CheckpointFolder open(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            throw wrong(path, "is no folder, expected one with config.json, model.safetensors and tokenizer.json");
        }
        if (!Files.isRegularFile(path.resolve("config.json"))) {
            throw wrong(path, "has no config.json, expected the folder of a language model");
        }
        Architecture architecture = Architecture.read(path.resolve("config.json"));
        Tokenizer tokenizer = Tokenizer.read(path);
        try {
            tokenizer.requireFits(architecture.vocabulary());
        } catch (LetheException e) {
            throw new LetheException(LetheException.Code.DATA, path + ": " + e.getMessage(), e);
        }
        try (ModelFiles files = ModelFiles.open(path)) {
            return new CheckpointFolder(path, architecture, tokenizer, type(files));
        }
    }

    /** The type of the largest share of the weights. */
    private static ScalarType type(ModelFiles files) {
        Map<Safetensors.Dtype, Long> bytes = new LinkedHashMap<>();
        for (String name : files.names()) {
            Safetensors.Entry entry = files.file(name).require(name);
            bytes.merge(entry.dtype(), entry.end() - entry.begin(), Long::sum);
        }
        return bytes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(e -> switch (e.getKey()) {
                    case BF16 -> ScalarType.BFloat16;
                    case F16 -> ScalarType.Half;
                    default -> ScalarType.Float;
                })
                .orElse(ScalarType.Float);
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    /** The shape. */
    public Architecture architecture() {
        return architecture;
    }

    /** The tokenizer. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** The floating-point type in which the weights are stored. */
    public ScalarType type() {
        return type;
    }

    /** The model in float32, in the current scope; nothing in it is trained until asked. */
    public Transformer transformer(Device device) throws IOException {
        return transformer(device, ScalarType.Float);
    }

    /** The model, computing in a floating-point type; weights are copied once, from the file into the model. */
    public Transformer transformer(Device device, ScalarType computing) throws IOException {
        Devices.ready(device);
        try (ModelFiles files = ModelFiles.open(path)) {
            Transformer model = new Transformer(architecture, device, computing);
            files.load(model.parameters(), architecture::inner);
            requireFinite(model);
            return model;
        }
    }

    /** A model with NaN in it would answer every prompt with nothing, which looks like forgetting. */
    private void requireFinite(Transformer model) {
        model.parameters().distinct().forEach((name, tensor) -> {
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                if (!tensor.isfinite().all().item_bool()) {
                    throw wrong(path, "has a NaN or an infinite number in \"" + name + "\", expected finite numbers");
                }
            }
        });
    }

    /** The model, with an adapter that PEFT or {@link Adapter#save} wrote, not merged. */
    public Transformer transformer(Device device, ScalarType computing, Path adapter) throws IOException {
        Transformer model = transformer(device, computing);
        model.adapt(Adapter.load(adapter, model.layers()));
        return model;
    }

    /**
     * The model as a value, in float32.
     *
     * @param format of prompts, which folders do not tell
     */
    public LanguageModel model(PromptFormat format) throws IOException {
        try (var _ = new PointerScope()) {
            return LanguageModel.of(transformer(Device.CPU), tokenizer, format);
        }
    }

    /** How the folder asks texts to be generated, in the parts that it names, where it has {@code generation_config.json}. */
    public Optional<Generation> generation() throws IOException {
        Path file = path.resolve("generation_config.json");
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            JsonNode config = JSON.readTree(file.toFile());
            boolean draws = config.path("do_sample").asBoolean(false);
            return Optional.of(new Generation(
                    config.path("max_new_tokens").asInt(new Generation().newTokens()),
                    draws ? config.path("temperature").asDouble(1) : 0,
                    config.path("top_p").asDouble(1),
                    config.path("top_k").asInt(draws ? 50 : 0),
                    config.path("repetition_penalty").asDouble(1)));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + " is not proper JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Writes a model of this shape to a new folder, with this folder's configuration and tokenizer byte for byte. The folder
     * appears whole or not at all.
     *
     * @param folder not there yet, or empty
     * @param written type of the weights
     */
    public void save(Path folder, Transformer model, ScalarType written) throws IOException {
        save(folder, model, written, LARGEST_SHARD);
    }

    void save(Path folder, Transformer model, ScalarType written, long shardBytes) throws IOException {
        write(folder, model, written, shardBytes, target -> {
            for (String name : COPIED) {
                if (Files.isRegularFile(path.resolve(name))) {
                    Files.copy(path.resolve(name), target.resolve(name), StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        });
    }

    /** Refuses a folder for a result that has something in it, so that a tool can say so before any work is done. */
    public static void requireNew(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new LetheException(
                    LetheException.Code.STUDY, "--to is " + folder + ", which is a file; expected a new folder");
        }
        try (Stream<Path> there = Files.list(folder)) {
            if (there.findAny().isPresent()) {
                throw new LetheException(
                        LetheException.Code.STUDY, "--to is " + folder + ", which is not empty; expected a new folder");
            }
        }
    }

    /** Writes a model as a value to a new folder, with this folder's configuration and tokenizer byte for byte. */
    public void save(Path folder, LanguageModel model, ScalarType written) throws IOException {
        try (var _ = new PointerScope()) {
            save(folder, model.open(Device.CPU), written);
        }
    }

    /** Writes a model that came from no folder to a new one, with its tokenizer. */
    public static void saveNew(Path folder, LanguageModel model, ScalarType written) throws IOException {
        try (var _ = new PointerScope()) {
            write(
                    folder,
                    model.open(Device.CPU),
                    written,
                    LARGEST_SHARD,
                    target -> model.tokenizer().write(target));
        }
    }

    @FunctionalInterface
    private interface Part {
        void write(Path target) throws IOException;
    }

    private static void write(Path folder, Transformer model, ScalarType written, long shardBytes, Part tokenizer)
            throws IOException {
        Check.require(!model.adapted(), "adapter", "one", "none: merge it first, or its part of the weights is lost");
        requireFree(folder);
        Path whole = folder.toAbsolutePath().normalize();
        Path parent = Optional.ofNullable(whole.getParent()).orElseThrow();
        Path unfinished = parent.resolve("." + whole.getFileName() + ".part");
        try {
            Files.createDirectories(parent);
            remove(unfinished); // what a killed process left
            Files.createDirectory(unfinished);
            tokenizer.write(unfinished);
            try (var _ = new PointerScope()) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                model.parameters()
                        .distinct()
                        .forEach((name, t) -> tensors.put(name, t.detach().to(written)));
                ModelFiles.save(unfinished, Parameters.of(tensors), shardBytes, Map.of());
            }
            // last: without it a folder is no model
            Storage.write(
                    unfinished.resolve("config.json"),
                    model.architecture().json().getBytes(StandardCharsets.UTF_8));
            Files.deleteIfExists(whole);
            Files.move(unfinished, whole, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, folder + ": cannot be written: " + e.getMessage(), e);
        } finally {
            remove(unfinished);
        }
    }

    private static void requireFree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean empty = false;
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            try (Stream<Path> there = Files.list(folder)) {
                empty = there.findAny().isEmpty();
            }
        }
        if (!empty) {
            throw new LetheException(
                    LetheException.Code.STORAGE, folder + " is there already, expected a new folder or an empty one");
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static LetheException wrong(Path path, String what) {
        return new LetheException(LetheException.Code.DATA, path + " " + what);
    }
}
