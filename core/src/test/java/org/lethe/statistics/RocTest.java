package org.lethe.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
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

    /** roc_curve of scikit-learn 1.9.1 on the same scores. */
    @Test
    void cornersOfTheCurveAreThoseOfScikitLearn() {
        assertEquals(
                List.of(
                        new Roc.Point(0, 0, Double.POSITIVE_INFINITY),
                        new Roc.Point(0, 0.25, 0.9),
                        new Roc.Point(0.5, 0.5, 0.8),
                        new Roc.Point(0.5, 0.75, 0.4),
                        new Roc.Point(1, 1, 0.3)),
                roc().curve());
    }

    @Test
    void areaUnderTheCornersIsTheArea() {
        Keyed random = Keyed.seed(6);
        double[] scores = new double[500];
        boolean[] members = new boolean[500];
        for (int k = 0; k < 500; k++) {
            members[k] = Keyed.below(random.of("member").at(k), 3) == 0;
            scores[k] = Keyed.below(random.at(k), 40) + (members[k] ? 5 : 0);
        }
        Roc roc = new Roc(scores, members, new int[500]);
        List<Roc.Point> curve = roc.curve();
        double area = 0;
        for (int n = 1; n < curve.size(); n++) {
            Roc.Point from = curve.get(n - 1);
            Roc.Point to = curve.get(n);
            area += (to.falsePositiveRate() - from.falsePositiveRate())
                    * (to.truePositiveRate() + from.truePositiveRate())
                    / 2;
        }
        assertEquals(roc.auc(), area, 1e-12);
        assertEquals(new Roc.Point(1, 1, Arrays.stream(scores).min().orElseThrow()), curve.getLast());
    }

    @Test
    void shareFoundIsThatOfTheStatisticsPackageForWholeNumbersOfFalseAlarms() {
        Keyed random = Keyed.seed(7);
        double[] scores = new double[200];
        boolean[] members = new boolean[200];
        for (int k = 0; k < 200; k++) {
            members[k] = k < 100;
            scores[k] = Keyed.unit(random.at(k)) + (members[k] ? 0.2 : 0);
        }
        double[] inside = pick(scores, members, true);
        double[] outside = pick(scores, members, false);
        Roc roc = new Roc(scores, members, new int[200]);
        for (int percent = 0; percent < 100; percent++) { // 0.29 · 100 is less than 29
            double rate = percent / 100.0;
            assertEquals(Auc.truePositiveRate(inside, outside, rate, random).value(), roc.tprAt(rate), "at " + rate);
        }
    }
}
