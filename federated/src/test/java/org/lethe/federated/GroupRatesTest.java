package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.federated.GroupRates.Metric;

class GroupRatesTest {
    /** Group 0: 6 negatives with 1 false alarm, 4 positives with 3 hits; group 1: 3 negatives, 2 positives with 1 hit. */
    private static final long[][][] COUNTS = {{{5, 1}, {1, 3}}, {{3, 0}, {1, 1}}};

    @Test
    void everyMetricHasItsKnownValue() {
        GroupRates rates = new GroupRates(COUNTS);
        assertEquals(0.8, rates.accuracy().getAsDouble(), 1e-12);
        assertEquals(0.4, rates.selectionRate(0).getAsDouble(), 1e-12);
        assertEquals(0.2, rates.selectionRate(1).getAsDouble(), 1e-12);
        assertEquals(0.2, value(rates, Metric.DEMOGRAPHIC_PARITY_DIFFERENCE), 1e-12);
        assertEquals(0.5, value(rates, Metric.DEMOGRAPHIC_PARITY_RATIO), 1e-12);
        assertEquals(1.0 / 3 - 0.2, value(rates, Metric.DEMOGRAPHIC_PARITY_TO_OVERALL), 1e-12);
        assertEquals(0.25, value(rates, Metric.EQUAL_OPPORTUNITY_DIFFERENCE), 1e-12);
        assertEquals(0.25, value(rates, Metric.EQUALIZED_ODDS_WORST_CASE), 1e-12);
        assertEquals(0.208333, value(rates, Metric.EQUALIZED_ODDS_MEAN), 1e-6);
        assertEquals(0.416667, value(rates, Metric.EQUALIZED_ODDS_SUM), 1e-6);
    }

    @Test
    void summedCountsSeeAGapThatNoClientSees() {
        GroupRates first = new GroupRates(new long[][][] {COUNTS[0], new long[2][2]});
        GroupRates second = new GroupRates(new long[][][] {new long[2][2], COUNTS[1]});
        assertTrue(first.value(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE).isEmpty());
        assertTrue(second.value(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE).isEmpty());
        assertEquals(0.2, value(first.plus(second), Metric.DEMOGRAPHIC_PARITY_DIFFERENCE), 1e-12);
    }

    @Test
    void aMetricOfEmptyCellsHasNoValue() {
        GroupRates nobodyPositive = new GroupRates(new long[][][] {{{5, 1}, {0, 0}}, {{3, 0}, {0, 0}}});
        assertTrue(nobodyPositive.value(Metric.EQUAL_OPPORTUNITY_DIFFERENCE).isEmpty());
        assertTrue(nobodyPositive.value(Metric.EQUALIZED_ODDS_SUM).isEmpty());
        assertEquals(1.0 / 6, value(nobodyPositive, Metric.DEMOGRAPHIC_PARITY_DIFFERENCE), 1e-12);
        GroupRates nobodySelected = new GroupRates(new long[][][] {{{5, 0}, {1, 0}}, {{3, 0}, {1, 0}}});
        assertTrue(nobodySelected.value(Metric.DEMOGRAPHIC_PARITY_RATIO).isEmpty(), "0 by 0");
    }

    private static double value(GroupRates rates, Metric metric) {
        return rates.value(metric).orElseThrow();
    }
}
