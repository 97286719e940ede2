package org.lethe.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lethe.Check;
import org.lethe.transport.Gaussian;

/**
 * How far pictures are apart: pixel by pixel, in structure, in information, and as samples of a distribution.
 *
 * <p>Pixels count in 8 bits, from 0 to 255, and everything is summed in double precision.
 */
public final class ImageMetrics {
    private static final double LEVELS = 255;
    private static final double C1 = 0.01 * LEVELS * (0.01 * LEVELS);
    private static final double C2 = 0.03 * LEVELS * (0.03 * LEVELS);

    private ImageMetrics() {}

    /** The mean squared difference over all pixels and channels. */
    public static double meanSquaredError(Bitmap one, Bitmap other) {
        same(one, other);
        double sum = 0;
        for (int c = 0; c < 3; c++) {
            double[] a = one.levels(c);
            double[] b = other.levels(c);
            for (int i = 0; i < a.length; i++) {
                sum += (a[i] - b[i]) * (a[i] - b[i]);
            }
        }
        return sum / one.values().length;
    }

    /** Peak signal to noise, 10 log₁₀(255²/MSE), in decibels; infinite for equal pictures, which means leave out. */
    public static double psnr(Bitmap one, Bitmap other) {
        return 10 * Math.log10(LEVELS * LEVELS / meanSquaredError(one, other));
    }

    /**
     * Structural similarity (Wang et al. 2004): Gaussian window of 11 pixels with σ 1.5, population covariance, the mean over channels
     * and the area where the window fits.
     */
    public static double ssim(Bitmap one, Bitmap other) {
        return ssim(one, other, gaussian(11, 1.5), 1);
    }

    /** Structural similarity with an even window of 7 pixels and sample covariance, as scikit-image computes it if not told otherwise. */
    public static double ssimUniform(Bitmap one, Bitmap other) {
        double[] even = new double[7];
        Arrays.fill(even, 1.0 / even.length);
        return ssim(one, other, even, 49.0 / 48);
    }

    private static double ssim(Bitmap one, Bitmap other, double[] window, double correction) {
        same(one, other);
        int n = window.length;
        Check.require(
                one.width() >= n && one.height() >= n,
                "size of pictures",
                one.width() + " x " + one.height(),
                "at least " + n + " x " + n);
        double sum = 0;
        long count = 0;
        for (int c = 0; c < 3; c++) {
            Moments m = Moments.of(one.levels(c), other.levels(c), one.width(), one.height(), window);
            for (int i = 0; i < m.meanA.length; i++) {
                double a = m.meanA[i];
                double b = m.meanB[i];
                double above = (2 * a * b + C1) * (2 * correction * m.covariance[i] + C2);
                double below = (a * a + b * b + C1) * (correction * (m.varianceA[i] + m.varianceB[i]) + C2);
                sum += above / below;
            }
            count += m.meanA.length;
        }
        return sum / count;
    }

    /** Means, variances and covariances of two planes in all places where a window fits. */
    private record Moments(
            double[] meanA, double[] meanB, double[] varianceA, double[] varianceB, double[] covariance) {
        static Moments of(double[] a, double[] b, int width, int height, double[] window) {
            double[] meanA = filtered(a, width, height, window);
            double[] meanB = filtered(b, width, height, window);
            return new Moments(
                    meanA,
                    meanB,
                    central(filtered(product(a, a), width, height, window), meanA, meanA),
                    central(filtered(product(b, b), width, height, window), meanB, meanB),
                    central(filtered(product(a, b), width, height, window), meanA, meanB));
        }
    }

    private static double[] product(double[] a, double[] b) {
        double[] product = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            product[i] = a[i] * b[i];
        }
        return product;
    }

    private static double[] central(double[] second, double[] meanA, double[] meanB) {
        for (int i = 0; i < second.length; i++) {
            second[i] -= meanA[i] * meanB[i];
        }
        return second;
    }

    private static double[] gaussian(int size, double sigma) {
        double[] window = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double at = i - (size - 1) / 2.0;
            window[i] = Math.exp(-at * at / (2 * sigma * sigma));
            sum += window[i];
        }
        for (int i = 0; i < size; i++) {
            window[i] /= sum;
        }
        return window;
    }

    /** A plane under a window in both directions, in all places where it fits. */
    private static double[] filtered(double[] plane, int width, int height, double[] window) {
        int n = window.length;
        int wide = width - n + 1;
        int high = height - n + 1;
        double[] across = new double[wide * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < wide; x++) {
                double sum = 0;
                for (int k = 0; k < n; k++) {
                    sum += window[k] * plane[y * width + x + k];
                }
                across[y * wide + x] = sum;
            }
        }
        double[] both = new double[wide * high];
        for (int y = 0; y < high; y++) {
            for (int x = 0; x < wide; x++) {
                double sum = 0;
                for (int k = 0; k < n; k++) {
                    sum += window[k] * across[(y + k) * wide + x];
                }
                both[y * wide + x] = sum;
            }
        }
        return both;
    }

    /**
     * Visual information fidelity in the pixel domain (Sheikh and Bovik 2006), on luma and four scales: how much of the information
     * in a reference a distorted picture still has. 1 for the reference itself.
     *
     * @param reference the picture as it was; which of the two it is makes a difference
     */
    public static double vif(Bitmap reference, Bitmap distorted) {
        same(reference, distorted);
        Check.require(
                reference.width() >= 41 && reference.height() >= 41,
                "size of pictures",
                reference.width() + " x " + reference.height(),
                "at least 41 x 41, for four scales");
        double noise = 2;
        double tiny = 1e-10;
        double[] a = reference.luma();
        double[] b = distorted.luma();
        int width = reference.width();
        int height = reference.height();
        double kept = 0;
        double all = 0;
        for (int scale = 1; scale <= 4; scale++) {
            int n = (1 << (5 - scale)) + 1;
            double[] window = gaussian(n, n / 5.0);
            if (scale > 1) {
                a = halved(filtered(a, width, height, window), width - n + 1, height - n + 1);
                b = halved(filtered(b, width, height, window), width - n + 1, height - n + 1);
                width = (width - n + 2) / 2;
                height = (height - n + 2) / 2;
            }
            Moments m = Moments.of(a, b, width, height, window);
            for (int i = 0; i < m.meanA.length; i++) {
                double first = Math.max(0, m.varianceA[i]);
                double second = Math.max(0, m.varianceB[i]);
                double gain = m.covariance[i] / (first + tiny);
                double rest = second - gain * m.covariance[i];
                if (first < tiny) { // nothing to be told
                    gain = 0;
                    rest = second;
                    first = 0;
                }
                if (second < tiny) {
                    gain = 0;
                    rest = 0;
                }
                if (gain < 0) {
                    rest = second;
                    gain = 0;
                }
                rest = Math.max(rest, tiny);
                kept += Math.log10(1 + gain * gain * first / (rest + noise));
                all += Math.log10(1 + first / noise);
            }
        }
        Check.require(all > 0, "information in the reference", all, "some, so that the picture is not of one colour");
        return kept / all;
    }

    /** Every second sample in both directions. */
    private static double[] halved(double[] plane, int width, int height) {
        int wide = (width + 1) / 2;
        int high = (height + 1) / 2;
        double[] half = new double[wide * high];
        for (int y = 0; y < high; y++) {
            for (int x = 0; x < wide; x++) {
                half[y * wide + x] = plane[2 * y * width + 2 * x];
            }
        }
        return half;
    }

    /**
     * The Fréchet distance of two samples of features (Heusel et al. 2017): ‖μ1 − μ2‖² + tr(Σ1 + Σ2 − 2(Σ1Σ2)^½), with sample
     * covariances.
     *
     * <p>Its bias falls with the size of the samples: compare equal sizes alone, of more rows than features.
     */
    public static double frechet(List<float[]> one, List<float[]> other) {
        return normal(one, "one").squaredDistance(normal(other, "other"));
    }

    private static Gaussian normal(List<float[]> rows, String name) {
        Check.require(!rows.isEmpty(), name, 0, "rows of features");
        int d = rows.getFirst().length;
        Check.require(rows.size() > d, "rows of " + name, rows.size(), "more than the " + d + " features");
        double[] mean = new double[d];
        for (float[] row : rows) {
            Check.require(row.length == d, "features of a row of " + name, row.length, String.valueOf(d));
            for (int i = 0; i < d; i++) {
                mean[i] += row[i] / (double) rows.size();
            }
        }
        double[] covariance = new double[d * d];
        List<double[]> centred = new ArrayList<>();
        for (float[] row : rows) {
            double[] apart = new double[d];
            for (int i = 0; i < d; i++) {
                apart[i] = row[i] - mean[i];
            }
            centred.add(apart);
        }
        for (double[] apart : centred) {
            for (int i = 0; i < d; i++) {
                for (int j = 0; j <= i; j++) {
                    covariance[i * d + j] += apart[i] * apart[j] / (rows.size() - 1);
                }
            }
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < i; j++) {
                covariance[j * d + i] = covariance[i * d + j];
            }
        }
        return new Gaussian(mean, covariance);
    }

    private static void same(Bitmap one, Bitmap other) {
        Check.require(
                one.width() == other.width() && one.height() == other.height(),
                "size of the other picture",
                other.width() + " x " + other.height(),
                one.width() + " x " + one.height());
    }
}
