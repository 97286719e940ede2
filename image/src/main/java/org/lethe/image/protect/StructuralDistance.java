package org.lethe.image.protect;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.image.Perceptual;

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
        Check.require(high >= SIDE && wide >= SIDE, "size of pictures", wide + " x " + high, "at least 11 x 11 pixels");
        Tensor a = pictures.reshape(rows * 3, 1, high, wide);
        Tensor b = others.reshape(rows * 3, 1, high, wide);
        Tensor meanA = filtered(a);
        Tensor meanB = filtered(b);
        Tensor varianceA = filtered(a.square()).sub(meanA.square());
        Tensor varianceB = filtered(b.square()).sub(meanB.square());
        Tensor covariance = filtered(a.mul(b)).sub(meanA.mul(meanB));
        Tensor above = twice(meanA.mul(meanB), 1e-4).mul(twice(covariance, 9e-4));
        Tensor below = meanA.square()
                .add(meanB.square())
                .add(new Scalar(1e-4))
                .mul(varianceA.add(varianceB).add(new Scalar(9e-4)));
        return above.div(below)
                .reshape(rows, -1)
                .mean(1)
                .neg()
                .add(new Scalar(1))
                .mul(new Scalar(0.5));
    }

    private static Tensor twice(Tensor x, double more) {
        return x.mul(new Scalar(2)).add(new Scalar(more));
    }

    private static Tensor filtered(Tensor x) {
        return GaussianFilter.of(x, SIDE, 1.5);
    }
}
