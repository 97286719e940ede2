package org.lethe.image.protect;

import org.lethe.image.Bitmap;

/** Brings changed pictures to the 256 levels that a PNG file keeps. */
final class PixelLevels {
    private static final double NOISE = 1e-3; // of float arithmetic, in levels

    private PixelLevels() {}

    /**
     * The changed picture on levels, each value rounded towards the original, so that no change grows.
     *
     * @param changed values of the picture, in the order of {@link Bitmap#values}
     * @param epsilon largest change in levels; a value for which no level is that near keeps its own
     */
    static Bitmap published(Bitmap original, float[] changed, double epsilon) {
        float[] before = original.values();
        float[] values = new float[before.length];
        for (int i = 0; i < values.length; i++) {
            double from = snapped(before[i] * 255.0);
            double to = changed[i] * 255.0;
            double level = Math.clamp(to > from ? Math.floor(to + NOISE) : Math.ceil(to - NOISE), 0, 255);
            if (Math.abs(level - from) > epsilon) {
                level += Math.signum(from - level);
            }
            values[i] = Math.abs(level - from) > epsilon ? before[i] : (float) level / 255f;
        }
        return new Bitmap(original.width(), original.height(), values);
    }

    private static double snapped(double level) {
        return Math.abs(level - Math.rint(level)) < NOISE ? Math.rint(level) : level;
    }
}
