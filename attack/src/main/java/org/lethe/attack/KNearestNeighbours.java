package org.lethe.attack;

import java.util.Arrays;
import org.lethe.numerics.SquaredDistances;

/**
 * The share of each class among the 15 nearest known samples by Euclidean distance; of samples equally far, the first counts.
 *
 * <p>Every pair is measured, {@code n · m · width} multiplications, a block of known rows against a block of questions at a
 * time. A search tree gains nothing at tens of dimensions.
 */
final class KNearestNeighbours {
    private static final int NEIGHBOURS = 15;
    private static final int POINTS = 128;
    private static final int QUESTIONS = 64;

    private KNearestNeighbours() {}

    static float[] guess(LabelledSamples known, float[] rows) {
        int n = known.size();
        int width = known.width();
        int classes = known.classes();
        int asked = rows.length / width;
        int take = Math.min(NEIGHBOURS, n);
        float[] nearest = new float[asked * take]; // of each question, ascending
        int[] labels = new int[asked * take];
        Arrays.fill(nearest, Float.POSITIVE_INFINITY);
        float[] points = new float[width * POINTS]; // [width, POINTS]
        float[] distances = new float[QUESTIONS * POINTS];
        for (int from = 0; from < n; from += POINTS) {
            int length = Math.min(POINTS, n - from);
            for (int u = 0; u < length; u++) {
                for (int d = 0; d < width; d++) {
                    points[d * POINTS + u] = known.rows()[(from + u) * width + d];
                }
            }
            for (int a = 0; a < asked; a += QUESTIONS) {
                int questions = Math.min(QUESTIONS, asked - a);
                SquaredDistances.of(distances, rows, a * width, points, questions, width, POINTS);
                for (int q = 0; q < questions; q++) {
                    int first = (a + q) * take;
                    int last = first + take - 1;
                    for (int u = 0; u < length; u++) {
                        float distance = distances[q * POINTS + u];
                        if (distance < nearest[last]) {
                            int at = last;
                            for (; at > first && nearest[at - 1] > distance; at--) {
                                nearest[at] = nearest[at - 1];
                                labels[at] = labels[at - 1];
                            }
                            nearest[at] = distance;
                            labels[at] = known.labels()[from + u];
                        }
                    }
                }
            }
        }
        float[] guesses = new float[asked * classes];
        for (int at = 0; at < labels.length; at++) {
            guesses[at / take * classes + labels[at]] += 1f / take;
        }
        return guesses;
    }
}
