package org.lethe.text;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
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

    /** The model that a transformer is now; a copy of its weights, in float32. */
    public static LanguageModel of(Transformer model, Tokenizer tokenizer, PromptFormat format) {
        Map<String, float[]> weights = new LinkedHashMap<>();
        try (var _ = new PointerScope()) {
            model.parameters()
                    .distinct()
                    .forEach((name, tensor) -> weights.put(
                            name, Tensors.floats(tensor.detach().to(org.bytedeco.pytorch.global.torch.ScalarType.Float))));
        }
        return new LanguageModel(model.architecture(), tokenizer, format, Collections.unmodifiableMap(weights));
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

    /** The tokens of a prompt and its answer, as this model reads them. */
    public Encoded encode(String prompt, String answer) {
        return Encoded.of(tokenizer, format, prompt, answer, architecture.positions());
    }

    /** The tokens of a sample. */
    public Encoded encode(Sample sample) {
        return encode(sample.prompt(), sample.answer());
    }
}
