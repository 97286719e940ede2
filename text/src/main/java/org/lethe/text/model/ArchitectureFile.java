package org.lethe.text.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Utf8;
import org.lethe.text.model.Architecture.Activation;
import org.lethe.text.model.Architecture.Family;
import org.lethe.text.model.Architecture.Rotary;

/**
 * A {@code config.json}, of which the shape of a transformer is read.
 *
 * @param config its fields
 * @param text as it stands in the file
 */
record ArchitectureFile(JsonNode config, String text) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final long LARGEST_CONFIG = 10_000_000;

    static Architecture gpt(int vocabulary, int dims, int layers, int heads, int positions, int end) {
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

    static Architecture read(Path file) throws IOException {
        return parse(Utf8.read(file, LARGEST_CONFIG), file.toString());
    }

    static Architecture parse(String json, String where) {
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
        ArchitectureFile file = new ArchitectureFile(config, text);
        file.refuse();
        return switch (family) {
            case GPT2 -> file.gpt2();
            case LLAMA, MISTRAL, QWEN2, QWEN3 -> file.llama(family);
            case PHI, GPT_NEOX -> file.layerNormed(family);
        };
    }

    /** Refuses what would change the arithmetic and is not carried out here. */
    private void refuse() {
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

    private Architecture gpt2() {
        int dims = whole("n_embd", 768);
        int heads = whole("n_head", 12);
        Check.require(heads >= 1 && dims % heads == 0, "n_head", heads, "a divisor of n_embd, which is " + dims);
        return new Architecture(
                Family.GPT2,
                whole("vocab_size", 50257),
                dims,
                whole("n_layer", 12),
                heads,
                heads,
                dims / heads,
                whole("n_inner", 4 * dims),
                whole("n_positions", 1024),
                number("layer_norm_epsilon", 1e-5),
                activation("activation_function", "gelu_new"),
                new Rotary(1, 0, List.of()),
                0,
                config.path("tie_word_embeddings").asBoolean(true),
                true,
                true,
                false,
                false,
                text);
    }

    private Architecture llama(Family family) {
        int dims = whole("hidden_size", 4096);
        int heads = whole("num_attention_heads", 32);
        int headDims = whole("head_dim", family == Family.QWEN3 ? 128 : Math.max(1, dims / heads));
        boolean qwen = family == Family.QWEN2 || family == Family.QWEN3;
        boolean windowed = !qwen || config.path("use_sliding_window").asBoolean(false);
        int window = windowed && config.path("sliding_window").isNumber()
                ? whole("sliding_window", 0)
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
                whole("vocab_size", qwen ? 151936 : 32000),
                dims,
                whole("num_hidden_layers", 32),
                heads,
                whole("num_key_value_heads", family == Family.MISTRAL ? 8 : qwen ? 32 : heads),
                headDims,
                whole(
                        "intermediate_size",
                        switch (family) {
                            case MISTRAL -> 14336;
                            case QWEN2, QWEN3 -> 22016;
                            default -> 11008;
                        }),
                whole("max_position_embeddings", family == Family.LLAMA ? 2048 : 32768),
                number("rms_norm_eps", 1e-6),
                activation("hidden_act", "silu"),
                rotary(headDims, 1),
                family == Family.LLAMA ? 0 : window,
                config.path("tie_word_embeddings").asBoolean(false),
                family == Family.QWEN2 || config.path("attention_bias").asBoolean(false),
                config.path("mlp_bias").asBoolean(false),
                family == Family.QWEN3,
                false,
                text);
    }

    private Architecture layerNormed(Family family) {
        boolean phi = family == Family.PHI;
        int dims = whole("hidden_size", phi ? 2048 : 6144);
        int heads = whole("num_attention_heads", phi ? 32 : 64);
        Check.require(
                heads >= 1 && dims % heads == 0, "num_attention_heads", heads, "a divisor of hidden_size, " + dims);
        double share = rope().path("partial_rotary_factor")
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
                whole("vocab_size", phi ? 51200 : 50432),
                dims,
                whole("num_hidden_layers", phi ? 24 : 44),
                heads,
                phi ? whole("num_key_value_heads", heads) : heads,
                dims / heads,
                whole("intermediate_size", phi ? 8192 : 24576),
                whole("max_position_embeddings", 2048),
                number("layer_norm_eps", 1e-5),
                activation("hidden_act", phi ? "gelu_new" : "gelu"),
                rotary(dims / heads, share),
                0,
                config.path("tie_word_embeddings").asBoolean(false),
                true,
                true,
                phi && config.path("qk_layernorm").asBoolean(false),
                phi || config.path("use_parallel_residual").asBoolean(true),
                text);
    }

    private JsonNode rope() {
        return config.path("rope_parameters").isObject() ? config.path("rope_parameters") : config.path("rope_scaling");
    }

    /** Frequencies θ^(−2k/e), scaled as the configuration asks. */
    private Rotary rotary(int headDims, double share) {
        JsonNode rope = rope();
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

    private int whole(String field, int otherwise) {
        JsonNode value = config.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        Check.require(value.isInt(), field, value, "a whole number");
        return value.asInt();
    }

    private double number(String field, double otherwise) {
        JsonNode value = config.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        Check.require(value.isNumber(), field, value, "a number");
        return value.asDouble();
    }

    private Activation activation(String field, String otherwise) {
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
