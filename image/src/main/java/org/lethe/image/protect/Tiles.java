package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import org.lethe.image.Bitmap;

/**
 * A picture cut into parts that a model can read, and put together again. Parts are of nearly equal size, and each is padded at its
 * right and lower side by repeating its edge.
 *
 * @param width of the picture
 * @param height of the picture
 * @param columns how many parts stand side by side
 * @param rows how many parts lie one below the other
 * @param wide of a padded part
 * @param high of a padded part
 */
record Tiles(int width, int height, int columns, int rows, int wide, int high) {
    /**
     * The parts of a picture.
     *
     * @param largest side of a part
     * @param factor of which the sides of padded parts are multiples
     */
    static Tiles of(int width, int height, int largest, int factor) {
        int columns = Math.ceilDiv(width, largest);
        int rows = Math.ceilDiv(height, largest);
        int wide = Math.ceilDiv(Math.ceilDiv(width, columns), factor) * factor;
        int high = Math.ceilDiv(Math.ceilDiv(height, rows), factor) * factor;
        return new Tiles(width, height, columns, rows, wide, high);
    }

    private static int edge(int at, int parts, int length) {
        return (int) ((long) at * length / parts);
    }

    /** The padded parts of a picture, row by row. */
    List<Bitmap> cut(Bitmap picture) {
        List<Bitmap> parts = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                parts.add(part(picture, c, r));
            }
        }
        return parts;
    }

    private Bitmap part(Bitmap picture, int column, int row) {
        int left = edge(column, columns, width);
        int top = edge(row, rows, height);
        int right = edge(column + 1, columns, width);
        int bottom = edge(row + 1, rows, height);
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
    Bitmap joined(List<Bitmap> parts) {
        float[] values = new float[3 * width * height];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                float[] from = parts.get(r * columns + c).values();
                int left = edge(c, columns, width);
                int top = edge(r, rows, height);
                int across = edge(c + 1, columns, width) - left;
                int down = edge(r + 1, rows, height) - top;
                for (int line = 0; line < 3 * down; line++) {
                    int channel = line / down;
                    int y = line % down;
                    System.arraycopy(
                            from,
                            (channel * high + y) * wide,
                            values,
                            (channel * height + top + y) * width + left,
                            across);
                }
            }
        }
        return new Bitmap(width, height, values);
    }
}
