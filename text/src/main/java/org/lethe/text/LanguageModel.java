package org.lethe.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Transformer;
import org.lethe.text.tokenizer.Tokenizer;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * A trained language model as a value: shape, tokenizer and weights in Java memory, safe for many threads. It computes once it is
 * {@linkplain #open opened} as a {@link Transformer}.
 */
public final class LanguageModel {
    private static final String KIND = "lethe-model";
    private static final String KIND_1 = "language-model-1";

    private final Architecture architecture;
    private final Tokenizer tokenizer;
    private final PromptFormat format;
    private final Map<String, float[]> weights;

    private LanguageModel(
            Architecture architecture, Tokenizer tokenizer, PromptFormat format, Map<String, float[]> weights) {
        this.architecture = architecture;
        this.tokenizer = tokenizer;
        this.format = format;
        this.weights = weights;
    }

    /**
     * The model that a transformer is now; a copy of its weights, in float32.
     *
     * @param model without an adapter, or with one that is {@linkplain Transformer#merge merged}
     */
    public static LanguageModel of(Transformer model, Tokenizer tokenizer, PromptFormat format) {
        Check.require(!model.adapted(), "adapter", "one", "none: merge it first, or its part of the weights is lost");
        Map<String, float[]> weights = new LinkedHashMap<>();
        try (var _ = new PointerScope()) {
            model.parameters()
                    .distinct()
                    .forEach((name, tensor) ->
                            weights.put(name, Tensors.floats(tensor.detach().to(ScalarType.Float))));
        }
        return of(model.architecture(), tokenizer, format, weights);
    }

    /** A model of weights by the names of {@link Architecture#shapes}, all of them, row by row; they are not copied. */
    public static LanguageModel of(
            Architecture architecture, Tokenizer tokenizer, PromptFormat format, Map<String, float[]> weights) {
        tokenizer.requireFits(architecture.vocabulary());
        Map<String, float[]> sorted = new LinkedHashMap<>();
        architecture.shapes().forEach((name, shape) -> {
            float[] values = weights.get(name);
            long size = LongStream.of(shape).reduce(1, (x, y) -> x * y);
            if (values == null || values.length != size) {
                throw new IllegalArgumentException("weights of " + name + " are "
                        + (values == null ? "absent" : values.length + " numbers") + ", expected " + size + " numbers");
            }
            sorted.put(name, values);
        });
        Check.require(weights.size() == sorted.size(), "tensors", weights.size(), String.valueOf(sorted.size()));
        return new LanguageModel(architecture, tokenizer, format, Collections.unmodifiableMap(sorted));
    }

    /** Writes the model to one safetensors file: weights, configuration, tokenizer and format of prompts. */
    public void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, String> words = new TreeMap<>(provenance);
        words.put(KIND, KIND_1);
        words.put("config", architecture.json());
        words.put("tokenizer", tokenizer.json());
        words.put(
                "begin",
                tokenizer.begin().isPresent() ? String.valueOf(tokenizer.begin().getAsInt()) : "");
        words.put("end", String.valueOf(tokenizer.end()));
        words.put("before", format.before());
        words.put("after", format.after());
        Map<String, Safetensors.Tensor> saved = new LinkedHashMap<>();
        Map<String, long[]> shapes = architecture.shapes();
        weights.forEach((name, values) -> saved.put(
                name,
                Safetensors.Tensor.of(
                        values, Optional.ofNullable(shapes.get(name)).orElseThrow())));
        Safetensors.write(file, saved, words);
    }

    /** Reads a file that {@link #save} wrote; its scores are those of the saved model to the last bit. */
    public static LanguageModel load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            if (!KIND_1.equals(word(read, file, KIND))) {
                throw wrong(file, KIND + " is \"" + word(read, file, KIND) + "\", expected \"" + KIND_1 + "\"");
            }
            Architecture shape = Architecture.parse(word(read, file, "config"), file + ": config");
            String begin = word(read, file, "begin");
            Tokenizer plain = Tokenizer.of(word(read, file, "tokenizer"));
            Tokenizer tokenizer = plain.with(
                    begin.isEmpty() ? OptionalInt.empty() : OptionalInt.of(whole(begin, "begin", file)),
                    whole(word(read, file, "end"), "end", file));
            Map<String, float[]> weights = new LinkedHashMap<>();
            Map<String, long[]> shapes = shape.shapes();
            shapes.forEach((name, size) -> {
                read.require(name, size);
                weights.put(name, read.floats(name));
            });
            for (String name : read.entries().keySet()) {
                if (!shapes.containsKey(name)) {
                    throw wrong(file, "has tensor \"" + name + "\", which is none of its configuration");
                }
            }
            PromptFormat format = new PromptFormat(word(read, file, "before"), word(read, file, "after"));
            return of(shape, tokenizer, format, weights);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, file + ": " + e.getMessage(), e);
        }
    }

    private static String word(Safetensors read, Path file, String key) {
        String word = read.metadata().get(key);
        if (word == null) {
            throw wrong(file, "has no word \"" + key + "\" in its header, expected a language model that Lethe wrote");
        }
        return word;
    }

    private static int whole(String word, String key, Path file) {
        try {
            return Integer.parseInt(word);
        } catch (NumberFormatException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": " + key + " is \"" + word + "\", expected a whole number", e);
        }
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }

    /** A transformer with these weights in the current scope; nothing in it is trained until asked. */
    public Transformer open(Device device) {
        Devices.ready(device);
        Transformer model = new Transformer(architecture, device);
        set(model);
        return model;
    }

    /** Sets the weights of a transformer of the same shape. */
    public void set(Transformer model) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            model.parameters().distinct().forEach((name, tensor) -> {
                Tensor values = Tensors.of(weights(name), tensor.shape());
                tensor.detach().copy_(values);
            });
        }
    }

    /** The shape. */
    public Architecture architecture() {
        return architecture;
    }

    /** The tokenizer. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** How prompts are written. */
    public PromptFormat format() {
        return format;
    }

    /** The names of all tensors, each once. */
    public Iterable<String> names() {
        return weights.keySet();
    }

    /** The weights of a tensor, row by row; not to be changed. */
    public float[] weights(String name) {
        float[] values = weights.get(name);
        if (values == null) {
            throw new IllegalArgumentException("the model has no tensor \"" + name + "\"");
        }
        return values;
    }

    /** Number of parameters. */
    public long size() {
        return weights.values().stream().mapToLong(w -> w.length).sum();
    }

    /** The same weights with another way to write prompts. */
    public LanguageModel with(PromptFormat other) {
        return new LanguageModel(architecture, tokenizer, other, weights);
    }

    /** The tokens of a prompt and its answer, as this model reads them. */
    public Encoded encode(String prompt, String answer) {
        return Encoded.of(tokenizer, format, prompt, answer, architecture.positions());
    }

    /** The tokens of a sample. */
    public Encoded encode(Sample sample) {
        return encode(sample.prompt(), sample.answer());
    }
}
