package org.lethe.text.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.lethe.Check;
import org.lethe.LetheException;

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

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final long LARGEST_CONFIG = 10_000_000;
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
        Check.require(heads >= 1 && dims % heads == 0, "heads", heads, "a divisor of dims, which is " + dims);
        ObjectNode config = JSON.createObjectNode();
        config.put("model_type", "gpt2");
        config.putArray("architectures").add("GPT2LMHeadModel");
        config.put("vocab_size", vocabulary).put("n_positions", positions).put("n_embd", dims);
        config.put("n_layer", layers).put("n_head", heads).put("activation_function", "gelu");
        config.put("layer_norm_epsilon", 1e-5).put("tie_word_embeddings", true);
        config.put("resid_pdrop", 0.0).put("embd_pdrop", 0.0).put("attn_pdrop", 0.0);
        config.put("bos_token_id", end).put("eos_token_id", end).put("torch_dtype", "float32");
        return of(config, config.toPrettyString(), "config");
    }

    /** Reads a {@code config.json}. */
    public static Architecture read(Path file) throws IOException {
        if (Files.size(file) > LARGEST_CONFIG) {
            throw wrong(
                    file.toString(),
                    "has " + Files.size(file) + " bytes, expected at most 10,000,000 of a configuration");
        }
        return parse(Files.readString(file), file.toString());
    }

    /**
     * The shape that the text of a configuration describes.
     *
     * @param where for messages
     */
    public static Architecture parse(String json, String where) {
        JsonNode config;
        try {
            config = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, where + " is not proper JSON: " + e.getOriginalMessage(), e);
        }
        if (!config.isObject()) {
            throw wrong(where, "is no JSON object");
        }
        try {
            return of(config, json, where);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, where + ": " + e.getMessage(), e);
        }
    }

    private static Architecture of(JsonNode config, String text, String where) {
        String type = config.path("model_type").asText();
        Family family = Arrays.stream(Family.values())
                .filter(f -> f.type().equals(type))
                .findFirst()
                .orElseThrow(() -> wrong(
                        where,
                        "model_type is " + config.path("model_type") + ", expected one of "
                                + String.join(
                                        ", ",
                                        Arrays.stream(Family.values())
                                                .map(Family::type)
                                                .toList())));
        refuse(config);
        return switch (family) {
            case GPT2 -> gpt2(config, text);
            case LLAMA, MISTRAL, QWEN2, QWEN3 -> llama(family, config, text);
            case PHI, GPT_NEOX -> layerNormed(family, config, text);
        };
    }

    /** Refuses what would change the arithmetic and is not carried out here. */
    private static void refuse(JsonNode config) {
        for (String field : List.of(
                "quantization_config",
                "scale_attn_by_inverse_layer_idx",
                "reorder_and_upcast_attn",
                "add_cross_attention",
                "num_local_experts",
                "alibi")) {
            JsonNode value = config.path(field);
            boolean off = value.isMissingNode()
                    || value.isNull()
                    || (value.isBoolean() && !value.asBoolean())
                    || (value.isNumber() && value.asInt() == 0);
            Check.require(off, field, value, "it off, as it is not supported");
        }
        for (JsonNode kind : config.path("layer_types")) {
            boolean windowed = config.path("sliding_window").isNumber()
                    && config.path("model_type").asText().equals(Family.MISTRAL.type());
            String only = windowed ? "sliding_attention" : "full_attention";
            Check.require(
                    kind.asText().equals(only), "layer_types", config.path("layer_types"), only + " in all layers");
        }
        Check.require(
                config.path("pretraining_tp").asInt(1) == 1, "pretraining_tp", config.path("pretraining_tp"), "1");
        Check.require(
                config.path("scale_attn_weights").asBoolean(true),
                "scale_attn_weights",
                config.path("scale_attn_weights"),
                "true");
    }

    private static Architecture gpt2(JsonNode config, String text) {
        int dims = whole(config, "n_embd", 768);
        int heads = whole(config, "n_head", 12);
        Check.require(heads >= 1 && dims % heads == 0, "n_head", heads, "a divisor of n_embd, which is " + dims);
        return new Architecture(
                Family.GPT2,
                whole(config, "vocab_size", 50257),
                dims,
                whole(config, "n_layer", 12),
                heads,
                heads,
                dims / heads,
                whole(config, "n_inner", 4 * dims),
                whole(config, "n_positions", 1024),
                number(config, "layer_norm_epsilon", 1e-5),
                activation(config, "activation_function", "gelu_new"),
                new Rotary(1, 0, List.of()),
                0,
                config.path("tie_word_embeddings").asBoolean(true),
                true,
                true,
                false,
                false,
                text);
    }

    private static Architecture llama(Family family, JsonNode config, String text) {
        int dims = whole(config, "hidden_size", 4096);
        int heads = whole(config, "num_attention_heads", 32);
        int headDims = whole(config, "head_dim", family == Family.QWEN3 ? 128 : Math.max(1, dims / heads));
        boolean qwen = family == Family.QWEN2 || family == Family.QWEN3;
        boolean windowed = !qwen || config.path("use_sliding_window").asBoolean(false);
        int window = windowed && config.path("sliding_window").isNumber()
                ? whole(config, "sliding_window", 0)
                : windowed
                                && family == Family.MISTRAL
                                && config.path("sliding_window").isMissingNode()
                        ? 4096
                        : 0;
        Check.require(
                !qwen || window == 0,
                "use_sliding_window",
                config.path("use_sliding_window"),
                "false, as windows of some layers alone are not supported");
        return new Architecture(
                family,
                whole(config, "vocab_size", qwen ? 151936 : 32000),
                dims,
                whole(config, "num_hidden_layers", 32),
                heads,
                whole(config, "num_key_value_heads", family == Family.MISTRAL ? 8 : qwen ? 32 : heads),
                headDims,
                whole(
                        config,
                        "intermediate_size",
                        switch (family) {
                            case MISTRAL -> 14336;
                            case QWEN2, QWEN3 -> 22016;
                            default -> 11008;
                        }),
                whole(config, "max_position_embeddings", family == Family.LLAMA ? 2048 : 32768),
                number(config, "rms_norm_eps", 1e-6),
                activation(config, "hidden_act", "silu"),
                rotary(config, headDims, 1),
                family == Family.LLAMA ? 0 : window,
                config.path("tie_word_embeddings").asBoolean(false),
                family == Family.QWEN2 || config.path("attention_bias").asBoolean(false),
                config.path("mlp_bias").asBoolean(false),
                family == Family.QWEN3,
                false,
                text);
    }

    private static Architecture layerNormed(Family family, JsonNode config, String text) {
        boolean phi = family == Family.PHI;
        int dims = whole(config, "hidden_size", phi ? 2048 : 6144);
        int heads = whole(config, "num_attention_heads", phi ? 32 : 64);
        Check.require(
                heads >= 1 && dims % heads == 0, "num_attention_heads", heads, "a divisor of hidden_size, " + dims);
        double share = rope(config)
                .path("partial_rotary_factor")
                .asDouble(
                        phi
                                ? config.path("partial_rotary_factor").asDouble(0.5)
                                : config.path("rotary_pct").asDouble(0.25));
        Check.require(
                phi || config.path("attention_bias").asBoolean(true),
                "attention_bias",
                config.path("attention_bias"),
                "true");
        return new Architecture(
                family,
                whole(config, "vocab_size", phi ? 51200 : 50432),
                dims,
                whole(config, "num_hidden_layers", phi ? 24 : 44),
                heads,
                phi ? whole(config, "num_key_value_heads", heads) : heads,
                dims / heads,
                whole(config, "intermediate_size", phi ? 8192 : 24576),
                whole(config, "max_position_embeddings", 2048),
                number(config, "layer_norm_eps", 1e-5),
                activation(config, "hidden_act", phi ? "gelu_new" : "gelu"),
                rotary(config, dims / heads, share),
                0,
                config.path("tie_word_embeddings").asBoolean(false),
                true,
                true,
                phi && config.path("qk_layernorm").asBoolean(false),
                phi || config.path("use_parallel_residual").asBoolean(true),
                text);
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

    private static JsonNode rope(JsonNode config) {
        return config.path("rope_parameters").isObject() ? config.path("rope_parameters") : config.path("rope_scaling");
    }

    /** Frequencies θ^(−2k/e), scaled as the configuration asks. */
    private static Rotary rotary(JsonNode config, int headDims, double share) {
        JsonNode rope = rope(config);
        double base = rope.path("rope_theta")
                .asDouble(config.path("rope_theta")
                        .asDouble(config.path("rotary_emb_base").asDouble(10_000)));
        String kind = rope.path("rope_type").asText(rope.path("type").asText("default"));
        int dims = (int) (headDims * share);
        Double[] frequencies = new Double[dims / 2];
        for (int k = 0; k < frequencies.length; k++) {
            double f = Math.pow(base, -2.0 * k / dims);
            frequencies[k] = switch (kind) {
                case "default" -> f;
                case "linear" -> f / required(rope, "factor");
                case "llama3" -> llama3(rope, f);
                default ->
                    throw new IllegalArgumentException(
                            "rope_type is \"" + kind + "\", expected default, linear or llama3");
            };
        }
        return new Rotary(base, dims, List.of(frequencies));
    }

    private static double llama3(JsonNode rope, double f) {
        double factor = required(rope, "factor");
        double low = required(rope, "low_freq_factor");
        double high = required(rope, "high_freq_factor");
        double original = required(rope, "original_max_position_embeddings");
        double wave = 2 * Math.PI / f;
        if (wave < original / high) {
            return f;
        }
        if (wave > original / low) {
            return f / factor;
        }
        double smooth = (original / wave - low) / (high - low);
        return (1 - smooth) * f / factor + smooth * f;
    }

    private static double required(JsonNode rope, String field) {
        Check.require(rope.path(field).isNumber(), field, rope.path(field), "a number");
        return rope.path(field).asDouble();
    }

    private static int whole(JsonNode config, String field, int otherwise) {
        JsonNode value = config.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        Check.require(value.isInt(), field, value, "a whole number");
        return value.asInt();
    }

    private static double number(JsonNode config, String field, double otherwise) {
        JsonNode value = config.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        Check.require(value.isNumber(), field, value, "a number");
        return value.asDouble();
    }

    private static Activation activation(JsonNode config, String field, String otherwise) {
        String name = config.path(field).asText(otherwise);
        return switch (name) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            default ->
                throw new IllegalArgumentException(
                        field + " is \"" + name + "\", expected silu, gelu, gelu_new or gelu_pytorch_tanh");
        };
    }

    private static LetheException wrong(String where, String what) {
        return new LetheException(LetheException.Code.DATA, where + ": " + what);
    }
}
