package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.hipparchus.distribution.continuous.ChiSquaredDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoncentralChiSquaredTest {
    @ParameterizedTest
    @CsvSource({
        "5, 3, 2, .59340518",
        "20, 10, 10, .54607057",
        "600, 632, 100, 2.99534712e-4",
        "700, 632, 100, .21839350",
        "3, 2, .5, .69590603"
    })
    void knownValues(double x, double degrees, double noncentrality, double p) {
        assertEquals(p, new NoncentralChiSquared(degrees, noncentrality).cumulative(x), p < 1e-2 ? 1e-8 * p : 6e-9);
    }

    @Test
    void withoutNoncentralityItIsTheCentralOne() {
        for (double x : new double[] {.5, 3, 10, 40}) {
            assertEquals(
                    new ChiSquaredDistribution(7).cumulativeProbability(x),
                    new NoncentralChiSquared(7, 0).cumulative(x),
                    1e-12);
            assertEquals(
                    new ChiSquaredDistribution(7).cumulativeProbability(x),
                    new NoncentralChiSquared(7, 1e-9).cumulative(x),
                    1e-9);
        }
    }

    @Test
    void smallTailsKeepTheirDigits() {
        // two degrees: P = e^(−λ/2) Σ_j (λ/2)^j / j! P(1 + j, x/2); for small x only j = 0 counts, 1 − e^(−x/2)
        assertEquals(
                Math.exp(-200) * 5e-13,
                new NoncentralChiSquared(2, 400).cumulative(1e-12),
                1e-6 * Math.exp(-200) * 5e-13);
        double deep = new NoncentralChiSquared(316, 632).cumulative(1e-3);
        assertTrue(deep >= 0 && deep < 1e-200, "deep tail " + deep);
        assertTrue(new NoncentralChiSquared(316, 632).cumulative(1e6) > 1 - 1e-9);
    }

    @Test
    void refusesWhatIsNoNumber() {
        assertThrows(IllegalArgumentException.class, () -> new NoncentralChiSquared(3, 1).cumulative(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new NoncentralChiSquared(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new NoncentralChiSquared(1, -1));
        assertEquals(0, new NoncentralChiSquared(3, 1).cumulative(-1));
    }
}
