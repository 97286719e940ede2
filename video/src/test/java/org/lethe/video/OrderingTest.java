package org.lethe.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class OrderingTest {
    private static final double[] TRUTHS = {0, 1, 2, 3, 4};
    private static final Keyed KEY = Keyed.seed(1);

    @Test
    void rightScoresOrderEveryPairAndReversedOnesNone() {
        double[] reversed = {4, 3, 2, 1, 0};
        double[] constant = new double[5];
        assertEquals(1, Ordering.pairAccuracy(TRUTHS, TRUTHS, 0, 500, KEY));
        assertEquals(0, Ordering.pairAccuracy(reversed, TRUTHS, 0, 500, KEY));
        assertEquals(0.5, Ordering.pairAccuracy(constant, TRUTHS, 0, 500, KEY));
        assertThrows(IllegalArgumentException.class, () -> Ordering.pairAccuracy(TRUTHS, constant, 0, 500, KEY));
    }

    @Test
    void aGapLeavesClearPairs() {
        double[] swapped = {1, 0, 3, 2, 4}; // wrong between neighbours alone
        assertEquals(1, Ordering.pairAccuracy(swapped, TRUTHS, 1, 500, KEY));
    }

    @Test
    void rankCorrelationIsAsKnown() {
        assertEquals(1, Ordering.spearman(new double[] {1, 10, 100, 1e3, 1e4}, TRUTHS), 1e-12);
        assertEquals(0.8, Ordering.spearman(new double[] {1, 0, 3, 2, 4}, TRUTHS), 1e-12); // 1 − 6·4/(5·24)
        assertEquals(0, Ordering.spearman(new double[5], TRUTHS));
        // ties have the mean of their ranks: Pearson's of (0.5, 0.5, 2) with (0, 1, 2)
        assertEquals(Math.sqrt(0.75), Ordering.spearman(new double[] {7, 7, 9}, new double[] {0, 1, 2}), 1e-12);
    }
}
