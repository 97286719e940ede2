package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class FullSupportTest {
    private static final int N = 12;

    private static double[] block() {
        double[] block = new double[N * N];
        for (int a = 0; a < N; a++) {
            for (int b = 0; b < a; b++) {
                block[a * N + b] = 0.7 + 0.3 * Keyed.unit(Keyed.seed(2).at(a, b));
                block[b * N + a] = block[a * N + b];
            }
        }
        return block;
    }

    private static double[] whole(double[] block, double[] own) {
        int n = N + 1;
        double[] w = new double[n * n];
        for (int a = 0; a < N; a++) {
            System.arraycopy(block, a * N, w, a * n, N);
            w[a * n + N] = own[a];
            w[N * n + a] = own[a];
        }
        return w;
    }

    @Test
    void equalPayoffsAreTheDominantSetWhereNoWeightIsNegative() {
        double[] block = block();
        double[] own = new double[N];
        Arrays.setAll(own, a -> 0.5 + 0.02 * a);
        double eigenvalue = DominantSets.largestEigenvalue(block, N);
        FullSupport full = new FullSupport(block, N, 1.1 * eigenvalue, eigenvalue);
        assertTrue(full.unique(own));
        double[] x = new double[N + 1];
        full.weights(own, x);
        assertEquals(1, Arrays.stream(x).sum(), 1e-12);
        DominantSets.Solution set = new DominantSets().solve(whole(block, own), N + 1, N);
        assertEquals(N + 1, set.support().length);
        assertArrayEquals(set.x(), x, 1e-8);
    }

    @Test
    void negativeWeightsAreLeftOutAndTheDynamicsGoOnFromThere() {
        double[] block = block();
        for (int n = 0; n < block.length; n++) {
            block[n] *= n / N < 3 || n % N < 3 ? 0.05 : 1; // three members that nobody is like
        }
        double[] own = new double[N];
        Arrays.setAll(own, a -> a < 3 ? 0.1 : 0.5);
        double eigenvalue = DominantSets.largestEigenvalue(block, N);
        FullSupport full = new FullSupport(block, N, 1.1 * eigenvalue, eigenvalue);
        assertTrue(full.unique(own));
        double[] x = new double[N + 1];
        full.weights(own, x);
        assertTrue(Arrays.stream(x).allMatch(weight -> weight >= 0) && x[0] == 0, Arrays.toString(x));
        DominantSets sets = new DominantSets();
        double[] w = whole(block, own);
        DominantSets.Solution far = sets.solve(w, N + 1, N);
        DominantSets.Solution near = sets.solve(w, N + 1, 1.1 * eigenvalue, new int[] {N}, x);
        assertArrayEquals(far.x(), near.x(), 1e-8);
        assertTrue(near.iterations() < far.iterations());
    }

    @Test
    void aVertexWithOneHeavyEdgeMayHaveSeveralMaximisers() {
        double[] block = block();
        double eigenvalue = DominantSets.largestEigenvalue(block, N);
        double[] own = new double[N];
        own[0] = 100;
        assertFalse(new FullSupport(block, N, 1.1 * eigenvalue, eigenvalue).unique(own));
    }
}
