package org.lethe.image.protect;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * Structural dissimilarity (1 − SSIM)/2 under a Gaussian window of 11 pixels with σ 1.5 (Wang et al. 2004): a distance that needs no
 * network.
 */
final class StructuralDistance implements Perceptual {
    private static final int SIDE = 11;

    @Override
    public Tensor distance(Tensor pictures, Tensor others) {
        long rows = pictures.size(0);
        long high = pictures.size(2);
        long wide = pictures.size(3);
        Check.require(
                high >= SIDE && wide >= SIDE, "size of pictures", wide + " x " + high, "at least 11 x 11 pixels");
        Tensor a = pictures.reshape(rows * 3, 1, high, wide);
        Tensor b = others.reshape(rows * 3, 1, high, wide);
        Tensor window = window().to(a.device(), a.scalar_type());
        Tensor meanA = torch.conv2d(a, window);
        Tensor meanB = torch.conv2d(b, window);
        Tensor varianceA = torch.conv2d(a.square(), window).sub(meanA.square());
        Tensor varianceB = torch.conv2d(b.square(), window).sub(meanB.square());
        Tensor covariance = torch.conv2d(a.mul(b), window).sub(meanA.mul(meanB));
        Tensor above = twice(meanA.mul(meanB), 1e-4).mul(twice(covariance, 9e-4));
        Tensor below = meanA.square()
                .add(meanB.square())
                .add(new Scalar(1e-4))
                .mul(varianceA.add(varianceB).add(new Scalar(9e-4)));
        return above.div(below).reshape(rows, -1).mean(1).neg().add(new Scalar(1)).mul(new Scalar(0.5));
    }

    private static Tensor twice(Tensor x, double more) {
        return x.mul(new Scalar(2)).add(new Scalar(more));
    }

    private static Tensor window() {
        double[] line = new double[SIDE];
        double sum = 0;
        for (int i = 0; i < SIDE; i++) {
            double at = i - (SIDE - 1) / 2.0;
            line[i] = Math.exp(-at * at / (2 * 1.5 * 1.5));
            sum += line[i];
        }
        float[] window = new float[SIDE * SIDE];
        for (int i = 0; i < window.length; i++) {
            window[i] = (float) (line[i / SIDE] * line[i % SIDE] / (sum * sum));
        }
        return Tensors.of(window, 1, 1, SIDE, SIDE);
    }
}
