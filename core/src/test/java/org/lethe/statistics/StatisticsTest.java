package org.lethe.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.hipparchus.stat.inference.WilcoxonSignedRankTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Interval;
import org.lethe.Scale;
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
    void theAccelerationOfTheMeanIsThatOfTheJackknife() {
        for (int n : new int[] {1, 2, 3, 200}) {
            double[] sample = new double[n];
            Arrays.setAll(sample, i -> Math.exp(Keyed.normal(Keyed.seed(3).at(i))));
            assertEquals(
                    Statistics.acceleration(sample, Statistics::mean), Statistics.accelerationOfMean(sample), 1e-9);
        }
        assertEquals(0, Statistics.accelerationOfMean(new double[] {2, 2, 2}));
        assertTrue(Statistics.accelerationOfMean(new double[] {1, 1, 1, 9}) > 0.09);
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
    void intervalsOfSharesAndOfPositiveNumbersStayWhereTheyCanBe() {
        assertTrue(Statistics.tInterval(0.9, 0.99, 0.95).high() > 1);
        Interval share = Statistics.meanInterval(Scale.SHARE, 0.9, 0.99, 0.95).orElseThrow();
        assertTrue(share.low() > 0.5 && share.high() < 1 && share.contains(0.946), share::toString);
        Interval nearlyCertain =
                Statistics.meanInterval(Scale.SHARE, 1, 1, 0.99).orElseThrow();
        assertTrue(nearlyCertain.low() > 0.5 && nearlyCertain.high() < 1, nearlyCertain::toString);
        assertTrue(Statistics.tInterval(0.1, 3, 0.2).low() < 0);
        Interval ratio = Statistics.meanInterval(Scale.POSITIVE, 0.1, 3, 0.2).orElseThrow();
        assertTrue(ratio.low() > 0 && ratio.contains(1.1), ratio::toString);
        assertEquals(
                Statistics.tInterval(-1, 4, 2),
                Statistics.meanInterval(Scale.UNBOUNDED, -1, 4, 2).orElseThrow());
    }

    @Test
    void numbersThatAreAllEqualHaveNoInterval() {
        for (Scale scale : Scale.values()) {
            assertEquals(Optional.empty(), Statistics.meanInterval(scale, 0, 0, 0));
            assertEquals(Optional.empty(), Statistics.meanInterval(scale, 1, 1));
            assertEquals(Optional.empty(), Statistics.meanInterval(scale, 0.4, 0.4, 0.4));
        }
    }

    @Test
    void noIntervalLeavesItsScaleWhateverTheNumbers() {
        for (int trial = 0; trial < 10_000; trial++) {
            Keyed draws = Keyed.seed(8).of(trial);
            double[] sample = new double[2 + trial % 5];
            double size = Math.pow(10, -18 * Keyed.unit(draws.at(1_000)));
            boolean nearOne = trial % 2 == 0;
            Arrays.setAll(sample, i -> nearOne ? 1 - size * Keyed.unit(draws.at(i)) : size * Keyed.unit(draws.at(i)));
            for (Scale scale : List.of(Scale.SHARE, Scale.POSITIVE)) {
                Statistics.meanInterval(scale, sample).ifPresent(i -> {
                    assertTrue(i.low() >= 0 && i.contains(Statistics.mean(sample)), () -> i + Arrays.toString(sample));
                    assertTrue(scale == Scale.POSITIVE || i.high() <= 1, () -> i + Arrays.toString(sample));
                });
            }
        }
    }

    /** Shares that are beta distributed over seeds, as the a-th smallest of a + b − 1 uniform numbers is. */
    @Test
    void intervalsOfSharesCoverTheTrueMeanAsOftenAsTheySay() {
        for (int seeds : List.of(3, 5, 10)) {
            for (int[] ab : List.of(new int[] {50, 50}, new int[] {90, 10}, new int[] {10, 30})) {
                nominal(coverage(seeds, ab[0], ab[1], Scale.SHARE), "shares " + ab[0] + ", " + ab[1] + ", " + seeds);
            }
            // so near 1 that most of Student's intervals leave the scale, and a tenth of them miss the mean
            double plain = coverage(seeds, 19, 1, Scale.UNBOUNDED);
            double here = coverage(seeds, 19, 1, Scale.SHARE);
            assertTrue(plain < 0.92 && here > plain + 0.02 && here > 0.925, seeds + ": " + plain + ", " + here);
        }
    }

    @Test
    void intervalsOfTimesCoverTheTrueMeanAsOftenAsTheySay() {
        for (int seeds : List.of(3, 5, 10)) {
            nominal(coverageOfTimes(seeds, 0.2, Scale.POSITIVE), "times, " + seeds);
            double plain = coverageOfTimes(seeds, 1, Scale.UNBOUNDED);
            double here = coverageOfTimes(seeds, 1, Scale.POSITIVE);
            assertTrue(here > plain + 0.02, seeds + " seeds of a long tail: " + plain + ", " + here);
        }
    }

    private static final int TRIALS = 4_000;

    /** Within the range that 999 of 1,000 binomial counts with the promised chance fall into. */
    private static void nominal(double coverage, String what) {
        double room = Statistics.normalQuantile(0.9995) * Math.sqrt(Statistics.LEVEL * (1 - Statistics.LEVEL) / TRIALS);
        assertEquals(Statistics.LEVEL, coverage, room, what);
    }

    private static double coverage(int seeds, int a, int b, Scale scale) {
        return covered(scale, (double) a / (a + b), seeds, draws -> {
            double[] uniform = new double[a + b - 1];
            Arrays.setAll(uniform, i -> Keyed.unit(draws.at(i)));
            Arrays.sort(uniform);
            return uniform[a - 1];
        });
    }

    private static double coverageOfTimes(int seeds, double sd, Scale scale) {
        return covered(scale, Math.exp(sd * sd / 2), seeds, draws -> Math.exp(sd * Keyed.normal(draws.at(0))));
    }

    private static double covered(Scale scale, double truth, int seeds, ToDoubleFunction<Keyed> draw) {
        int held = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            Keyed draws = Keyed.seed(21).of(trial);
            double[] sample = new double[seeds];
            Arrays.setAll(sample, i -> draw.applyAsDouble(draws.of(i)));
            held += Statistics.meanInterval(scale, sample).orElseThrow().contains(truth) ? 1 : 0;
        }
        return (double) held / TRIALS;
    }
}
