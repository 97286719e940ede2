package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GridBarycenterTest {
    private static final double[] HALVES = {.5, .5};
    private static final double INFINITE = Double.POSITIVE_INFINITY;
    private static final double[] GRID = {0, 1, 2, 3, 4};
    private static final double[][] ENDS = {{1, 0, 0, 0, 0}, {0, 0, 0, 0, 1}};
    private static final double[][] COSTS = twice(squares(GRID, GRID));

    private static double[] squares(double[] x, double[] y) {
        double[] cost = new double[x.length * y.length];
        Arrays.setAll(cost, e -> Math.pow(x[e / y.length] - y[e % y.length], 2));
        return cost;
    }

    private static double[][] twice(double[] cost) {
        return new double[][] {cost, cost};
    }

    private static double[] random(Random random, int n) {
        double[] masses = random.doubles(n, .05, 1).toArray();
        double total = Arrays.stream(masses).sum();
        return Arrays.stream(masses).map(w -> w / total).toArray();
    }

    private static void assertProven(double[] weights, double cost, GridBarycenter.Result found) {
        assertTrue(found.converged());
        assertArrayEquals(weights, found.weights(), 1e-12);
        assertEquals(cost, found.cost(), 1e-12);
        assertEquals(0, found.gap(), 1e-12);
        assertEquals(0, found.marginalError(), 1e-12);
        assertTrue(found.violation() <= 1e-12);
    }

    @Test
    void endsMeetInTheMiddle() {
        assertProven(new double[] {0, 0, 1, 0, 0}, 4, new GridBarycenter().barycenter(COSTS, ENDS, HALVES));
    }

    /** 0.3 by HiGHS (scipy 1.17.1). */
    @Test
    void threeMeasuresUnderTwoCostsHaveTheKnownValue() {
        double[] distances = Arrays.stream(COSTS[0]).map(Math::sqrt).toArray();
        double[][] masses = {{.1, .2, .3, .15, .25}, {.4, .05, .2, .3, .05}, {.05, .5, .15, .1, .2}};
        double[][] costs = {COSTS[0], distances, COSTS[0]};
        GridBarycenter.Result found = new GridBarycenter().barycenter(costs, masses, new double[] {.5, .3, .2});
        assertEquals(.3, found.cost(), 1e-12);
        assertEquals(.3, found.dual(), 1e-12);
    }

    @Test
    void boundedMeanMovesHalfTheMassOverByOne() {
        Limits mean = Limits.none(5).and(new Limits.Linear(GRID, -INFINITE, 1.5));
        assertProven(new double[] {0, .5, .5, 0, 0}, 4.5, new GridBarycenter().barycenter(COSTS, ENDS, HALVES, mean));
    }

    @Test
    void boundsOnPointsAreMet() {
        Limits box = new Limits(new double[] {.1, 0, 0, 0, 0}, new double[] {1, .25, .3, 1, 1}, List.of());
        assertProven(
                new double[] {.1, .25, .3, .35, 0},
                .3 * 4 + .6 * 5 + .1 * 8,
                new GridBarycenter().barycenter(COSTS, ENDS, HALVES, box));
    }

    @Test
    void ballAroundAnEndHoldsTheMiddleBack() {
        // Within E i² ≤ 2 of the point 0, least is 8 − 4 E i + E i².
        Ball.Transport ball = new Ball.Transport(squares(GRID, new double[] {0}), new double[] {1}, 2);
        GridBarycenter.Result found = new GridBarycenter().barycenter(COSTS, ENDS, HALVES, Limits.none(5), ball);
        assertProven(new double[] {0, 2 / 3.0, 1 / 3.0, 0, 0}, 14 / 3.0, found);
    }

    @Test
    void limitsThatExcludeEachOtherAreInfeasible() {
        Limits beyond = Limits.none(5).and(new Limits.Linear(GRID, 4.01, INFINITE));
        Limits apart = Limits.none(5)
                .and(new Limits.Linear(GRID, 3, INFINITE))
                .and(new Limits.Linear(new double[] {0, 0, 0, 1, 1}, 0, .2));
        Limits small = new Limits(new double[5], new double[] {.1, .1, .1, .1, .1}, List.of());
        for (Limits limits : List.of(beyond, apart, small)) {
            GridBarycenter.Result found = new GridBarycenter().barycenter(COSTS, ENDS, HALVES, limits);
            assertEquals(TransportResult.Status.INFEASIBLE, found.status());
            assertTrue(found.violation() > 1e-4 && found.cost() == INFINITE);
        }
        Ball.Transport far = new Ball.Transport(squares(GRID, new double[] {7}), new double[] {1}, 8.9);
        assertEquals(
                TransportResult.Status.INFEASIBLE,
                new GridBarycenter()
                        .barycenter(COSTS, ENDS, HALVES, Limits.none(5), far)
                        .status());
    }

    @Test
    void randomBarycentersAreProvenAndAgreeWithTheLine() {
        Random random = new Random(1);
        for (int trial = 0; trial < 40; trial++) {
            int n = 3 + random.nextInt(8);
            double[] grid = IntStream.range(0, n).mapToDouble(i -> i).toArray();
            int count = 1 + random.nextInt(3);
            double[][] masses = new double[count][];
            double[][] costs = new double[count][];
            double[] shares = random(random, count);
            Line[] lines = new Line[count];
            for (int k = 0; k < count; k++) {
                masses[k] = random(random, n);
                costs[k] = squares(grid, grid);
                lines[k] = new Line(grid, masses[k]);
            }
            GridBarycenter.Result found = new GridBarycenter().barycenter(costs, masses, shares);
            assertTrue(found.converged(), "trial " + trial);
            assertEquals(0, found.gap(), 1e-11);
            assertEquals(0, found.marginalError(), 1e-11);
            double cost = 0;
            double bound = 0;
            Line free = Line.barycenter(List.of(lines), shares);
            for (int k = 0; k < count; k++) {
                cost += shares[k] * new Line(grid, found.weights()).power(lines[k], 2);
                bound += shares[k] * free.power(lines[k], 2);
            }
            assertEquals(cost, found.cost(), 1e-11, "each plan is optimal");
            assertTrue(bound <= found.cost() + 1e-11, "points of the grid are no better than any points");
            if (count == 1) {
                assertArrayEquals(masses[0], found.weights(), 1e-11);
            }
        }
    }

    @Test
    void randomLimitsAreMetAndNoMassesWithinThemAreBetter() {
        Random random = new Random(2);
        double[] x = {0, .4, 1, 1.7, 2.2, 3};
        double[] y = {-.3, .9, 2, 3.1};
        double[][] costs = twice(squares(x, y));
        for (int trial = 0; trial < 30; trial++) {
            double[][] masses = {random(random, 4), random(random, 4)};
            double[] shares = random(random, 2);
            Limits limits = new Limits(new double[] {0, .05, 0, 0, 0, 0}, new double[] {1, .25, 1, .2, 1, 1}, List.of())
                    .and(new Limits.Linear(x, 1.2, 1.3))
                    .and(new Limits.Linear(new double[] {-1, 0, 0, 1, 0, 0}, -.05, -.05));
            Ball.Transport ball = new Ball.Transport(squares(x, x), random(random, 6), 2);
            GridBarycenter.Result found = new GridBarycenter().barycenter(costs, masses, shares, limits, ball);
            assertTrue(found.converged(), "trial " + trial);
            assertTrue(found.violation() <= 1e-10, "trial " + trial + ": " + found.violation());
            assertEquals(0, found.gap(), 1e-10, "trial " + trial);
            for (int k = 0; k < 20; k++) {
                double[] logs = random.doubles(6, -4, 0).toArray();
                Limits.Projection other = limits.project(logs, new double[2]);
                double[] a =
                        Arrays.stream(other.logs()).map(l -> Math.pow(2, l)).toArray();
                if (ball.of(a) <= ball.radius()) {
                    double cost = 0;
                    for (int c = 0; c < 2; c++) {
                        cost += shares[c]
                                * TransportProblem.renormalised(a, masses[c], costs[c])
                                        .exact()
                                        .cost();
                    }
                    assertTrue(cost >= found.cost() - 1e-8);
                }
            }
        }
    }

    @Test
    void cappedStepsSayThatTheyAreNoSolution() {
        GridBarycenter.Result found = new GridBarycenter(2).barycenter(COSTS, ENDS, HALVES);
        assertFalse(found.converged());
        assertEquals(2, found.iterations());
    }

    @Test
    void hugeCostsTiesAndEmptyTargetsAreSolved() {
        double[] cost = new double[25];
        Arrays.setAll(cost, e -> 1e12 * (e % 3));
        GridBarycenter.Result ties = new GridBarycenter().barycenter(twice(cost), ENDS, HALVES);
        assertTrue(ties.converged());
        assertEquals(0, ties.gap(), 1e-1);
        GridBarycenter.Result none = new GridBarycenter().barycenter(twice(new double[25]), ENDS, HALVES);
        assertTrue(none.converged() && none.cost() == 0);
        GridBarycenter.Result single = new GridBarycenter()
                .barycenter(twice(new double[] {1, 2}), new double[][] {{.5, .5}, {.5, .5}}, HALVES);
        assertEquals(1.5, single.cost(), 1e-12);
    }

    @Test
    void wrongInputIsRefused() {
        GridBarycenter settings = new GridBarycenter();
        assertThrows(IllegalArgumentException.class, () -> new GridBarycenter(-1));
        assertThrows(IllegalArgumentException.class, () -> settings.barycenter(COSTS, ENDS, HALVES, Limits.none(4)));
        assertThrows(IllegalArgumentException.class, () -> settings.barycenter(COSTS, ENDS, new double[] {.5, .6}));
        assertThrows(IllegalArgumentException.class, () -> new Ball.Transport(new double[5], new double[] {.5, .6}, 1));
        assertThrows(
                IllegalArgumentException.class, () -> new Ball.Transport(new double[5], new double[] {1}, Double.NaN));
        double[] large = new double[400 * 400];
        double[] even = new double[400];
        Arrays.fill(even, 1 / 400.0);
        String told = assertThrows(
                        IllegalArgumentException.class,
                        () -> settings.barycenter(twice(large), new double[][] {even, even}, HALVES))
                .toString();
        assertTrue(told.contains("FixedSupport"), told);
    }
}
