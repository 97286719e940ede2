package org.lethe.text.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.lethe.Check;

/**
 * The shape of a decoder-only transformer, as its {@code config.json} says.
 *
 * <p>Both generations of the file are read, before and since version 5 of the Hugging Face library. A field that would change
 * the arithmetic in a way that is not supported here is refused, never ignored.
 *
 * @param family the kind, which decides names, norms and the order of a block
 * @param vocabulary number of token ids
 * @param dims width of the residual stream
 * @param layers number of blocks
 * @param heads query heads
 * @param groups key and value heads, which query heads share
 * @param headDims width of a head
 * @param hidden width inside the feed-forward part
 * @param positions longest text
 * @param epsilon of the norms
 * @param activation of the feed-forward part
 * @param rotary rotation of queries and keys; of no use where positions are learned
 * @param window how many tokens back a token sees, itself included; 0 for all
 * @param tied whether the output head is the embedding
 * @param attentionBias whether the projections of attention have biases, where the family leaves it open
 * @param mlpBias whether the feed-forward part has biases, where the family leaves it open
 * @param headNorm whether queries and keys are normalised per head
 * @param parallel whether attention and feed-forward part read the same input
 * @param json the text of the configuration, which is written back unchanged
 */
public record Architecture(
        Family family,
        int vocabulary,
        int dims,
        int layers,
        int heads,
        int groups,
        int headDims,
        int hidden,
        int positions,
        double epsilon,
        Activation activation,
        Rotary rotary,
        int window,
        boolean tied,
        boolean attentionBias,
        boolean mlpBias,
        boolean headNorm,
        boolean parallel,
        String json) {

    /** The kinds of models. */
    public enum Family {
        GPT2,
        LLAMA,
        MISTRAL,
        QWEN2,
        QWEN3,
        PHI,
        GPT_NEOX;

        /** As in the field {@code model_type}. */
        public String type() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether norms divide by the root mean square alone, without a mean and a bias. */
        boolean rootMeanSquare() {
            return switch (this) {
                case LLAMA, MISTRAL, QWEN2, QWEN3 -> true;
                case GPT2, PHI, GPT_NEOX -> false;
            };
        }
    }

    /** Activations of the feed-forward part. */
    public enum Activation {
        SILU,
        /** With the error function. */
        GELU,
        /** With the hyperbolic tangent. */
        GELU_TANH
    }

    /**
     * How far queries and keys are rotated.
     *
     * @param base of the wavelengths
     * @param dims how many entries of a head are rotated
     * @param frequencies of each pair of entries, scaled as the configuration asks
     */
    public record Rotary(double base, int dims, List<Double> frequencies) {
        public Rotary {
            frequencies = List.copyOf(frequencies);
        }
    }

    private static final int MOST_LAYERS = 10_000; // a list of names that fits the memory, whatever a file says

    public Architecture {
        atLeastOne("vocab_size", vocabulary);
        atLeastOne("hidden_size", dims);
        atLeastOne("num_hidden_layers", layers);
        Check.require(layers <= MOST_LAYERS, "num_hidden_layers", layers, "at most " + MOST_LAYERS);
        atLeastOne("num_attention_heads", heads);
        atLeastOne("num_key_value_heads", groups);
        atLeastOne("head_dim", headDims);
        atLeastOne("intermediate_size", hidden);
        atLeastOne("max_position_embeddings", positions);
        Check.require(heads % groups == 0, "num_key_value_heads", groups, "a divisor of the " + heads + " heads");
        Check.require(epsilon >= 0 && epsilon < 1, "epsilon of norms", epsilon, "0 or more, below 1");
        Check.require(window >= 0, "sliding_window", window, "at least 0");
        Check.require(rotary.dims() % 2 == 0, "rotated entries of a head", rotary.dims(), "an even number");
        Check.require(rotary.dims() <= headDims, "rotated entries of a head", rotary.dims(), "at most " + headDims);
    }

    private static void atLeastOne(String name, int value) {
        Check.require(value >= 1, name, value, "at least 1");
    }

    /** A small GPT-2 without dropout: learned positions, norms before each part, a tied head. */
    public static Architecture gpt(int vocabulary, int dims, int layers, int heads, int positions, int end) {
        return ArchitectureFile.gpt(vocabulary, dims, layers, heads, positions, end);
    }

    /** Reads a {@code config.json}. */
    public static Architecture read(Path file) throws IOException {
        return ArchitectureFile.read(file);
    }

    /**
     * The shape that the text of a configuration describes.
     *
     * @param where for messages
     */
    public static Architecture parse(String json, String where) {
        return ArchitectureFile.parse(json, where);
    }

    /** The names of all tensors in the ecosystem's files, with their shapes, in the order of the computation; a tied head is none. */
    public Map<String, long[]> shapes() {
        Map<String, long[]> all = new LinkedHashMap<>();
        String stem = stem();
        all.put(stem + embedding(), new long[] {vocabulary, dims});
        if (family == Family.GPT2) {
            all.put(stem + "wpe.weight", new long[] {positions, dims});
        }
        for (int l = 0; l < layers; l++) {
            block(stem + (family == Family.GPT2 ? "h." : "layers.") + l + ".", all);
        }
        norm(stem + lastNorm(), dims, all);
        if (!tied) {
            linear(head(), dims, vocabulary, family == Family.PHI, all);
        }
        return all;
    }

    /**
     * The name of a tensor here, of one in a file: files come with and without the stem, under older names of the head, and with
     * buffers that can be computed, which are nothing here.
     */
    public Optional<String> inner(String name) {
        if (name.endsWith(".rotary_emb.inv_freq") || name.endsWith(".masked_bias")) {
            return Optional.empty();
        }
        return switch (family) {
            case GPT2 ->
                name.matches("(transformer\\.)?h\\.\\d+\\.attn\\.bias") // the causal mask
                        ? Optional.empty()
                        : Optional.of(name.startsWith(stem()) || name.startsWith(head()) ? name : stem() + name);
            case GPT_NEOX ->
                name.endsWith(".attention.bias")
                        ? Optional.empty()
                        : Optional.of(name.equals("lm_head.weight") ? "embed_out.weight" : name);
            case LLAMA, MISTRAL, QWEN2, QWEN3, PHI -> Optional.of(name);
        };
    }

    /** Number of parameters, each counted once. */
    public long size() {
        return shapes().values().stream()
                .mapToLong(s -> LongStream.of(s).reduce(1, (a, b) -> a * b))
                .sum();
    }

    private void block(String stem, Map<String, long[]> all) {
        int query = heads * headDims;
        int wide = groups * headDims;
        switch (family) {
            case GPT2 -> {
                norm(stem + "ln_1", dims, all);
                linear(stem + "attn.c_attn", 3 * dims, dims, all); // inputs first
                linear(stem + "attn.c_proj", dims, dims, all);
                norm(stem + "ln_2", dims, all);
                linear(stem + "mlp.c_fc", hidden, dims, all);
                linear(stem + "mlp.c_proj", dims, hidden, all);
            }
            case GPT_NEOX -> {
                norm(stem + "input_layernorm", dims, all);
                norm(stem + "post_attention_layernorm", dims, all);
                linear(stem + "attention.query_key_value", dims, 3 * dims, true, all);
                linear(stem + "attention.dense", dims, dims, true, all);
                linear(stem + "mlp.dense_h_to_4h", dims, hidden, true, all);
                linear(stem + "mlp.dense_4h_to_h", hidden, dims, true, all);
            }
            case PHI -> {
                norm(stem + "input_layernorm", dims, all);
                linear(stem + "self_attn.q_proj", dims, query, true, all);
                linear(stem + "self_attn.k_proj", dims, wide, true, all);
                linear(stem + "self_attn.v_proj", dims, wide, true, all);
                if (headNorm) {
                    norm(stem + "self_attn.q_layernorm", headDims, all);
                    norm(stem + "self_attn.k_layernorm", headDims, all);
                }
                linear(stem + "self_attn.dense", query, dims, true, all);
                linear(stem + "mlp.fc1", dims, hidden, true, all);
                linear(stem + "mlp.fc2", hidden, dims, true, all);
            }
            case LLAMA, MISTRAL, QWEN2, QWEN3 -> {
                norm(stem + "input_layernorm", dims, all);
                linear(stem + "self_attn.q_proj", dims, query, attentionBias, all);
                linear(stem + "self_attn.k_proj", dims, wide, attentionBias, all);
                linear(stem + "self_attn.v_proj", dims, wide, attentionBias, all);
                if (headNorm) {
                    norm(stem + "self_attn.q_norm", headDims, all);
                    norm(stem + "self_attn.k_norm", headDims, all);
                }
                linear(stem + "self_attn.o_proj", query, dims, attentionBias && family != Family.QWEN2, all);
                norm(stem + "post_attention_layernorm", dims, all);
                linear(stem + "mlp.gate_proj", dims, hidden, mlpBias, all);
                linear(stem + "mlp.up_proj", dims, hidden, mlpBias, all);
                linear(stem + "mlp.down_proj", hidden, dims, mlpBias, all);
            }
        }
    }

    private void norm(String name, int width, Map<String, long[]> all) {
        all.put(name + ".weight", new long[] {width});
        if (!family.rootMeanSquare()) {
            all.put(name + ".bias", new long[] {width});
        }
    }

    private static void linear(String name, int inputs, int outputs, boolean bias, Map<String, long[]> all) {
        all.put(name + ".weight", new long[] {outputs, inputs});
        if (bias) {
            all.put(name + ".bias", new long[] {outputs});
        }
    }

    /** A map of GPT-2, which stores {@code [inputs, outputs]}. */
    private static void linear(String name, int outputs, int inputs, Map<String, long[]> all) {
        all.put(name + ".weight", new long[] {inputs, outputs});
        all.put(name + ".bias", new long[] {outputs});
    }

    /** What the names of all tensors but the head's begin with. */
    String stem() {
        return switch (family) {
            case GPT2 -> "transformer.";
            case GPT_NEOX -> "gpt_neox.";
            case LLAMA, MISTRAL, QWEN2, QWEN3, PHI -> "model.";
        };
    }

    /** The name of the embedding, after the stem. */
    String embedding() {
        return switch (family) {
            case GPT2 -> "wte.weight";
            case GPT_NEOX -> "embed_in.weight";
            case LLAMA, MISTRAL, QWEN2, QWEN3, PHI -> "embed_tokens.weight";
        };
    }

    /** The name of the last norm, after the stem. */
    String lastNorm() {
        return switch (family) {
            case GPT2 -> "ln_f";
            case GPT_NEOX -> "final_layer_norm";
            case PHI -> "final_layernorm";
            case LLAMA, MISTRAL, QWEN2, QWEN3 -> "norm";
        };
    }

    /** The name of the head. */
    String head() {
        return family == Family.GPT_NEOX ? "embed_out" : "lm_head";
    }
}
