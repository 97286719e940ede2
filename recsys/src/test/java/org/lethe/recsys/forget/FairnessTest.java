package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.forget.Fairness.Gap;

final class FairnessTest {
    @Test
    void noGapWhereAllAreServedAlike() {
        assertEquals(0, new Gap(new double[] {0.3, 0.3, 0.3, 0.3}, new int[] {0}, new int[] {1, 2, 3}).value(), 1e-15);
        assertEquals(0, Fairness.gini(new double[] {0.3, 0.3, 0.3}), 1e-15);
    }

    @Test
    void swappingTheGroupsFlipsTheSign() {
        double[] values = {0.5, 0.1, 0.2, 0.9};
        int[] front = {0, 2};
        int[] rest = {1, 3};
        assertEquals(-new Gap(values, rest, front).value(), new Gap(values, front, rest).value());
        assertEquals(0.35 - 0.5, new Gap(values, front, rest).value(), 1e-15);
    }

    @Test
    void shardVarianceIsThePopulations() {
        assertEquals(0.01, Fairness.variance(new double[] {0.2, 0.4}), 1e-15);
        assertEquals(0, Fairness.variance(new double[] {0.7}));
    }

    @Test
    void giniOfOneWhoHasAllGoesToOne() {
        double[] values = new double[100];
        values[17] = 3;
        assertEquals(0.99, Fairness.gini(values), 1e-12);
    }

    @Test
    void activeUsersAreTheFirstTwentiethTiesByNumber() {
        // users 0 … 39 with one interaction each, but users 7 and 30 with two; 40 and 41 have nothing and do not count
        int[] users =
                IntStream.concat(IntStream.range(0, 40), IntStream.of(7, 30)).toArray();
        int[] items = IntStream.concat(IntStream.range(0, 40).map(u -> 0), IntStream.of(1, 1))
                .toArray();
        boolean[] active = Fairness.active(Interactions.of(42, 2, users, items), 0.075);
        assertArrayEquals(
                new int[] {0, 7, 30},
                IntStream.range(0, 42).filter(u -> active[u]).toArray());
    }
}
