package org.lethe.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.hipparchus.stat.inference.WilcoxonSignedRankTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Interval;
import org.lethe.numerics.Keyed;

class StatisticsTest {
    @Test
    void meanAndSdOfSmallSampleAreTheClosedForms() {
        assertEquals(5, Statistics.mean(2, 4, 4, 4, 5, 5, 7, 9), 0);
        assertEquals(Math.sqrt(32.0 / 7), Statistics.sd(2, 4, 4, 4, 5, 5, 7, 9), 1e-15);
        assertEquals(0, Statistics.sd(3));
    }

    @Test
    void largeOffsetCostsNoDigits() {
        assertEquals(1, Statistics.sd(1e9, 1e9 + 1, 1e9 + 2), 1e-9);
    }

    @Test
    void tIntervalOfThreeSeedsIsTheTableValue() {
        // t(0.975; 2) = 4.302653; mean 2, sd 1, n 3.
        Interval interval = Statistics.tInterval(1, 2, 3);
        assertEquals(2 - 4.302652729911275 / Math.sqrt(3), interval.low(), 1e-9);
        assertEquals(2 + 4.302652729911275 / Math.sqrt(3), interval.high(), 1e-9);
    }

    @Test
    void bootstrapOfNormalSampleComesNearTheTInterval() {
        double[] sample = normals(400, 5);
        Interval exact = Statistics.tInterval(sample);
        Interval drawn = Statistics.bootstrap(sample, Keyed.seed(1));
        // Width 0.2; the ends of 2,000 resamples move by about 2 % of it, five times that is allowed.
        assertEquals(exact.low(), drawn.low(), 0.02);
        assertEquals(exact.high(), drawn.high(), 0.02);
    }

    @Test
    void bootstrapLeansTowardsTheLongTail() {
        double[] sample = new double[60];
        Arrays.setAll(sample, i -> -Math.log(Keyed.unit(Keyed.seed(3).at(i))));
        Interval interval = Statistics.bootstrap(sample, Keyed.seed(1));
        double mean = Statistics.mean(sample);
        assertTrue(interval.high() - mean > mean - interval.low(), interval.toString());
    }

    @Test
    void bootstrapIsFunctionOfSampleAndKey() {
        double[] sample = normals(50, 9);
        assertEquals(Statistics.bootstrap(sample, Keyed.seed(7)), Statistics.bootstrap(sample, Keyed.seed(7)));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void bootstrapCoversTheMeanAboutAsOftenAsItSays(long seed) {
        int covered = 0;
        for (int run = 0; run < 100; run++) {
            double[] sample = new double[30];
            Keyed key = Keyed.seed(seed).of("coverage").of(run);
            Arrays.setAll(sample, i -> Keyed.normal(key.at(i)));
            covered += Statistics.bootstrap(sample, Statistics::mean, 400, 0.95, key.of("draws"))
                            .contains(0)
                    ? 1
                    : 0;
        }
        // At a true coverage of 0.93, 78 or fewer of 100 happen once in five million.
        assertTrue(covered >= 79, covered + " of 100");
    }

    @Test
    void constantSampleHasIntervalOfNoWidth() {
        assertEquals(new Interval(2, 2, 0.95), Statistics.bootstrap(new double[] {2, 2, 2}, Keyed.seed(1)));
        assertEquals(new Interval(2, 2, 0.95), Statistics.bootstrap(new double[] {2}, Keyed.seed(1)));
    }

    @Test
    void pairedBootstrapSeesThroughSharedSpread() {
        double[] first = normals(200, 1);
        double[] second = new double[200];
        Arrays.setAll(
                second, i -> first[i] - 0.05 + 0.01 * Keyed.normal(Keyed.seed(2).at(i)));
        Interval interval = Statistics.pairedBootstrap(first, second, Keyed.seed(3));
        assertTrue(interval.contains(0.05) || Math.abs(interval.low() - 0.05) < 0.003, interval.toString());
        assertTrue(interval.high() - interval.low() < 0.005, interval.toString());
    }

    @Test
    void wilcoxonOfEightPositiveDifferencesIsTwoIn256() {
        double[] first = {1, 2, 3, 4, 5, 6, 7, 8};
        assertEquals(2.0 / 256, Statistics.wilcoxon(first, new double[8]), 1e-15);
    }

    @Test
    void exactWilcoxonEqualsTheWalkOverAllPatterns() {
        for (int n = 3; n <= 12; n++) {
            double[] first = normals(n, n);
            double[] second = normals(n, 100 + n);
            double walked = new WilcoxonSignedRankTest().wilcoxonSignedRankTest(first, second, true);
            assertEquals(walked, Statistics.wilcoxon(first, second), 1e-12, "n = " + n);
        }
    }

    @Test
    void exactWilcoxonWithTiesEqualsEnumeration() {
        double[] differences = {1, 1, -1, 2, 2, 3, -3, 5};
        double[] ranks = {2, 2, 2, 4.5, 4.5, 6.5, 6.5, 8};
        double observed = Math.max(2 + 2 + 4.5 + 4.5 + 6.5 + 8, 2 + 6.5);
        int far = 0;
        for (int pattern = 0; pattern < 256; pattern++) {
            double sum = 0;
            for (int i = 0; i < 8; i++) {
                sum += (pattern >> i & 1) == 1 ? ranks[i] : 0;
            }
            far += sum >= observed ? 1 : 0;
        }
        assertEquals(2 * far / 256.0, Statistics.wilcoxon(differences, new double[8]), 1e-15);
    }

    @Test
    void normalWilcoxonMeetsTheExactOneAtTheSeam() {
        for (int seed = 0; seed < 5; seed++) {
            double[] first = normals(Statistics.EXACT_PAIRS, seed);
            double[] second = normals(Statistics.EXACT_PAIRS, 50 + seed);
            double exact = Statistics.wilcoxon(first, second);
            double[] more = Arrays.copyOf(first, first.length + 1);
            double[] lessOne = Arrays.copyOf(second, second.length + 1);
            more[first.length] = 1e-9;
            assertEquals(exact, Statistics.wilcoxon(more, lessOne), 0.02, "seed " + seed);
        }
    }

    @Test
    void wilcoxonOfEqualPairsSaysNothing() {
        assertEquals(1, Statistics.wilcoxon(new double[] {1, 2}, new double[] {1, 2}));
    }

    @Test
    void holmOfTheTextbookExample() {
        // Sorted 0.01, 0.02, 0.03, 0.04: 0.04, 0.06, 0.06, 0.06.
        assertArrayEquals(new double[] {0.06, 0.04, 0.06, 0.06}, Statistics.holm(0.04, 0.01, 0.03, 0.02), 1e-15);
        assertArrayEquals(new double[] {1, 1}, Statistics.holm(0.7, 0.9), 0);
        assertEquals(0, Statistics.holm().length);
    }

    @Test
    void wilsonIntervalIsThePublishedNumber() {
        // 81 of 263: Newcombe 1998, table I, method 3: 0.2553 to 0.3662.
        Interval interval = Statistics.proportion(81, 263, 0.95);
        assertEquals(0.2553, interval.low(), 5e-5);
        assertEquals(0.3662, interval.high(), 5e-5);
        assertEquals(0, Statistics.proportion(0, 20, 0.95).low());
        assertEquals(0.1611, Statistics.proportion(0, 20, 0.95).high(), 5e-5);
    }

    @Test
    void numbersThatAreNotFiniteAreRefusedByPlace() {
        var refusal = assertThrows(IllegalArgumentException.class, () -> Statistics.mean(1, Double.NaN));
        assertEquals("sample[1] is NaN, expected a finite number", refusal.getMessage());
        assertThrows(IllegalArgumentException.class, Statistics::mean);
        assertThrows(IllegalArgumentException.class, () -> Statistics.tInterval(1));
        assertThrows(IllegalArgumentException.class, () -> Statistics.wilcoxon(new double[1], new double[2]));
        assertThrows(IllegalArgumentException.class, () -> Statistics.holm(1.5));
    }

    static double[] normals(int n, long seed) {
        double[] sample = new double[n];
        Arrays.setAll(sample, i -> Keyed.normal(Keyed.seed(seed).at(i)));
        return sample;
    }

    @Test
    void intervalsOfSharesAndRatiosStayWhereTheyCanBe() {
        assertTrue(Statistics.tInterval(0.9, 0.99, 0.95).high() > 1);
        Interval share = Statistics.shareInterval(0.9, 0.99, 0.95);
        assertTrue(share.low() > 0.5 && share.high() < 1 && share.contains(0.946), share::toString);
        Interval certain = Statistics.shareInterval(1, 1, 0.9);
        assertTrue(certain.high() == 1 && certain.low() > 0, certain::toString);
        assertTrue(Statistics.tInterval(0.1, 3, 0.2).low() < 0);
        Interval ratio = Statistics.ratioInterval(0.1, 3, 0.2);
        assertTrue(ratio.low() > 0 && ratio.contains(1.1), ratio::toString);
    }
}
