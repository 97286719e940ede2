package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class UnbalancedProblemTest {
    private static final double INFINITE = Double.POSITIVE_INFINITY;

    private static Sinkhorn settings(double epsilon) {
        return new Sinkhorn(epsilon, 1e-9, 20_000, 4, Sinkhorn.Precision.DOUBLE);
    }

    @Test
    void singleAtomsHaveTheirClosedForm() {
        for (double tau : new double[] {.2, 1, 50}) {
            for (double epsilon : new double[] {.01, .1, 1}) {
                TransportResult r = new UnbalancedProblem(
                                new double[] {1}, new double[] {2}, new double[] {.5}, tau, tau)
                        .solve(settings(epsilon), Loop.HERE);
                double p = Math.exp((tau * Math.log(2) + epsilon * Math.log(2) - .5) / (2 * tau + epsilon));
                assertTrue(r.converged());
                assertEquals(p, r.plan().dense()[0], 1e-7 * p, "tau " + tau + " epsilon " + epsilon);
                assertEquals(r.objective(), r.dual(), 1e-8);
            }
        }
        TransportResult known = new UnbalancedProblem(new double[] {1}, new double[] {2}, new double[] {.5}, 1, 1)
                .solve(settings(.1), Loop.HERE);
        assertEquals(1.1331279, known.plan().dense()[0], 5e-8);
        assertEquals(.8204314, known.objective(), 5e-8);
        TransportResult limit = new UnbalancedProblem(new double[] {1}, new double[] {2}, new double[] {0}, 1, 1)
                .solve(settings(1e-7), Loop.HERE);
        assertEquals(.1715729, limit.objective(), 1e-6);
        assertEquals(Math.sqrt(2), limit.plan().dense()[0], 1e-6);
        TransportResult apart = new UnbalancedProblem(new double[] {1}, new double[] {2}, new double[] {.5}, 1, 1)
                .solve(settings(1e-7), Loop.HERE);
        assertEquals(1.1013906, apart.plan().dense()[0], 1e-6);
        assertEquals(.7972187, apart.objective(), 1e-6);
    }

    @Test
    void harshPenaltiesGiveTheBalancedProblem() {
        TransportProblem p = TransportProblemTest.LP_A;
        TransportResult balanced = p.solve(settings(1));
        TransportResult harsh = new UnbalancedProblem(p.a(), p.b(), p.cost(), 1e5, 1e5).solve(settings(1), Loop.HERE);
        assertTrue(harsh.converged(), "sweeps " + harsh.iterations());
        assertEquals(balanced.objective(), harsh.objective(), 1e-3);
        assertTrue(harsh.iterations() < 500, "sweeps " + harsh.iterations());
    }

    @Test
    void oneSideMayBeAConstraint() {
        Random random = new Random(1);
        double[] a = random.doubles(7).toArray();
        double[] b = random.doubles(5).toArray();
        TransportResult r =
                new UnbalancedProblem(a, b, random.doubles(35).toArray(), INFINITE, .3).solve(settings(.05), Loop.HERE);
        assertTrue(r.converged());
        double[] plan = r.plan().dense();
        for (int i = 0; i < 7; i++) {
            double sum = 0;
            for (int j = 0; j < 5; j++) {
                sum += plan[i * 5 + j];
            }
            assertEquals(a[i], sum, 1e-8);
        }
        assertEquals(r.objective(), r.dual(), 1e-7);
    }

    @Test
    void objectiveIsNoMoreThanThatOfOtherPlans() {
        Random random = new Random(2);
        double[] a = random.doubles(6).toArray();
        double[] b = random.doubles(4, 0, 3).toArray();
        double[] cost = random.doubles(24, 0, 2).toArray();
        for (double tau : new double[] {.1, 1, 10}) {
            TransportResult r = new UnbalancedProblem(a, b, cost, tau, 2 * tau).solve(settings(.1), Loop.HERE);
            assertTrue(r.converged());
            double[] plan = r.plan().dense();
            assertEquals(objective(plan, a, b, cost, .1, tau, 2 * tau), r.objective(), 1e-8);
            for (int k = 0; k < 100; k++) {
                double[] other = plan.clone();
                for (int e = 0; e < 24; e++) {
                    other[e] *= Math.exp(.1 * random.nextGaussian());
                }
                assertTrue(objective(other, a, b, cost, .1, tau, 2 * tau) >= r.objective());
            }
        }
    }

    private static double objective(
            double[] plan, double[] a, double[] b, double[] cost, double epsilon, double rows, double columns) {
        double[] r = new double[a.length];
        double[] c = new double[b.length];
        double total = 0;
        for (int e = 0; e < plan.length; e++) {
            r[e / b.length] += plan[e];
            c[e % b.length] += plan[e];
            total += plan[e] * cost[e] + epsilon * kl(plan[e], a[e / b.length] * b[e % b.length]);
        }
        for (int i = 0; i < a.length; i++) {
            total += rows * kl(r[i], a[i]);
        }
        for (int j = 0; j < b.length; j++) {
            total += columns * kl(c[j], b[j]);
        }
        return total;
    }

    private static double kl(double p, double q) {
        return p * Math.log(p / q) - p + q;
    }

    @Test
    void wrongInputIsRefused() {
        double[] one = {1};
        assertThrows(IllegalArgumentException.class, () -> new UnbalancedProblem(one, one, one, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new UnbalancedProblem(one, one, one, INFINITE, INFINITE));
        assertThrows(IllegalArgumentException.class, () -> new UnbalancedProblem(one, new double[1], one, 1, 1));
    }
}
