package org.lethe.image.diffusion;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;

/** The picture tower of CLIP (Radford et al. 2021): a transformer on square patches and one token for the whole picture. */
public final class ClipVision {
    /**
     * The shape of a picture tower.
     *
     * @param dims width of the residual stream
     * @param hidden width inside the feed-forward part
     * @param layers number of blocks
     * @param heads of attention
     * @param channels of a picture
     * @param side of a picture, in pixels
     * @param patch side of a patch, in pixels
     * @param activation of the feed-forward part, as configurations name it
     * @param epsilon of the norms
     */
    public record Config(
            int dims,
            int hidden,
            int layers,
            int heads,
            int channels,
            int side,
            int patch,
            String activation,
            double epsilon) {
        public Config {
            Check.require(hidden >= 1, "intermediate_size", hidden, "at least 1");
            Check.require(layers >= 1, "num_hidden_layers", layers, "at least 1");
            Check.require(channels >= 1, "num_channels", channels, "at least 1");
            Check.require(
                    heads >= 1 && dims >= 1 && dims % heads == 0,
                    "num_attention_heads",
                    heads,
                    "a divisor of hidden_size, which is " + dims);
            Check.require(patch >= 1 && side >= patch, "patch_size", patch, "1 to the image_size, which is " + side);
            Layers.activation("hidden_act", activation);
        }

        static Config of(ConfigFile file) {
            file.only("quantization_config", "none");
            return new Config(
                    file.whole("hidden_size", 768),
                    file.whole("intermediate_size", 3072),
                    file.whole("num_hidden_layers", 12),
                    file.whole("num_attention_heads", 12),
                    file.whole("num_channels", 3),
                    file.whole("image_size", 224),
                    file.whole("patch_size", 32),
                    file.text("hidden_act", "quick_gelu"),
                    file.number("layer_norm_eps", 1e-5));
        }

        long patches() {
            long along = side / patch;
            return along * along;
        }
    }

    /**
     * What a tower makes of pictures.
     *
     * @param last the output of the last block, {@code [batch, 1 + patches, dims]}
     * @param pooled its first token after the norm, {@code [batch, dims]}
     */
    public record Encoding(Tensor last, Tensor pooled) {}

    private final Config config;
    private final Supplier<Tensor> whole;
    private final Layers.Layer patches;
    private final Supplier<Tensor> places;
    private final Layers.Layer before;
    private final ClipEncoder encoder;
    private final Layers.Layer after;

    ClipVision(Config config, Layers layers) {
        this.config = config;
        String stem = "vision_model.";
        whole = layers.tensor(stem + "embeddings.class_embedding", config.dims);
        patches = layers.convolutionWithoutBias(
                stem + "embeddings.patch_embedding", config.channels, config.dims, config.patch, config.patch, 0);
        places = layers.tensor(stem + "embeddings.position_embedding.weight", config.patches() + 1, config.dims);
        before = layers.layerNorm(stem + "pre_layrnorm", config.dims, config.epsilon); // so spelled in all files
        encoder = new ClipEncoder(
                layers,
                stem,
                config.dims,
                config.hidden,
                config.layers,
                config.heads,
                config.activation,
                config.epsilon);
        after = layers.layerNorm(stem + "post_layernorm", config.dims, config.epsilon);
    }

    /** The shape. */
    public Config config() {
        return config;
    }

    /** Encodes pictures that {@link Clip.Preprocessing} or its like made, {@code [batch, channels, side, side]}. */
    public Encoding encode(Tensor pictures) {
        Layers.require(pictures, "pictures", -1, config.channels, config.side, config.side);
        Tensor tokens = patches.of(pictures).flatten(2, 3).transpose(1, 2); // [batch, patches, dims]
        Tensor first = whole.get().expand(pictures.size(0), 1, config.dims);
        Tensor x = before.of(torch.cat(new TensorVector(first, tokens), 1).add(places.get()));
        List<Tensor> states = encoder.states(x, Optional.empty());
        Tensor last = states.getLast();
        return new Encoding(last, after.of(last.select(1, 0)));
    }
}
