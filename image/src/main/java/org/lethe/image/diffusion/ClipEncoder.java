package org.lethe.image.diffusion;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.torch.Tensors;

/** The blocks that both towers of CLIP have: x += attention(norm x); x += mlp(norm x). */
final class ClipEncoder {
    private record Block(
            Layers.Layer first,
            Layers.Layer query,
            Layers.Layer key,
            Layers.Layer value,
            Layers.Layer out,
            Layers.Layer second,
            Layers.Layer up,
            Layers.Layer down) {}

    private final List<Block> blocks = new ArrayList<>();
    private final Layers.Layer activation;
    private final int heads;

    ClipEncoder(Layers layers, String stem, long dims, long hidden, int count, int heads, String act, double epsilon) {
        this.heads = heads;
        activation = Layers.activation("hidden_act", act);
        for (int l = 0; l < count; l++) {
            String name = stem + "encoder.layers." + l + ".";
            blocks.add(new Block(
                    layers.layerNorm(name + "layer_norm1", dims, epsilon),
                    layers.linear(name + "self_attn.q_proj", dims, dims),
                    layers.linear(name + "self_attn.k_proj", dims, dims),
                    layers.linear(name + "self_attn.v_proj", dims, dims),
                    layers.linear(name + "self_attn.out_proj", dims, dims),
                    layers.layerNorm(name + "layer_norm2", dims, epsilon),
                    layers.linear(name + "mlp.fc1", dims, hidden),
                    layers.linear(name + "mlp.fc2", hidden, dims)));
        }
    }

    /** The input and the output of each block. */
    List<Tensor> states(Tensor input, Optional<Tensor> bias) {
        List<Tensor> states = new ArrayList<>(List.of(input));
        for (Block block : blocks) {
            Tensor x = states.getLast();
            states.add(Tensors.within(() -> block(block, x, bias)));
        }
        return states;
    }

    private Tensor block(Block block, Tensor x, Optional<Tensor> bias) {
        Tensor in = block.first.of(x);
        Tensor mixed = Layers.attention(block.query.of(in), block.key.of(in), block.value.of(in), heads, bias);
        Tensor middle = x.add(block.out.of(mixed));
        return middle.add(block.down.of(activation.of(block.up.of(block.second.of(middle)))));
    }
}
