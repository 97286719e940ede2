package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PartialProblemTest {
    @Test
    void theCheapestPartIsMoved() {
        double[] half = {.5, .5};
        TransportResult r = new PartialProblem(half, half, new double[] {0, 5, 5, 3}, .75).exact();
        assertArrayEquals(new double[] {.5, 0, 0, .25}, r.plan().dense(), 1e-15);
        assertEquals(.75, r.cost(), 1e-15);
        assertEquals(0, r.gap(), 1e-15);
    }

    /** 0.3 by POT 0.9.7 (ot.partial.partial_wasserstein). */
    @Test
    void knownValue() {
        double[] a = {.5, .3, .2, .4};
        double[] b = {.2, .3, .5};
        double[] cost = {1, 2, 4, 3, .5, 1.5, 2, 1, .25, 5, 3, 2};
        TransportResult r = new PartialProblem(a, b, cost, .6).exact();
        assertEquals(0.3, r.cost(), 1e-12);
    }

    @Test
    void partsHaveTheirMassAndProveTheirCost() {
        Random random = new Random(1);
        for (int trial = 0; trial < 200; trial++) {
            int n = random.nextInt(9) + 1;
            int m = random.nextInt(9) + 1;
            double[] a = random.doubles(n).map(w -> w < .2 ? 0 : w).toArray();
            double[] b = random.doubles(m).map(w -> w < .2 ? 0 : 2 * w).toArray();
            double[] cost = random.doubles(n * m, trial % 2 - .5, 2).toArray();
            double mass = Math.min(Support.sum(a), Support.sum(b)) * (trial % 5) / 4.0;
            TransportResult r = new PartialProblem(a, b, cost, mass).exact();
            assertTrue(r.converged());
            assertEquals(0, r.gap(), 1e-11, "trial " + trial);
            assertTrue(r.marginalError() < 1e-13);
            assertEquals(mass, Support.sum(r.plan().dense()), 1e-12);
            double bound = r.dual();
            for (int i = 0; i < n; i++) {
                assertTrue(r.f()[i] <= 1e-12);
                bound -= a[i] * r.f()[i];
            }
            for (int j = 0; j < m; j++) {
                assertTrue(r.g()[j] <= 1e-12);
                bound -= b[j] * r.g()[j];
            }
            for (int e = 0; mass > 0 && e < n * m; e++) {
                assertTrue(r.f()[e / m] + r.g()[e % m] + bound / mass <= cost[e] + 1e-10, "trial " + trial);
            }
        }
    }

    @Test
    void allOfTheMassIsTheBalancedProblem() {
        TransportProblem p = TransportProblemTest.LP_A;
        assertEquals(.6, new PartialProblem(p.a(), p.b(), p.cost(), 1).exact().cost(), 1e-15);
        assertEquals(0, new PartialProblem(p.a(), p.b(), p.cost(), 0).exact().cost(), 0);
    }

    @Test
    void wrongInputIsRefused() {
        double[] one = {1};
        assertThrows(IllegalArgumentException.class, () -> new PartialProblem(one, one, one, 1.1));
        assertThrows(IllegalArgumentException.class, () -> new PartialProblem(one, one, one, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new PartialProblem(one, one, new double[2], 1));
    }
}
