package org.lethe.image.protect;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/** Differentiable measures of how alike pictures in [0, 1] are, one number a row. */
final class Similarity {
    private static final int WINDOW = 11;
    private static final double C1 = 0.01 * 0.01;
    private static final double C2 = 0.03 * 0.03;

    private Similarity() {}

    /** The mean squared difference. */
    static Tensor squaredError(Tensor one, Tensor other) {
        return one.sub(other).square().mean(new long[] {1, 2, 3});
    }

    /** Structural similarity (Wang et al. 2004), as {@link org.lethe.image.ImageMetrics#ssim}. */
    static Tensor ssim(Tensor one, Tensor other) {
        Check.require(
                one.size(2) >= WINDOW && one.size(3) >= WINDOW,
                "size of pictures",
                one.size(3) + " x " + one.size(2),
                "at least 11 x 11, for structural similarity");
        Tensor a = filtered(one, WINDOW, 1.5);
        Tensor b = filtered(other, WINDOW, 1.5);
        Tensor covariance = filtered(one.mul(other), WINDOW, 1.5).sub(a.mul(b));
        Tensor varianceA = filtered(one.square(), WINDOW, 1.5).sub(a.square());
        Tensor varianceB = filtered(other.square(), WINDOW, 1.5).sub(b.square());
        Tensor above = plus(a.mul(b).mul(new Scalar(2)), C1).mul(plus(covariance.mul(new Scalar(2)), C2));
        Tensor below = plus(a.square().add(b.square()), C1).mul(plus(varianceA.add(varianceB), C2));
        return above.div(below).mean(new long[] {1, 2, 3});
    }

    private static Tensor plus(Tensor x, double c) {
        return x.add(new Scalar(c));
    }

    /** Every channel under a Gaussian window, where it fits. */
    static Tensor filtered(Tensor pictures, int size, double sigma) {
        float[] window = new float[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double at = i - (size - 1) / 2.0;
            sum += Math.exp(-at * at / (2 * sigma * sigma));
        }
        for (int i = 0; i < size; i++) {
            double at = i - (size - 1) / 2.0;
            window[i] = (float) (Math.exp(-at * at / (2 * sigma * sigma)) / sum);
        }
        long channels = pictures.size(1);
        Tensor one = Tensors.of(window, size).to(pictures.device(), pictures.scalar_type());
        Tensor across = Distortions.depthwise(pictures, one.reshape(1, 1, 1, size).expand(channels, 1, 1, size));
        return Distortions.depthwise(across, one.reshape(1, 1, size, 1).expand(channels, 1, size, 1));
    }
}
