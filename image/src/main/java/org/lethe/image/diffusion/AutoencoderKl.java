package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Tensors;

/**
 * The autoencoder of latent diffusion (Rombach et al. 2022, section 3.1): pictures in [−1, 1] to normal distributions of latents
 * on a coarser grid, and latents back to pictures.
 */
public final class AutoencoderKl {
    private static final double EPSILON = 1e-6; // of every norm, whatever the configuration says

    /**
     * The shape of an autoencoder.
     *
     * @param pictureChannels of a picture
     * @param latentChannels of a latent
     * @param widths channels of each level, from the finest; each level but the last halves height and width
     * @param blocks residual blocks of a level of the encoder; the decoder has one more
     * @param groups of the norms
     * @param scale by which denoisers want latents multiplied
     * @param shift which denoisers want subtracted before that
     * @param quant whether a map stands between encoder and latent
     * @param postQuant whether a map stands between latent and decoder
     * @param middleAttention whether the middle has attention
     */
    public record Config(
            int pictureChannels,
            int latentChannels,
            List<Integer> widths,
            int blocks,
            int groups,
            double scale,
            double shift,
            boolean quant,
            boolean postQuant,
            boolean middleAttention) {
        public Config {
            widths = List.copyOf(widths);
            Check.require(pictureChannels >= 1, "in_channels", pictureChannels, "at least 1");
            Check.require(latentChannels >= 1, "latent_channels", latentChannels, "at least 1");
            Check.require(blocks >= 1, "layers_per_block", blocks, "at least 1");
            Check.require(groups >= 1, "norm_num_groups", groups, "at least 1");
            Check.require(
                    !widths.isEmpty() && widths.size() <= 10 && widths.stream().allMatch(w -> w >= 1),
                    "block_out_channels",
                    widths,
                    "1 to 10 numbers of at least 1");
            Check.require(
                    scale > 0 && scale < Double.POSITIVE_INFINITY, "scaling_factor", scale, "a finite number above 0");
        }

        /** Reads {@code config.json} of a folder, or a file. */
        public static Config read(Path path) throws IOException {
            return ConfigFile.read(path, Config::of);
        }

        /** The shape that the text of a configuration describes. */
        public static Config parse(String json, String where) {
            return ConfigFile.parse(json, where, Config::of);
        }

        private static Config of(ConfigFile file) {
            file.oneOf("_class_name", "AutoencoderKL", "AutoencoderKL");
            file.neutral("sample_size", "force_upcast");
            file.only("act_fn", "silu");
            List<Integer> widths = file.wholes("block_out_channels", List.of(64));
            for (String kind : file.texts("down_block_types", List.of("DownEncoderBlock2D"))) {
                Check.require(kind.equals("DownEncoderBlock2D"), "down_block_types", kind, "DownEncoderBlock2D");
            }
            for (String kind : file.texts("up_block_types", List.of("UpDecoderBlock2D"))) {
                Check.require(kind.equals("UpDecoderBlock2D"), "up_block_types", kind, "UpDecoderBlock2D");
            }
            for (String field : List.of("down_block_types", "up_block_types")) {
                List<String> kinds = file.texts(field, List.of(""));
                Check.require(
                        kinds.size() == widths.size(),
                        field,
                        kinds,
                        "one for each of the " + widths.size() + " levels");
            }
            int channels = file.whole("in_channels", 3);
            file.only("out_channels", channels);
            Config config = new Config(
                    channels,
                    file.whole("latent_channels", 4),
                    widths,
                    file.whole("layers_per_block", 1),
                    file.whole("norm_num_groups", 32),
                    file.number("scaling_factor", 0.18215),
                    file.number("shift_factor", 0),
                    file.flag("use_quant_conv", true),
                    file.flag("use_post_quant_conv", true),
                    file.flag("mid_block_add_attention", true));
            file.finish();
            return config;
        }

        /** How many pixels, along each side, one place of a latent stands for. */
        public int factor() {
            return 1 << (widths.size() - 1);
        }
    }

    /**
     * A normal distribution of latents, {@code [batch, latentChannels, height, width]}.
     *
     * @param mean of each element
     * @param logVariance of each element, within [−30, 20]
     */
    public record Posterior(Tensor mean, Tensor logVariance) {
        /** The standard deviation of each element. */
        public Tensor deviation() {
            return logVariance.mul(new Scalar(0.5)).exp();
        }

        /** A draw, from standard normal noise. */
        public Tensor sample(Tensor noise) {
            return mean.add(deviation().mul(noise));
        }

        /** The divergence from the standard normal distribution of each row, ½ Σ (mean² + e^logvar − 1 − logvar), {@code [batch]}. */
        public Tensor divergence() {
            return mean.square()
                    .add(logVariance.exp())
                    .sub(new Scalar(1))
                    .sub(logVariance)
                    .sum(new long[] {1, 2, 3}, false, new ScalarTypeOptional())
                    .mul(new Scalar(0.5));
        }
    }

    private record Level(List<ResBlock> blocks, Optional<Layers.Layer> resize) {}

    private record Middle(ResBlock first, Optional<PixelAttention> attention, ResBlock second) {
        static Middle of(Layers layers, String name, long channels, int groups, boolean attends) {
            return new Middle(
                    new ResBlock(layers, name + ".resnets.0", channels, channels, 0, groups, EPSILON),
                    attends
                            ? Optional.of(
                                    new PixelAttention(layers, name + ".attentions.0", channels, 1, groups, EPSILON))
                            : Optional.empty(),
                    new ResBlock(layers, name + ".resnets.1", channels, channels, 0, groups, EPSILON));
        }

        Tensor of(Tensor x) {
            Tensor h = first.of(x, Optional.empty());
            Tensor attended = attention.map(a -> a.of(h)).orElse(h);
            return second.of(attended, Optional.empty());
        }
    }

    private final Config config;
    private final Layers layers;

    private final Layers.Layer encoderIn;
    private final List<Level> down = new ArrayList<>();
    private final Middle encoderMiddle;
    private final Layers.Layer encoderNorm;
    private final Layers.Layer encoderOut;
    private final Optional<Layers.Layer> quant;

    private final Optional<Layers.Layer> postQuant;
    private final Layers.Layer decoderIn;
    private final Middle decoderMiddle;
    private final List<Level> up = new ArrayList<>();
    private final Layers.Layer decoderNorm;
    private final Layers.Layer decoderOut;

    private AutoencoderKl(Config config, Layers layers) {
        this.config = config;
        this.layers = layers;
        int levels = config.widths.size();
        long finest = config.widths.getFirst();
        long coarsest = config.widths.getLast();
        int groups = config.groups;
        long moments = 2L * config.latentChannels;

        encoderIn = layers.convolution("encoder.conv_in", config.pictureChannels, finest, 3);
        long width = finest;
        for (int b = 0; b < levels; b++) {
            String name = "encoder.down_blocks." + b;
            long next = config.widths.get(b);
            List<ResBlock> blocks = new ArrayList<>();
            for (int j = 0; j < config.blocks; j++) {
                blocks.add(
                        new ResBlock(layers, name + ".resnets." + j, j == 0 ? width : next, next, 0, groups, EPSILON));
            }
            down.add(new Level(
                    blocks,
                    b == levels - 1
                            ? Optional.empty()
                            : Optional.of(layers.convolution(name + ".downsamplers.0.conv", next, next, 3, 2, 0))));
            width = next;
        }
        encoderMiddle = Middle.of(layers, "encoder.mid_block", coarsest, groups, config.middleAttention);
        encoderNorm = layers.groupNorm("encoder.conv_norm_out", coarsest, groups, EPSILON);
        encoderOut = layers.convolution("encoder.conv_out", coarsest, moments, 3);
        quant = config.quant ? Optional.of(layers.convolution("quant_conv", moments, moments, 1)) : Optional.empty();

        postQuant = config.postQuant
                ? Optional.of(layers.convolution("post_quant_conv", config.latentChannels, config.latentChannels, 1))
                : Optional.empty();
        decoderIn = layers.convolution("decoder.conv_in", config.latentChannels, coarsest, 3);
        decoderMiddle = Middle.of(layers, "decoder.mid_block", coarsest, groups, config.middleAttention);
        width = coarsest;
        for (int b = 0; b < levels; b++) {
            String name = "decoder.up_blocks." + b;
            long next = config.widths.get(levels - 1 - b);
            List<ResBlock> blocks = new ArrayList<>();
            for (int j = 0; j <= config.blocks; j++) {
                blocks.add(
                        new ResBlock(layers, name + ".resnets." + j, j == 0 ? width : next, next, 0, groups, EPSILON));
            }
            up.add(new Level(
                    blocks,
                    b == levels - 1
                            ? Optional.empty()
                            : Optional.of(layers.convolution(name + ".upsamplers.0.conv", next, next, 3))));
            width = next;
        }
        decoderNorm = layers.groupNorm("decoder.conv_norm_out", finest, groups, EPSILON);
        decoderOut = layers.convolution("decoder.conv_out", finest, config.pictureChannels, 3);
    }

    /** An autoencoder with weights of zero, to be loaded or drawn. */
    public AutoencoderKl(Config config, Device device, ScalarType type) {
        this(config, new Layers());
        layers.allocate(device, type);
    }

    /** Reads the folder of an autoencoder. */
    public static AutoencoderKl load(Path folder, Device device, ScalarType type) throws IOException {
        return load(Config.read(folder), folder, device, type);
    }

    /** Reads weights of a known shape; older names of the attention's maps are understood. */
    public static AutoencoderKl load(Config config, Path weights, Device device, ScalarType type) throws IOException {
        AutoencoderKl made = new AutoencoderKl(config, device, type);
        made.layers.load(weights, name -> Optional.of(PixelAttention.inner(name)));
        return made;
    }

    /** The names and shapes of all tensors, without making any. */
    public static Map<String, long[]> shapes(Config config) {
        return new AutoencoderKl(config, new Layers()).layers.shapes();
    }

    /** The shape. */
    public Config config() {
        return config;
    }

    /** The layers with their tensors. */
    public Layers layers() {
        return layers;
    }

    /** The distribution of latents of pictures in [−1, 1], {@code [batch, pictureChannels, height, width]}. */
    public Posterior encode(Tensor pictures) {
        Layers.require(pictures, "pictures", -1, config.pictureChannels, -1, -1);
        int factor = config.factor();
        Check.require(
                pictures.size(2) % factor == 0 && pictures.size(3) % factor == 0,
                "size of pictures",
                pictures.size(2) + " x " + pictures.size(3),
                "multiples of " + factor);
        Tensor moments = Tensors.within(() -> {
            Tensor x = encoderIn.of(pictures);
            for (Level level : down) {
                for (ResBlock block : level.blocks) {
                    x = block.of(x, Optional.empty());
                }
                if (level.resize.isPresent()) {
                    x = level.resize.get().of(ResBlock.paddedBelow(x));
                }
            }
            x = encoderOut.of(torch.silu(encoderNorm.of(encoderMiddle.of(x))));
            return quant.isPresent() ? quant.get().of(x) : x;
        });
        return new Posterior(
                moments.narrow(1, 0, config.latentChannels),
                moments.narrow(1, config.latentChannels, config.latentChannels)
                        .clamp(new ScalarOptional(new Scalar(-30)), new ScalarOptional(new Scalar(20))));
    }

    /** The pictures of latents as {@link #encode} gives them, not yet clamped to [−1, 1]. */
    public Tensor decode(Tensor latents) {
        Layers.require(latents, "latents", -1, config.latentChannels, -1, -1);
        return Tensors.within(() -> {
            Tensor x = decoderMiddle.of(
                    decoderIn.of(postQuant.map(p -> p.of(latents)).orElse(latents)));
            for (Level level : up) {
                for (ResBlock block : level.blocks) {
                    x = block.of(x, Optional.empty());
                }
                if (level.resize.isPresent()) {
                    x = level.resize.get().of(ResBlock.enlarged(x, 2 * x.size(2), 2 * x.size(3)));
                }
            }
            return decoderOut.of(torch.silu(decoderNorm.of(x)));
        });
    }

    /** Latents as denoisers want them. */
    public Tensor scaled(Tensor latents) {
        return latents.sub(new Scalar(config.shift)).mul(new Scalar(config.scale));
    }

    /** Latents of denoisers as the decoder wants them. */
    public Tensor unscaled(Tensor latents) {
        return latents.div(new Scalar(config.scale)).add(new Scalar(config.shift));
    }
}
