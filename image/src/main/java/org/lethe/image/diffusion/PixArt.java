package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Tensors;

/**
 * The diffusion transformer that is conditioned on a text (Chen et al. 2024, PixArtTransformer2DModel): one embedding of time for
 * all blocks, to which each adds a table of its own, and attention to the text in between.
 */
public final class PixArt {
    private static final int WAVES = 256;
    private static final double HIDDEN = -10_000; // what hides a token of the text

    /**
     * The shape of a transformer.
     *
     * @param heads of attention
     * @param headDims width of a head
     * @param inputs channels of a sample
     * @param outputs channels of what is predicted: twice the inputs where a variance is
     * @param layers number of blocks
     * @param side of a sample it was trained on
     * @param patch side of a patch
     * @param textDims width of the text's states
     * @param spacing by which places lie closer than on their own grid
     * @param epsilon of the norms
     */
    public record Config(
            int heads,
            int headDims,
            int inputs,
            int outputs,
            int layers,
            int side,
            int patch,
            int textDims,
            double spacing,
            double epsilon) {
        public Config {
            Check.require(textDims >= 1, "caption_channels", textDims, "at least 1");
            Check.require(spacing > 0, "interpolation_scale", spacing, "above 0");
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
            file.oneOf("_class_name", "PixArtTransformer2DModel", "PixArtTransformer2DModel", "Transformer2DModel");
            file.only("norm_type", "ada_norm_single");
            file.only("norm_elementwise_affine", false);
            file.only("attention_type", "default");
            Patches.Config shared = Patches.Config.of(file, 16, 72, 28, 128, 1e-6);
            file.only("cross_attention_dim", shared.dims());
            Check.require(
                    file.has("use_additional_conditions") || shared.side() != 128,
                    "use_additional_conditions",
                    "absent",
                    "false: at a sample_size of 128 its absence means true, which is not supported");
            file.only("use_additional_conditions", false);
            Config config = new Config(
                    shared.heads(),
                    shared.headDims(),
                    shared.inputs(),
                    shared.outputs(),
                    shared.layers(),
                    shared.side(),
                    shared.patch(),
                    file.whole("caption_channels", 4096),
                    file.number("interpolation_scale", Math.max(shared.side() / 64, 1)),
                    shared.epsilon());
            file.finish();
            return config;
        }
    }

    private static final class Block {
        private final Supplier<Tensor> table;
        private final Patches.Attention own;
        private final Patches.Attention text;
        private final Layers.Layer up;
        private final Layers.Layer down;
        private final double epsilon;

        Block(Layers layers, String name, Config config) {
            int dims = config.heads * config.headDims;
            epsilon = config.epsilon;
            table = layers.tensor(name + ".scale_shift_table", 6, dims);
            own = new Patches.Attention(layers, name + ".attn1", dims, dims, config.heads);
            text = new Patches.Attention(layers, name + ".attn2", dims, dims, config.heads);
            up = layers.linear(name + ".ff.net.0.proj", dims, 4L * dims);
            down = layers.linear(name + ".ff.net.2", 4L * dims, dims);
        }

        /** With the time's modulation, {@code [batch, 6, dims]}. */
        Tensor of(Tensor x, Tensor time, Tensor caption, Optional<Tensor> bias) {
            // shift, scale and gate of the attention, then of the feed-forward part
            TensorVector six = time.add(table.get()).chunk(6, 1);
            Tensor in = Dit.modulated(Layers.normed(x, epsilon), six.get(0), six.get(1));
            Tensor mixed = x.add(six.get(2).mul(own.of(in, in, Optional.empty())));
            Tensor told = mixed.add(text.of(mixed, caption, bias)); // neither normed nor gated
            Tensor second = Dit.modulated(Layers.normed(told, epsilon), six.get(3), six.get(4));
            return told.add(six.get(5).mul(down.of(torch.gelu(up.of(second), "tanh"))));
        }
    }

    private final Config config;
    private final Layers layers;
    private final Patches patches;
    private final Layers.Layer timeOne;
    private final Layers.Layer timeTwo;
    private final Layers.Layer modulation;
    private final Layers.Layer captionOne;
    private final Layers.Layer captionTwo;
    private final List<Block> blocks = new ArrayList<>();
    private final Supplier<Tensor> table;
    private final Layers.Layer out;

    private PixArt(Config config, Layers layers) {
        this.config = config;
        this.layers = layers;
        int dims = config.heads * config.headDims;
        patches = new Patches(layers, config.inputs, dims, config.patch, config.side, config.spacing);
        timeOne = layers.linear("adaln_single.emb.timestep_embedder.linear_1", WAVES, dims);
        timeTwo = layers.linear("adaln_single.emb.timestep_embedder.linear_2", dims, dims);
        modulation = layers.linear("adaln_single.linear", dims, 6L * dims);
        captionOne = layers.linear("caption_projection.linear_1", config.textDims, dims);
        captionTwo = layers.linear("caption_projection.linear_2", dims, dims);
        for (int l = 0; l < config.layers; l++) {
            blocks.add(new Block(layers, "transformer_blocks." + l, config));
        }
        table = layers.tensor("scale_shift_table", 2, dims);
        out = layers.linear("proj_out", dims, (long) config.patch * config.patch * config.outputs);
    }

    /** A transformer with weights of zero, to be loaded or drawn. */
    public PixArt(Config config, Device device, ScalarType type) {
        this(config, new Layers());
        layers.allocate(device, type);
    }

    /** Reads the folder of a transformer. */
    public static PixArt load(Path folder, Device device, ScalarType type) throws IOException {
        PixArt made = new PixArt(Config.read(folder), device, type);
        made.layers.load(folder, Patches::inner);
        return made;
    }

    /** The names and shapes of all tensors, without making any. */
    public static Map<String, long[]> shapes(Config config) {
        return new PixArt(config, new Layers()).layers.shapes();
    }

    /** The shape. */
    public Config config() {
        return config;
    }

    /** The layers with their tensors. */
    public Layers layers() {
        return layers;
    }

    /** The table of places of a grid of patches, {@code [1, height · width, dims]}. */
    Tensor places(int height, int width) {
        return patches.table(height, width);
    }

    /**
     * What the network says about noisy samples, {@code [batch, outputs, height, width]}.
     *
     * @param samples {@code [batch, inputs, height, width]}
     * @param times training steps, {@code [batch]}
     * @param states of the text, {@code [batch, tokens, textDims]}
     * @param mask 1 for real tokens and 0 for padding, {@code [batch, tokens]}
     */
    public Tensor predict(Tensor samples, Tensor times, Tensor states, Optional<Tensor> mask) {
        Layers.require(samples, "samples", -1, config.inputs, -1, -1);
        Layers.require(times, "times", samples.size(0));
        Layers.require(states, "states of the text", samples.size(0), -1, config.textDims);
        mask.ifPresent(m -> Layers.require(m, "mask", samples.size(0), states.size(1)));
        return Tensors.within(() -> {
            Optional<Tensor> bias = mask.map(m -> m.to(layers.type())
                    .neg()
                    .add(new Scalar(1))
                    .mul(new Scalar(HIDDEN))
                    .view(samples.size(0), 1, 1, states.size(1)));
            Tensor waves = Layers.sinusoids(times, WAVES, true, 0).to(layers.type());
            Tensor embedded = timeTwo.of(torch.silu(timeOne.of(waves))); // [batch, dims]
            Tensor time = modulation.of(torch.silu(embedded)).view(samples.size(0), 6, -1);
            Tensor caption = captionTwo.of(torch.gelu(captionOne.of(states), "tanh"));
            Tensor x = patches.tokens(samples);
            for (Block block : blocks) {
                Tensor before = x;
                x = Tensors.within(() -> block.of(before, time, caption, bias));
            }
            TensorVector two = table.get().add(embedded.unsqueeze(1)).chunk(2, 1); // shift, scale
            Tensor end = out.of(Dit.modulated(Layers.normed(x, config.epsilon), two.get(0), two.get(1)));
            return patches.pictures(end, samples, config.outputs);
        });
    }
}
