package org.lethe.video.flow;

/** Histograms of the directions of edges (Dalal and Triggs 2005, without their blocks), in 8 x 8 cells of a picture. */
final class EdgeFeatures {
    private static final int CELLS = 8;
    private static final int DIRECTIONS = 8;
    private static final double TINY = 1e-12;

    private EdgeFeatures() {}

    /** The cosine of the features of two pictures of one size; 1 where neither has an edge. */
    static double cosine(Grey a, Grey b) {
        Flow.requireSame(a, b);
        double[] one = of(a);
        double[] other = of(b);
        double together = 0;
        double first = TINY;
        double second = TINY;
        for (int i = 0; i < one.length; i++) {
            together += one[i] * other[i];
            first += one[i] * one[i];
            second += other[i] * other[i];
        }
        return (together + TINY) / Math.sqrt(first * second);
    }

    private static double[] of(Grey picture) {
        int width = picture.width();
        int height = picture.height();
        double[] histogram = new double[CELLS * CELLS * DIRECTIONS];
        for (int y = 1; y + 1 < height; y++) {
            for (int x = 1; x + 1 < width; x++) {
                double right = picture.values()[y * width + x + 1] - picture.values()[y * width + x - 1];
                double down = picture.values()[(y + 1) * width + x] - picture.values()[(y - 1) * width + x];
                double turn = (StrictMath.atan2(down, right) / (2 * Math.PI) + 1) * DIRECTIONS;
                int cell = y * CELLS / height * CELLS + x * CELLS / width;
                histogram[cell * DIRECTIONS + (int) turn % DIRECTIONS] += Math.sqrt(right * right + down * down);
            }
        }
        return histogram;
    }
}
