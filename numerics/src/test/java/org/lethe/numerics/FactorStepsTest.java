package org.lethe.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FactorStepsTest {
    private static float[] normals(int size, String purpose) {
        Keyed key = Keyed.seed(1).of(purpose);
        float[] numbers = new float[size];
        for (int i = 0; i < size; i++) {
            numbers[i] = (float) Keyed.normal(key.at(i));
        }
        return numbers;
    }

    @Test
    void dotProductsAreThoseOfExactArithmetic() {
        float[] a = normals(96, "a");
        float[] b = normals(192, "b");
        double plain = 0;
        double difference = 0;
        for (int d = 0; d < 96; d++) {
            plain += (double) a[d] * b[d];
            difference += (double) a[d] * (b[d] - b[96 + d]);
        }
        assertEquals(plain, FactorSteps.dot(a, 0, b, 0, 96), 1e-5);
        assertEquals(difference, FactorSteps.dotDifference(a, 0, b, 0, 96, 96), 1e-5);
    }

    @Test
    void gradientsAreSumsOverTheSamples() {
        int stride = 80; // one wide block and one narrow one
        float[] q = normals(5 * stride, "q");
        float[] coefs = normals(6, "coefs");
        int[] left = {9, 0, 3, 1};
        int[] right = {9, 2, 4, 4};
        float[] g = new float[stride];
        FactorSteps.gradientOfUser(g, stride, q, left, right, coefs, 1, 1, 4);
        int[] slotOf = {1, 0, 4};
        int[] entries = {9, 0, 3, 5};
        float[] h = new float[stride];
        FactorSteps.gradientOfItem(h, stride, q, slotOf, entries, coefs, 1, 4);
        for (int d = 0; d < stride; d++) {
            double user = 0;
            for (int s = 1; s < 4; s++) {
                user += coefs[2 * s - 2] * (double) q[left[s] * stride + d]
                        + coefs[2 * s - 1] * (double) q[right[s] * stride + d];
            }
            double item = coefs[0] * (double) q[stride + d]
                    + coefs[3] * (double) q[d]
                    + coefs[5] * (double) q[4 * stride + d];
            assertEquals(user, g[d], 1e-5);
            assertEquals(item, h[d], 1e-5);
        }
    }

    @Test
    void stepsAreThoseOfAdamInDoublePrecision() {
        int stride = 16;
        float[] w = normals(stride, "w");
        float[] m = new float[stride];
        float[] r = new float[stride];
        double[] w2 = new double[stride];
        double[] m2 = new double[stride];
        double[] v2 = new double[stride];
        for (int d = 0; d < stride; d++) {
            w2[d] = w[d];
        }
        float[] rates = new float[300];
        float[] roots = new float[300];
        for (int t = 0; t < 300; t++) {
            rates[t] = (float) (0.01 / (1 - Math.pow(0.9, t + 1)));
            roots[t] = (float) (1 / Math.sqrt(1 - Math.pow(0.999, t + 1)));
        }
        for (int t = 0; t < 300; t++) {
            boolean touched = t % 7 == 0;
            float[] g = touched ? normals(stride, "g" + t) : new float[stride];
            if (touched) {
                FactorSteps.step(w, m, r, 0, stride, g, rates[t], roots[t]);
            } else {
                FactorSteps.idle(w, m, r, 0, stride, rates, roots, t, t + 1);
            }
            for (int d = 0; d < stride; d++) {
                m2[d] = 0.9 * m2[d] + 0.1 * g[d];
                v2[d] = 0.999 * v2[d] + 0.001 * g[d] * g[d];
                double mHat = m2[d] / (1 - Math.pow(0.9, t + 1));
                double vHat = v2[d] / (1 - Math.pow(0.999, t + 1));
                w2[d] -= 0.01 * mHat / (Math.sqrt(vHat) + 1e-8);
            }
        }
        for (int d = 0; d < stride; d++) {
            assertEquals(w2[d], w[d], 2e-5);
        }
    }

    @Test
    void theLogisticFunctionIsRightToTheLastBits() {
        double worst = 0;
        for (int i = -79_000; i <= 79_000; i++) {
            float x = i / 1000f;
            double expected = 1 / (1 + StrictMath.exp(-(double) x));
            worst = Math.max(worst, Math.abs(Logistic.sigmoid(x) / expected - 1));
        }
        assertTrue(worst < 6e-6, "worst relative error is " + worst); // |x| 80 rounds x·log2(e) by 4e-6
        assertEquals(0.5f, Logistic.sigmoid(0));
        assertTrue(Float.isNaN(Logistic.sigmoid(Float.NaN)));
        assertTrue(Logistic.sigmoid(Float.NEGATIVE_INFINITY) > 0);
    }
}
