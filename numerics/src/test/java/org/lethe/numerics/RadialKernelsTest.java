package org.lethe.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class RadialKernelsTest {
    private static final double BANDWIDTH = 0.7;
    private static final float SHARE = 0.3f;

    private static double kernel(double distance) {
        double sum = 0;
        for (int i = 0; i < 5; i++) {
            sum += Math.exp(-distance / (BANDWIDTH * (1 << i)));
        }
        return sum;
    }

    private static float[] distances() {
        float[] distances = new float[1 + 64 + 1];
        for (int n = 0; n < distances.length; n++) {
            distances[n] = (float) Math.exp(Keyed.normal(Keyed.seed(5).at(n)));
        }
        distances[1] = 0;
        distances[2] = 1e6f; // too far to be drawn
        return distances;
    }

    @Test
    void sumsAreThoseOfTheKernels() {
        float[] distances = distances();
        for (int n : new int[] {0, 1, 8, 21, 64}) {
            double sum = 0;
            for (int p = 1; p <= n; p++) {
                sum += kernel(distances[p]);
            }
            assertEquals(sum, RadialKernels.sum(distances, 1, n, BANDWIDTH), 1e-12 * (1 + sum));
        }
        assertEquals(5, RadialKernels.sum(distances, 1, 1, BANDWIDTH)); // exactly
    }

    /** Bits, not tolerances. */
    @Test
    void lanesOfSumsAreThoseOfPlainNumbers() {
        float[] distances = distances();
        double[] lanes = new double[Lanes.DOUBLES];
        double scale = -1 / Math.log(2) / (16 * BANDWIDTH);
        for (int p = 0; p < 61; p++) {
            double e = Exp2.of(scale * distances[1 + p]);
            double e2 = e * e;
            double e4 = e2 * e2;
            double e8 = e4 * e4;
            lanes[p % Lanes.DOUBLES] += e + e2 + e4 + e8 + e8 * e8;
        }
        double sum = 0;
        for (double lane : lanes) {
            sum += lane;
        }
        assertEquals(sum, RadialKernels.sum(distances, 1, 61, BANDWIDTH));
    }

    @Test
    void slopesAreThoseOfTheKernels() {
        float[] before = distances();
        float[] after = distances();
        RadialKernels.slopes(after, 1, 64, BANDWIDTH, SHARE);
        for (int n = 1; n < 65; n++) {
            double h = 1e-5 * (1 + before[n]);
            double slope = (kernel(before[n] + h) - kernel(before[n] - h)) / (2 * h);
            assertEquals(-SHARE * BANDWIDTH * slope, after[n], 1e-6);
        }
        assertEquals(before[0], after[0]);
        assertEquals(before[65], after[65]);
    }

    /** Bits, not tolerances. */
    @Test
    void vectorsGiveTheBitsOfPlainNumbers() {
        float[] before = distances();
        float[] after = distances();
        RadialKernels.slopes(after, 1, 64, BANDWIDTH, SHARE);
        float scale = (float) (-1 / Math.log(2) / (16 * BANDWIDTH));
        for (int n = 1; n < 65; n++) {
            float e = Exp2.of(scale * before[n]);
            float e2 = e * e;
            float e4 = e2 * e2;
            float e8 = e4 * e4;
            assertEquals(SHARE * (e / 16 + e2 / 8 + e4 / 4 + e8 / 2 + e8 * e8), after[n]);
        }
    }

    @Test
    void pointsThatAreNoMultipleOfTheLanesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> RadialKernels.slopes(new float[64], 0, 8, 1, 1));
    }
}
