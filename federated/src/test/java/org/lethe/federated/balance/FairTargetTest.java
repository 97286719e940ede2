package org.lethe.federated.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.federated.ScoreMap;
import org.lethe.numerics.Keyed;
import org.lethe.transport.Line;

class FairTargetTest {
    @Test
    void theBarycenterOfTwoGroupsHasItsKnownQuantilesAndCost() {
        Line first = Line.of(0.1, 0.3, 0.5, 0.7);
        Line second = Line.of(0.2, 0.4);
        Line middle = FairTarget.W2_BARYCENTER.of(List.of(first, second), 2.0 / 3, 1.0 / 3);
        double[] quarters = new double[4];
        Arrays.setAll(quarters, k -> middle.quantile((k + 0.5) / 4));
        assertArrayEquals(new double[] {0.133333, 0.266667, 0.466667, 0.6}, quarters, 1e-6);
        double cost = 2.0 / 3 * first.power(middle, 2) + 1.0 / 3 * second.power(middle, 2);
        assertEquals(2.0 / 9 * 0.03, cost, 1e-9);
    }

    @Test
    void twoAtomsMeetInTheMiddleOrAreMixed() {
        double[] low = new double[101];
        double[] high = new double[101];
        low[20] = 10;
        high[80] = 10;
        ScoreMap barycenter = FairTarget.W2_BARYCENTER.map(new double[][] {low, high}, false, 1);
        assertEquals(0.5f, barycenter.of(0, 0.2f), 1e-6);
        assertEquals(0.5f, barycenter.of(1, 0.8f), 1e-6);
        Line mixed = FairTarget.MARGINAL.of(List.of(Line.of(0.2), Line.of(0.8)), 0.5, 0.5);
        assertEquals(0.18, Line.of(0.2).power(mixed, 2), 1e-9);
        assertEquals(0.18, Line.of(0.8).power(mixed, 2), 1e-9);
    }

    @Test
    void theMedianOfTwoGroupsIsTheHeavierOne() {
        Line heavy = Line.of(0.1, 0.2, 0.3);
        Line median = FairTarget.W1_MEDIAN.of(List.of(heavy, Line.of(0.7, 0.8)), 0.6, 0.4);
        assertEquals(0, heavy.distance(median, 1), 1e-9);
    }

    @Test
    void equalGroupsStayWhereTheyAre() {
        double[] histogram = new double[101];
        for (int b = 0; b < 101; b++) {
            histogram[b] = 1 + b % 7;
        }
        for (FairTarget target : FairTarget.values()) {
            ScoreMap map = target.map(new double[][] {histogram, histogram}, false, 1);
            for (int b = 0; b < 101; b++) {
                assertEquals(b / 100f, map.of(0, b / 100f), 0.011, target + " at bin " + b);
            }
        }
    }

    @Test
    void histogramsGiveTheTargetsOfRanks() {
        int n = 4_000;
        double[][] scores = new double[2][n];
        double[][] histograms = new double[2][101];
        for (int g = 0; g < 2; g++) {
            for (int i = 0; i < n; i++) {
                double u = Keyed.unit(Keyed.seed(g).at(i));
                scores[g][i] = g == 0 ? 0.1 + 0.6 * u : 0.2 + 0.4 * u + 0.3 * u * u;
                histograms[g][(int) Math.rint(scores[g][i] * 100)]++;
            }
            Arrays.sort(scores[g]);
        }
        ScoreMap map = FairTarget.W2_BARYCENTER.map(histograms, false, 1);
        for (int g = 0; g < 2; g++) {
            for (int i = 0; i < n; i++) {
                double byRank = (scores[0][i] + scores[1][i]) / 2;
                assertEquals(byRank, map.of(g, (float) scores[g][i]), 0.02, "group " + g + " rank " + i);
            }
        }
    }

    @Test
    void partOfTheWayIsPartOfTheMove() {
        double[] low = new double[11];
        double[] high = new double[11];
        low[2] = 1;
        high[8] = 1;
        ScoreMap half = FairTarget.W2_BARYCENTER.map(new double[][] {low, high}, false, 0.5);
        assertEquals(0.35f, half.of(0, 0.2f), 1e-6);
        assertEquals(0.2f, half.of(-1, 0.2f), "a person of no group stays");
    }

    @Test
    void aGroupWithoutRecordsHasNoMapAndOneAloneStays() {
        double[] only = new double[101];
        only[0] = 3;
        only[100] = 1;
        ScoreMap map = FairTarget.W2_BARYCENTER.map(new double[][] {only, new double[101]}, false, 1);
        assertTrue(!map.moves(0) && !map.moves(1));
        assertEquals(1f, map.of(0, 1f));
        assertEquals(0f, map.of(1, 0f));
    }

    @Test
    void oneRecordAgainstManyGoesToTheirMiddle() {
        double[] many = new double[101];
        Arrays.fill(many, 10);
        double[] one = new double[101];
        one[100] = 1;
        ScoreMap map = FairTarget.W2_BARYCENTER.map(new double[][] {many, one}, false, 1);
        assertEquals(0.5, map.of(1, 1f), 0.01);
    }

    @Test
    void noiseLeavesNoNegativeNumberOfPeople() {
        double[] noisy = {-3, 5, -1, 2, -4, 6};
        double[] repaired = Histogram.repaired(noisy);
        double sum = 0;
        for (double count : repaired) {
            assertTrue(count >= 0, Arrays.toString(repaired));
            sum += count;
        }
        assertTrue(sum > 0);
        double[] clean = {1, 0, 4, 2};
        assertArrayEquals(clean, Histogram.repaired(clean), 1e-12);
    }
}
