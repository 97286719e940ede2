package org.lethe.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.lethe.attack.ChanceTest.Result;
import org.lethe.numerics.Keyed;

final class ChanceTestTest {
    private static final ChanceTest TEST = new ChanceTest();

    @Test
    void chanceIsRejectedAsOftenAsTheLevelSays() {
        // each T is a number from the same distribution: the largest of 20 is that of the labels once in 20 times
        long rejected = LongStream.range(0, 2_000)
                .filter(seed -> {
                    Keyed key = Keyed.seed(seed);
                    return TEST.rejects(TEST.of(
                            Keyed.unit(key.of("own").at(1)), 5, deal -> Keyed.unit(deal.at(1)), key.of("deals")));
                })
                .count();
        assertEquals(0.05, rejected / 2_000.0, 0.024); // five standard deviations
    }

    @Test
    void dealingStopsAtTheFirstDealThatReachesAsMuch() {
        Result result = TEST.of(1, 5, deal -> 1, Keyed.seed(1));
        assertEquals(new Result(1, 1), result);
        assertFalse(TEST.rejects(result));
    }

    @Test
    void whatIsFarBeyondChanceNeedsNoDeals() {
        Result result = TEST.of(100, 5, deal -> Double.NaN, Keyed.seed(1));
        assertEquals(0, result.dealt());
        assertTrue(TEST.rejects(result));
    }

    @Test
    void moreSamplesDetectLess() {
        assertTrue(TEST.detectable(4_000, 2, 5) < TEST.detectable(400, 2, 5));
        assertTrue(TEST.detectable(400, 2, 5) < TEST.detectable(400, 3, 5)); // one of three classes against the rest
        assertEquals(1, TEST.detectable(10, 2, 5));
    }
}
