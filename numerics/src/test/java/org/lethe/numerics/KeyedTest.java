package org.lethe.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class KeyedTest {
    private static final int N = 200_000;

    @Test
    void numbersDependOnPurposeAndEntityOnly() {
        Keyed key = Keyed.seed(1).of("init");
        assertEquals(key.at(5), Keyed.seed(1).of("init").at(5));
        assertNotEquals(key.at(5), key.at(6));
        assertNotEquals(key.at(5), Keyed.seed(1).of("batch").at(5));
        assertNotEquals(key.at(5), Keyed.seed(2).of("init").at(5));
        assertNotEquals(key.at(1, 2), key.at(2, 1));
        assertNotEquals(key.of(1).at(2), key.of(2).at(1));
    }

    @Test
    void normalsHaveTheMomentsOfANormal() {
        Keyed key = Keyed.seed(3).of("normal");
        double sum = 0, squares = 0, fourth = 0;
        for (int i = 0; i < N; i++) {
            double x = Keyed.normal(key.at(i));
            sum += x;
            squares += x * x;
            fourth += x * x * x * x;
        }
        // Standard errors are 1/sqrt(N), sqrt(2/N) and sqrt(96/N); 5.5 of them fail a true normal once in 3e7.
        assertEquals(0, sum / N, 5.5 / Math.sqrt(N));
        assertEquals(1, squares / N, 5.5 * Math.sqrt(2.0 / N));
        assertEquals(3, fourth / N, 5.5 * Math.sqrt(96.0 / N));
    }

    @Test
    void boundedNumbersAreUniform() {
        Keyed key = Keyed.seed(4).of("below");
        int[] counts = new int[7];
        for (int i = 0; i < N; i++) {
            counts[Keyed.below(key.at(i), 7)]++;
        }
        double chi = 0;
        for (int c : counts) {
            chi += Math.pow(c - N / 7.0, 2) / (N / 7.0);
        }
        assertTrue(chi < 40, "chi-squared with 6 degrees of freedom is " + chi); // P(chi² > 40) = 5e-7
    }
}
