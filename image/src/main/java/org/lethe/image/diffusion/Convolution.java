package org.lethe.image.diffusion;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.lethe.torch.Tensors;

/**
 * Convolution whose channels are filled up with zeros to multiples of 16 on the processor.
 *
 * <p>There, libtorch's blocked kernels multiply the memory beyond the last channel by zero, and this memory is not always set: if it
 * happens to hold NaN, so do the outputs or the gradients. Seen with oneDNN on AVX-512 and kernels larger than 1, for outputs that are no
 * multiple of 16 (gradient of the input) and for more than 16 inputs that are none (everything).
 */
public final class Convolution {
    private static final long BLOCK = 16;

    private Convolution() {}

    /**
     * The convolution of a batch, {@code [batch, outputs, height, width]}.
     *
     * @param in {@code [batch, inputs, height, width]}
     * @param weight {@code [outputs, inputs, kernel, kernel]}
     * @param bias {@code [outputs]}, or nothing
     * @param stride along both sides
     * @param padding with zeros on all sides
     */
    public static Tensor of(Tensor in, Tensor weight, TensorOptional bias, int stride, int padding) {
        long outputs = weight.size(0);
        long inputs = weight.size(1);
        long moreOut = (BLOCK - outputs % BLOCK) % BLOCK;
        long moreIn = inputs <= BLOCK ? 0 : (BLOCK - inputs % BLOCK) % BLOCK;
        if (!in.is_cpu() || weight.size(2) == 1 || moreOut + moreIn == 0) {
            return plain(in, weight, bias, stride, padding);
        }
        return Tensors.within(() -> plain(
                        moreIn == 0 ? in : padded(in, 0, 0, 0, 0, 0, moreIn),
                        padded(weight, 0, 0, 0, 0, 0, moreIn, 0, moreOut),
                        bias.has_value() ? new TensorOptional(padded(bias.get(), 0, moreOut)) : bias,
                        stride,
                        padding)
                .narrow(1, 0, outputs));
    }

    /** Zeros before and after, from the last dimension to the first. */
    private static Tensor padded(Tensor tensor, long... places) {
        return torch.constant_pad_nd(tensor, places, new Scalar(0));
    }

    private static Tensor plain(Tensor in, Tensor weight, TensorOptional bias, int stride, int padding) {
        return torch.conv2d(
                in, weight, bias, new long[] {stride, stride}, new long[] {padding, padding}, new long[] {1, 1}, 1);
    }
}
