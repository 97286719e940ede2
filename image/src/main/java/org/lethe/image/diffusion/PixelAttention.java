package org.lethe.image.diffusion;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.torch.Recomputed;
import org.lethe.torch.Tensors;

/** Attention among all places of a picture with a residual: x + out(attention(norm x)); every map has a bias. */
final class PixelAttention {
    private final Layers.Layer norm;
    private final Layers.Layer query;
    private final Layers.Layer key;
    private final Layers.Layer value;
    private final Layers.Layer out;
    private final int heads;

    PixelAttention(Layers layers, String name, long channels, int heads, int groups, double epsilon) {
        this.heads = heads;
        norm = layers.groupNorm(name + ".group_norm", channels, groups, epsilon);
        query = layers.linear(name + ".to_q", channels, channels);
        key = layers.linear(name + ".to_k", channels, channels);
        value = layers.linear(name + ".to_v", channels, channels);
        out = layers.linear(name + ".to_out.0", channels, channels);
    }

    Tensor of(Tensor picture) {
        return Recomputed.of(
                picture,
                x -> Tensors.within(() -> {
                    Tensor tokens = norm.of(x).flatten(2, 3).transpose(1, 2); // [batch, height · width, channels]
                    Tensor mixed = Layers.attention(
                            query.of(tokens), key.of(tokens), value.of(tokens), heads, Optional.empty());
                    return out.of(mixed).transpose(1, 2).reshape(x.shape()).add(x);
                }));
    }

    /** The names of older files in today's. */
    static String inner(String name) {
        if (!name.contains(".attentions.")) {
            return name;
        }
        return name.replace(".query.", ".to_q.")
                .replace(".key.", ".to_k.")
                .replace(".value.", ".to_v.")
                .replace(".proj_attn.", ".to_out.0.");
    }
}
