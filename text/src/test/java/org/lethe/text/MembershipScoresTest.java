package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Auc;

class MembershipScoresTest {
    @Test
    void uniformModelScoresTheLogarithmOfItsVocabulary() {
        double[] uniform = new double[17];
        Arrays.fill(uniform, -Math.log(64));
        assertEquals(Math.log(64), MembershipScores.loss(uniform), 1e-14);
        assertEquals(Math.log(64), MembershipScores.minK(uniform, MembershipScores.FRACTION), 1e-14);
        assertEquals(0, MembershipScores.minKPlusPlus(uniform, uniform, new double[17], 0.2), 1e-14);
        assertEquals(0, MembershipScores.reference(uniform, uniform));
    }

    @Test
    void minKLooksAtTheLowestOnly() {
        double[] logs = {-1, -5, -2, -9, -3};
        assertEquals(7, MembershipScores.minK(logs, 0.4));
        assertEquals(9, MembershipScores.minK(logs, 0.39));
        assertEquals(9, MembershipScores.minK(logs, 0.01));
        assertEquals(MembershipScores.loss(logs), MembershipScores.minK(logs, 1));
        assertEquals(-5, logs[1]);
    }

    @Test
    void minKPlusPlusStandardisesEachToken() {
        double[] logs = {-1, -5, -2};
        double[] means = {-2, -3, -2};
        double[] sds = {0.5, 2, 0};
        // (1/0.5, -2/2, 0/0.001): the lowest is -1, the two lowest -1 and 0.
        assertEquals(1, MembershipScores.minKPlusPlus(logs, means, sds, 0.4), 1e-15);
        assertEquals(0.5, MembershipScores.minKPlusPlus(logs, means, sds, 0.7), 1e-15);
        assertEquals(1000, MembershipScores.minKPlusPlus(new double[] {-3}, new double[] {-2}, new double[1], 1), 1e-9);
    }

    /**
     * Lengths by {@code len(zlib.compress(text.encode()))}, CPython 3.11 with zlib at its default level, which is 6.
     */
    @Test
    void compressedLengthsAreThoseOfZlib() {
        assertEquals(8, MembershipScores.compressedBytes(""));
        assertEquals(9, MembershipScores.compressedBytes("a"));
        assertEquals(15, MembershipScores.compressedBytes("abc".repeat(100)));
        assertEquals(31, MembershipScores.compressedBytes("Größe — ü ☃ ".repeat(5)));
        String born = "Jaime Vasquez was born on the 25th of February in the year 1958. ";
        assertEquals(69, MembershipScores.compressedBytes(born));
        assertEquals(2.0 / 69, MembershipScores.zlib(new double[] {-1, -3}, born), 1e-15);
    }

    @Test
    void longTextFillsManyBuffers() {
        String squares =
                IntStream.range(0, 2000).mapToObj(i -> Integer.toString(i * i)).collect(Collectors.joining(" "));
        // Another zlib may differ by some bytes here; the buffer of 4096 must not show.
        assertEquals(6572, MembershipScores.compressedBytes(squares), 66);
    }

    @Test
    void areaIsOneWhereTheForgetSetStillLooksLearnt() {
        double[] low = {0.1, 0.2, 0.3};
        double[] high = {2, 3};
        assertEquals(1, MembershipScores.auc(low, high).value());
        assertEquals(0, MembershipScores.auc(high, low).value());
        assertEquals(0.5, MembershipScores.auc(low, low).value());
    }

    @Test
    void tiedScoresCountHalf() {
        // Pairs (holdout over forget): 2>1, 2=2, 2<3, 4>1, 4>2, 4>3 = (1 + 1/2 + 0 + 3) / 6.
        Auc auc = MembershipScores.auc(new double[] {1, 2, 3}, new double[] {2, 4});
        assertEquals(4.5 / 6, auc.value(), 1e-15);
        assertEquals(
                0.5,
                MembershipScores.auc(new double[] {7, 7}, new double[] {7, 7, 7})
                        .value());
    }

    @Test
    void areaDoesNotChangeUnderIncreasingMaps() {
        Keyed key = Keyed.seed(8);
        double[] forget =
                IntStream.range(0, 40).mapToDouble(i -> Keyed.unit(key.at(i))).toArray();
        double[] holdout =
                IntStream.range(40, 90).mapToDouble(i -> Keyed.unit(key.at(i))).toArray();
        double area = MembershipScores.auc(forget, holdout).value();
        assertEquals(
                area,
                MembershipScores.auc(
                                Arrays.stream(forget).map(Math::log).toArray(),
                                Arrays.stream(holdout).map(Math::log).toArray())
                        .value());
        assertEquals(1 - area, MembershipScores.auc(holdout, forget).value(), 1e-12);
    }

    @Test
    void untouchedModelLeaksAndRetrainedOneDoesNot() {
        Auc learnt = MembershipScores.auc(new double[] {0, 0.1}, new double[] {1, 2});
        Auc half = MembershipScores.auc(new double[] {1, 2}, new double[] {1, 2});
        Auc over = MembershipScores.auc(new double[] {1, 2}, new double[] {0, 0.1});
        assertEquals(
                OptionalDouble.of(-100),
                MembershipScores.privLeak(learnt, Optional.empty()).value());
        assertEquals(
                OptionalDouble.of(0),
                MembershipScores.privLeak(half, Optional.of(half)).value());
        assertEquals(
                OptionalDouble.of(100),
                MembershipScores.privLeak(over, Optional.empty()).value());
        MembershipScores.PrivLeak both = MembershipScores.privLeak(half, Optional.of(over));
        assertEquals(new MembershipScores.PrivLeak(OptionalDouble.of(-50), 0.5, 0), both);
        assertEquals(
                OptionalDouble.empty(),
                MembershipScores.privLeak(half, Optional.of(learnt)).value());
    }

    @Test
    void impossibleInputIsRefused() {
        refused("logProbabilities.length is 0", () -> MembershipScores.loss(new double[0]));
        refused("logProbabilities[1] is NaN", () -> MembershipScores.minK(new double[] {-1, Double.NaN}, 0.4));
        refused("logProbabilities[0] is 0.5", () -> MembershipScores.loss(new double[] {0.5}));
        refused("fraction is 0.0", () -> MembershipScores.minK(new double[] {-1}, 0));
        refused("fraction is 1.1", () -> MembershipScores.minK(new double[] {-1}, 1.1));
        refused(
                "sds[0] is NaN",
                () -> MembershipScores.minKPlusPlus(
                        new double[] {-1}, new double[] {-1}, new double[] {Double.NaN}, 1));
        refused(
                "means.length is 2",
                () -> MembershipScores.minKPlusPlus(new double[] {-1}, new double[2], new double[1], 1));
        refused(
                "referenceLogProbabilities.length is 1",
                () -> MembershipScores.reference(new double[2], new double[1]));
        refused("norms[0] is -1.0", () -> MembershipScores.gradientNorm(new double[] {-1}));
        refused("sample size is 0", () -> MembershipScores.auc(new double[0], new double[] {1}));
    }

    private static void refused(String message, Runnable call) {
        String got = String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
        assertTrue(got.startsWith(message + ", expected "), got);
    }
}
