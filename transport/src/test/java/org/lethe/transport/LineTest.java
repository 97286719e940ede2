package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LineTest {
    @Test
    void knownDistances() {
        Line x = Line.of(0, 1, 3);
        Line y = Line.of(8, 5, 6);
        assertEquals(5, x.distance(y, 1), 1e-14);
        assertEquals(25, x.power(y, 2), 1e-13);
        Line v = Line.of(new double[] {5, 0, 2, 1}, new double[] {.2, .1, .3, .4});
        Line w = Line.of(new double[] {-1, 2, 4}, new double[] {.3, .3, .4});
        assertEquals(1.3, v.distance(w, 1), 1e-14);
        assertEquals(2.1, v.power(w, 2), 1e-14);
    }

    @Test
    void distancesEqualTheGeneralSolver() {
        Random random = new Random(31);
        for (int trial = 0; trial < 200; trial++) {
            int n = random.nextInt(12) + 1;
            int m = random.nextInt(12) + 1;
            double[] x = random.doubles(n, -2, 2).toArray();
            double[] y = random.doubles(m, -2, 2).toArray();
            double p = 1 + random.nextInt(3);
            double[] cost = new double[n * m];
            for (int e = 0; e < cost.length; e++) {
                cost[e] = Math.pow(Math.abs(x[e / m] - y[e % m]), p);
            }
            TransportProblem problem = TransportProblem.renormalised(
                    random.doubles(n, 0, 1).toArray(), random.doubles(m, 0, 1).toArray(), cost);
            double found = Line.of(x, problem.a()).power(Line.of(y, problem.b()), p);
            assertEquals(problem.exact().cost(), found, 1e-12 * (1 + found), "trial " + trial);
        }
    }

    @Test
    void distanceIsAMetricThatFollowsShiftAndScale() {
        Random random = new Random(32);
        for (int trial = 0; trial < 100; trial++) {
            Line x = Line.of(random.doubles(9).toArray());
            Line y = Line.of(random.doubles(7).toArray());
            Line z = Line.of(random.doubles(5).toArray());
            for (double p : new double[] {1, 2, 3.5}) {
                assertEquals(0, x.distance(x, p), 0);
                assertEquals(x.distance(y, p), y.distance(x, p), 1e-12);
                assertTrue(x.distance(z, p) <= x.distance(y, p) + y.distance(z, p) + 1e-9);
            }
        }
        assertEquals(3, Line.of(1, 2, 4).distance(Line.of(-2, -1, 1), 2), 1e-14);
    }

    @Test
    void quantilesStayInsideAtTheEnds() {
        Line tenths = Line.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertEquals(9, tenths.quantile(1), 0);
        assertEquals(0, tenths.quantile(0), 0);
        assertEquals(2, tenths.quantile(.3), 0);
    }

    @Test
    void concaveCostsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Line.of(0, 1).power(Line.of(2), .5));
        assertThrows(IllegalArgumentException.class, () -> Line.of(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Line.of(new double[] {1, 2}, new double[] {.5, .6}));
    }
}
