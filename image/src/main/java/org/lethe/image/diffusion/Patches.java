package org.lethe.image.diffusion;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/** Square patches of latents as tokens with a fixed table of places, and tokens as patches again. */
final class Patches {
    private final Layers layers;
    private final Layers.Layer proj;
    private final int patch;
    private final int dims;
    private final int base; // grid of the size it was trained on
    private final double scale;

    /** With {@code side} of the latents it was trained on, and {@code scale} by which places lie closer than on their own grid. */
    Patches(Layers layers, int inputs, int dims, int patch, int side, double scale) {
        this.layers = layers;
        this.patch = patch;
        this.dims = dims;
        this.base = side / patch;
        this.scale = scale;
        proj = layers.convolution("pos_embed.proj", inputs, dims, patch, patch, 0);
    }

    /** Older files have the table of places, which can be computed. */
    static Optional<String> inner(String name) {
        return name.equals("pos_embed.pos_embed") ? Optional.empty() : Optional.of(name);
    }

    /** Tokens row by row, {@code [batch, places, dims]}. */
    Tensor tokens(Tensor latents) {
        Check.require(
                latents.size(2) % patch == 0 && latents.size(3) % patch == 0,
                "size of samples",
                latents.size(2) + " x " + latents.size(3),
                "multiples of " + patch);
        Tensor tokens = proj.of(latents).flatten(2, 3).transpose(1, 2);
        return tokens.add(table((int) latents.size(2) / patch, (int) latents.size(3) / patch));
    }

    /**
     * The table of places, {@code [1, height · width, dims]}: the first half of the channels tells the column, the second the row,
     * and each half is sines, then cosines, of the place at frequencies 10,000^(−k / (dims / 4)).
     */
    Tensor table(int height, int width) {
        int quarter = dims / 4;
        float[] table = new float[height * width * dims];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int row = (y * width + x) * dims;
                for (int k = 0; k < quarter; k++) {
                    double frequency = Math.pow(10_000, -(double) k / quarter);
                    double across = x / ((double) width / base) / scale * frequency;
                    double down = y / ((double) height / base) / scale * frequency;
                    table[row + k] = (float) Math.sin(across);
                    table[row + quarter + k] = (float) Math.cos(across);
                    table[row + 2 * quarter + k] = (float) Math.sin(down);
                    table[row + 3 * quarter + k] = (float) Math.cos(down);
                }
            }
        }
        return Tensors.of(table, 1, (long) height * width, dims).to(Devices.of(layers.device()), layers.type());
    }

    /** Pictures of tokens of {@code [batch, places, patch · patch · channels]}, as large as some latents. */
    Tensor pictures(Tensor tokens, Tensor like, int channels) {
        long height = like.size(2) / patch;
        long width = like.size(3) / patch;
        return tokens.reshape(tokens.size(0), height, width, patch, patch, channels)
                .permute(0, 5, 1, 3, 2, 4)
                .reshape(tokens.size(0), channels, height * patch, width * patch);
    }

    /** The maps of a block of such a transformer: attention with biases, and a feed-forward part that is four times as wide. */
    static final class Attention {
        private final Layers.Layer query;
        private final Layers.Layer key;
        private final Layers.Layer value;
        private final Layers.Layer out;
        private final int heads;

        Attention(Layers layers, String name, long dims, long seenDims, int heads) {
            this.heads = heads;
            query = layers.linear(name + ".to_q", dims, dims);
            key = layers.linear(name + ".to_k", seenDims, dims);
            value = layers.linear(name + ".to_v", seenDims, dims);
            out = layers.linear(name + ".to_out.0", dims, dims);
        }

        Tensor of(Tensor tokens, Tensor seen, Optional<Tensor> bias) {
            return out.of(Layers.attention(query.of(tokens), key.of(seen), value.of(seen), heads, bias));
        }
    }

    /** What the transformers on patches have in common in their configurations. */
    record Config(int heads, int headDims, int inputs, int outputs, int layers, int side, int patch, double epsilon) {
        Config {
            Check.require(heads >= 1, "num_attention_heads", heads, "at least 1");
            Check.require(
                    headDims >= 1 && heads * headDims % 4 == 0,
                    "attention_head_dim",
                    headDims,
                    "a width of which all heads together have a multiple of 4");
            Check.require(inputs >= 1, "in_channels", inputs, "at least 1");
            Check.require(outputs >= 1, "out_channels", outputs, "at least 1");
            Check.require(layers >= 1, "num_layers", layers, "at least 1");
            Check.require(patch >= 1, "patch_size", patch, "at least 1");
            Check.require(
                    side >= patch && side % patch == 0, "sample_size", side, "a multiple of patch_size, " + patch);
        }

        static Config of(ConfigFile file, int heads, int headDims, int layers, int side, double epsilon) {
            file.neutral("dropout", "norm_num_groups", "num_embeds_ada_norm", "upcast_attention");
            file.only("attention_bias", true);
            file.only("activation_fn", "gelu-approximate");
            int inputs = file.whole("in_channels", 4);
            return new Config(
                    file.whole("num_attention_heads", heads),
                    file.whole("attention_head_dim", headDims),
                    inputs,
                    file.whole("out_channels", inputs),
                    file.whole("num_layers", layers),
                    file.whole("sample_size", side),
                    file.whole("patch_size", 2),
                    file.number("norm_eps", epsilon));
        }

        int dims() {
            return heads * headDims;
        }
    }
}
