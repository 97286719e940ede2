package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Interval;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Difference;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;

class BandsTest {
    private static final Keyed KEY = Keyed.seed(6).of("bands");

    @Test
    void intervalOfAMeanIsAsWideAsItsStandardErrorSays() {
        double[] values = draws(400, Keyed.seed(1));
        Interval interval = Bands.mean(values, KEY).interval();
        assertEquals(Statistics.mean(values), Bands.mean(values, KEY).value(), 1e-12);
        double half = 1.96 * Statistics.sd(values) / Math.sqrt(400);
        // The ends of 2000 resamples move by some 3 % of the half width; five times that.
        assertEquals(2 * half, interval.high() - interval.low(), 0.15 * 2 * half);
        assertTrue(interval.contains(Statistics.mean(values)));
    }

    @Test
    void commonNoiseCancelsInAPairedDifference() {
        double[] first = draws(100, Keyed.seed(2));
        double[] second = Arrays.stream(first).map(v -> v - 0.01).toArray();
        Difference difference = Bands.mean(first, KEY).less(Bands.mean(second, KEY));
        assertEquals(0.01, difference.value(), 1e-12);
        assertEquals(0.01, difference.interval().low(), 1e-12);
        assertEquals(0.01, difference.interval().high(), 1e-12);
        assertTrue(difference.beyond(0));
        Difference unpaired = Bands.mean(first, KEY).less(Bands.mean(second, KEY.of("other")));
        assertTrue(unpaired.interval().contains(0));
    }

    @Test
    void harmonicMeanOfOneMeasureIsItsMean() {
        double[] values = draws(50, Keyed.seed(3));
        Sampled harmonic = Bands.harmonicMean(List.of(List.of(values)), KEY);
        Sampled mean = Bands.mean(values, KEY.of(0));
        assertEquals(mean.value(), harmonic.value(), 1e-12);
        assertArrayEquals(mean.drawn(), harmonic.drawn(), 1e-12);
    }

    @Test
    void harmonicMeanIsThatOfTheMeans() {
        List<List<double[]>> sets =
                List.of(List.of(draws(30, Keyed.seed(4)), draws(30, Keyed.seed(5))), List.of(draws(70, Keyed.seed(6))));
        Sampled utility = Bands.harmonicMean(sets, KEY);
        double[] means = sets.stream()
                .flatMap(List::stream)
                .mapToDouble(Statistics::mean)
                .toArray();
        assertEquals(TofuMetrics.modelUtility(means), utility.value(), 1e-12);
        assertTrue(utility.interval().contains(utility.value()));
        assertArrayEquals(utility.drawn(), Bands.harmonicMean(sets, KEY).drawn());
    }

    @Test
    void measuresOfOneSetAreResampledTogether() {
        double[] first = draws(40, Keyed.seed(7));
        double[] rest = Arrays.stream(first).map(v -> 1 - v).toArray();
        // With mean m, the harmonic mean of m and 1 - m is 2 m (1 - m), in every resample.
        Sampled mean = Bands.mean(first, KEY.of(0));
        Sampled utility = Bands.harmonicMean(List.of(List.of(first, rest)), KEY);
        assertArrayEquals(Arrays.stream(mean.drawn()).map(m -> 2 * m * (1 - m)).toArray(), utility.drawn(), 1e-12);
    }

    @Test
    void setWithOnlyZerosMakesTheUtilityZero() {
        Sampled utility = Bands.harmonicMean(List.of(List.of(new double[5]), List.of(draws(5, KEY))), KEY);
        assertEquals(0, utility.value());
        assertEquals(new Interval(0, 0, Statistics.LEVEL), utility.interval());
    }

    @Test
    void impossibleInputIsRefused() {
        refused("values.length is 0", () -> Bands.mean(new double[0], KEY));
        refused("values[1] is NaN", () -> Bands.mean(new double[] {1, Double.NaN}, KEY));
        refused("sets.size is 0", () -> Bands.harmonicMean(List.of(), KEY));
        refused("sets[0].size is 0", () -> Bands.harmonicMean(List.of(List.of()), KEY));
        refused(
                "sets[0][1].length is 3",
                () -> Bands.harmonicMean(List.of(List.of(new double[2], new double[3])), KEY));
        refused(
                "the least of sets[0][0] is -1.0",
                () -> Bands.harmonicMean(List.of(List.of(new double[] {2, -1})), KEY));
    }

    private static double[] draws(int n, Keyed key) {
        return IntStream.range(0, n).mapToDouble(i -> Keyed.unit(key.at(i))).toArray();
    }

    private static void refused(String message, Runnable call) {
        String got = String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
        assertTrue(got.startsWith(message + ", expected "), got);
    }
}
