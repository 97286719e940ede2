package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
        double[] x = random.doubles(9).toArray();
        double[] y = random.doubles(5).toArray();
        for (double p : new double[] {1, 2, 3.5}) {
            double tripled = Line.of(java.util.Arrays.stream(x).map(v -> 3 * v).toArray())
                    .distance(Line.of(java.util.Arrays.stream(y).map(v -> 3 * v).toArray()), p);
            assertEquals(3 * Line.of(x).distance(Line.of(y), p), tripled, 1e-12);
        }
    }

    @Test
    void manyPointsOfEqualWeightCostWhatTheirPlanDoes() {
        Random random = new Random(34);
        Line x = Line.of(random.doubles(30_000, -1, 2).toArray());
        Line y = Line.of(random.doubles(30_000, 0, 1).toArray());
        for (double p : new double[] {1, 2, 3.5}) {
            assertEquals(x.transport(y, p).cost(), x.power(y, p), 1e-12);
        }
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

    @Test
    void plansHaveTheirMarginalsAndProveTheirCost() {
        Random random = new Random(33);
        for (int trial = 0; trial < 300; trial++) {
            int n = random.nextInt(12) + 1;
            int m = random.nextInt(12) + 1;
            double p = 1 + random.nextInt(3) / 2.0;
            TransportProblem masses = TransportProblem.renormalised(
                    random.doubles(n, trial % 3 == 0 ? -.5 : 0, 1)
                            .map(w -> Math.max(0, w) + 1e-9)
                            .toArray(),
                    random.doubles(m).toArray(),
                    new double[n * m]);
            Line x = Line.of(random.doubles(n, -2, 2).toArray(), masses.a());
            Line y = Line.of(random.doubles(m, -2, 2).toArray(), masses.b());
            TransportResult r = x.transport(y, p);
            assertTrue(r.rowError() + r.columnError() < 1e-14, "trial " + trial);
            assertEquals(x.power(y, p), r.cost(), 1e-12);
            assertEquals(r.cost(), r.dual(), 1e-12);
            double[] cost = new double[n * m];
            for (int e = 0; e < cost.length; e++) {
                cost[e] = Math.pow(Math.abs(x.points()[e / m] - y.points()[e % m]), p);
                assertTrue(r.f()[e / m] + r.g()[e % m] <= cost[e] + 1e-12, "trial " + trial);
            }
            TransportResult general = new TransportProblem(x.weights(), y.weights(), cost).exact();
            assertEquals(general.cost(), r.cost(), 1e-12);
            if (p > 1) {
                assertArrayEquals(general.plan().dense(), r.plan().dense(), 1e-12);
            }
        }
    }

    @Test
    void knownPlan() {
        Line v = Line.of(new double[] {0, 1, 2, 5}, new double[] {.1, .4, .3, .2});
        Line w = Line.of(new double[] {-1, 2, 4}, new double[] {.3, .3, .4});
        double[] plan = {.1, 0, 0, .2, .2, 0, 0, .1, .2, 0, 0, .2};
        assertArrayEquals(plan, v.transport(w, 2).plan().dense(), 1e-15);
    }

    @Test
    void gradientIsTheSlope() {
        Line x = Line.of(new double[] {0, 1.3, 2.1, 5}, new double[] {.1, .4, .3, .2});
        Line y = Line.of(new double[] {-1, 2.4, 4}, new double[] {.3, .3, .4});
        for (double p : new double[] {1.5, 2, 3}) {
            double[] gradient = x.gradient(y, p);
            for (int i = 0; i < 4; i++) {
                double[] up = x.points().clone();
                double[] down = x.points().clone();
                up[i] += 1e-5;
                down[i] -= 1e-5;
                double slope = (new Line(up, x.weights()).power(y, p) - new Line(down, x.weights()).power(y, p)) / 2e-5;
                assertEquals(slope, gradient[i], 1e-6 * (1 + Math.abs(slope)));
            }
        }
    }

    @Test
    void potentialsAreTheSlopesByWeights() {
        Line x = Line.of(new double[] {0, 1.3, 2.1, 5}, new double[] {.1, .4, .3, .2});
        Line y = Line.of(new double[] {-1, 2.4, 4}, new double[] {.35, .3, .35}); // no sums in common
        for (double p : new double[] {1, 2, 3}) {
            double[] f = x.transport(y, p).f();
            for (int i = 1; i < 4; i++) {
                double[] up = x.weights().clone();
                double[] down = x.weights().clone();
                up[i] += 1e-5;
                up[0] -= 1e-5;
                down[i] -= 1e-5;
                down[0] += 1e-5;
                double slope = (new Line(x.points(), up).power(y, p) - new Line(x.points(), down).power(y, p)) / 2e-5;
                assertEquals(slope, f[i] - f[0], 1e-8 * (1 + Math.abs(slope)));
            }
        }
    }

    @Test
    void orderOfPointsDoesNotMatter() {
        Random random = new Random(34);
        double[] x =
                random.doubles(2000, -3, 3).map(v -> Math.rint(v * 50) / 50).toArray();
        double[] w = TransportProblem.renormalised(random.doubles(2000).toArray(), new double[] {1}, new double[2000])
                .a();
        double[] turnedX = new double[2000];
        double[] turnedW = new double[2000];
        for (int i = 0; i < 2000; i++) {
            turnedX[i] = x[1999 - i];
            turnedW[i] = w[1999 - i];
        }
        assertEquals(0, Line.of(x, w).distance(Line.of(turnedX, turnedW), 1), 1e-12);
        Line sorted = Line.of(x, w);
        double mean = 0;
        for (int i = 0; i < 2000; i++) {
            mean += x[i] * w[i] - sorted.points()[i] * sorted.weights()[i];
        }
        assertEquals(0, mean, 1e-12);
    }

    @Test
    void sortingIsThatOfTheJdk() {
        Random random = new Random(35);
        for (int n : new int[] {0, 1, 511, 512, 5000}) {
            double[] values = new double[n];
            for (int i = 0; i < n; i++) {
                values[i] = i % 7 == 0
                        ? random.nextInt(3) - 1
                        : (random.nextGaussian() * Math.pow(10, random.nextInt(600) - 300));
            }
            double[] expected = values.clone();
            java.util.Arrays.sort(expected);
            assertArrayEquals(expected, Sorting.sorted(values), 0);
            int[] order = Sorting.order(values);
            for (int i = 0; i < n; i++) {
                assertEquals(expected[i], values[order[i]], 0);
            }
        }
    }

    @Test
    void uniformOnOneAndOnAHalf() {
        double[] x = java.util.stream.IntStream.range(0, 100_000)
                .mapToDouble(i -> (i + .5) / 100_000)
                .toArray();
        double[] y = java.util.Arrays.stream(x).map(v -> v / 2).toArray();
        assertEquals(.25, Line.of(x).distance(Line.of(y), 1), 1e-9);
        assertEquals(1 / 12.0, Line.of(x).power(Line.of(y), 2), 1e-9);
    }

    @Test
    void histogramsAreLinesOfTheirBins() {
        Random random = new Random(36);
        double[] grid = {0, .5, 1, 1.5, 2, 2.5};
        for (int trial = 0; trial < 50; trial++) {
            double[] p = TransportProblem.renormalised(random.doubles(6).toArray(), new double[] {1}, new double[6])
                    .a();
            double[] q = TransportProblem.renormalised(random.doubles(6).toArray(), new double[] {1}, new double[6])
                    .a();
            assertEquals(new Line(grid, p).distance(new Line(grid, q), 1), Line.histograms(p, q, .5), 1e-12);
            double[] cost = new double[36];
            for (int e = 0; e < 36; e++) {
                int steps = Math.abs(e / 6 - e % 6);
                cost[e] = .5 * Math.min(steps, 6 - steps);
            }
            assertEquals(new TransportProblem(p, q, cost).exact().cost(), Line.circles(p, q, .5), 1e-12);
        }
        assertThrows(
                IllegalArgumentException.class, () -> Line.histograms(new double[] {1, 2}, new double[] {1, 1}, 1));
    }

    @Test
    void barycenterIsTheMeanQuantile() {
        Random random = new Random(37);
        for (int trial = 0; trial < 100; trial++) {
            Line one = Line.of(random.doubles(5).toArray(), weights(random, 5));
            Line two = Line.of(random.doubles(7, 2, 4).toArray(), weights(random, 7));
            Line three = Line.of(random.doubles(4, -3, 4).toArray(), weights(random, 4));
            Line center = Line.barycenter(java.util.List.of(one, two, three), .2, .3, .5);
            for (double u = .0137; u < 1; u += .0371) {
                double mean = .2 * one.quantile(u) + .3 * two.quantile(u) + .5 * three.quantile(u);
                assertEquals(mean, center.quantile(u), 1e-9, "trial " + trial + " at " + u);
            }
        }
        Line x = Line.of(0, 1, 5);
        assertEquals(0, x.distance(Line.barycenter(java.util.List.of(x, x), .5, .5), 2), 1e-12);
        Line moved = Line.barycenter(java.util.List.of(x, Line.of(4, 5, 9)), .5, .5);
        assertArrayEquals(new double[] {2, 3, 7}, moved.points(), 1e-12);
    }

    private static double[] weights(Random random, int n) {
        return TransportProblem.renormalised(random.doubles(n).toArray(), new double[] {1}, new double[n])
                .a();
    }

    @Test
    void medianIsNoFurtherThanAnythingTried() {
        Random random = new Random(38);
        for (int trial = 0; trial < 30; trial++) {
            java.util.List<Line> lines = java.util.List.of(
                    Line.of(random.doubles(5).toArray(), weights(random, 5)),
                    Line.of(random.doubles(6).toArray(), weights(random, 6)),
                    Line.of(random.doubles(4).toArray(), weights(random, 4)));
            double[] shares = weights(random, 3);
            double best = total(Line.median(lines, shares), lines, shares);
            for (Line other : lines) {
                assertTrue(best <= total(other, lines, shares) + 1e-12);
            }
            for (int k = 0; k < 50; k++) {
                Line tried = Line.of(random.doubles(8).toArray(), weights(random, 8));
                assertTrue(best <= total(tried, lines, shares) + 1e-12);
            }
            assertTrue(best <= total(Line.barycenter(lines, shares), lines, shares) + 1e-12);
        }
    }

    private static double total(Line center, java.util.List<Line> lines, double[] shares) {
        double sum = 0;
        for (int k = 0; k < shares.length; k++) {
            sum += shares[k] * center.distance(lines.get(k), 1);
        }
        return sum;
    }
}
