package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import org.lethe.Direction;
import org.lethe.Finding;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;

/** How far changed pictures are from what they were, as findings with one interval over pictures. */
final class PicturePairs {
    private static final int SMALLEST_WINDOW = 11; // pixels, of structural similarity
    private static final int SMALLEST_SCALES = 41; // pixels, of four scales of visual information

    private PicturePairs() {}

    /**
     * {@code prefix-psnr} in decibels over pairs that differ, {@code prefix-ssim}, and {@code prefix-vif}, as far as the pictures are
     * large enough.
     */
    static List<Finding> findings(String prefix, List<Bitmap> before, List<Bitmap> after, Keyed key) {
        List<Finding> findings = new ArrayList<>();
        int side = Math.min(before.getFirst().width(), before.getFirst().height());
        add(findings, prefix + "-psnr", before, after, ImageMetrics::psnr, key);
        if (side >= SMALLEST_WINDOW) {
            add(findings, prefix + "-ssim", before, after, ImageMetrics::ssim, key);
        }
        if (side >= SMALLEST_SCALES) {
            add(findings, prefix + "-vif", before, after, PicturePairs::vif, key);
        }
        return findings;
    }

    /** Visual information fidelity; a picture of one colour has none to lose. */
    private static double vif(Bitmap before, Bitmap after) {
        for (int i = 0; i < before.values().length; i++) {
            int plane = before.width() * before.height();
            if (before.values()[i] != before.values()[i / plane * plane]) {
                return ImageMetrics.vif(before, after);
            }
        }
        return Double.NaN;
    }

    private static void add(
            List<Finding> findings,
            String name,
            List<Bitmap> before,
            List<Bitmap> after,
            ToDoubleBiFunction<Bitmap, Bitmap> metric,
            Keyed key) {
        double[] values = IntStream.range(0, before.size())
                .mapToDouble(n -> metric.applyAsDouble(before.get(n), after.get(n)))
                .filter(Double::isFinite)
                .toArray();
        if (values.length > 0) {
            findings.add(finding(name, mean(values, key), values.length, Direction.HIGHER));
        }
    }

    /** A mean with resamples; the same key and size give the same resamples. */
    static Sampled mean(double[] values, Keyed key) {
        return Sampled.of(Statistics.RESAMPLES, values.length, key, times -> {
            double sum = 0;
            double count = 0;
            for (int n = 0; n < values.length; n++) {
                sum += times.applyAsInt(n) * values[n];
                count += times.applyAsInt(n);
            }
            return sum / count;
        });
    }

    static Finding finding(String name, Sampled measured, long n, Direction direction) {
        return new Finding(name, measured.value(), n, direction).within(measured.interval());
    }
}
