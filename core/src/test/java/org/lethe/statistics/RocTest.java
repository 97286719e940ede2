package org.lethe.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

final class RocTest {
    private static final double[] SCORES = {0.9, 0.8, 0.8, 0.4, 0.3, 0.3};
    private static final boolean[] MEMBERS = {true, true, false, true, false, true};

    @Test
    void areaCountsPairsAndHalvesTies() {
        // of 4 · 2 pairs: 0.9 wins 2; 0.8 ties one and wins one; 0.4 wins one; 0.3 ties one
        assertEquals((2 + 1.5 + 1 + 0.5) / 8, roc().auc());
    }

    @Test
    void countingAnOwnerTwiceIsHavingItTwice() {
        int[] times = {2, 1, 0, 1, 3, 1};
        int n = Arrays.stream(times).sum();
        double[] scores = new double[n];
        boolean[] members = new boolean[n];
        int to = 0;
        for (int k = 0; k < times.length; k++) {
            for (int t = 0; t < times[k]; t++) {
                scores[to] = SCORES[k];
                members[to++] = MEMBERS[k];
            }
        }
        Roc repeated = new Roc(scores, members, new int[n]);
        assertEquals(repeated.auc(), roc().auc(o -> times[o]));
        for (double fpr : new double[] {0, 0.2, 0.5, 0.9}) {
            assertEquals(repeated.tprAt(fpr), roc().tprAt(fpr, o -> times[o]));
        }
    }

    @Test
    void shareFoundKeepsToTheFalseAlarms() {
        assertEquals(0.25, roc().tprAt(0)); // only 0.9 stands above every non-member
        assertEquals(0.75, roc().tprAt(0.5)); // one false alarm is allowed, at 0.8
    }

    @Test
    void randomScoresLieWithinThreeErrorsOfAHalf() {
        for (long seed = 1; seed <= 20; seed++) {
            Keyed random = Keyed.seed(seed);
            int n = 2_000;
            double[] scores = new double[n];
            boolean[] members = new boolean[n];
            for (int k = 0; k < n; k++) {
                scores[k] = Keyed.unit(random.at(k));
                members[k] = k % 2 == 0;
            }
            double error = Math.sqrt((n + 1) / (3.0 * n * n)); // of an AUC of two halves under chance
            assertEquals(0.5, new Roc(scores, members, new int[n]).auc(), 3 * error);
        }
    }

    @Test
    void agreesWithTheAreaOfTheStatisticsPackage() {
        Keyed random = Keyed.seed(3);
        double[] scores = new double[300];
        boolean[] members = new boolean[300];
        for (int k = 0; k < 300; k++) {
            members[k] = Keyed.below(random.of("member").at(k), 3) == 0;
            scores[k] = Math.rint(4 * Keyed.normal(random.at(k)) + (members[k] ? 2 : 0)) + 0.0; // no negative zeros
        }
        Auc expected = Auc.of(pick(scores, members, true), pick(scores, members, false));
        assertEquals(expected.value(), new Roc(scores, members, new int[300]).auc(), 1e-12);
    }

    private static double[] pick(double[] scores, boolean[] members, boolean kind) {
        double[] picked = new double[scores.length];
        int n = 0;
        for (int k = 0; k < scores.length; k++) {
            if (members[k] == kind) {
                picked[n++] = scores[k];
            }
        }
        return Arrays.copyOf(picked, n);
    }

    private static Roc roc() {
        return new Roc(SCORES, MEMBERS, new int[] {0, 1, 2, 3, 4, 5});
    }
}
