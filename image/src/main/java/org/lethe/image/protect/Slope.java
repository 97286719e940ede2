package org.lethe.image.protect;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.torch.Recomputed;

/** Derivatives by pictures, or by latents and noise of their size, in the memory that this size affords. */
final class Slope {
    /** Of a batch: 64 pictures of 32 x 32, one of 256 x 256 and more. */
    static final int PIXELS = 1 << 16;

    private Slope() {}

    /**
     * The derivative of a number by a tensor that it is computed from. Blocks of networks are passed twice where pictures are
     * large, so that the weights must be frozen.
     *
     * @param number one value
     * @param by a leaf that wants a gradient
     * @param pixels of a picture
     */
    static Tensor of(Supplier<Tensor> number, Tensor by, long pixels) {
        return pixels >= PIXELS
                ? Recomputed.derivative(number, by)
                // a reference of its own, as that of the vector goes with the vector
                : new Tensor(torch.grad(new TensorVector(number.get()), new TensorVector(by))
                        .get(0));
    }
}
