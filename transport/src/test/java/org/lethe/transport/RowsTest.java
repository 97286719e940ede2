package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Exp2;

/** The loops give the bits of the arithmetic written out below, as vectors and as scalar references. */
class RowsTest {
    private static final int[] LENGTHS = {1, 7, 8, 9, 31, 32, 40, 71, 133};

    private static double[] normal(Random random, int n) {
        double[] values = new double[n];
        Arrays.setAll(values, i -> random.nextGaussian());
        return values;
    }

    @Test
    void sumsAreTakenInEightLanes() {
        Random random = new Random(1);
        for (int m : LENGTHS) {
            double[] x = normal(random, m + 3);
            double[] y = normal(random, m + 2);
            double[] lanes = new double[8];
            double rest = 0;
            for (int j = 0; j < m; j++) {
                if (j < m - m % 8) {
                    lanes[j % 8] = Math.fma(x[3 + j], y[2 + j], lanes[j % 8]);
                } else {
                    rest = Math.fma(x[3 + j], y[2 + j], rest);
                }
            }
            double sum =
                    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
            assertEquals(sum + rest, Rows.dot(x, 3, y, 2, m), 0);
        }
    }

    @Test
    void additionsAreFused() {
        Random random = new Random(2);
        for (int m : LENGTHS) {
            double[] x = normal(random, m + 1);
            double[] into = normal(random, m + 2);
            double[] expected = into.clone();
            for (int j = 0; j < m; j++) {
                expected[2 + j] = Math.fma(.3, x[1 + j], expected[2 + j]);
            }
            Rows.add(.3, x, 1, into, 2, m);
            assertArrayEquals(expected, into, 0);
        }
    }

    @Test
    void plansAreExponentialsOfTheirPotentials() {
        Random random = new Random(3);
        for (int m : LENGTHS) {
            double[] g = normal(random, m);
            double[] b = random.doubles(m).toArray();
            double[] cost = normal(random, m + 5);
            double[] into = new double[m];
            Rows.gibbs(.7, .2, 3, g, b, cost, 5, m, into);
            for (int j = 0; j < m; j++) {
                assertEquals(b[j] * .7 * Exp2.of(Math.min((.2 + g[j] - cost[5 + j]) * 3, 1022)), into[j], 0);
            }
        }
    }

    @Test
    void distancesAreSumsOfSquaresInOrder() {
        Random random = new Random(4);
        for (int m : LENGTHS) {
            Cloud x = Cloud.of(normal(random, 15), 5);
            Cloud y = Cloud.of(normal(random, 5 * m), 5);
            double[] found = x.squaredDistances(y, Loop.HERE);
            for (int e = 0; e < 3 * m; e++) {
                double sum = 0;
                for (int k = 0; k < 5; k++) {
                    double difference = x.points()[e / m * 5 + k] - y.points()[e % m * 5 + k];
                    sum = Math.fma(difference, difference, sum);
                }
                assertEquals(sum, found[e], 0);
            }
        }
    }

    @Test
    void productsOfPlansAreSumsInOrder() {
        Random random = new Random(5);
        for (int d : new int[] {1, 5, 16, 37}) {
            for (int m : new int[] {1, 4, 11}) {
                double[] plan = normal(random, 9 * m);
                double[] y = normal(random, 9 * d);
                double[] into = normal(random, m * d);
                double[] expected = into.clone();
                for (int s = 0; s < m; s++) {
                    for (int k = 0; k < d; k++) {
                        double sum = 0;
                        for (int i = 0; i < 9; i++) {
                            sum = Math.fma(plan[i * m + s], y[i * d + k], sum);
                        }
                        expected[s * d + k] = Math.fma(sum, .3, expected[s * d + k]);
                    }
                }
                Rows.mix(plan, m, 0, m, y, d, .3, into);
                assertArrayEquals(expected, into, 0, d + " dimensions, " + m + " columns");
            }
        }
    }
}
