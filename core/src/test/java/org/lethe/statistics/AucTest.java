package org.lethe.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.Interval;
import org.lethe.numerics.Keyed;

class AucTest {
    @Test
    void areaIsTheShareOfPairsInOrderTiesCountingHalf() {
        Auc auc = Auc.of(new double[] {3, 2, 2}, new double[] {1, 2});
        assertEquals((2 + 1.5 + 1.5) / 6, auc.value(), 1e-15);
    }

    @Test
    void areaAndErrorEqualTheDefinitionOverAllPairs() {
        double[] positives = StatisticsTest.normals(23, 1);
        double[] negatives = StatisticsTest.normals(31, 2);
        Arrays.setAll(positives, i -> Math.round(positives[i] * 4 + 2));
        Arrays.setAll(negatives, i -> Math.round(negatives[i] * 4));
        double[] above = new double[positives.length];
        double[] below = new double[negatives.length];
        for (int i = 0; i < positives.length; i++) {
            for (int j = 0; j < negatives.length; j++) {
                double win = positives[i] > negatives[j] ? 1 : positives[i] == negatives[j] ? 0.5 : 0;
                above[i] += win / negatives.length;
                below[j] += win / positives.length;
            }
        }
        double error = Math.sqrt(
                Math.pow(Statistics.sd(above), 2) / above.length + Math.pow(Statistics.sd(below), 2) / below.length);
        Auc auc = Auc.of(positives, negatives);
        assertEquals(Statistics.mean(above), auc.value(), 1e-12);
        assertEquals(error, auc.error(), 1e-12);
    }

    @Test
    void monotoneScoresGiveTheSameArea() {
        double[] positives = StatisticsTest.normals(40, 3);
        double[] negatives = StatisticsTest.normals(40, 4);
        assertEquals(
                Auc.of(positives, negatives).value(),
                Auc.of(
                                Arrays.stream(positives).map(Math::exp).toArray(),
                                Arrays.stream(negatives).map(Math::exp).toArray())
                        .value(),
                0);
    }

    @Test
    void intervalCoversTheTrueAreaAboutAsOftenAsItSays() {
        // Scores apart by 1 standard deviation: the area is Φ(1/√2).
        double truth = 0.7602499389;
        int covered = 0;
        for (int run = 0; run < 300; run++) {
            double[] positives = StatisticsTest.normals(60, 1_000 + run);
            Arrays.setAll(positives, i -> positives[i] + 1);
            covered += Auc.of(positives, StatisticsTest.normals(60, 5_000 + run))
                            .interval()
                            .contains(truth)
                    ? 1
                    : 0;
        }
        // 95 % of 300 is 285, standard deviation 3.8; five of them are allowed.
        assertTrue(covered >= 266, covered + " of 300");
    }

    @Test
    void perfectSeparationIsNotCertainty() {
        Interval interval =
                Auc.of(new double[] {3, 4, 5}, new double[] {0, 1, 2}).interval();
        assertEquals(1, interval.high());
        assertEquals(Math.cbrt(0.025), interval.low(), 1e-12);
        Interval wrong = Auc.of(new double[] {0, 1, 2}, new double[] {3, 4, 5}).interval();
        assertEquals(0, wrong.low());
    }

    @Test
    void differenceOfAreasIsSeenAndItsAbsenceIsNot() {
        double[] strangers = StatisticsTest.normals(300, 1);
        double[] members = StatisticsTest.normals(300, 2);
        Auc nothing = Auc.of(members, strangers);
        Arrays.setAll(members, i -> members[i] + 1);
        Auc something = Auc.of(members, strangers);
        assertTrue(something.differenceTest(nothing) < 1e-6);
        assertEquals(1, nothing.differenceTest(nothing), 1e-12);
    }

    @Test
    void rateAtOnePercentLetsOneOfHundredStrangersThrough() {
        double[] strangers = new double[100];
        Arrays.setAll(strangers, i -> i);
        // The threshold is 98: only stranger 99 lies above it.
        double[] members = {97, 98, 98.5, 99, 120};
        var rate = Auc.truePositiveRate(members, strangers, 0.01, Keyed.seed(1));
        assertEquals(0.6, rate.value(), 1e-15);
        assertEquals(5, rate.n());
        assertTrue(rate.interval().contains(0.6));
        assertEquals(
                0.4,
                Auc.truePositiveRate(new double[] {97, 98, 99, 99.5, 120}, strangers, 0, Keyed.seed(1))
                        .value(),
                1e-15);
    }

    @Test
    void knowingNothingFindsAboutAsManyMembersAsStrangers() {
        var rate = Auc.truePositiveRate(
                StatisticsTest.normals(5_000, 11), StatisticsTest.normals(5_000, 12), 0.01, Keyed.seed(1));
        assertTrue(rate.interval().contains(0.01), rate.toString());
    }
}
