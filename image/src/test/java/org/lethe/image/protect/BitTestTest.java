package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BitTestTest {
    @ParameterizedTest
    @CsvSource({
        "32, 1e-2, 24", "32, 1e-3, 26", "32, 1e-6, 30",
        "48, 1e-2, 33", "48, 1e-3, 36", "48, 1e-6, 41",
        "64, 1e-2, 42", "64, 1e-3, 45", "64, 1e-6, 51",
        "100, 1e-2, 63", "100, 1e-3, 66", "100, 1e-6, 74",
        "256, 1e-2, 148", "256, 1e-3, 154", "256, 1e-6, 167"
    })
    void fewestMatchesForARateOfFalsePositives(int bits, double rate, int matches) {
        assertEquals(OptionalInt.of(matches), new BitTest(bits).needed(rate));
    }

    @ParameterizedTest
    @CsvSource({
        "32, 24, 0.00350018",
        "32, 30, 1.2317e-7",
        "48, 41, 3.1202e-7",
        "64, 51, 9.4048e-7",
        "100, 74, 8.3368e-7",
        "256, 167, 6.2229e-7",
        "256, 166, 1.176e-6"
    })
    void tailsOfTheBinomialDistribution(int bits, int matches, double p) {
        assertEquals(p, new BitTest(bits).pValue(matches), 5e-4 * p);
    }

    @Test
    void manyUsersNeedMoreMatches() {
        assertEquals(OptionalInt.of(184), new BitTest(256).needed(1e-6, 1_000_000));
    }

    @Test
    void sixteenBitsCannotReachOneInAMillion() {
        assertEquals(OptionalInt.empty(), new BitTest(16).needed(1e-6));
        assertEquals(OptionalInt.of(16), new BitTest(16).needed(1.6e-5));
    }

    @Test
    void memorisationTestsOfDiagnosis() {
        assertEquals(.00705, new BitTest(50, .75).pValue(45), 5e-6);
        assertEquals(.262, new BitTest(50, .75).pValue(40), 5e-4);
    }

    @Test
    void allMatchesAndNone() {
        assertEquals(Math.pow(.25, 16), new BitTest(16, .25).pValue(16), 1e-20);
        assertEquals(1, new BitTest(16, .25).pValue(0));
        assertThrows(IllegalArgumentException.class, () -> new BitTest(16).pValue(17));
        assertThrows(IllegalArgumentException.class, () -> new BitTest(16).needed(0));
        assertThrows(IllegalArgumentException.class, () -> new BitTest(0));
    }
}
