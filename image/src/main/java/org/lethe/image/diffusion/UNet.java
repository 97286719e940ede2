package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Tensors;

/**
 * The U-shaped denoiser of diffusion: Stable Diffusion 1, 2 and XL (UNet2DConditionModel), and the unconditional one of DDPM
 * (UNet2DModel).
 *
 * <p>Down: residual blocks, each followed by a transformer or attention where the level has it, then half the size; every output is
 * kept. Up: the same, each block on its input beside the latest output that was kept, then twice the size.
 */
public final class UNet {
    /** What follows the residual blocks of a level. */
    public enum Mixing {
        /** Nothing. */
        NONE,
        /** Attention among the places of the picture. */
        ATTENTION,
        /** Transformers on the places of the picture, which also look at a text. */
        TRANSFORMER
    }

    /**
     * The shape of a denoiser.
     *
     * @param conditional whether it looks at a text, as UNet2DConditionModel does
     * @param inputs channels of a sample
     * @param outputs channels of what is predicted
     * @param widths channels of each level, from the finest; each level but the last halves height and width
     * @param down what follows the residual blocks of each level on the way down
     * @param up the same on the way up, from the coarsest level
     * @param middleMixing the same in the middle
     * @param blocks residual blocks of a level on the way down; one more on the way up
     * @param heads of the attention of each level
     * @param depths transformer blocks at each place of each level
     * @param textDims width of the text's states; 0 if there is no text
     * @param linear whether maps around transformers are linear and not convolutions
     * @param groups of the norms
     * @param epsilon of the norms of residual blocks
     * @param cosinesFirst whether the embedding of time begins with cosines
     * @param timeShift shift in its frequencies
     * @param padded whether downsampling pads all sides, and not right and bottom alone
     * @param sizeDims width of the embedding of each size number of Stable Diffusion XL; 0 if there are none
     * @param addedDims width of the pooled text and all embedded size numbers; 0 if there are none
     * @param side of a sample it was trained on
     */
    public record Config(
            boolean conditional,
            int inputs,
            int outputs,
            List<Integer> widths,
            List<Mixing> down,
            List<Mixing> up,
            Mixing middleMixing,
            int blocks,
            List<Integer> heads,
            List<Integer> depths,
            int textDims,
            boolean linear,
            int groups,
            double epsilon,
            boolean cosinesFirst,
            double timeShift,
            boolean padded,
            int sizeDims,
            int addedDims,
            int side) {
        public Config {
            widths = List.copyOf(widths);
            down = List.copyOf(down);
            up = List.copyOf(up);
            heads = List.copyOf(heads);
            depths = List.copyOf(depths);
            Check.require(inputs >= 1, "in_channels", inputs, "at least 1");
            Check.require(outputs >= 1, "out_channels", outputs, "at least 1");
            Check.require(blocks >= 1, "layers_per_block", blocks, "at least 1");
            Check.require(groups >= 1, "norm_num_groups", groups, "at least 1");
            Check.require(epsilon > 0 && epsilon < 1, "norm_eps", epsilon, "above 0, below 1");
            Check.require(textDims >= 0, "cross_attention_dim", textDims, "at least 0");
            int levels = widths.size();
            Check.require(
                    levels >= 1 && levels <= 10 && widths.stream().allMatch(w -> w >= 2),
                    "block_out_channels",
                    widths,
                    "1 to 10 numbers of at least 2");
            Check.require(down.size() == levels, "down_block_types", down, "one for each of the " + levels + " levels");
            Check.require(up.size() == levels, "up_block_types", up, "one for each of the " + levels + " levels");
            Check.require(heads.size() == levels, "attention_head_dim", heads, "one for each level");
            Check.require(depths.size() == levels, "transformer_layers_per_block", depths, "one for each level");
            for (int b = 0; b < levels; b++) {
                Check.require(
                        heads.get(b) >= 1 && widths.get(b) % heads.get(b) == 0,
                        "heads",
                        heads,
                        "divisors of the channels " + widths);
                Check.require(depths.get(b) >= 1, "transformer_layers_per_block", depths, "at least 1 each");
            }
            Check.require(
                    addedDims == 0 || (sizeDims >= 1 && addedDims > sizeDims),
                    "projection_class_embeddings_input_dim",
                    addedDims,
                    "more than the embedded sizes");
        }

        /** Reads {@code config.json} of a folder, or a file. */
        public static Config read(Path path) throws IOException {
            return ConfigFile.read(path, UNetFile::config);
        }

        /** The shape that the text of a configuration describes. */
        public static Config parse(String json, String where) {
            return ConfigFile.parse(json, where, UNetFile::config);
        }
    }

    /**
     * What a denoiser is told beside sample and time.
     *
     * @param states of the text, {@code [batch, tokens, textDims]}
     * @param pooled text of Stable Diffusion XL, {@code [batch, dims]}
     * @param sizes of Stable Diffusion XL: height and width before, top and left of the crop, height and width wanted, {@code [batch, 6]}
     */
    public record Condition(Optional<Tensor> states, Optional<Tensor> pooled, Optional<Tensor> sizes) {
        /** Nothing. */
        public static final Condition NONE = new Condition(Optional.empty(), Optional.empty(), Optional.empty());

        /** A text alone. */
        public static Condition of(Tensor states) {
            return new Condition(Optional.of(states), Optional.empty(), Optional.empty());
        }
    }

    /** What stands in the cross-attention of one call, between the text and the denoiser. */
    public interface CrossAttention {
        /** The keys or the values of the text's tokens, {@code [batch, tokens, dims]}, as they are to be used. */
        default Tensor used(Tensor keysOrValues) {
            return keysOrValues;
        }

        /**
         * Shows how each place of the picture looks at the tokens.
         *
         * @param layer name as in the files: {@code mid_block.attentions.0.transformer_blocks.0.attn2}
         * @param probabilities {@code [batch, heads, places, tokens]}; they belong to an inner scope
         */
        default void seen(String layer, Tensor probabilities) {}
    }

    /** A residual block and what follows it. */
    private record Step(ResBlock block, Optional<PixelAttention> attention, Optional<SpatialTransformer> transformer) {
        Tensor of(Tensor x, Tensor time, Condition condition, Optional<CrossAttention> crossing) {
            Tensor h = block.of(x, Optional.of(time));
            Tensor attended = attention.map(a -> a.of(h)).orElse(h);
            return transformer
                    .map(t -> t.of(attended, condition.states.orElseThrow(), crossing))
                    .orElse(attended);
        }
    }

    private record Level(List<Step> steps, Optional<Layers.Layer> resize) {}

    private final Config config;
    private final Layers layers;
    private final Layers.Layer timeOne;
    private final Layers.Layer timeTwo;
    private final Optional<Layers.Layer> addedOne;
    private final Optional<Layers.Layer> addedTwo;
    private final Layers.Layer in;
    private final List<Level> down = new ArrayList<>();
    private final Step middle;
    private final ResBlock lastOfMiddle;
    private final List<Level> up = new ArrayList<>();
    private final Layers.Layer norm;
    private final Layers.Layer out;

    private UNet(Config config, Layers layers) {
        this.config = config;
        this.layers = layers;
        int levels = config.widths.size();
        long finest = config.widths.getFirst();
        long coarsest = config.widths.getLast();
        long timeDims = 4 * finest;
        in = layers.convolution("conv_in", config.inputs, finest, 3);
        timeOne = layers.linear("time_embedding.linear_1", finest, timeDims);
        timeTwo = layers.linear("time_embedding.linear_2", timeDims, timeDims);
        boolean added = config.addedDims > 0;
        addedOne = added
                ? Optional.of(layers.linear("add_embedding.linear_1", config.addedDims, timeDims))
                : Optional.empty();
        addedTwo = added ? Optional.of(layers.linear("add_embedding.linear_2", timeDims, timeDims)) : Optional.empty();

        Deque<Long> kept = new ArrayDeque<>(List.of(finest)); // channels of the outputs that are kept
        long width = finest;
        for (int b = 0; b < levels; b++) {
            String name = "down_blocks." + b;
            long next = config.widths.get(b);
            List<Step> steps = new ArrayList<>();
            for (int j = 0; j < config.blocks; j++) {
                steps.add(step(name, j, j == 0 ? width : next, next, config.down.get(b), b));
                kept.push(next);
            }
            Optional<Layers.Layer> resize = Optional.empty();
            if (b < levels - 1) {
                int padding = config.padded ? 1 : 0;
                resize = Optional.of(layers.convolution(name + ".downsamplers.0.conv", next, next, 3, 2, padding));
                kept.push(next);
            }
            down.add(new Level(steps, resize));
            width = next;
        }
        middle = step("mid_block", 0, coarsest, coarsest, config.middleMixing, levels - 1);
        lastOfMiddle = new ResBlock(
                layers, "mid_block.resnets.1", coarsest, coarsest, timeDims, config.groups, config.epsilon);
        for (int b = 0; b < levels; b++) {
            String name = "up_blocks." + b;
            int level = levels - 1 - b;
            long next = config.widths.get(level);
            List<Step> steps = new ArrayList<>();
            for (int j = 0; j <= config.blocks; j++) {
                steps.add(step(name, j, (j == 0 ? width : next) + kept.pop(), next, config.up.get(b), level));
            }
            up.add(new Level(
                    steps,
                    b == levels - 1
                            ? Optional.empty()
                            : Optional.of(layers.convolution(name + ".upsamplers.0.conv", next, next, 3))));
            width = next;
        }
        norm = layers.groupNorm("conv_norm_out", finest, config.groups, config.epsilon);
        out = layers.convolution("conv_out", finest, config.outputs, 3);
    }

    private Step step(String stem, int index, long inputs, long outputs, Mixing mixing, int level) {
        String name = stem + ".attentions." + index;
        int heads = config.heads.get(level);
        return new Step(
                new ResBlock(
                        layers,
                        stem + ".resnets." + index,
                        inputs,
                        outputs,
                        4L * config.widths.getFirst(),
                        config.groups,
                        config.epsilon),
                mixing == Mixing.ATTENTION
                        ? Optional.of(new PixelAttention(layers, name, outputs, heads, config.groups, config.epsilon))
                        : Optional.empty(),
                mixing == Mixing.TRANSFORMER
                        ? Optional.of(
                                new SpatialTransformer(layers, name, outputs, heads, config.depths.get(level), config))
                        : Optional.empty());
    }

    /** A denoiser with weights of zero, to be loaded or drawn. */
    public UNet(Config config, Device device, ScalarType type) {
        this(config, new Layers());
        layers.allocate(device, type);
    }

    /** Reads the folder of a denoiser. */
    public static UNet load(Path folder, Device device, ScalarType type) throws IOException {
        return load(Config.read(folder), folder, device, type);
    }

    /** Reads weights of a known shape; older names of the attention's maps are understood. */
    public static UNet load(Config config, Path weights, Device device, ScalarType type) throws IOException {
        UNet made = new UNet(config, device, type);
        made.layers.load(weights, name -> Optional.of(config.conditional ? name : PixelAttention.inner(name)));
        return made;
    }

    /** The names and shapes of all tensors, without making any. */
    public static Map<String, long[]> shapes(Config config) {
        return new UNet(config, new Layers()).layers.shapes();
    }

    /** The shape. */
    public Config config() {
        return config;
    }

    /** The layers with their tensors. */
    public Layers layers() {
        return layers;
    }

    /** What the network says about noisy samples without a text, {@code [batch, outputs, height, width]}. */
    public Tensor predict(Tensor samples, Tensor times) {
        return predict(samples, times, Condition.NONE);
    }

    /**
     * What the network says about noisy samples.
     *
     * @param samples {@code [batch, inputs, height, width]}
     * @param times training steps, whole or not, {@code [batch]}
     * @param condition the text, and for Stable Diffusion XL pooled text and sizes
     */
    public Tensor predict(Tensor samples, Tensor times, Condition condition) {
        return Tensors.within(() -> predict(samples, times, condition, (_, _) -> {}, Optional.empty()));
    }

    /** The same, with something that stands in the cross-attention. */
    public Tensor predict(Tensor samples, Tensor times, Condition condition, CrossAttention crossing) {
        return Tensors.within(() -> predict(samples, times, condition, (_, _) -> {}, Optional.of(crossing)));
    }

    /**
     * The same, and shows the output of each block by its name, such as {@code down_blocks.0}. All of them belong to the scope of
     * the caller.
     */
    public Tensor predict(Tensor samples, Tensor times, Condition condition, BiConsumer<String, Tensor> watch) {
        return predict(samples, times, condition, watch, Optional.empty());
    }

    private Tensor predict(
            Tensor samples,
            Tensor times,
            Condition condition,
            BiConsumer<String, Tensor> watch,
            Optional<CrossAttention> crossing) {
        Layers.require(samples, "samples", -1, config.inputs, -1, -1);
        Layers.require(times, "times", samples.size(0));
        if (config.textDims > 0) {
            Check.require(condition.states.isPresent(), "text", "absent", "states of a text");
            Layers.require(condition.states.get(), "states of the text", samples.size(0), -1, config.textDims);
        }
        Tensor time = torch.silu(embedded(times, condition, watch));
        Tensor x = in.of(samples);
        watch.accept("conv_in", x);
        Deque<Tensor> kept = new ArrayDeque<>(List.of(x));
        for (int b = 0; b < down.size(); b++) {
            Level level = down.get(b);
            for (Step step : level.steps) {
                x = step.of(x, time, condition, crossing);
                kept.push(x);
            }
            if (level.resize.isPresent()) {
                Tensor large = x;
                x = Tensors.within(() -> level.resize.get().of(config.padded ? large : ResBlock.paddedBelow(large)));
                kept.push(x);
            }
            watch.accept("down_blocks." + b, x);
        }
        x = lastOfMiddle.of(middle.of(x, time, condition, crossing), Optional.of(time));
        watch.accept("mid_block", x);
        for (int b = 0; b < up.size(); b++) {
            Level level = up.get(b);
            for (Step step : level.steps) {
                Tensor below = x;
                x = Tensors.within(() ->
                        step.of(torch.cat(new TensorVector(below, kept.pop()), 1), time, condition, crossing));
            }
            if (level.resize.isPresent()) {
                Tensor small = x;
                Tensor next = kept.getFirst(); // its size, where halving had rounded up
                x = Tensors.within(() -> level.resize.get().of(ResBlock.enlarged(small, next.size(2), next.size(3))));
            }
            watch.accept("up_blocks." + b, x);
        }
        return out.of(torch.silu(norm.of(x)));
    }

    private Tensor embedded(Tensor times, Condition condition, BiConsumer<String, Tensor> watch) {
        Tensor waves = Layers.sinusoids(times, config.widths.getFirst(), config.cosinesFirst, config.timeShift);
        watch.accept("time_proj", waves);
        Tensor time = timeTwo.of(torch.silu(timeOne.of(waves.to(layers.type()))));
        watch.accept("time_embedding", time);
        if (addedOne.isEmpty()) {
            return time;
        }
        Tensor pooled = condition.pooled.orElseThrow(
                () -> new IllegalArgumentException("pooled text is absent, expected one as the network wants it"));
        Tensor sizes = condition.sizes.orElseThrow(
                () -> new IllegalArgumentException("sizes are absent, expected six numbers as the network wants them"));
        Tensor embedded = Layers.sinusoids(sizes.flatten(), config.sizeDims, config.cosinesFirst, config.timeShift)
                .reshape(times.size(0), -1)
                .to(layers.type()); // [batch, 6 · sizeDims]
        Tensor both = torch.cat(new TensorVector(pooled, embedded), 1);
        Layers.require(both, "pooled text and sizes", times.size(0), config.addedDims);
        return time.add(addedTwo.orElseThrow().of(torch.silu(addedOne.get().of(both))));
    }
}
