package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.balance.DominantSets.Dynamics;
import org.lethe.recsys.balance.DominantSets.Solution;

class DominantSetsTest {
    private static final DominantSets FAST = new DominantSets();
    /** Patient enough to come near what infection and immunisation reach. */
    private static final DominantSets PATIENT = new DominantSets(1.1, Dynamics.REPLICATOR, 1e-13, 300_000);

    /** Edges {@code from, to, weight}. */
    private static double[] graph(int n, double... edges) {
        double[] w = new double[n * n];
        for (int e = 0; e < edges.length; e += 3) {
            w[(int) edges[e] * n + (int) edges[e + 1]] = edges[e + 2];
            w[(int) edges[e + 1] * n + (int) edges[e]] = edges[e + 2];
        }
        return w;
    }

    private static double[] clique(int n) {
        double[] w = new double[n * n];
        Arrays.fill(w, 1);
        IntStream.range(0, n).forEach(i -> w[i * n + i] = 0);
        return w;
    }

    /** Random affinities; a share of the pairs has none. */
    private static double[] random(int n, double missing, Keyed key) {
        double[] w = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double drawn = Keyed.unit(key.of("edge").at(i, j)) < missing ? 0 : Keyed.unit(key.at(i, j));
                w[i * n + j] = drawn;
                w[j * n + i] = drawn;
            }
        }
        return w;
    }

    private static double[] barycentre(int n) {
        double[] x = new double[n];
        Arrays.fill(x, 1.0 / n);
        return x;
    }

    private static final double[] FIVE = graph(5, 0, 1, 1, 0, 2, 1, 1, 2, 1, 3, 4, 0.6, 2, 3, 0.2, 2, 4, 0.1);

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void aTriangleLeavesItsPendantOut(Dynamics dynamics) {
        double[] w = graph(4, 0, 1, 1, 0, 2, 1, 1, 2, 1, 2, 3, 1);
        double[] near = {0.25, 0.251, 0.249, 0.25};
        Solution set = new DominantSets(1.1, dynamics).solve(w, 4, 0, new int[0], near);
        assertArrayEquals(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0, 0}, set.x(), 1e-6);
        assertEquals(2 / 3.0, set.value(), 1e-8);
        assertArrayEquals(new int[] {0, 1, 2}, set.support());
        assertTrue(set.converged());
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void theConstraintPutsAVertexIntoTheSet(Dynamics dynamics) {
        DominantSets sets = new DominantSets(1.1, dynamics);
        assertEquals(1.1 * 2.006673992, sets.alpha(FIVE, 5, 4), 1e-8);
        Solution set = sets.solve(FIVE, 5, 4);
        assertArrayEquals(new double[] {0, 0, 0.005122, 0.175339, 0.819539}, set.x(), 1e-6);
        Solution free = sets.solve(FIVE, 5, 0, new int[] {4}, barycentre(5));
        assertArrayEquals(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0, 0, 0}, free.x(), 1e-6);
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void aPairHasAClosedForm(Dynamics dynamics) {
        double alpha = 1.1 * 2.006673992;
        Solution set =
                new DominantSets(1.1, dynamics).solve(graph(2, 0, 1, 0.6), 2, alpha, new int[] {0}, barycentre(2));
        assertEquals(0.6 / (1.2 + alpha), set.x()[1], 1e-8);
        assertEquals(0.176090, set.x()[1], 1e-6);
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void aStarRanksItsNeighboursByTheirEdges(Dynamics dynamics) {
        double[] w = graph(5, 0, 1, 0.9, 0, 2, 0.3, 0, 3, 0.7, 0, 4, 0.05);
        double alpha = 1.5;
        Solution set = new DominantSets(1.1, dynamics).solve(w, 5, alpha, new int[] {0}, barycentre(5));
        for (int i = 1; i < 5; i++) {
            assertEquals(Math.max(0, (w[i] * set.x()[0] - set.value()) / alpha), set.x()[i], 1e-7);
        }
        assertTrue(set.x()[1] > set.x()[3] && set.x()[3] > set.x()[2], Arrays.toString(set.x()));
        assertTrue(new DominantSets(1.1, dynamics).solve(w, 5, 0).x()[0] > 0.4, "α of a star has the largest edge");
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void aCliqueIsWorthOneMinusItsShare(Dynamics dynamics) {
        for (int k = 2; k < 9; k++) {
            double[] start = barycentre(k);
            start[0] -= 0.01;
            start[1] += 0.01;
            Solution set = new DominantSets(1.1, dynamics).solve(clique(k), k, 0, new int[0], start);
            assertEquals(1 - 1.0 / k, set.value(), 1e-7);
        }
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void scaleDoesNotMatter(Dynamics dynamics) {
        double[] w = random(12, 0.3, Keyed.seed(4));
        Solution plain = new DominantSets(1.1, dynamics).solve(w, 12, 5);
        double[] powers = Arrays.stream(w).map(v -> 1024 * v).toArray();
        assertArrayEquals(
                plain.x(), new DominantSets(1.1, dynamics).solve(powers, 12, 5).x());
        double[] scaled = Arrays.stream(w).map(v -> 3.7e-5 * v).toArray();
        assertArrayEquals(
                plain.x(), new DominantSets(1.1, dynamics).solve(scaled, 12, 5).x(), 1e-7);
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void noIterationLowersTheValue(Dynamics dynamics) {
        for (int seed = 0; seed < 5; seed++) {
            double[] w = random(15, 0.4, Keyed.seed(seed));
            double before = Double.NEGATIVE_INFINITY;
            for (int steps = 1; steps < 200; steps++) {
                double value = new DominantSets(1.1, dynamics, 0, steps)
                        .solve(w, 15, 3)
                        .value();
                assertTrue(value >= before - 1e-14, value + " after " + before + " at step " + steps);
                before = value;
            }
        }
    }

    @Test
    void bothDynamicsAgree() {
        for (int seed = 0; seed < 20; seed++) {
            int n = 4 + seed;
            double[] w = random(n, seed % 3 * 0.3, Keyed.seed(seed).of("agree"));
            Solution fast = FAST.solve(w, n, 0);
            Solution slow = PATIENT.solve(w, n, 0);
            assertTrue(fast.converged());
            assertEquals(slow.value(), fast.value(), 1e-8, "seed " + seed);
            assertArrayEquals(slow.x(), fast.x(), 1e-4, "seed " + seed);
        }
    }

    @Test
    void noVertexHasAHigherPayoffThanTheSolution() {
        for (int seed = 0; seed < 50; seed++) {
            int n = 2 + seed;
            double[] w = random(n, seed % 4 * 0.25, Keyed.seed(seed).of("optimal"));
            int t = seed % n;
            double alpha = FAST.alpha(w, n, t);
            Solution set = FAST.solve(w, n, t);
            assertEquals(1, Arrays.stream(set.x()).sum(), 1e-12);
            assertTrue(set.x()[t] > 0, "the constraint holds");
            for (int i = 0; i < n; i++) {
                double payoff = i == t ? 0 : -alpha * set.x()[i];
                for (int j = 0; j < n; j++) {
                    payoff += w[i * n + j] * set.x()[j];
                }
                assertTrue(payoff <= set.value() + 2e-10, "seed " + seed + ", vertex " + i);
                assertTrue(set.x()[i] == 0 || payoff >= set.value() - 2e-10, "seed " + seed + ", vertex " + i);
            }
        }
    }

    @Test
    void aPartThatIsNotConnectedStaysOut() {
        double[] w = graph(6, 0, 1, 0.5, 0, 2, 0.4, 1, 2, 0.3, 3, 4, 9, 4, 5, 9, 3, 5, 9);
        // α of the heavy part leaves less to the neighbours, and nothing to strangers
        Solution set = FAST.solve(w, 6, 0);
        assertTrue(set.x()[1] > 0.01 && set.x()[3] == 0, Arrays.toString(set.x()));
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void loneVerticesAreSetsOfTheirOwn(Dynamics dynamics) {
        DominantSets sets = new DominantSets(1.1, dynamics);
        Solution one = sets.solve(new double[1], 1, 0);
        assertArrayEquals(new double[] {1}, one.x());
        assertEquals(0, one.value());
        double[] noEdge = graph(4, 1, 2, 1, 2, 3, 1, 1, 3, 0.5);
        Solution alone = sets.solve(noEdge, 4, 0);
        assertTrue(alone.x()[0] > 0.99 && Math.abs(alone.value()) < 1e-3, alone.toString());
        Solution nothing = sets.solve(new double[16], 4, 2);
        assertTrue(nothing.x()[2] > 0.99, nothing.toString());
    }

    @Test
    void loneVerticesAreFoundAtOnceAndExactly() {
        Solution alone = FAST.solve(graph(4, 1, 2, 1, 2, 3, 1, 1, 3, 0.5), 4, 0);
        assertArrayEquals(new double[] {1, 0, 0, 0}, alone.x());
        assertTrue(alone.converged() && alone.iterations() <= 4);
        assertEquals(0, alone.value());
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void tooLargeAnAlphaLeavesTheVertexAlone(Dynamics dynamics) {
        Solution set = new DominantSets(1.1, dynamics).solve(clique(5), 5, 1e12, new int[] {2}, barycentre(5));
        assertEquals(1, set.x()[2], 1e-3); // replicator dynamics come near it slowly, and say so
        assertTrue(Double.isFinite(set.value()));
        if (dynamics == Dynamics.INFECTION_IMMUNISATION) {
            assertArrayEquals(new int[] {2}, set.support());
            assertTrue(set.converged());
        } else {
            assertFalse(set.converged());
        }
    }

    @ParameterizedTest
    @EnumSource(Dynamics.class)
    void dynamicsThatStopEarlySaySo(Dynamics dynamics) {
        Solution set = new DominantSets(1.1, dynamics, 1e-9, 2).solve(FIVE, 5, 4);
        assertFalse(set.converged());
        assertEquals(2, set.iterations());
        assertEquals(1, Arrays.stream(set.x()).sum(), 1e-12);
    }

    @Test
    void eigenvaluesOfBipartiteGraphsDoNotOscillate() {
        assertEquals(2, DominantSets.largestEigenvalue(graph(5, 0, 1, 1, 0, 2, 1, 0, 3, 1, 0, 4, 1), 5), 1e-9);
        assertEquals(7, DominantSets.largestEigenvalue(clique(8), 8), 1e-9);
        assertEquals(0, DominantSets.largestEigenvalue(new double[9], 3));
        assertEquals(0, DominantSets.largestEigenvalue(new double[0], 0));
        double[] w = random(20, 0.5, Keyed.seed(9));
        double value = DominantSets.largestEigenvalue(w, 20);
        assertTrue(value < DominantSets.largestRowSum(w, 20) && value > 0.5 * DominantSets.largestRowSum(w, 20));
    }

    /** The published code, line by line. */
    private static double[] published(double[] affinity, int n, int target) {
        double largest = Arrays.stream(affinity).max().orElse(0);
        double[][] b = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                b[i][j] = affinity[i * n + j] / largest - (i == j && i != target ? 1.1e-3 : 0);
            }
        }
        double[] x = new double[n];
        Arrays.fill(x, 1e-6);
        x[target] = 1;
        for (int step = 0; step < 5; step++) {
            double[] next = new double[n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    next[i] += b[i][j] * x[j];
                }
                next[i] *= x[i];
            }
            double length = Math.sqrt(Arrays.stream(next).map(v -> v * v).sum());
            double moved = 0;
            for (int i = 0; i < n; i++) {
                next[i] /= length;
                moved += (next[i] - x[i]) * (next[i] - x[i]);
            }
            x = next;
            if (Math.sqrt(moved) < 1e-6) {
                break;
            }
        }
        return x;
    }

    @Test
    void theCompanionIsThePublishedCode() {
        for (int seed = 0; seed < 10; seed++) {
            double[] w = random(9, 0.2, Keyed.seed(seed).of("companion"));
            assertArrayEquals(
                    published(w, 9, 4), DominantSets.companion(w, 9, 4).x(), 1e-12);
        }
        assertEquals(1, DominantSets.companion(new double[9], 3, 1).x()[1]);
        Solution edge = DominantSets.companion(graph(3, 0, 1, 1), 3, 2);
        assertTrue(Arrays.stream(edge.x()).allMatch(Double::isFinite));
    }

    @Test
    void whatIsNoAffinityIsRefused() {
        double[] oneWay = graph(3, 0, 1, 1);
        oneWay[1] = 2;
        for (double[] w : new double[][] {oneWay, graph(3, 0, 0, 1), graph(3, 0, 1, -1), graph(3, 0, 1, Double.NaN)}) {
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> FAST.solve(w, 3, 0));
            assertTrue(String.valueOf(refused.getMessage()).startsWith("affinity of "), refused.toString());
        }
        assertThrows(IllegalArgumentException.class, () -> FAST.solve(new double[8], 3, 0));
        assertThrows(IllegalArgumentException.class, () -> FAST.solve(new double[9], 3));
        assertThrows(IllegalArgumentException.class, () -> new DominantSets(1, Dynamics.REPLICATOR));
    }
}
