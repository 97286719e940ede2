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
 * The diffusion transformer that is conditioned on a class (Peebles and Xie 2023, DiTTransformer2DModel): each block shifts, scales
 * and gates by an embedding of time and class.
 */
public final class Dit {
    private static final double EPSILON = 1e-6; // of norms that are shifted and scaled
    private static final int WAVES = 256;

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
     * @param classes number of classes; the label {@code classes} stands for none
     * @param epsilon of the norm before the feed-forward part
     */
    public record Config(
            int heads,
            int headDims,
            int inputs,
            int outputs,
            int layers,
            int side,
            int patch,
            int classes,
            double epsilon) {
        public Config {
            Check.require(classes >= 1, "num_embeds_ada_norm", classes, "at least 1");
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
            file.oneOf("_class_name", "DiTTransformer2DModel", "DiTTransformer2DModel", "Transformer2DModel");
            file.only("norm_type", "ada_norm_zero");
            file.only("norm_elementwise_affine", false);
            int classes = file.whole("num_embeds_ada_norm", 1000);
            Patches.Config shared = Patches.Config.of(file, 16, 72, 28, 32, 1e-5);
            file.finish();
            return new Config(
                    shared.heads(),
                    shared.headDims(),
                    shared.inputs(),
                    shared.outputs(),
                    shared.layers(),
                    shared.side(),
                    shared.patch(),
                    classes,
                    shared.epsilon());
        }
    }

    private static final class Block {
        private final Layers.Layer timeOne;
        private final Layers.Layer timeTwo;
        private final Supplier<Tensor> classes;
        private final Layers.Layer modulation;
        private final Patches.Attention attention;
        private final Layers.Layer up;
        private final Layers.Layer down;
        private final double epsilon;

        Block(Layers layers, String name, Config config) {
            int dims = config.heads * config.headDims;
            epsilon = config.epsilon;
            timeOne = layers.linear(name + ".norm1.emb.timestep_embedder.linear_1", WAVES, dims);
            timeTwo = layers.linear(name + ".norm1.emb.timestep_embedder.linear_2", dims, dims);
            classes =
                    layers.tensor(name + ".norm1.emb.class_embedder.embedding_table.weight", config.classes + 1L, dims);
            modulation = layers.linear(name + ".norm1.linear", dims, 6L * dims);
            attention = new Patches.Attention(layers, name + ".attn1", dims, dims, config.heads);
            up = layers.linear(name + ".ff.net.0.proj", dims, 4L * dims);
            down = layers.linear(name + ".ff.net.2", 4L * dims, dims);
        }

        /** The activated embedding of time and class, {@code [batch, dims]}; every block has one of its own. */
        Tensor condition(Tensor waves, Tensor labels) {
            Tensor time = timeTwo.of(torch.silu(timeOne.of(waves)));
            return torch.silu(time.add(torch.embedding(classes.get(), labels)));
        }

        Tensor of(Tensor x, Tensor waves, Tensor labels) {
            // shift, scale and gate of the attention, then of the feed-forward part
            TensorVector six =
                    modulation.of(condition(waves, labels)).unsqueeze(1).chunk(6, 2);
            Tensor in = modulated(Layers.normed(x, EPSILON), six.get(0), six.get(1));
            Tensor middle = x.add(six.get(2).mul(attention.of(in, in, Optional.empty())));
            Tensor second = modulated(Layers.normed(middle, epsilon), six.get(3), six.get(4));
            return middle.add(six.get(5).mul(down.of(torch.gelu(up.of(second), "tanh"))));
        }
    }

    private final Config config;
    private final Layers layers;
    private final Patches patches;
    private final List<Block> blocks = new ArrayList<>();
    private final Layers.Layer last;
    private final Layers.Layer out;

    private Dit(Config config, Layers layers) {
        this.config = config;
        this.layers = layers;
        int dims = config.heads * config.headDims;
        patches = new Patches(layers, config.inputs, dims, config.patch, config.side, 1);
        for (int l = 0; l < config.layers; l++) {
            blocks.add(new Block(layers, "transformer_blocks." + l, config));
        }
        last = layers.linear("proj_out_1", dims, 2L * dims);
        out = layers.linear("proj_out_2", dims, (long) config.patch * config.patch * config.outputs);
    }

    /** A transformer with weights of zero, to be loaded or drawn. */
    public Dit(Config config, Device device, ScalarType type) {
        this(config, new Layers());
        layers.allocate(device, type);
    }

    /** Reads the folder of a transformer. */
    public static Dit load(Path folder, Device device, ScalarType type) throws IOException {
        Dit made = new Dit(Config.read(folder), device, type);
        made.layers.load(folder, Patches::inner);
        return made;
    }

    /** The names and shapes of all tensors, without making any. */
    public static Map<String, long[]> shapes(Config config) {
        return new Dit(config, new Layers()).layers.shapes();
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
     * What the network says about noisy samples, {@code [batch, outputs, height, width]}: noise, and after it the place of the
     * variance between its bounds where there are twice as many outputs.
     *
     * @param samples {@code [batch, inputs, height, width]}
     * @param times training steps, {@code [batch]}
     * @param labels classes, or their number for none, {@code [batch]}
     */
    public Tensor predict(Tensor samples, Tensor times, Tensor labels) {
        Layers.require(samples, "samples", -1, config.inputs, -1, -1);
        Layers.require(times, "times", samples.size(0));
        Layers.require(labels, "labels", samples.size(0));
        return Tensors.within(() -> {
            Tensor waves = Layers.sinusoids(times, WAVES, true, 1).to(layers.type());
            Tensor x = patches.tokens(samples);
            for (Block block : blocks) {
                Tensor before = x;
                x = Tensors.within(() -> block.of(before, waves, labels));
            }
            TensorVector two = last.of(blocks.getFirst().condition(waves, labels))
                    .unsqueeze(1)
                    .chunk(2, 2); // shift, scale
            Tensor end = out.of(modulated(Layers.normed(x, EPSILON), two.get(0), two.get(1)));
            return patches.pictures(end, samples, config.outputs);
        });
    }

    /** x · (1 + scale) + shift. */
    static Tensor modulated(Tensor x, Tensor shift, Tensor scale) {
        return x.mul(scale.add(new Scalar(1))).add(shift);
    }
}
