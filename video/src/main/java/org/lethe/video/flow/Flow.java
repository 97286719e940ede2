package org.lethe.video.flow;

import org.lethe.Check;

/**
 * Where each pixel of a frame goes until the next.
 *
 * @param width in pixels
 * @param height in pixels
 * @param vectors x and y by turns, in pixels, row by row
 */
public record Flow(int width, int height, float[] vectors) {
    public Flow {
        Check.require(
                vectors.length == 2L * width * height,
                "vectors.length",
                vectors.length,
                "2 · " + width + " · " + height);
    }

    /** How flow is found. */
    public interface Method {
        /** The flow from one picture to another of the same size. */
        Flow between(Grey from, Grey to);
    }

    static void requireSame(Grey from, Grey to) {
        Check.require(
                from.width() == to.width() && from.height() == to.height(),
                "size",
                to.width() + " x " + to.height(),
                from.width() + " x " + from.height() + " as the picture before");
    }

    /** Mean length of the vectors. */
    public double mean() {
        double sum = 0;
        for (int i = 0; i < vectors.length; i += 2) {
            sum += Math.sqrt(vectors[i] * vectors[i] + vectors[i + 1] * vectors[i + 1]);
        }
        return 2 * sum / vectors.length;
    }

    /**
     * Mean distance between the ends of vectors of two flows (EPE).
     *
     * @param border pixels that do not count along each edge
     */
    public double distance(Flow other, int border) {
        Check.require(
                other.width == width && other.height == height,
                "size",
                other.width + " x " + other.height,
                width + " x " + height);
        double sum = 0;
        int count = 0;
        for (int y = border; y < height - border; y++) {
            for (int x = border; x < width - border; x++) {
                int at = 2 * (y * width + x);
                sum += Math.hypot(vectors[at] - other.vectors[at], vectors[at + 1] - other.vectors[at + 1]);
                count++;
            }
        }
        Check.require(count > 0, "border", border, "less than half the size");
        return sum / count;
    }

    /** The same in a picture of another size: vectors grow with it. */
    Flow resized(int toWidth, int toHeight) {
        float[] x = new float[width * height];
        float[] y = new float[width * height];
        for (int i = 0; i < x.length; i++) {
            x[i] = vectors[2 * i] * toWidth / width;
            y[i] = vectors[2 * i + 1] * toHeight / height;
        }
        float[] across = new Grey(width, height, x).resized(toWidth, toHeight).values();
        float[] down = new Grey(width, height, y).resized(toWidth, toHeight).values();
        float[] made = new float[2 * across.length];
        for (int i = 0; i < across.length; i++) {
            made[2 * i] = across[i];
            made[2 * i + 1] = down[i];
        }
        return new Flow(toWidth, toHeight, made);
    }
}
