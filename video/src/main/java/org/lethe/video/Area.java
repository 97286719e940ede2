package org.lethe.video;

import java.util.Arrays;
import org.lethe.Check;

/** Makes pictures of three bytes a pixel smaller: each new pixel is the mean of the area that it covers. */
final class Area {
    private final int height;
    private final int width;
    private final Share[] rows;
    private final Share[] columns;

    /** The old pixels that one new pixel covers along one axis, and how much of each. */
    private record Share(int from, float[] weights) {}

    Area(int height, int width, int toHeight, int toWidth) {
        Check.require(
                toHeight >= 1 && toHeight <= height, "height", toHeight, "1 to " + height + ", as nothing is enlarged");
        Check.require(toWidth >= 1 && toWidth <= width, "width", toWidth, "1 to " + width + ", as nothing is enlarged");
        this.height = height;
        this.width = width;
        rows = shares(height, toHeight);
        columns = shares(width, toWidth);
    }

    private static Share[] shares(int size, int to) {
        Share[] shares = new Share[to];
        double scale = (double) size / to;
        for (int n = 0; n < to; n++) {
            double low = n * scale;
            double high = (n + 1) * scale;
            int from = (int) low;
            int end = Math.min(size, (int) Math.ceil(high - 1e-9));
            float[] weights = new float[end - from];
            for (int i = from; i < end; i++) {
                weights[i - from] = (float) ((Math.min(high, i + 1) - Math.max(low, i)) / scale);
            }
            shares[n] = new Share(from, weights);
        }
        return shares;
    }

    void shrink(byte[] from, int at, byte[] into, int to) {
        float[] row = new float[3 * width]; // mean of some rows
        for (int y = 0; y < rows.length; y++) {
            Arrays.fill(row, 0);
            for (int i = 0; i < rows[y].weights.length; i++) {
                int line = at + 3 * width * Math.min(height - 1, rows[y].from + i);
                float weight = rows[y].weights[i];
                for (int x = 0; x < row.length; x++) {
                    row[x] += weight * (from[line + x] & 0xFF);
                }
            }
            for (int x = 0; x < columns.length; x++) {
                float red = 0;
                float green = 0;
                float blue = 0;
                for (int i = 0; i < columns[x].weights.length; i++) {
                    int old = 3 * (columns[x].from + i);
                    float weight = columns[x].weights[i];
                    red += weight * row[old];
                    green += weight * row[old + 1];
                    blue += weight * row[old + 2];
                }
                int place = to + 3 * (y * columns.length + x);
                into[place] = (byte) Math.round(red);
                into[place + 1] = (byte) Math.round(green);
                into[place + 2] = (byte) Math.round(blue);
            }
        }
    }
}
