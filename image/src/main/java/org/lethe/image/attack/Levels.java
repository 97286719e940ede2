package org.lethe.image.attack;

import java.util.List;
import java.util.function.UnaryOperator;
import org.lethe.image.Bitmap;

/**
 * A picture as numbers from 0 to 255, channel by channel and row by row, not rounded.
 *
 * @param width in pixels
 * @param height in pixels
 * @param planes red, green and blue
 */
record Levels(int width, int height, double[][] planes) {
    static Levels of(Bitmap bitmap) {
        int plane = bitmap.width() * bitmap.height();
        double[][] planes = new double[3][plane];
        for (int i = 0; i < 3 * plane; i++) {
            planes[i / plane][i % plane] = bitmap.values()[i] * 255.0;
        }
        return new Levels(bitmap.width(), bitmap.height(), planes);
    }

    /** The picture within 0 and 255 and on whole levels, as a file holds it. */
    Bitmap bitmap() {
        int plane = width * height;
        float[] values = new float[3 * plane];
        for (int i = 0; i < 3 * plane; i++) {
            values[i] = Math.round(Math.clamp(planes[i / plane][i % plane], 0, 255)) / 255f;
        }
        return new Bitmap(width, height, values);
    }

    /** Each plane mapped to one of the same size. */
    Levels map(UnaryOperator<double[]> change) {
        return new Levels(
                width, height, new double[][] {change.apply(planes[0]), change.apply(planes[1]), change.apply(planes[2])
                });
    }

    /** Pictures changed one by one. */
    static List<Bitmap> each(List<Bitmap> pictures, UnaryOperator<Levels> change) {
        return pictures.stream().map(p -> change.apply(of(p)).bitmap()).toList();
    }

    /** The index within 0 and size − 1 of a place outside, mirrored without repeating the edge: dcb|abcd|cba. */
    static int mirrored(int at, int size) {
        if (size == 1) {
            return 0;
        }
        int period = 2 * (size - 1);
        int within = Math.floorMod(at, period);
        return within < size ? within : period - within;
    }

    /** Weights of the four neighbours of a place, of which the second is at or before it (Keys 1981, a = −1/2). */
    static double[] cubic(double part) {
        double[] weights = new double[4];
        for (int k = 0; k < 4; k++) {
            double far = Math.abs(part - (k - 1));
            weights[k] = far <= 1
                    ? (1.5 * far - 2.5) * far * far + 1
                    : far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
        }
        return weights;
    }
}
