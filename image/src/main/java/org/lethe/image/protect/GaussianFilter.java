package org.lethe.image.protect;

import org.bytedeco.pytorch.Tensor;
import org.lethe.torch.Tensors;

/** A Gaussian window over the last two dimensions where it fits, as two products of matrices. */
final class GaussianFilter {
    private GaussianFilter() {}

    /**
     * Weighted means of {@code [..., height, width]}.
     *
     * @param side of the window
     * @param sigma of the window in pixels
     */
    static Tensor of(Tensor x, int side, double sigma) {
        Tensor down = band((int) x.size(-2), side, sigma).to(x.device(), x.scalar_type());
        Tensor across = band((int) x.size(-1), side, sigma).to(x.device(), x.scalar_type());
        return down.matmul(x).matmul(across.t());
    }

    private static Tensor band(int size, int side, double sigma) {
        double[] window = new double[side];
        double sum = 0;
        for (int i = 0; i < side; i++) {
            double at = i - (side - 1) / 2.0;
            window[i] = Math.exp(-at * at / (2 * sigma * sigma));
            sum += window[i];
        }
        int places = size - side + 1;
        float[] band = new float[places * size];
        for (int row = 0; row < places; row++) {
            for (int i = 0; i < side; i++) {
                band[row * size + row + i] = (float) (window[i] / sum);
            }
        }
        return Tensors.of(band, places, size);
    }
}
