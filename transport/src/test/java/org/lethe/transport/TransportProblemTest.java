package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class TransportProblemTest {
    static final TransportProblem LP_A = new TransportProblem(
            new double[] {.5, .3, .2}, new double[] {.2, .3, .5}, new double[] {0, 1, 4, 1, 0, 1, 4, 1, 0});
    private static final TransportProblem LP_B =
            new TransportProblem(new double[] {.6, .4}, new double[] {.25, .35, .4}, new double[] {1, 2, 3, 4, 1, .5});

    /** Plan, potentials and bound agree with each other: together they prove that the plan is optimal. */
    private static void assertProven(TransportProblem p, TransportResult r, String name) {
        double scale = p.largestCost() + Double.MIN_NORMAL;
        double mass = 0;
        for (double w : p.a()) {
            mass += w;
        }
        assertTrue(r.converged(), name);
        assertTrue(r.rowError() <= 1e-13 * mass && r.columnError() <= 1e-13 * mass, name + " marginals");
        assertTrue(Math.abs(r.gap()) <= 1e-12 * scale * mass, name + " gap " + r.gap());
        assertTrue(p.dualViolation(r) <= 1e-13 * scale, name + " violation");
        double sources = 0;
        double targets = 0;
        for (int i = 0; i < p.rows(); i++) {
            sources += p.a()[i] * r.f()[i];
            for (int j = 0; j < p.columns(); j++) {
                double over = r.f()[i] + r.g()[j] - p.cost()[i * p.columns() + j];
                assertTrue(over <= 1e-13 * scale, name + " violates the dual by " + over);
            }
        }
        for (int j = 0; j < p.columns(); j++) {
            targets += p.b()[j] * r.g()[j];
        }
        assertEquals(sources, targets, 1e-11 * scale * mass, name + " gauge");
        for (double x : r.plan().dense()) {
            assertTrue(x >= 0, name);
        }
    }

    @Test
    void threePointsCostSixTenths() {
        TransportResult r = LP_A.exact();
        assertProven(LP_A, r, "LP-A");
        assertEquals(.6, r.cost(), 1e-15);
        assertArrayEquals(new double[] {.2, .3, 0, 0, 0, .3, 0, 0, .2}, r.plan().dense(), 1e-15);
    }

    @Test
    void twoSourcesThreeTargetsCostOnePointFifteen() {
        TransportResult r = LP_B.exact();
        assertProven(LP_B, r, "LP-B");
        assertEquals(1.15, r.cost(), 1e-15);
        assertArrayEquals(new double[] {.25, .35, 0, 0, 0, .4}, r.plan().dense(), 1e-15);
    }

    @Test
    void twoDeltasCostTheirDistance() {
        TransportResult r = new TransportProblem(new double[] {1}, new double[] {1}, new double[] {7}).exact();
        assertEquals(7, r.cost(), 0);
        assertEquals(7, r.dual(), 0);
    }

    @Test
    void costEqualsTheBestOfAllIntegerPlans() {
        Random random = new Random(11);
        for (int trial = 0; trial < 2000; trial++) {
            int n = random.nextInt(4) + 1;
            int m = random.nextInt(3) + 1;
            double[] a = new double[n];
            double[] b = new double[m];
            for (int unit = 0; unit < 7; unit++) {
                a[random.nextInt(n)]++;
                b[random.nextInt(m)]++;
            }
            double[] cost = new double[n * m];
            for (int e = 0; e < cost.length; e++) {
                cost[e] = trial % 2 == 0 ? random.nextInt(4) : random.nextGaussian();
            }
            TransportProblem problem = new TransportProblem(a, b, cost);
            TransportResult r = problem.exact();
            assertProven(problem, r, "trial " + trial);
            assertEquals(best(a.clone(), b.clone(), cost, 0), r.cost(), 1e-12, "trial " + trial);
        }
    }

    private static double best(double[] a, double[] b, double[] cost, int source) {
        if (source == a.length) {
            return 0;
        }
        if (a[source] == 0) {
            return best(a, b, cost, source + 1);
        }
        double least = Double.POSITIVE_INFINITY;
        a[source]--;
        for (int j = 0; j < b.length; j++) {
            if (b[j] > 0) {
                b[j]--;
                least = Math.min(least, cost[source * b.length + j] + best(a, b, cost, source));
                b[j]++;
            }
        }
        a[source]++;
        return least;
    }

    @Test
    void hardCasesAreProvenOptimal() {
        Random random = new Random(12);
        for (int trial = 0; trial < 600; trial++) {
            int n = trial % 10 == 0 ? 1 : random.nextInt(30) + 1;
            int m = trial % 10 == 1 ? 1 : random.nextInt(30) + 1;
            double[] a = new double[n];
            double[] b = new double[m];
            int kind = trial % 6;
            for (int i = 0; i < n; i++) {
                a[i] = kind == 0 ? 1 : random.nextInt(3) == 0 ? 0 : random.nextDouble();
            }
            for (int j = 0; j < m; j++) {
                b[j] = kind == 0 ? 1 : random.nextInt(3) == 0 ? 0 : random.nextDouble();
            }
            a[random.nextInt(n)] += 0.5;
            b[random.nextInt(m)] += 0.5;
            double[] cost = new double[n * m];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < m; j++) {
                    cost[i * m + j] = switch (kind) {
                        case 0 -> random.nextInt(2); // ties
                        case 1 -> Math.abs(i / 3 - j / 3); // duplicated points
                        case 2 -> 1e12 * random.nextDouble();
                        case 3 -> -random.nextDouble();
                        case 4 -> Math.abs(i - j) * 1e-300;
                        default -> Math.pow(i / (double) n - j / (double) m, 2);
                    };
                }
            }
            TransportProblem problem = TransportProblem.renormalised(a, b, cost);
            assertProven(problem, problem.exact(), "trial " + trial);
        }
    }

    private static double squared(Cloud x, Cloud y) {
        return new TransportProblem(x.weights(), y.weights(), x.squaredDistances(y, Loop.HERE))
                .exact()
                .cost();
    }

    @Test
    void rootOfSquaredCostsIsAMetricThatFollowsShiftAndScale() {
        Random random = new Random(15);
        for (int trial = 0; trial < 60; trial++) {
            Cloud x = Cloud.of(random.doubles(14).toArray(), 2);
            Cloud y = Cloud.of(random.doubles(10).toArray(), 2);
            Cloud z = Cloud.of(random.doubles(12).toArray(), 2);
            double there = Math.sqrt(squared(x, y));
            assertEquals(0, squared(x, x), 0);
            assertEquals(there, Math.sqrt(squared(y, x)), 1e-9);
            assertTrue(Math.sqrt(squared(x, z)) <= there + Math.sqrt(squared(y, z)) + 1e-9);
            double[] shifted = new double[14];
            double[] tripled = new double[14];
            double[] other = new double[10];
            java.util.Arrays.setAll(shifted, e -> x.points()[e] + 3 + e % 2);
            java.util.Arrays.setAll(tripled, e -> 3 * x.points()[e]);
            java.util.Arrays.setAll(other, e -> 3 * y.points()[e]);
            assertEquals(25, squared(x, Cloud.of(shifted, 2)), 1e-9);
            assertEquals(3 * there, Math.sqrt(squared(Cloud.of(tripled, 2), Cloud.of(other, 2))), 1e-9);
        }
    }

    @Test
    void subnormalMassesMove() {
        double tiny = Double.MIN_VALUE;
        TransportProblem problem = new TransportProblem(
                new double[] {1, 3 * tiny}, new double[] {1, 2 * tiny, tiny}, new double[] {0, 1, 1, 1, 0, 0});
        assertTrue(problem.exact().converged());
    }

    @Test
    void balancedAssignmentIsTransportOfEqualMasses() {
        Random random = new Random(13);
        int n = 120;
        int groups = 6;
        double[] a = new double[n];
        java.util.Arrays.fill(a, 1);
        double[] b = new double[groups];
        java.util.Arrays.fill(b, n / groups);
        double[] cost = random.doubles(n * groups).toArray();
        TransportProblem problem = new TransportProblem(a, b, cost);
        TransportResult r = problem.exact();
        assertProven(problem, r, "assignment");
        Assignment assignment = Assignment.even(cost, n, groups);
        assertEquals(assignment.cost(), r.cost(), 1e-11);
        assertArrayEquals(assignment.labels(), r.plan().labels());
    }

    @Test
    void cappedPivotsGiveAFeasiblePlanThatSaysItIsNotOptimal() {
        Random random = new Random(14);
        int n = 40;
        double[] a = new double[n];
        java.util.Arrays.fill(a, 1.0 / n);
        TransportProblem problem =
                new TransportProblem(a, a, random.doubles(n * n).toArray());
        TransportResult optimal = problem.exact();
        TransportResult stopped = problem.exact(3);
        assertFalse(stopped.converged());
        assertEquals(3, stopped.iterations());
        assertTrue(stopped.rowError() < 1e-13);
        assertTrue(stopped.cost() > optimal.cost());
        assertTrue(stopped.dual() <= optimal.cost());
    }

    @Test
    void wrongPotentialsAreFoundOut() {
        TransportResult r = LP_A.exact();
        double[] f = r.f().clone();
        f[1] += .25;
        TransportResult wrong = new TransportResult(
                r.plan(), f, r.g(), r.cost(), r.objective(), r.dual(), 0, 0, 1, TransportResult.Status.CONVERGED);
        assertEquals(.25, LP_A.dualViolation(wrong), 1e-12);
    }

    @Test
    void wrongInputIsNamed() {
        double[] half = {.5, .5};
        double[] cost = {0, 1, 1, 0};
        refused("a[1] is -0.5", new double[] {1.5, -.5}, half, cost);
        refused("b[0] is NaN", half, new double[] {Double.NaN, 1}, cost);
        refused("sum of b is 1.1", half, new double[] {.5, .6}, cost);
        refused("cost[1][0] is NaN", half, half, new double[] {0, 1, Double.NaN, 0});
        refused("cost.length is 3", half, half, new double[3]);
        refused("a.length is 0", new double[0], half, new double[0]);
        assertEquals(
                .5,
                TransportProblem.renormalised(new double[] {3, 3}, half, cost).a()[0],
                0);
    }

    private static void refused(String message, double[] a, double[] b, double[] cost) {
        String told = assertThrows(IllegalArgumentException.class, () -> new TransportProblem(a, b, cost))
                .toString();
        assertTrue(told.contains(message), told);
    }
}
