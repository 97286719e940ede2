package org.lethe.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SquaredDistancesTest {
    private static float[] normals(int size, String purpose) {
        float[] numbers = new float[size];
        for (int n = 0; n < size; n++) {
            numbers[n] = (float) Keyed.normal(Keyed.seed(4).of(purpose).at(n));
        }
        return numbers;
    }

    /** Bits, not tolerances. */
    @Test
    void everyDistanceIsOneSumByAscendingDimension() {
        for (int rows : new int[] {1, 7, 8, 19}) {
            for (int width : new int[] {1, 5, 64}) {
                for (int points : new int[] {16, 48}) {
                    float[] a = normals(3 + rows * width, "a");
                    float[] byDimension = normals(width * points, "points");
                    float[] distances = normals(rows * points + 1, "what was there");
                    float beyond = distances[rows * points];
                    SquaredDistances.of(distances, a, 3, byDimension, rows, width, points);
                    for (int at = 0; at < rows * points; at++) {
                        float sum = 0;
                        for (int d = 0; d < width; d++) {
                            float away = byDimension[d * points + at % points] - a[3 + at / points * width + d];
                            sum += away * away;
                        }
                        assertEquals(sum, distances[at]);
                    }
                    assertEquals(beyond, distances[rows * points]);
                }
            }
        }
    }

    @Test
    void fromAPointOnTheRestStays() {
        float[] a = normals(11 * 5, "a");
        float[] byDimension = normals(5 * 48, "points");
        float[] all = new float[11 * 48];
        SquaredDistances.of(all, a, 0, byDimension, 11, 5, 48);
        float[] was = normals(11 * 48, "what was there");
        float[] some = was.clone();
        SquaredDistances.of(some, a, 0, byDimension, 11, 5, 48, 16);
        for (int at = 0; at < some.length; at++) {
            assertEquals(at % 48 < 16 ? was[at] : all[at], some[at]);
        }
    }

    @Test
    void pointsThatAreNoMultipleOfTheLanesAreRefused() {
        float[] room = new float[64];
        assertThrows(IllegalArgumentException.class, () -> SquaredDistances.of(room, room, 0, room, 1, 1, 8));
        assertThrows(IllegalArgumentException.class, () -> SquaredDistances.of(room, room, 0, room, 1, 1, 32, 8));
    }
}
