package org.lethe.image.protect;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.image.Sampler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/** Differentiable changes of pictures under which networks of watermarks learn to read, each with probability one half. */
final class Distortions {
    private Distortions() {}

    /** Blur, noise, brightness and contrast: they leave every pixel in its place. */
    static Tensor inPlace(Tensor pictures, Keyed key) {
        Tensor x = pictures;
        if (key.of("blur").at(0) < 0) {
            x = blurred(x, .4 + .8 * Keyed.unit(key.of("blur").at(1)));
        }
        if (key.of("noise").at(0) < 0) {
            double sigma = .05 * Keyed.unit(key.of("noise").at(1));
            x = x.add(Sampler.normal(key.of("noise"), x.shape())
                    .to(x.device(), x.scalar_type())
                    .mul(new Scalar(sigma)));
        }
        if (key.of("colour").at(0) < 0) {
            double gain = .8 + .4 * Keyed.unit(key.of("colour").at(1));
            double shift = .2 * Keyed.unit(key.of("colour").at(2)) - .1;
            x = x.sub(new Scalar(.5)).mul(new Scalar(gain)).add(new Scalar(.5 + shift));
        }
        return x.clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(1)));
    }

    /** Those, after a crop that is brought back to size, and a turn. */
    static Tensor moved(Tensor pictures, Keyed key) {
        double side =
                key.of("crop").at(0) < 0 ? .7 + .3 * Keyed.unit(key.of("crop").at(1)) : 1;
        double angle = key.of("turn").at(0) < 0
                ? Math.toRadians(30 * Keyed.unit(key.of("turn").at(1)) - 15)
                : 0;
        if (side == 1 && angle == 0) {
            return inPlace(pictures, key);
        }
        double right = (1 - side) * (2 * Keyed.unit(key.of("crop").at(2)) - 1);
        double down = (1 - side) * (2 * Keyed.unit(key.of("crop").at(3)) - 1);
        float cosine = (float) (side * Math.cos(angle));
        float sine = (float) (side * Math.sin(angle));
        long rows = pictures.size(0);
        Tensor map = Tensors.of(new float[] {cosine, -sine, (float) right, sine, cosine, (float) down}, 1, 2, 3)
                .to(pictures.device(), pictures.scalar_type())
                .expand(rows, 2, 3);
        Tensor grid = torch.affine_grid_generator(map, pictures.shape(), false);
        return inPlace(torch.grid_sampler(pictures, grid, 0, 2, false), key);
    }

    /** A Gaussian blur with a window of 5 pixels; edges are mirrored. */
    static Tensor blurred(Tensor pictures, double sigma) {
        Tensor padded = torch.reflection_pad2d(pictures, 2, 2, 2, 2);
        return GaussianFilter.of(padded, 5, sigma);
    }
}
