package org.lethe.image;

import java.util.ArrayList;
import java.util.List;
import org.lethe.Check;

/**
 * A picture cut into parts that a model can read, and put together again. Parts are of nearly equal size, and each is padded at its
 * right and lower side by repeating its edge. Where parts overlap, one fades into the next along a straight line, so that no seam shows.
 *
 * @param width of the picture
 * @param height of the picture
 * @param columns how many parts stand side by side
 * @param rows how many parts lie one below the other
 * @param overlap by how many pixels a part reaches into its neighbours
 * @param wide of a padded part
 * @param high of a padded part
 */
public record Tiles(int width, int height, int columns, int rows, int overlap, int wide, int high) {
    /**
     * Parts of a picture that do not overlap.
     *
     * @param largest side of a part
     * @param factor of which the sides of padded parts are multiples
     */
    public static Tiles of(int width, int height, int largest, int factor) {
        return of(width, height, largest, 0, factor);
    }

    /**
     * The parts of a picture.
     *
     * @param largest side of a part, its overlap on both sides included
     * @param overlap by how many pixels a part reaches into its neighbours; less than a quarter of the largest side
     * @param factor of which the sides of padded parts are multiples
     */
    public static Tiles of(int width, int height, int largest, int overlap, int factor) {
        Check.require(4 * overlap < largest, "overlap", overlap, "less than a quarter of " + largest);
        int columns = count(width, largest, overlap);
        int rows = count(height, largest, overlap);
        return new Tiles(
                width,
                height,
                columns,
                rows,
                overlap,
                side(width, columns, overlap, factor),
                side(height, rows, overlap, factor));
    }

    private static int count(int length, int largest, int overlap) {
        return length <= largest ? 1 : Math.ceilDiv(length, largest - 2 * overlap);
    }

    private static int side(int length, int parts, int overlap, int factor) {
        int most = 0;
        for (int p = 0; p < parts; p++) {
            most = Math.max(most, end(p, parts, length, overlap) - start(p, parts, length, overlap));
        }
        return Math.ceilDiv(most, factor) * factor;
    }

    private static int start(int part, int parts, int length, int overlap) {
        return part == 0 ? 0 : Math.max(0, (int) ((long) part * length / parts) - overlap);
    }

    private static int end(int part, int parts, int length, int overlap) {
        return part == parts - 1 ? length : Math.min(length, (int) ((long) (part + 1) * length / parts) + overlap);
    }

    /** The padded parts of a picture, row by row. */
    public List<Bitmap> cut(Bitmap picture) {
        List<Bitmap> parts = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                parts.add(part(picture, c, r));
            }
        }
        return parts;
    }

    private Bitmap part(Bitmap picture, int column, int row) {
        int left = start(column, columns, width, overlap);
        int top = start(row, rows, height, overlap);
        int right = end(column, columns, width, overlap);
        int bottom = end(row, rows, height, overlap);
        float[] values = new float[3 * wide * high];
        for (int i = 0; i < values.length; i++) {
            int channel = i / (wide * high);
            int x = Math.min(left + i % wide, right - 1);
            int y = Math.min(top + i / wide % high, bottom - 1);
            values[i] = picture.values()[(channel * height + y) * width + x];
        }
        return new Bitmap(wide, high, values);
    }

    /** The picture of padded parts. */
    public Bitmap joined(List<Bitmap> parts) {
        double[] sums = new double[3 * width * height];
        double[] weights = new double[width * height];
        for (int r = 0; r < rows; r++) {
            double[] down = weights(r, rows, height);
            int top = start(r, rows, height, overlap);
            for (int c = 0; c < columns; c++) {
                double[] across = weights(c, columns, width);
                int left = start(c, columns, width, overlap);
                float[] from = parts.get(r * columns + c).values();
                for (int y = 0; y < down.length; y++) {
                    for (int x = 0; x < across.length; x++) {
                        int to = (top + y) * width + left + x;
                        double weight = down[y] * across[x];
                        weights[to] += weight;
                        for (int channel = 0; channel < 3; channel++) {
                            sums[channel * width * height + to] += weight * from[(channel * high + y) * wide + x];
                        }
                    }
                }
            }
        }
        float[] values = new float[sums.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.clamp(sums[i] / weights[i % weights.length], 0.0, 1.0);
        }
        return new Bitmap(width, height, values);
    }

    /** How much a part counts along a side: it grows over the band that it shares with the part before, and falls over the next one. */
    private double[] weights(int part, int parts, int length) {
        int start = start(part, parts, length, overlap);
        double[] weights = new double[end(part, parts, length, overlap) - start];
        int before = part == 0 ? 0 : end(part - 1, parts, length, overlap) - start;
        int after = part == parts - 1 ? 0 : start + weights.length - start(part + 1, parts, length, overlap);
        for (int i = 0; i < weights.length; i++) {
            double weight = 1;
            if (i < before) {
                weight *= (i + 0.5) / before;
            }
            if (i >= weights.length - after) {
                weight *= (weights.length - i - 0.5) / after;
            }
            weights[i] = weight;
        }
        return weights;
    }
}
