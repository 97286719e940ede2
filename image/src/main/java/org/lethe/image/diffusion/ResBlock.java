package org.lethe.image.diffusion;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.torch.Recomputed;
import org.lethe.torch.Tensors;

/**
 * A residual block of convolutions: shortcut(x) + conv2(silu(norm2(conv1(silu(norm1 x)) + time))), where the time is a projection
 * of an embedding, one number a channel, or is left out.
 */
final class ResBlock {
    private final Layers.Layer norm1;
    private final Layers.Layer conv1;
    private final Optional<Layers.Layer> time;
    private final Layers.Layer norm2;
    private final Layers.Layer conv2;
    private final Optional<Layers.Layer> shortcut;

    /** A block; {@code timeDims} is 0 where there is no time. */
    ResBlock(Layers layers, String name, long inputs, long outputs, long timeDims, int groups, double epsilon) {
        norm1 = layers.groupNorm(name + ".norm1", inputs, groups, epsilon);
        conv1 = layers.convolution(name + ".conv1", inputs, outputs, 3);
        time = timeDims == 0
                ? Optional.empty()
                : Optional.of(layers.linear(name + ".time_emb_proj", timeDims, outputs));
        norm2 = layers.groupNorm(name + ".norm2", outputs, groups, epsilon);
        conv2 = layers.convolution(name + ".conv2", outputs, outputs, 3);
        shortcut = inputs == outputs
                ? Optional.empty()
                : Optional.of(layers.convolution(name + ".conv_shortcut", inputs, outputs, 1));
    }

    /** The output, {@code [batch, outputs, height, width]}; the activated embedding of time is {@code [batch, timeDims]}. */
    Tensor of(Tensor in, Optional<Tensor> activatedTime) {
        return Recomputed.of(
                in,
                x -> Tensors.within(() -> {
                    Tensor h = conv1.of(torch.silu(norm1.of(x)));
                    if (time.isPresent()) {
                        h = h.add(time.get()
                                .of(activatedTime.orElseThrow())
                                .unsqueeze(2)
                                .unsqueeze(3));
                    }
                    h = conv2.of(torch.silu(norm2.of(h)));
                    return h.add(shortcut.map(s -> s.of(x)).orElse(x));
                }),
                activatedTime.stream().toArray(Tensor[]::new));
    }

    /** Nearest neighbours at another size. */
    static Tensor enlarged(Tensor x, long height, long width) {
        return torch.upsample_nearest2d(x, height, width);
    }

    /** Zeros on the right and at the bottom, one of each, as some downsampling asks. */
    static Tensor paddedBelow(Tensor x) {
        return torch.constant_pad_nd(x, 0, 1, 0, 1);
    }
}
