package org.lethe.recsys.hide;

import java.util.Arrays;

/**
 * The share of each class among the 15 nearest known rows by Euclidean distance; of rows equally far, the first one counts.
 *
 * <p>Every pair is measured, {@code n · m · width} multiplications: known rows lie dimension by dimension, so that the inner
 * loop runs over neighbours and the compiler makes vectors of it. A search tree gains nothing at tens of dimensions.
 */
final class Nearest {
    private static final int NEIGHBOURS = 15;

    private Nearest() {}

    static float[] guess(Attacker.Known known, float[] rows) {
        int n = known.size();
        int width = known.width();
        int classes = known.classes();
        float[] columns = new float[n * width]; // [width, n]
        for (int u = 0; u < n; u++) {
            for (int d = 0; d < width; d++) {
                columns[d * n + u] = known.rows()[u * width + d];
            }
        }
        int asked = rows.length / width;
        int take = Math.min(NEIGHBOURS, n);
        float[] guesses = new float[asked * classes];
        float[] distances = new float[n];
        float[] nearest = new float[take];
        int[] labels = new int[take];
        for (int a = 0; a < asked; a++) {
            Arrays.fill(distances, 0);
            for (int d = 0; d < width; d++) {
                add(distances, columns, d * n, rows[a * width + d]);
            }
            Arrays.fill(nearest, Float.POSITIVE_INFINITY);
            for (int u = 0; u < n; u++) {
                if (distances[u] < nearest[take - 1]) {
                    int at = take - 1;
                    for (; at > 0 && nearest[at - 1] > distances[u]; at--) {
                        nearest[at] = nearest[at - 1];
                        labels[at] = labels[at - 1];
                    }
                    nearest[at] = distances[u];
                    labels[at] = known.labels()[u];
                }
            }
            for (int label : labels) {
                guesses[a * classes + label] += 1f / take;
            }
        }
        return guesses;
    }

    /** Adds the squared distances along one dimension. */
    private static void add(float[] distances, float[] columns, int from, float value) {
        for (int u = 0; u < distances.length; u++) {
            float difference = columns[from + u] - value;
            distances[u] += difference * difference;
        }
    }
}
