package org.lethe.video.flow;

import org.lethe.Check;
import org.lethe.video.Clip;

/**
 * A picture in grey, from 0 to 255.
 *
 * @param width in pixels
 * @param height in pixels
 * @param values row by row
 */
public record Grey(int width, int height, float[] values) {
    public Grey {
        Check.require(width >= 1 && height >= 1, "size", width + " x " + height, "at least 1 x 1");
        Check.require(values.length == (long) width * height, "values.length", values.length, width + " · " + height);
    }

    /** The luma of a frame. */
    public static Grey of(Clip clip, int frame) {
        return new Grey(clip.width(), clip.height(), clip.luma(frame));
    }

    float at(int x, int y) {
        return values[Math.clamp(y, 0, height - 1) * width + Math.clamp(x, 0, width - 1)];
    }

    /** Between pixels, bilinear; beyond the edges as at them. */
    float between(double x, double y) {
        double cx = Math.clamp(x, 0, width - 1);
        double cy = Math.clamp(y, 0, height - 1);
        int left = Math.min((int) cx, Math.max(0, width - 2));
        int top = Math.min((int) cy, Math.max(0, height - 2));
        float a = (float) (cx - left);
        float b = (float) (cy - top);
        int right = Math.min(left + 1, width - 1);
        int below = Math.min(top + 1, height - 1);
        float upper = values[top * width + left] * (1 - a) + values[top * width + right] * a;
        float lower = values[below * width + left] * (1 - a) + values[below * width + right] * a;
        return upper * (1 - b) + lower * b;
    }

    /** The picture in another size, bilinear between the middles of pixels. */
    public Grey resized(int toWidth, int toHeight) {
        if (toWidth == width && toHeight == height) {
            return this;
        }
        float[] made = new float[toWidth * toHeight];
        double acrossStep = (double) width / toWidth;
        double downStep = (double) height / toHeight;
        for (int y = 0; y < toHeight; y++) {
            for (int x = 0; x < toWidth; x++) {
                made[y * toWidth + x] = between((x + 0.5) * acrossStep - 0.5, (y + 0.5) * downStep - 0.5);
            }
        }
        return new Grey(toWidth, toHeight, made);
    }

    /** The picture enlarged by cubic convolution (Keys 1981): unlike bilinear, it leaves no trace of the old grid that flow would hold on to. */
    public Grey enlarged(int toWidth, int toHeight) {
        float[] rows = new float[toWidth * height];
        for (int x = 0; x < toWidth; x++) {
            double place = (x + 0.5) * width / toWidth - 0.5;
            int left = (int) Math.floor(place);
            double[] weights = cubic(place - left);
            for (int y = 0; y < height; y++) {
                double sum = 0;
                for (int k = 0; k < 4; k++) {
                    sum += weights[k] * at(left - 1 + k, y);
                }
                rows[y * toWidth + x] = (float) sum;
            }
        }
        Grey half = new Grey(toWidth, height, rows);
        float[] made = new float[toWidth * toHeight];
        for (int y = 0; y < toHeight; y++) {
            double place = (y + 0.5) * height / toHeight - 0.5;
            int top = (int) Math.floor(place);
            double[] weights = cubic(place - top);
            for (int x = 0; x < toWidth; x++) {
                double sum = 0;
                for (int k = 0; k < 4; k++) {
                    sum += weights[k] * half.at(x, top - 1 + k);
                }
                made[y * toWidth + x] = (float) sum;
            }
        }
        return new Grey(toWidth, toHeight, made);
    }

    private static double[] cubic(double t) {
        return new double[] {
            ((-0.5 * t + 1) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1,
            ((-1.5 * t + 2) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t
        };
    }

    /** Softened by a Gaussian. */
    public Grey blurred(double sigma) {
        if (sigma <= 0) {
            return this;
        }
        int reach = Math.max(1, (int) Math.round(2.5 * sigma));
        float[] kernel = new float[reach + 1];
        float sum = 0;
        for (int k = 0; k <= reach; k++) {
            kernel[k] = (float) StrictMath.exp(-k * k / (2 * sigma * sigma));
            sum += k == 0 ? kernel[k] : 2 * kernel[k];
        }
        for (int k = 0; k <= reach; k++) {
            kernel[k] /= sum;
        }
        float[] rows = new float[values.length];
        float[] made = new float[values.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                float total = kernel[0] * values[y * width + x];
                for (int k = 1; k <= reach; k++) {
                    total += kernel[k] * (at(x - k, y) + at(x + k, y));
                }
                rows[y * width + x] = total;
            }
        }
        Grey half = new Grey(width, height, rows);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                float total = kernel[0] * rows[y * width + x];
                for (int k = 1; k <= reach; k++) {
                    total += kernel[k] * (half.at(x, y - k) + half.at(x, y + k));
                }
                made[y * width + x] = total;
            }
        }
        return new Grey(width, height, made);
    }
}
