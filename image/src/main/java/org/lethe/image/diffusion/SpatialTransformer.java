package org.lethe.image.diffusion;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.torch.Recomputed;
import org.lethe.torch.Tensors;

/** Transformer blocks on the places of a picture, between maps in and out, with a residual. */
final class SpatialTransformer {
    private static final double TRANSFORMER_EPSILON = 1e-6;
    private static final double TOKEN_EPSILON = 1e-5;

    private final Layers.Layer norm;
    private final Layers.Layer in;
    private final List<TokenBlock> blocks = new ArrayList<>();
    private final Layers.Layer out;
    private final boolean linear;

    SpatialTransformer(Layers layers, String name, long channels, int heads, int depth, UNet.Config config) {
        linear = config.linear();
        norm = layers.groupNorm(name + ".norm", channels, config.groups(), TRANSFORMER_EPSILON);
        in = linear
                ? layers.linear(name + ".proj_in", channels, channels)
                : layers.convolution(name + ".proj_in", channels, channels, 1);
        for (int t = 0; t < depth; t++) {
            blocks.add(new TokenBlock(layers, name + ".transformer_blocks." + t, channels, config.textDims(), heads));
        }
        out = linear
                ? layers.linear(name + ".proj_out", channels, channels)
                : layers.convolution(name + ".proj_out", channels, channels, 1);
    }

    Tensor of(Tensor picture, Tensor text, Optional<UNet.CrossAttention> crossing) {
        return Recomputed.of(
                picture,
                x -> Tensors.within(() -> {
                    Tensor normed = norm.of(x);
                    Tensor tokens = linear ? in.of(tokens(normed)) : tokens(in.of(normed));
                    for (TokenBlock block : blocks) {
                        Tensor before = tokens;
                        tokens = Tensors.within(() -> block.of(before, text, crossing));
                    }
                    Tensor mapped = linear ? picture(out.of(tokens), x) : out.of(picture(tokens, x));
                    return mapped.add(x);
                }),
                text);
    }

    private static Tensor tokens(Tensor picture) {
        return picture.flatten(2, 3).transpose(1, 2); // [batch, height · width, channels]
    }

    private static Tensor picture(Tensor tokens, Tensor like) {
        return tokens.transpose(1, 2).reshape(like.shape());
    }

    /** A transformer block on tokens: x += attn1(norm1 x); x += attn2(norm2 x, text); x += ff(norm3 x). */
    private static final class TokenBlock {
        private final Layers.Layer norm1;
        private final Layers.Layer query1;
        private final Layers.Layer key1;
        private final Layers.Layer value1;
        private final Layers.Layer out1;
        private final Layers.Layer norm2;
        private final Layers.Layer query2;
        private final Layers.Layer key2;
        private final Layers.Layer value2;
        private final Layers.Layer out2;
        private final Layers.Layer norm3;
        private final Layers.Layer gated;
        private final Layers.Layer narrowed;
        private final String attention;
        private final int heads;

        TokenBlock(Layers layers, String name, long dims, long textDims, int heads) {
            this.attention = name + ".attn2";
            this.heads = heads;
            norm1 = layers.layerNorm(name + ".norm1", dims, TOKEN_EPSILON);
            query1 = layers.linearWithoutBias(name + ".attn1.to_q", dims, dims);
            key1 = layers.linearWithoutBias(name + ".attn1.to_k", dims, dims);
            value1 = layers.linearWithoutBias(name + ".attn1.to_v", dims, dims);
            out1 = layers.linear(name + ".attn1.to_out.0", dims, dims);
            norm2 = layers.layerNorm(name + ".norm2", dims, TOKEN_EPSILON);
            query2 = layers.linearWithoutBias(name + ".attn2.to_q", dims, dims);
            key2 = layers.linearWithoutBias(name + ".attn2.to_k", textDims, dims);
            value2 = layers.linearWithoutBias(name + ".attn2.to_v", textDims, dims);
            out2 = layers.linear(name + ".attn2.to_out.0", dims, dims);
            norm3 = layers.layerNorm(name + ".norm3", dims, TOKEN_EPSILON);
            gated = layers.linear(name + ".ff.net.0.proj", dims, 8 * dims);
            narrowed = layers.linear(name + ".ff.net.2", 4 * dims, dims);
        }

        Tensor of(Tensor tokens, Tensor text, Optional<UNet.CrossAttention> crossing) {
            Tensor x = tokens.add(Tensors.within(() -> {
                Tensor in = norm1.of(tokens);
                return out1.of(Layers.attention(query1.of(in), key1.of(in), value1.of(in), heads, Optional.empty()));
            }));
            Tensor seen = x.add(Tensors.within(() -> {
                Tensor query = query2.of(norm2.of(x));
                Tensor key = key2.of(text);
                Tensor value = value2.of(text);
                return out2.of(crossing.map(c -> Layers.attention(
                                query, c.used(key), c.used(value), heads, shown -> c.seen(attention, shown)))
                        .orElseGet(() -> Layers.attention(query, key, value, heads, Optional.empty())));
            }));
            return seen.add(Tensors.within(() -> {
                TensorVector halves = gated.of(norm3.of(seen)).chunk(2, -1); // value, gate
                return narrowed.of(halves.get(0).mul(torch.gelu(halves.get(1))));
            }));
        }
    }
}
