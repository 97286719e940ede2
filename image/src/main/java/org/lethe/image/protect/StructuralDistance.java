package org.lethe.image.protect;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.image.Perceptual;
import org.lethe.torch.Tensors;

/**
 * Structural dissimilarity (1 − SSIM)/2 under a Gaussian window of 11 pixels with σ 1.5 (Wang et al. 2004): a distance that needs no
 * network.
 */
final class StructuralDistance implements Perceptual {
    private static final int SIDE = 11;

    @Override
    public Tensor distance(Tensor pictures, Tensor others) {
        long high = pictures.size(2);
        long wide = pictures.size(3);
        Check.require(
                high >= SIDE && wide >= SIDE, "size of pictures", wide + " x " + high, "at least 11 x 11 pixels");
        Tensor down = window(high).to(pictures.device(), pictures.scalar_type());
        Tensor across = window(wide).t().to(pictures.device(), pictures.scalar_type());
        UnaryOperator<Tensor> mean = x -> down.matmul(x).matmul(across); // where the window fits
        Tensor meanA = mean.apply(pictures);
        Tensor meanB = mean.apply(others);
        Tensor varianceA = mean.apply(pictures.square()).sub(meanA.square());
        Tensor varianceB = mean.apply(others.square()).sub(meanB.square());
        Tensor covariance = mean.apply(pictures.mul(others)).sub(meanA.mul(meanB));
        Tensor above = twice(meanA.mul(meanB), 1e-4).mul(twice(covariance, 9e-4));
        Tensor below = meanA.square()
                .add(meanB.square())
                .add(new Scalar(1e-4))
                .mul(varianceA.add(varianceB).add(new Scalar(9e-4)));
        return above.div(below).flatten(1, -1).mean(1).neg().add(new Scalar(1)).mul(new Scalar(0.5));
    }

    private static Tensor twice(Tensor x, double more) {
        return x.mul(new Scalar(2)).add(new Scalar(more));
    }

    /** The matrix that slides the window along a side, {@code [length − 10, length]}. */
    private static Tensor window(long length) {
        double[] line = new double[SIDE];
        double sum = 0;
        for (int i = 0; i < SIDE; i++) {
            double at = i - (SIDE - 1) / 2.0;
            line[i] = Math.exp(-at * at / (2 * 1.5 * 1.5));
            sum += line[i];
        }
        int columns = Math.toIntExact(length);
        int places = columns - SIDE + 1;
        float[] matrix = new float[places * columns];
        for (int place = 0; place < places; place++) {
            for (int i = 0; i < SIDE; i++) {
                matrix[place * columns + place + i] = (float) (line[i] / sum);
            }
        }
        return Tensors.of(matrix, places, columns);
    }
}
