package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;

/**
 * The text tower of CLIP (Radford et al. 2021), which conditions Stable Diffusion: a causal transformer on token ids.
 *
 * <p>New tokens of textual inversion follow the vocabulary; their rows are a tensor of their own, so that they can be trained alone.
 */
public final class ClipText {
    private static final int OLD_END = 2; // published configurations of SD 1.5 say so, whatever the vocabulary's end is

    /**
     * The shape of a text tower.
     *
     * @param vocabulary number of token ids
     * @param dims width of the residual stream
     * @param hidden width inside the feed-forward part
     * @param layers number of blocks
     * @param heads of attention
     * @param positions longest text
     * @param activation of the feed-forward part, as configurations name it
     * @param epsilon of the norms
     * @param end id of the token that ends a text; 2 stands for the largest id of a text
     * @param projection width of the projected text; 0 if there is no projection
     */
    public record Config(
            int vocabulary,
            int dims,
            int hidden,
            int layers,
            int heads,
            int positions,
            String activation,
            double epsilon,
            int end,
            int projection) {
        public Config {
            Check.require(vocabulary >= 1, "vocab_size", vocabulary, "at least 1");
            Check.require(hidden >= 1, "intermediate_size", hidden, "at least 1");
            Check.require(layers >= 1, "num_hidden_layers", layers, "at least 1");
            Check.require(positions >= 1, "max_position_embeddings", positions, "at least 1");
            Check.require(projection >= 0, "projection_dim", projection, "at least 0");
            Check.require(
                    heads >= 1 && dims >= 1 && dims % heads == 0,
                    "num_attention_heads",
                    heads,
                    "a divisor of hidden_size, which is " + dims);
            Layers.activation("hidden_act", activation);
        }

        /** Reads {@code config.json} of a text encoder. */
        public static Config read(Path path) throws IOException {
            return ConfigFile.read(path, Config::of);
        }

        /** The shape that the text of a configuration describes. */
        public static Config parse(String json, String where) {
            return ConfigFile.parse(json, where, Config::of);
        }

        static Config of(ConfigFile file) {
            boolean projected = file.texts("architectures", List.of()).stream()
                    .anyMatch(a -> a.equals("CLIPTextModelWithProjection"));
            return of(file, projected ? file.whole("projection_dim", 512) : 0);
        }

        static Config of(ConfigFile file, int projection) {
            file.only("quantization_config", "none");
            return new Config(
                    file.whole("vocab_size", 49408),
                    file.whole("hidden_size", 512),
                    file.whole("intermediate_size", 2048),
                    file.whole("num_hidden_layers", 12),
                    file.whole("num_attention_heads", 8),
                    file.whole("max_position_embeddings", 77),
                    file.text("hidden_act", "quick_gelu"),
                    file.number("layer_norm_eps", 1e-5),
                    file.whole("eos_token_id", 49407),
                    projection);
        }
    }

    /**
     * What a tower makes of texts.
     *
     * @param states the embedding and the output of each block, {@code [batch, time, dims]}
     * @param last the output of the last block after the final norm, which conditions Stable Diffusion 1 and 2
     * @param pooled the last state at the end of each text, {@code [batch, dims]}
     */
    public record Encoding(List<Tensor> states, Tensor last, Tensor pooled) {
        public Encoding {
            states = List.copyOf(states);
        }
    }

    private final Config config;
    private final Layers layers;
    private final Supplier<Tensor> tokens;
    private final Supplier<Tensor> places;
    private final ClipEncoder encoder;
    private final Layers.Layer norm;
    private final Optional<Layers.Layer> projection;
    private Optional<Tensor> added = Optional.empty();

    ClipText(Config config, Layers layers) {
        this.config = config;
        this.layers = layers;
        String stem = "text_model.";
        tokens = layers.tensor(stem + "embeddings.token_embedding.weight", config.vocabulary, config.dims);
        places = layers.tensor(stem + "embeddings.position_embedding.weight", config.positions, config.dims);
        encoder = new ClipEncoder(
                layers,
                stem,
                config.dims,
                config.hidden,
                config.layers,
                config.heads,
                config.activation,
                config.epsilon);
        norm = layers.layerNorm(stem + "final_layer_norm", config.dims, config.epsilon);
        projection = config.projection == 0
                ? Optional.empty()
                : Optional.of(layers.linearWithoutBias("text_projection", config.dims, config.projection));
    }

    /** A tower with weights of zero, to be loaded or drawn. */
    public ClipText(Config config, Device device, ScalarType type) {
        this(config, new Layers());
        layers.allocate(device, type);
    }

    /** Reads the folder of a text encoder, or the configuration and a file of weights beside it. */
    public static ClipText load(Path folder, Device device, ScalarType type) throws IOException {
        return load(Config.read(folder), folder, device, type);
    }

    /** Reads weights of a known shape. */
    public static ClipText load(Config config, Path weights, Device device, ScalarType type) throws IOException {
        ClipText text = new ClipText(config, device, type);
        text.layers.load(weights, ClipText::inner);
        return text;
    }

    /** The names and shapes of all tensors, without making any. */
    public static Map<String, long[]> shapes(Config config) {
        return new ClipText(config, new Layers()).layers.shapes();
    }

    /** The name here of a tensor in a file: files come with and without the stem, and with a buffer that can be computed. */
    static Optional<String> inner(String name) {
        if (name.endsWith("embeddings.position_ids")) {
            return Optional.empty();
        }
        boolean bare =
                List.of("embeddings.", "encoder.", "final_layer_norm.").stream().anyMatch(name::startsWith);
        return Optional.of(bare ? "text_model." + name : name);
    }

    /** The shape. */
    public Config config() {
        return config;
    }

    /** The layers with their tensors. */
    public Layers layers() {
        return layers;
    }

    /** The table of tokens, {@code [vocabulary, dims]}. */
    public Tensor table() {
        return tokens.get();
    }

    /** The rows of new tokens, which may be trained, {@code [count, dims]}. */
    public Optional<Tensor> added() {
        return added;
    }

    /**
     * Gives rows to new tokens, whose ids follow the vocabulary, in place of those there were.
     *
     * @param rows {@code [count, dims]}; must outlive this tower
     */
    public void add(Tensor rows) {
        Layers.require(rows, "rows of new tokens", -1, config.dims);
        added = Optional.of(rows);
    }

    /** Encodes texts without a mask, as Stable Diffusion does. */
    public Encoding encode(Tensor ids) {
        return encode(ids, Optional.empty());
    }

    /**
     * Encodes texts.
     *
     * @param ids {@code [batch, time]}
     * @param mask 1 for real tokens and 0 for padding, {@code [batch, time]}
     */
    public Encoding encode(Tensor ids, Optional<Tensor> mask) {
        return encode(ids, mask, added);
    }

    /**
     * Encodes texts in which ids that follow the vocabulary are new tokens, whatever tokens were added.
     *
     * @param rows of the new tokens, {@code [count, dims]}
     */
    public Encoding encode(Tensor ids, Tensor rows) {
        Layers.require(rows, "rows of new tokens", -1, config.dims);
        return encode(ids, Optional.empty(), Optional.of(rows));
    }

    private Encoding encode(Tensor ids, Optional<Tensor> mask, Optional<Tensor> fresh) {
        Layers.require(ids, "ids", -1, -1);
        long time = ids.size(1);
        Check.require(time <= config.positions, "tokens", time, "at most " + config.positions);
        Tensor x = embedded(ids, fresh).add(places.get().narrow(0, 0, time));
        Tensor bias = torch.full(new long[] {time, time}, new Scalar(-Float.MAX_VALUE))
                .to(x.device(), ScalarType.Float)
                .triu(1)
                .view(1, 1, time, time); // a token sees those before it
        if (mask.isPresent()) {
            Layers.require(mask.get(), "mask", ids.size(0), time);
            Tensor hidden = mask.get().eq(new Scalar(0)).view(-1, 1, 1, time);
            bias = bias.expand(ids.size(0), 1, time, time).masked_fill(hidden, new Scalar(-Float.MAX_VALUE));
        }
        List<Tensor> states = encoder.states(x, Optional.of(bias));
        Tensor last = norm.of(states.getLast());
        return new Encoding(states, last, pooled(ids, last));
    }

    private Tensor embedded(Tensor ids, Optional<Tensor> added) {
        if (added.isEmpty()) {
            return torch.embedding(tokens.get(), ids);
        }
        Tensor rows = added.get();
        Tensor fresh = ids.ge(new Scalar(config.vocabulary)); // [batch, time]
        Tensor old =
                ids.clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(config.vocabulary - 1)));
        Tensor own =
                ids.sub(new Scalar(config.vocabulary)).clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional());
        return torch.where(fresh.unsqueeze(2), torch.embedding(rows, own), torch.embedding(tokens.get(), old));
    }

    private Tensor pooled(Tensor ids, Tensor last) {
        Tensor place = config.end == OLD_END
                ? ids.argmax(new LongOptional(1), true)
                : ids.eq(new Scalar(config.end)).to(ScalarType.Int).argmax(new LongOptional(1), true); // the first
        return last.gather(1, place.unsqueeze(2).expand(-1, -1, config.dims)).squeeze(1);
    }

    /** The states after some block before the last, through the final norm: "clip skip" counts blocks from the end, from 1. */
    public Tensor skipped(Encoding encoding, int skip) {
        Check.require(skip >= 1 && skip <= config.layers, "skip", skip, "1 to " + config.layers);
        return norm.of(encoding.states.get(config.layers + 1 - skip));
    }

    /** The pooled texts in the space that texts and pictures share, {@code [batch, projection]}. */
    public Tensor projected(Encoding encoding) {
        return projection
                .orElseThrow(
                        () -> new IllegalArgumentException("projection_dim is 0, expected a tower with a projection"))
                .of(encoding.pooled);
    }
}
