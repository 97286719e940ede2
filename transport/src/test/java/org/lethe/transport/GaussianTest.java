package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;

class GaussianTest {
    private static Gaussian normal(double x, double y, double... covariance) {
        return new Gaussian(new double[] {x, y}, covariance);
    }

    @Test
    void knownDistances() {
        assertEquals(30, normal(0, 0, 1, 0, 0, 1).squaredDistance(normal(3, 4, 4, 0, 0, 9)), 1e-12);
        assertEquals(10, normal(0, 0, 1, 0, 0, 1).squaredDistance(normal(1, 2, 4, 0, 0, 9)), 1e-12);
        assertEquals(26.0637624, normal(0, 0, 2, 1, 1, 2).squaredDistance(normal(3, 4, 3, -1, -1, 2)), 5e-8);
    }

    @Test
    void distanceIsSymmetricAndZeroToItself() {
        Random random = new Random(41);
        for (int d = 1; d <= 12; d++) {
            Gaussian one = random(random, d, d);
            Gaussian two = random(random, d, Math.max(1, d / 2)); // singular
            double distance = one.squaredDistance(two);
            assertEquals(distance, two.squaredDistance(one), 1e-6 * (1 + distance), "dimension " + d);
            assertEquals(0, one.squaredDistance(one), 1e-9);
        }
    }

    private static Gaussian random(Random random, int d, int rank) {
        double[] factor = random.doubles(d * rank, -1, 1).toArray();
        double[] covariance = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                for (int k = 0; k < rank; k++) {
                    covariance[i * d + j] += factor[i * rank + k] * factor[j * rank + k];
                }
            }
        }
        return new Gaussian(random.doubles(d).toArray(), covariance);
    }

    @Test
    void rootsSquareToTheMatrix() {
        double[] matrix = {4, 1, 0, 1, 3, -1, 0, -1, 2};
        double[] root = Gaussian.map(matrix, 3, Math::sqrt);
        double[] square = new double[9];
        for (int e = 0; e < 9; e++) {
            for (int k = 0; k < 3; k++) {
                square[e] += root[e / 3 * 3 + k] * root[k * 3 + e % 3];
            }
        }
        assertArrayEquals(matrix, square, 1e-13);
    }

    @Test
    void wrongInputIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> normal(0, 0, 1, 2, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> normal(0, Double.NaN, 1, 0, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> normal(0, 0, -1, 0, 0, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> normal(0, 0, 1, 0, 0, 1).squaredDistance(new Gaussian(new double[1], new double[1])));
    }
}
