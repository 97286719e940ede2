package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlanGradientTest {
    private static final double EPSILON = .3;
    private static final double STEP = 1e-5;
    private static final Sinkhorn SETTINGS = new Sinkhorn(EPSILON, 1e-13, 100_000, 1, Sinkhorn.Precision.DOUBLE);

    private static double loss(TransportProblem problem, double[] slopes) {
        double[] plan = problem.solve(SETTINGS).plan().dense();
        double sum = 0;
        for (int e = 0; e < plan.length; e++) {
            sum += slopes[e] * plan[e];
        }
        return sum;
    }

    private static TransportProblem random(Random random, int n, int m) {
        return TransportProblem.renormalised(
                random.doubles(n, .1, 1).toArray(),
                random.doubles(m, .1, 1).toArray(),
                random.doubles(n * m).toArray());
    }

    private static double[] moved(double[] values, int up, int down) {
        double[] moved = values.clone();
        moved[up] += STEP;
        moved[down] -= STEP;
        return moved;
    }

    @Test
    void gradientsAreSlopes() {
        Random random = new Random(1);
        for (int[] shape : new int[][] {{3, 3}, {5, 4}, {1, 6}, {7, 1}, {2, 9}}) {
            int n = shape[0];
            int m = shape[1];
            TransportProblem p = random(random, n, m);
            double[] slopes = random.doubles(n * m, -1, 1).toArray();
            PlanGradient found = PlanGradient.of(p.solve(SETTINGS).plan(), EPSILON, slopes, Loop.HERE);
            assertEquals(TransportResult.Status.CONVERGED, found.status());
            for (int e = 0; e < n * m; e++) {
                double[] up = p.cost().clone();
                double[] down = p.cost().clone();
                up[e] += STEP;
                down[e] -= STEP;
                double slope = (loss(new TransportProblem(p.a(), p.b(), up), slopes)
                                - loss(new TransportProblem(p.a(), p.b(), down), slopes))
                        / (2 * STEP);
                assertEquals(slope, found.costs()[e], 1e-7);
            }
            for (int i = 1; i < n; i++) {
                double slope = (loss(new TransportProblem(moved(p.a(), i, 0), p.b(), p.cost()), slopes)
                                - loss(new TransportProblem(moved(p.a(), 0, i), p.b(), p.cost()), slopes))
                        / (2 * STEP);
                assertEquals(slope, found.sources()[i] - found.sources()[0], 1e-6);
            }
            for (int j = 1; j < m; j++) {
                double slope = (loss(new TransportProblem(p.a(), moved(p.b(), j, 0), p.cost()), slopes)
                                - loss(new TransportProblem(p.a(), moved(p.b(), 0, j), p.cost()), slopes))
                        / (2 * STEP);
                assertEquals(slope, found.targets()[j] - found.targets()[0], 1e-6);
            }
        }
    }

    @Test
    void gradientByPointsIsTheSlope() {
        Random random = new Random(2);
        double[] points = random.doubles(10).toArray();
        Cloud y = Cloud.of(random.doubles(8).toArray(), 2);
        double[] slopes = random.doubles(20, -1, 1).toArray();
        Cloud x = Cloud.of(points, 2);
        double[] found = PlanGradient.of(
                        new CloudProblem(x, y).solve(SETTINGS, Loop.HERE).plan(), EPSILON, slopes, Loop.HERE)
                .points(x, y, Loop.HERE);
        for (int e = 0; e < 10; e++) {
            double[] up = points.clone();
            double[] down = points.clone();
            up[e] += STEP;
            down[e] -= STEP;
            double slope = (loss(problem(Cloud.of(up, 2), y), slopes) - loss(problem(Cloud.of(down, 2), y), slopes))
                    / (2 * STEP);
            assertEquals(slope, found[e], 1e-7);
        }
    }

    private static TransportProblem problem(Cloud x, Cloud y) {
        return new TransportProblem(x.weights(), y.weights(), x.squaredDistances(y, Loop.HERE));
    }

    @Test
    void slopesThatAreSumsOfRowsAndColumnsMoveNoCost() {
        TransportProblem p = random(new Random(3), 6, 5);
        double[] slopes = new double[30];
        for (int e = 0; e < 30; e++) {
            slopes[e] = e / 5 - 2.5 * (e % 5); // ⟨Q, P⟩ is fixed by the marginals
        }
        PlanGradient found = PlanGradient.of(p.solve(SETTINGS).plan(), EPSILON, slopes, Loop.HERE);
        assertArrayEquals(new double[30], found.costs(), 1e-9);
        for (int i = 1; i < 6; i++) {
            assertEquals(i, found.sources()[i] - found.sources()[0], 1e-8);
        }
        for (int j = 1; j < 5; j++) {
            assertEquals(-2.5 * j, found.targets()[j] - found.targets()[0], 1e-8);
        }
    }

    @Test
    void pointsWithoutMassHaveNoPart() {
        TransportProblem p = new TransportProblem(
                new double[] {.5, 0, .5}, new double[] {0, .3, .7}, new double[] {0, 1, 2, 1, 0, 1, 2, 1, 0});
        PlanGradient found =
                PlanGradient.of(p.solve(SETTINGS).plan(), EPSILON, new double[] {1, 2, 3, 4, 5, 6, 7, 8, 0}, Loop.HERE);
        assertEquals(TransportResult.Status.CONVERGED, found.status());
        assertEquals(0, found.sources()[1], 0);
        assertEquals(0, found.targets()[0], 0);
        for (int e : new int[] {0, 3, 4, 5, 6}) {
            assertEquals(0, found.costs()[e], 0);
        }
        for (double c : found.costs()) {
            assertTrue(Double.isFinite(c));
        }
    }

    @Test
    void whoRunsTheRowsChangesNoBit() {
        Random random = new Random(4);
        TransportProblem p = random(random, 300, 70);
        double[] slopes = random.doubles(300 * 70).toArray();
        Plan plan = p.solve(new Sinkhorn(.05)).plan();
        Loop many = (parts, body) -> IntStream.range(0, parts).parallel().forEach(body);
        PlanGradient one = PlanGradient.of(plan, .05, slopes, Loop.HERE);
        PlanGradient two = PlanGradient.of(plan, .05, slopes, many);
        assertArrayEquals(one.costs(), two.costs(), 0);
        assertTrue(one.iterations() < 100, "steps " + one.iterations());
    }

    @Test
    void wrongInputIsRefused() {
        Plan plan = random(new Random(5), 3, 2).solve(SETTINGS).plan();
        assertThrows(IllegalArgumentException.class, () -> PlanGradient.of(plan, 0, new double[6], Loop.HERE));
        assertThrows(IllegalArgumentException.class, () -> PlanGradient.of(plan, 1, new double[5], Loop.HERE));
        assertThrows(
                IllegalArgumentException.class,
                () -> PlanGradient.of(plan, 1, new double[] {0, 0, Double.NaN, 0, 0, 0}, Loop.HERE));
    }
}
