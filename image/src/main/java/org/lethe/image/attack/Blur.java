package org.lethe.image.attack;

import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;

/**
 * Blurs pictures so that a watermark is no longer found: a Gaussian kernel of standard deviation σ and 2⌈3σ⌉ + 1 pixels, in both
 * directions, with borders mirrored without repeating the edge, as OpenCV does. One of the removals of CopyrightMeter (2024), which uses
 * σ = 1 with 5 pixels; σ = 0 changes nothing. Cost: microseconds a picture.
 *
 * @param sigma σ in pixels
 * @param removal how it is judged
 */
@Named("blur")
public record Blur(double sigma, Removal removal) implements MarkRemoval {
    public Blur {
        Check.require(sigma >= 0 && sigma <= 100, "sigma", sigma, "0 to 100");
    }

    /** σ of one pixel. */
    public Blur() {
        this(1, new Removal());
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        double[] kernel = kernel(sigma);
        return Levels.each(
                pictures, picture -> picture.map(plane -> blurred(plane, picture.width(), picture.height(), kernel)));
    }

    /** The kernel, whose sum is 1. */
    static double[] kernel(double sigma) {
        int reach = (int) Math.ceil(3 * sigma);
        double[] kernel = new double[2 * reach + 1];
        double sum = 0;
        for (int k = 0; k < kernel.length; k++) {
            int at = k - reach;
            kernel[k] = reach == 0 ? 1 : Math.exp(-at * at / (2 * sigma * sigma));
            sum += kernel[k];
        }
        for (int k = 0; k < kernel.length; k++) {
            kernel[k] /= sum;
        }
        return kernel;
    }

    /** A plane under a kernel in both directions. */
    static double[] blurred(double[] plane, int width, int height, double[] kernel) {
        int reach = kernel.length / 2;
        double[] across = new double[plane.length];
        double[] both = new double[plane.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                for (int k = -reach; k <= reach; k++) {
                    sum += kernel[k + reach] * plane[y * width + Levels.mirrored(x + k, width)];
                }
                across[y * width + x] = sum;
            }
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                for (int k = -reach; k <= reach; k++) {
                    sum += kernel[k + reach] * across[Levels.mirrored(y + k, height) * width + x];
                }
                both[y * width + x] = sum;
            }
        }
        return both;
    }
}
