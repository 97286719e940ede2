package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FixedSupportTest {
    private static final double[] HALVES = {.5, .5};
    private static final double INFINITE = Double.POSITIVE_INFINITY;
    private static final double[] GRID = {0, 1, 2, 3, 4};
    private static final double[][] ENDS = {{1, 0, 0, 0, 0}, {0, 0, 0, 0, 1}};

    private static double[] squares(double[] x, double[] y) {
        double[] cost = new double[x.length * y.length];
        Arrays.setAll(cost, e -> Math.pow(x[e / y.length] - y[e % y.length], 2));
        return cost;
    }

    private static double[][] twice(double[] cost) {
        return new double[][] {cost, cost};
    }

    private static double[] random(Random random, int n) {
        return TransportProblem.renormalised(random.doubles(n, .05, 1).toArray(), new double[] {1}, new double[n])
                .a();
    }

    @Test
    void endsMeetInTheMiddle() {
        FixedSupport.Barycenter b =
                new FixedSupport(.05).barycenter(twice(squares(GRID, GRID)), ENDS, HALVES, Loop.HERE);
        assertTrue(b.converged());
        assertArrayEquals(new double[] {0, 0, 1, 0, 0}, b.weights(), 1e-6);
        assertEquals(4, b.cost(), 1e-5);
    }

    @Test
    void boundedMeanMovesHalfTheMassOverByOne() {
        Limits mean = Limits.none(5).and(new Limits.Linear(GRID, -INFINITE, 1.5));
        FixedSupport.Barycenter b =
                new FixedSupport(.05).barycenter(twice(squares(GRID, GRID)), ENDS, HALVES, mean, Loop.HERE);
        assertTrue(b.converged());
        assertArrayEquals(new double[] {0, .5, .5, 0, 0}, b.weights(), 1e-6);
        assertEquals(4.5, b.cost(), 1e-5);
    }

    @Test
    void boundsOnPointsAreMet() {
        double[] most = {1, 1, .3, 1, 1};
        Limits box = new Limits(new double[] {.1, 0, 0, 0, 0}, most, List.of());
        FixedSupport.Barycenter b =
                new FixedSupport(.05).barycenter(twice(squares(GRID, GRID)), ENDS, HALVES, box, Loop.HERE);
        assertTrue(b.converged());
        assertArrayEquals(new double[] {.1, .3, .3, .3, 0}, b.weights(), 1e-6);
        // Values: 4 at the middle, 5 beside it, 8 at the ends.
        assertEquals(.3 * 4 + .6 * 5 + .1 * 8, b.cost(), 1e-5);
    }

    @Test
    void divergenceBallIsFullAndNothingInItIsBetter() {
        Random random = new Random(4);
        double[] x = {0, .4, 1, 1.7, 2.2, 3};
        double[] y = {-.3, .9, 2, 3.1};
        double epsilon = .3;
        double[][] costs = twice(squares(x, y));
        double[][] masses = {random(random, 4), random(random, 4)};
        double[] shares = {.3, .7};
        Limits limits = new Limits(new double[6], new double[] {1, .25, 1, .2, 1, 1}, List.of())
                .and(new Limits.Linear(x, 1.2, 1.5));
        for (Limits tried : List.of(Limits.none(6), limits)) {
            for (double[] reference : List.of(random(random, 6), new double[] {.2, .2, 0, .2, .2, .2})) {
                Ball.Divergence ball = new Ball.Divergence(reference, .04);
                FixedSupport.Barycenter b = new FixedSupport(epsilon, 1e-10, 20_000)
                        .barycenter(costs, masses, shares, tried, ball, Loop.HERE);
                assertTrue(b.converged(), b.toString());
                assertEquals(.04, kl(b.weights(), reference), 1e-9);
                double best = value(b.weights(), costs, masses, shares, epsilon);
                Limits.Projection nearest = ball.nearest(tried);
                for (int k = 0; k < 60; k++) {
                    double[] logs = new double[6];
                    for (int i = 0; i < 6; i++) {
                        logs[i] = Math.log(b.weights()[i]) / Math.log(2) + .2 * random.nextGaussian();
                    }
                    double[] a = Arrays.stream(ball.project(tried, logs, nearest, tried.noMultipliers())
                                    .logs())
                            .map(l -> Math.pow(2, l))
                            .toArray();
                    assertTrue(kl(a, reference) <= .04 + 1e-9);
                    assertTrue(value(a, costs, masses, shares, epsilon) >= best - 1e-8);
                }
            }
        }
    }

    @Test
    void wideBallsChangeNothing() {
        FixedSupport settings = new FixedSupport(.1);
        double[][] costs = twice(squares(GRID, GRID));
        double[] even = {.2, .2, .2, .2, .2};
        double[] free = settings.barycenter(costs, ENDS, HALVES, Loop.HERE).weights();
        for (Ball ball : List.of(
                new Ball.Divergence(even, Math.log(5) + .1), new Ball.Transport(squares(GRID, GRID), even, 5))) {
            FixedSupport.Barycenter b = settings.barycenter(costs, ENDS, HALVES, Limits.none(5), ball, Loop.HERE);
            assertTrue(b.converged());
            assertArrayEquals(free, b.weights(), 1e-9);
        }
    }

    @Test
    void transportBallIsFullAndNearTheExactOne() {
        double[] x = IntStream.range(0, 21).mapToDouble(i -> i / 20.0).toArray();
        double[][] masses = new double[2][21];
        double[] reference = new double[21];
        for (int i = 0; i < 21; i++) {
            masses[0][i] = Math.exp(-Math.pow((x[i] - .7) / .1, 2));
            masses[1][i] = Math.exp(-Math.pow((x[i] - .9) / .05, 2));
            reference[i] = Math.exp(-Math.pow((x[i] - .3) / .15, 2));
        }
        for (double[] row : List.of(masses[0], masses[1], reference)) {
            double total = Support.sum(row);
            Arrays.setAll(row, i -> row[i] / total);
        }
        double[] cost = squares(x, x);
        Ball.Transport ball = new Ball.Transport(cost, reference, .04);
        FixedSupport.Barycenter b = new FixedSupport(.002, 1e-6, 5000)
                .barycenter(twice(cost), masses, HALVES, Limits.none(21), ball, Loop.HERE);
        assertTrue(b.converged());
        double distance = new Line(x, b.weights()).power(new Line(x, reference), 2);
        assertTrue(distance <= .04 && distance > .0399, "W2² " + distance);
        GridBarycenter.Result exact =
                new GridBarycenter().barycenter(twice(cost), masses, HALVES, Limits.none(21), ball);
        assertEquals(exact.cost(), b.cost(), .01);
        assertEquals(0, new Line(x, b.weights()).distance(new Line(x, exact.weights()), 2), .05);
    }

    @Test
    void ballsThatNothingLiesInAreReported() {
        double[][] costs = twice(squares(GRID, GRID));
        FixedSupport settings = new FixedSupport(.1);
        double[] even = {.2, .2, .2, .2, .2};
        Limits high = Limits.none(5).and(new Limits.Linear(GRID, 3.5, INFINITE));
        FixedSupport.Barycenter apart =
                settings.barycenter(costs, ENDS, HALVES, high, new Ball.Divergence(even, .1), Loop.HERE);
        assertEquals(TransportResult.Status.INFEASIBLE, apart.status());
        assertTrue(apart.violation() > .1 && apart.cost() == INFINITE);
        double[] low = {.5, .5, 0, 0, 0};
        FixedSupport.Barycenter empty =
                settings.barycenter(costs, ENDS, HALVES, high, new Ball.Divergence(low, 100), Loop.HERE);
        assertEquals(TransportResult.Status.INFEASIBLE, empty.status());
        Ball.Transport far = new Ball.Transport(squares(GRID, new double[] {7}), new double[] {1}, 8.9);
        assertEquals(
                TransportResult.Status.INFEASIBLE,
                settings.barycenter(costs, ENDS, HALVES, Limits.none(5), far, Loop.HERE)
                        .status());
        Ball.Transport tiny = new Ball.Transport(squares(GRID, GRID), even, 1e-9);
        FixedSupport.Barycenter blurred =
                new FixedSupport(1).barycenter(costs, ENDS, HALVES, Limits.none(5), tiny, Loop.HERE);
        assertEquals(TransportResult.Status.STOPPED, blurred.status());
        assertTrue(blurred.violation() > 1e-4);
    }

    @Test
    void imagesAreTheirPixels() {
        Random random = new Random(5);
        int h = 4;
        int w = 7;
        FixedSupport.Raster raster = new FixedSupport.Raster(h, w, .5);
        double[] cost = new double[h * w * h * w];
        Arrays.setAll(cost, e -> {
            int p = e / (h * w);
            int q = e % (h * w);
            return .25 * (Math.pow(p / w - q / w, 2) + Math.pow(p % w - q % w, 2));
        });
        double[][] images = {random(random, h * w), random(random, h * w)};
        images[0][3] += Support.sum(Arrays.copyOfRange(images[0], w, 3 * w));
        Arrays.fill(images[0], w, 3 * w, 0);
        double[] shares = {.3, .7};
        FixedSupport settings = new FixedSupport(.2, 1e-8, 3000);
        FixedSupport.Barycenter dense = settings.barycenter(twice(cost), images, shares, Loop.HERE);
        FixedSupport.Barycenter image = settings.barycenter(raster, images, shares, Loop.HERE);
        assertTrue(image.converged());
        assertArrayEquals(dense.weights(), image.weights(), 1e-10);
        assertEquals(dense.cost(), image.cost(), 1e-10);
        FixedSupport.Barycenter sharp = settings.debiased(raster, images, shares, Loop.HERE);
        assertArrayEquals(settings.debiased(cost, images, shares, Loop.HERE).weights(), sharp.weights(), 1e-8);
        Loop many = (parts, body) -> IntStream.range(0, parts).parallel().forEach(body);
        assertArrayEquals(
                sharp.weights(), settings.debiased(raster, images, shares, many).weights(), 0);
        assertThrows(IllegalArgumentException.class, () -> new FixedSupport.Raster(0, 7, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> settings.barycenter(new FixedSupport.Raster(3, 7, 1), images, shares, Loop.HERE));
    }

    @Test
    void infeasibleLimitsAreProvedAndReported() {
        double[][] costs = twice(squares(GRID, GRID));
        FixedSupport settings = new FixedSupport(.5);
        Limits beyond = Limits.none(5).and(new Limits.Linear(GRID, 4.01, INFINITE));
        Limits apart = Limits.none(5)
                .and(new Limits.Linear(GRID, 3, INFINITE))
                .and(new Limits.Linear(new double[] {0, 0, 0, 1, 1}, 0, .2));
        double[] full = {.1, .1, .1, .1, .1};
        Limits small = new Limits(new double[5], full, List.of());
        for (Limits limits : new Limits[] {beyond, apart, small}) {
            FixedSupport.Barycenter b = settings.barycenter(costs, ENDS, HALVES, limits, Loop.HERE);
            assertEquals(TransportResult.Status.INFEASIBLE, b.status());
            assertTrue(b.violation() > 1e-4 && b.cost() == INFINITE);
        }
        Limits possible = Limits.none(5)
                .and(new Limits.Linear(GRID, 3, INFINITE))
                .and(new Limits.Linear(new double[] {0, 0, 0, 0, 1}, 0, .2));
        assertTrue(settings.barycenter(costs, ENDS, HALVES, possible, Loop.HERE).converged());
    }

    @Test
    void noMassesWithinTheLimitsAreBetter() {
        Random random = new Random(1);
        double[] x = {0, .4, 1, 1.7, 2.2, 3};
        double[] y = {-.3, .9, 2, 3.1};
        double epsilon = .3;
        double[][] costs = twice(squares(x, y));
        double[][] masses = {random(random, 4), random(random, 4)};
        double[] shares = {.3, .7};
        Limits limits = new Limits(new double[6], new double[] {1, .25, 1, .2, 1, 1}, List.of())
                .and(new Limits.Linear(x, 1.2, 1.3));
        for (Limits tried : new Limits[] {Limits.none(6), limits}) {
            FixedSupport.Barycenter b =
                    new FixedSupport(epsilon, 1e-10, 20_000).barycenter(costs, masses, shares, tried, Loop.HERE);
            assertTrue(b.converged());
            double best = value(b.weights(), costs, masses, shares, epsilon);
            for (int k = 0; k < 100; k++) {
                double[] logs = new double[6];
                for (int i = 0; i < 6; i++) {
                    logs[i] = Math.log(b.weights()[i]) / Math.log(2) + .2 * random.nextGaussian();
                }
                Limits.Projection other =
                        tried.project(logs, new double[tried.linear().size()]);
                assertEquals(TransportResult.Status.CONVERGED, other.status());
                double[] a =
                        Arrays.stream(other.logs()).map(l -> Math.pow(2, l)).toArray();
                assertTrue(value(a, costs, masses, shares, epsilon) >= best - 1e-8);
            }
        }
    }

    /** Σ λ (⟨P, C⟩ − ε H(P)) at the best plans. */
    private static double value(double[] a, double[][] costs, double[][] masses, double[] shares, double epsilon) {
        double total = 0;
        for (int k = 0; k < shares.length; k++) {
            TransportResult r = TransportProblem.renormalised(a, masses[k], costs[k])
                    .solve(new Sinkhorn(epsilon, 1e-11, 20_000, 4, Sinkhorn.Precision.DOUBLE));
            double entropy = 0;
            for (double w : a) {
                entropy -= w == 0 ? 0 : w * Math.log(w);
            }
            total += shares[k] * (r.objective() - epsilon * entropy);
        }
        return total;
    }

    @Test
    void projectionIsTheNearestInKl() {
        Random random = new Random(2);
        Limits limits = new Limits(new double[] {0, .05, 0, 0, .1, 0}, new double[] {1, 1, .2, 1, 1, .3}, List.of())
                .and(new Limits.Linear(new double[] {0, 1, 2, 3, 4, 5}, 2, 2.5))
                .and(new Limits.Linear(new double[] {1, 1, 0, 0, 0, 0}, .3, 1));
        for (int trial = 0; trial < 20; trial++) {
            double[] q = random(random, 6);
            double[] a = projected(limits, q);
            for (int k = 0; k < 50; k++) {
                double[] other = projected(limits, random(random, 6));
                assertTrue(kl(other, q) >= kl(a, q) - 1e-9);
                // Pythagoras: KL(other|q) ≥ KL(other|a) + KL(a|q)
                assertTrue(kl(other, q) >= kl(other, a) + kl(a, q) - 1e-8);
            }
        }
    }

    private static double[] projected(Limits limits, double[] q) {
        double[] logs = Arrays.stream(q).map(w -> Math.log(w) / Math.log(2)).toArray();
        Limits.Projection p = limits.project(logs, new double[limits.linear().size()]);
        assertEquals(TransportResult.Status.CONVERGED, p.status());
        return Arrays.stream(p.logs()).map(l -> Math.pow(2, l)).toArray();
    }

    private static double kl(double[] p, double[] q) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += p[i] == 0 ? 0 : p[i] * Math.log(p[i] / q[i]);
        }
        return sum;
    }

    @Test
    void debiasedBarycenterOfEqualsIsThemselves() {
        double[] x = IntStream.range(0, 40).mapToDouble(i -> i / 40.0).toArray();
        double[] bump = new double[40];
        Arrays.setAll(
                bump, i -> Math.exp(-Math.pow((x[i] - .4) / .08, 2)) + .3 * Math.exp(-Math.pow((x[i] - .7) / .05, 2)));
        double total = Arrays.stream(bump).sum();
        Arrays.setAll(bump, i -> bump[i] / total);
        double[] cost = squares(x, x);
        FixedSupport settings = new FixedSupport(.005, 1e-6, 5000);
        FixedSupport.Barycenter sharp = settings.debiased(cost, new double[][] {bump, bump}, HALVES, Loop.HERE);
        FixedSupport.Barycenter blurred =
                settings.barycenter(twice(cost), new double[][] {bump, bump}, HALVES, Loop.HERE);
        assertTrue(sharp.converged(), "error " + sharp.marginalError());
        assertArrayEquals(bump, sharp.weights(), 5e-4);
        double off = 0;
        for (int i = 0; i < 40; i++) {
            off += Math.abs(blurred.weights()[i] - bump[i]);
        }
        assertTrue(off > .05, "entropy blurs by " + off);
    }

    @Test
    void smallEpsilonFindsTheExactBarycenterOfTheLine() {
        double[] x = IntStream.range(0, 61).mapToDouble(i -> i / 10.0).toArray();
        double[] one = new double[61];
        double[] two = new double[61];
        Arrays.setAll(one, i -> Math.exp(-Math.pow(x[i] - 1.5, 2) / .5));
        Arrays.setAll(two, i -> Math.exp(-Math.pow(x[i] - 4, 2) / .9));
        double[] a =
                TransportProblem.renormalised(one, two, new double[61 * 61]).a();
        double[] b =
                TransportProblem.renormalised(one, two, new double[61 * 61]).b();
        FixedSupport.Barycenter found =
                new FixedSupport(.02, 1e-6, 20_000).debiased(squares(x, x), new double[][] {a, b}, HALVES, Loop.HERE);
        Line exact = Line.barycenter(java.util.List.of(new Line(x, a), new Line(x, b)), HALVES);
        assertEquals(0, exact.distance(new Line(x, found.weights()), 2), .05); // half a step of the grid
    }

    @Test
    void whoRunsTheRowsChangesNoBit() {
        Random random = new Random(3);
        double[] x = random.doubles(150).toArray();
        double[][] masses = {random(random, 150), random(random, 150)};
        Loop many = (parts, body) -> IntStream.range(0, parts).parallel().forEach(body);
        FixedSupport settings = new FixedSupport(.05, 0, 20);
        FixedSupport.Barycenter one = settings.barycenter(twice(squares(x, x)), masses, HALVES, Loop.HERE);
        FixedSupport.Barycenter two = settings.barycenter(twice(squares(x, x)), masses, HALVES, many);
        assertArrayEquals(one.weights(), two.weights(), 0);
        assertEquals(one.cost(), two.cost(), 0);
        assertEquals(TransportResult.Status.STOPPED, one.status());
    }

    @Test
    void wrongInputIsRefused() {
        double[][] costs = twice(squares(GRID, GRID));
        FixedSupport settings = new FixedSupport(.1);
        assertThrows(
                IllegalArgumentException.class,
                () -> settings.barycenter(costs, ENDS, new double[] {.5, .6}, Loop.HERE));
        assertThrows(
                IllegalArgumentException.class,
                () -> settings.barycenter(costs, new double[][] {{1, 0}, {0, 1}}, HALVES, Limits.none(5), Loop.HERE));
        assertThrows(IllegalArgumentException.class, () -> new Limits.Linear(GRID, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new FixedSupport(0));
    }
}
