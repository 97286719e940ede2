package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
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
    void knownBarycenters() {
        Gaussian.Barycenter b =
                Gaussian.barycenter(List.of(normal(0, 0, 2, 1, 1, 2), normal(3, 4, 3, -1, -1, 2)), .5, .5);
        assertTrue(b.converged());
        assertArrayEquals(
                new double[] {2.3680340, .0630022, .0630022, 1.8660254},
                b.center().covariance(),
                1e-7);
        assertArrayEquals(new double[] {1.5, 2}, b.center().mean(), 1e-15);
        Gaussian line = Gaussian.barycenter(
                        List.of(
                                new Gaussian(new double[] {-2}, new double[] {1}),
                                new Gaussian(new double[] {2}, new double[] {9})),
                        .25,
                        .75)
                .center();
        assertEquals(1, line.mean()[0], 1e-12);
        assertEquals(6.25, line.covariance()[0], 1e-8);
        Gaussian diagonal = Gaussian.barycenter(List.of(normal(0, 0, 1, 0, 0, 4), normal(0, 0, 9, 0, 0, 16)), .5, .5)
                .center();
        assertArrayEquals(new double[] {4, 0, 0, 9}, diagonal.covariance(), 1e-8);
    }

    @Test
    void raidsExampleHasItsBarycenterAtEqualDistances() {
        Gaussian one = normal(0, 0, 2, 1, 1, 2);
        Gaussian two = normal(2, -2, 3, -1, -1, 1);
        assertEquals(9.397279504, one.squaredDistance(two), 5e-9);
        Gaussian center = Gaussian.barycenter(List.of(one, two), .5, .5).center();
        assertArrayEquals(new double[] {1, -1}, center.mean(), 1e-15);
        assertArrayEquals(new double[] {2.37824551, 0, 0, 1.27243462}, center.covariance(), 1e-8);
        assertEquals(2.349319876, one.squaredDistance(center), 5e-9);
        assertEquals(2.349319876, two.squaredDistance(center), 5e-9);
    }

    @Test
    void mapCarriesTheMomentsAndCostsTheDistance() {
        Random random = new Random(42);
        for (int d = 1; d <= 8; d++) {
            double[] points = random.doubles(40 * d, -2, 3).toArray();
            Cloud cloud = Cloud.of(points, d);
            Gaussian from = Gaussian.of(cloud);
            Gaussian to = random(random, d, d);
            Gaussian.Affine map = from.map(to);
            double[] moved = map.apply(points);
            Gaussian reached = Gaussian.of(Cloud.of(moved, d));
            if (map.raised() == 0) {
                assertArrayEquals(to.mean(), reached.mean(), 1e-9, "dimension " + d);
                assertArrayEquals(to.covariance(), reached.covariance(), 1e-7, "dimension " + d);
                double cost = 0;
                for (int e = 0; e < points.length; e++) {
                    cost += Math.pow(points[e] - moved[e], 2) / 40;
                }
                assertEquals(from.squaredDistance(to), cost, 1e-7 * (1 + cost));
            }
        }
    }

    @Test
    void singularCovariancesAreRaisedAndReported() {
        Gaussian flat = normal(0, 0, 1, 0, 0, 0);
        Gaussian round = normal(0, 0, 1, 0, 0, 1);
        assertEquals(1, flat.map(round).raised());
        Gaussian.Barycenter b = Gaussian.barycenter(List.of(flat, round), .5, .5);
        assertEquals(1, b.raised());
        assertEquals(.25, b.center().covariance()[3], 1e-4);
        assertThrows(
                IllegalArgumentException.class, () -> normal(0, 0, 0, 0, 0, 0).map(round));
    }

    @Test
    void barycenterOfManyIsAFixedPointInHigherDimensions() {
        Random random = new Random(43);
        int d = 10;
        List<Gaussian> all = List.of(random(random, d, 20), random(random, d, 20), random(random, d, 20));
        Gaussian.Barycenter b = Gaussian.barycenter(all, .2, .3, .5);
        assertTrue(b.converged() && b.residual() <= 1e-10, "residual " + b.residual());
        double[] mean = new double[d * d]; // Σ λ_k A_k = I at the barycenter
        for (int k = 0; k < 3; k++) {
            Rows.add(new double[] {.2, .3, .5}[k], b.center().map(all.get(k)).matrix(), 0, mean, 0, d * d);
        }
        for (int e = 0; e < d * d; e++) {
            assertEquals(e / d == e % d ? 1 : 0, mean[e], 1e-8);
        }
    }

    @Test
    void rootsSquareToTheMatrix() {
        double[] matrix = {4, 1, 0, 1, 3, -1, 0, -1, 2};
        double[] root = Gaussian.function(matrix, 3, Math::sqrt);
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
