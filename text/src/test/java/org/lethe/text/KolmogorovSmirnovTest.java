package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

/** Known answers are those of {@code scipy.stats.ks_2samp} and {@code kstwobign.sf}, scipy 1.17.1. */
class KolmogorovSmirnovTest {
    @Test
    void smallSamplesHaveTheirKnownAnswers() {
        check(0.5, 0.7714285714285716, new double[] {1, 2, 3, 4}, new double[] {2.5, 3.5, 4.5, 5.5});
        check(0.6, 0.05244755244755244, range(10, 0, 1), range(10, 5.5, 1));
        check(1, 0.03571428571428571, new double[] {1, 2, 3}, new double[] {4, 5, 6, 7, 8});
        check(1, 1, new double[] {1}, new double[] {2});
    }

    @Test
    void tiesHaveTheirKnownAnswers() {
        check(0.37142857142857144, 0.7373737373737375, new double[] {1, 1, 2, 2, 3}, new double[] {1, 2, 2, 3, 3, 3, 4
        });
        check(0.5555555555555556, 0.12674825174825174, new double[] {1, 2, 2, 5, 7, 7, 7}, new double[] {
            2, 2, 3, 7, 8, 9, 9, 10, 11
        });
        check(0, 1, new double[] {0, 0, 0}, new double[] {0, -0.0});
        check(
                0.14,
                1.6850631221482604e-07,
                IntStream.range(0, 1000).mapToDouble(i -> i % 97).toArray(),
                IntStream.range(0, 700).mapToDouble(i -> i * 3 % 83).toArray());
    }

    @Test
    void verySmallChancesKeepTheirDigits() {
        check(1, 1.0635896769518578e-239, range(400, 0, 1), range(400, 1000, 1));
        check(1, 1.618325523027843e-206, range(400, 0, 1), range(300, 1000, 1));
    }

    @Test
    void logarithmOutlivesTheDouble() {
        KolmogorovSmirnov apart = KolmogorovSmirnov.of(range(1000, 0, 1), range(1000, 2000, 1));
        double paths = IntStream.rangeClosed(1, 1000)
                .mapToDouble(k -> Math.log10((1000.0 + k) / k))
                .sum();
        assertEquals(Math.log10(2) - paths, apart.log10P(), 1e-9);
        assertEquals(0, apart.p());
    }

    @Test
    void logarithmAgreesWithTheSumWhereBothWork() {
        // 480 and 520 separated values: 2 of C(1000, 480) paths, just below what the sum is trusted with.
        KolmogorovSmirnov apart = KolmogorovSmirnov.of(range(480, 0, 1), range(520, 1000, 1));
        double paths = IntStream.rangeClosed(1, 480)
                .mapToDouble(k -> Math.log10((520.0 + k) / k))
                .sum();
        assertEquals(Math.log10(2) - paths, apart.log10P(), 1e-9);
        assertTrue(apart.p() > 0 && apart.p() < 1e-290);
        assertEquals(apart.log10P(), Math.log10(apart.p()), 1e-9);
    }

    @Test
    void chanceIsTheShareOfAllPaths() {
        for (int n = 1; n <= 5; n++) {
            for (int m = 1; m <= 5; m++) {
                for (int mask = 0; mask < 1 << (n + m); mask++) {
                    if (Integer.bitCount(mask) == n) {
                        KolmogorovSmirnov test = of(mask, n, m);
                        assertEquals(share(n, m, test.statistic()), test.p(), 1e-12);
                    }
                }
            }
        }
    }

    @Test
    void limitHasItsKnownAnswers() {
        assertEquals(0.9999906941986655, Math.exp(KolmogorovSmirnov.logLimit(0.3)), 1e-14);
        assertEquals(0.9639452436648751, Math.exp(KolmogorovSmirnov.logLimit(0.5)), 1e-14);
        assertEquals(0.5441424115741981, Math.exp(KolmogorovSmirnov.logLimit(0.8)), 1e-14);
        assertEquals(0.26999967167735456, Math.exp(KolmogorovSmirnov.logLimit(1)), 1e-14);
        assertEquals(0.26999967167735456, Math.exp(KolmogorovSmirnov.logLimit(Math.nextDown(1.0))), 1e-14);
        assertEquals(0.022217962616525127, Math.exp(KolmogorovSmirnov.logLimit(1.5)), 1e-15);
        assertEquals(3.045995948942526e-08, Math.exp(KolmogorovSmirnov.logLimit(3)), 1e-21);
        assertEquals(1, Math.exp(KolmogorovSmirnov.logLimit(1e-4)));
    }

    @Test
    void limitIsCloseToTheCountInLargeSamples() {
        double[] first = draws(3000, Keyed.seed(1));
        double[] second = draws(2000, Keyed.seed(2));
        KolmogorovSmirnov exact = KolmogorovSmirnov.of(first, second);
        KolmogorovSmirnov limit = KolmogorovSmirnov.of(first, second, 2999);
        assertTrue(exact.exact());
        assertFalse(limit.exact());
        assertEquals(exact.p(), limit.p(), 0.02);
        assertEquals(exact.statistic(), limit.statistic());
    }

    @Test
    void monotoneMapsChangeNothing() {
        for (int seed = 0; seed < 50; seed++) {
            double[] first = draws(23, Keyed.seed(seed).of("first"));
            double[] second = draws(31, Keyed.seed(seed).of("second"));
            KolmogorovSmirnov before = KolmogorovSmirnov.of(first, second);
            for (DoubleUnaryOperator map :
                    new DoubleUnaryOperator[] {r -> 1 / r, Math::log, r -> -3 * r, r -> Math.pow(r, 3)}) {
                KolmogorovSmirnov after = KolmogorovSmirnov.of(mapped(first, map), mapped(second, map));
                assertEquals(before, after);
            }
            KolmogorovSmirnov swapped = KolmogorovSmirnov.of(second, first);
            assertEquals(before.statistic(), swapped.statistic());
            assertEquals(before.p(), swapped.p(), 1e-13);
            assertTrue(before.p() > 0 && before.p() <= 1);
        }
    }

    @Test
    void sampleIsLikeItself() {
        double[] sample = draws(300, Keyed.seed(3));
        assertEquals(new KolmogorovSmirnov(0, 1, 0, true, 300, 300), KolmogorovSmirnov.of(sample, sample));
    }

    @Test
    void chanceIsUniformWhereNothingDiffers() {
        int small = 0;
        for (int seed = 0; seed < 2000; seed++) {
            small += KolmogorovSmirnov.of(
                                            draws(40, Keyed.seed(seed).of("a")),
                                            draws(50, Keyed.seed(seed).of("b")))
                                    .p()
                            <= 0.1
                    ? 1
                    : 0;
        }
        // Below 0.1 by discreteness; 5 standard deviations above 200 are 267.
        assertTrue(small > 100 && small < 267, "p <= 0.1 in " + small + " of 2000");
    }

    @Test
    void emptySamplesAndGapsAreRefused() {
        double[] one = {1};
        assertEquals(
                "first.length is 0, expected at least 1",
                assertThrows(IllegalArgumentException.class, () -> KolmogorovSmirnov.of(new double[0], one))
                        .getMessage());
        assertEquals(
                "second[1] is NaN, expected a number",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> KolmogorovSmirnov.of(one, new double[] {0, Double.NaN}))
                        .getMessage());
        assertEquals(
                1,
                KolmogorovSmirnov.of(one, new double[] {Double.POSITIVE_INFINITY})
                        .statistic());
    }

    private static void check(double statistic, double p, double[] first, double[] second) {
        KolmogorovSmirnov test = KolmogorovSmirnov.of(first, second);
        assertEquals(statistic, test.statistic(), 1e-15);
        assertEquals(p, test.p(), 1e-11 * p);
        assertEquals(Math.log10(p), test.log10P(), 1e-10);
        assertTrue(test.exact());
    }

    private static double[] range(int n, double from, double step) {
        return IntStream.range(0, n).mapToDouble(i -> from + i * step).toArray();
    }

    private static double[] draws(int n, Keyed key) {
        return IntStream.range(0, n).mapToDouble(i -> Keyed.unit(key.at(i))).toArray();
    }

    private static double[] mapped(double[] sample, DoubleUnaryOperator map) {
        return Arrays.stream(sample).map(map).toArray();
    }

    /** Positions 0 to n + m - 1, of which those in the mask are the first sample. */
    private static KolmogorovSmirnov of(int mask, int n, int m) {
        return KolmogorovSmirnov.of(
                IntStream.range(0, n + m)
                        .filter(i -> (mask >> i & 1) == 1)
                        .mapToDouble(i -> i)
                        .toArray(),
                IntStream.range(0, n + m)
                        .filter(i -> (mask >> i & 1) == 0)
                        .mapToDouble(i -> i)
                        .toArray());
    }

    /** The share of all arrangements with at least this distance, each walked. */
    private static double share(int n, int m, double statistic) {
        int all = 0;
        int far = 0;
        for (int mask = 0; mask < 1 << (n + m); mask++) {
            if (Integer.bitCount(mask) != n) {
                continue;
            }
            double most = 0;
            for (int i = 0, x = 0; i < n + m; i++) {
                x += mask >> i & 1;
                most = Math.max(most, Math.abs((double) x / n - (double) (i + 1 - x) / m));
            }
            all++;
            far += most >= statistic - 1e-9 ? 1 : 0;
        }
        return (double) far / all;
    }
}
