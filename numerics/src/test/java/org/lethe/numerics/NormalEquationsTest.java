package org.lethe.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NormalEquationsTest {
    @Test
    void ridgeOfOneUserGivesThePublishedNumbers() {
        // recommendation-unlearning, Unlearn-ALS: Q = [[1,0],[0,1],[1,1]], r = (5,3,4), λ = 0.5
        int stride = FactorSteps.stride(2);
        float[] q = new float[3 * stride];
        q[0] = 1;
        q[stride + 1] = 1;
        q[2 * stride] = 1;
        q[2 * stride + 1] = 1;
        float[] x = new float[stride];
        assertTrue(NormalEquations.solve(ridge(q, stride, 3, 0.5f), stride, right(stride, 9, 7), x));
        assertEquals(2.952381, x[0], 1e-6);
        assertEquals(1.619048, x[1], 1e-6);
        assertTrue(NormalEquations.solve(ridge(q, stride, 2, 0.5f), stride, right(stride, 5, 3), x));
        assertEquals(3.333333, x[0], 1e-6);
        assertEquals(2.0, x[1], 1e-6);
        assertEquals(0, x[2]);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 20, 48, 64, 80})
    void theSolutionLeavesNoResidual(int dims) {
        int stride = FactorSteps.stride(dims);
        int rows = 90;
        float[] q = table(rows, dims, stride, 3);
        float[] a = ridge(q, stride, rows, 2f);
        float[] b = new float[stride];
        NormalEquations.sum(q, stride, IntStream.range(0, rows).toArray(), 0, rows, b);
        float[] x = new float[stride];
        float[] right = b.clone();
        assertTrue(NormalEquations.solve(a.clone(), stride, b, x));
        double norm = 0;
        double residual = 0;
        for (int i = 0; i < stride; i++) {
            double sum = -right[i];
            for (int j = 0; j < stride; j++) {
                sum += (double) a[Math.min(i, j) * stride + Math.max(i, j)] * x[j];
            }
            residual = Math.max(residual, Math.abs(sum));
            norm = Math.max(norm, Math.abs(right[i]));
        }
        assertTrue(residual <= 1e-5 * norm, residual + " of " + norm);
    }

    @Test
    void outerProductsAreChainsInTheOrderOfRows() {
        int stride = FactorSteps.stride(48);
        float[] q = table(40, 48, stride, 4);
        int[] rows = {7, 3, 39, 3, 0};
        float[] base = table(stride, stride, stride, 5);
        float[] into = new float[stride * stride];
        NormalEquations.outer(q, stride, rows, 1, 5, 2.5f, base, into);
        for (int r = 0; r < stride; r++) {
            for (int c = r; c < stride; c++) {
                float sum = 0;
                for (int n = 1; n < 5; n++) {
                    sum = Math.fma(q[rows[n] * stride + r], q[rows[n] * stride + c], sum);
                }
                assertEquals(Math.fma(sum, 2.5f, base[r * stride + c]), into[r * stride + c]);
            }
        }
    }

    @Test
    void aMatrixThatIsNotPositiveDefiniteIsRefused() {
        int stride = 16;
        float[] a = new float[stride * stride];
        for (int i = 0; i < stride; i++) {
            a[i * stride + i] = i == 9 ? -1 : 1;
        }
        assertFalse(NormalEquations.solve(a, stride, new float[stride], new float[stride]));
        a[9 * stride + 9] = Float.NaN;
        assertFalse(NormalEquations.solve(a, stride, new float[stride], new float[stride]));
    }

    private static float[] ridge(float[] q, int stride, int rows, float lambda) {
        float[] a = new float[stride * stride];
        for (int i = 0; i < stride; i++) {
            a[i * stride + i] = lambda;
        }
        NormalEquations.outer(q, stride, IntStream.range(0, rows).toArray(), 0, rows, 1, a, a);
        return a;
    }

    private static float[] right(int stride, float... values) {
        float[] b = new float[stride];
        System.arraycopy(values, 0, b, 0, values.length);
        return b;
    }

    private static float[] table(int rows, int dims, int stride, long seed) {
        float[] table = new float[rows * stride];
        for (int r = 0; r < rows; r++) {
            for (int d = 0; d < dims; d++) {
                table[r * stride + d] = (float) Keyed.normal(Keyed.seed(seed).at(r, d));
            }
        }
        return table;
    }
}
