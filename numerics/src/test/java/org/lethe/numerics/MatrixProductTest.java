package org.lethe.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MatrixProductTest {
    private static float[] normals(int size, String purpose) {
        float[] numbers = new float[size];
        for (int n = 0; n < size; n++) {
            numbers[n] = (float) Keyed.normal(Keyed.seed(3).of(purpose).at(n));
        }
        return numbers;
    }

    /** Bits, not tolerances: every element is one chain, whatever tile it falls into. */
    @Test
    void everyElementIsOneChainOfFusedMultiplyAdds() {
        for (int rows : new int[] {1, 3, 4, 7, 8, 13}) {
            for (int inner : new int[] {1, 5, 16}) {
                for (int columns : new int[] {16, 32, 48, 64}) {
                    float[] a = normals(2 + rows * inner, "a");
                    float[] b = normals(3 + inner * columns, "b");
                    float[] c = normals(1 + rows * columns + 4, "c");
                    float[] plain = c.clone();
                    float[] transposed = c.clone();
                    MatrixProduct.add(plain, 1, a, 2, b, 3, rows, inner, columns);
                    MatrixProduct.addTransposed(transposed, 1, a, 2, b, 3, rows, inner, columns);
                    for (int at = 0; at < c.length; at++) {
                        int r = (at - 1) / columns;
                        int d = (at - 1) % columns;
                        boolean inside = at > 0 && r < rows;
                        float straight = c[at];
                        float across = c[at];
                        for (int p = 0; inside && p < inner; p++) {
                            float factor = b[3 + p * columns + d];
                            straight = Math.fma(a[2 + r * inner + p], factor, straight);
                            across = Math.fma(a[2 + p * rows + r], factor, across);
                        }
                        assertEquals(straight, plain[at]);
                        assertEquals(across, transposed[at]);
                    }
                }
            }
        }
    }

    @Test
    void columnsThatAreNoMultipleOfTheLanesAreRefused() {
        float[] room = new float[64];
        assertThrows(IllegalArgumentException.class, () -> MatrixProduct.add(room, 0, room, 0, room, 0, 1, 1, 8));
    }
}
