package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class AssignmentTest {
    @Test
    void sixPointsOnALineCostSixtySeven() {
        double[] x = {0, 1, 2, 3, 11, 12};
        double[] cost = new double[12];
        for (int i = 0; i < 6; i++) {
            cost[2 * i] = (x[i] - 1) * (x[i] - 1);
            cost[2 * i + 1] = (x[i] - 11) * (x[i] - 11);
        }
        Assignment found = Assignment.even(cost, 6, 2);
        assertEquals(67, found.cost(), 0);
        assertEquals(67, found.dual(), 1e-12);
        assertArrayEquals(new int[] {0, 0, 0, 1, 1, 1}, found.labels());
    }

    @Test
    void ultraReExampleSplitsInTheMiddle() {
        Assignment found = Assignment.even(new double[] {0, 4, 1, 3, 1, 1, 4, 0}, 4, 2);
        assertArrayEquals(new int[] {0, 0, 1, 1}, found.labels());
    }

    @Test
    void costEqualsTheBestOfAllAssignments() {
        Random random = new Random(5);
        for (int trial = 0; trial < 3000; trial++) {
            int n = random.nextInt(7) + 1;
            int groups = random.nextInt(4) + 1;
            int kind = random.nextInt(3);
            double[] cost = new double[n * groups];
            for (int i = 0; i < cost.length; i++) {
                cost[i] = switch (kind) {
                    case 0 -> random.nextInt(3); // many ties
                    case 1 -> random.nextGaussian();
                    default -> random.nextDouble() * 1e12;
                };
            }
            int[] least = new int[groups];
            int[] most = new int[groups];
            int fewest = 0;
            int largest = 0;
            while (largest < n) {
                fewest = 0;
                largest = 0;
                for (int k = 0; k < groups; k++) {
                    least[k] = random.nextInt(3);
                    most[k] = least[k] + random.nextInt(n + 1);
                    fewest += least[k];
                    largest += most[k];
                }
                if (fewest > n) {
                    largest = 0;
                }
            }
            double[] prices = new double[groups];
            for (int k = 0; k < groups; k++) {
                prices[k] = random.nextBoolean() ? 0 : random.nextGaussian();
            }
            Assignment found = Assignment.within(cost, n, least, most, prices);
            double best = best(cost, groups, 0, n, new int[groups], least, most, 0);
            double tolerance = 1e-12 * (1 + Math.abs(best));
            assertEquals(best, found.cost(), tolerance, "trial " + trial);
            assertEquals(best, found.dual(), 10 * tolerance, "trial " + trial);
            int[] sizes = found.sizes();
            for (int k = 0; k < groups; k++) {
                assertTrue(sizes[k] >= least[k] && sizes[k] <= most[k]);
            }
        }
    }

    private static double best(
            double[] cost, int groups, int point, int n, int[] sizes, int[] least, int[] most, double sofar) {
        if (point == n) {
            for (int k = 0; k < groups; k++) {
                if (sizes[k] < least[k]) {
                    return Double.POSITIVE_INFINITY;
                }
            }
            return sofar;
        }
        double lowest = Double.POSITIVE_INFINITY;
        for (int k = 0; k < groups; k++) {
            if (sizes[k] < most[k]) {
                sizes[k]++;
                lowest = Math.min(
                        lowest, best(cost, groups, point + 1, n, sizes, least, most, sofar + cost[point * groups + k]));
                sizes[k]--;
            }
        }
        return lowest;
    }

    @Test
    void goodPricesSaveAugmentationsAndChangeNoCost() {
        Random random = new Random(6);
        int n = 400;
        int groups = 7;
        double[] cost = random.doubles(n * groups).toArray();
        for (int i = 0; i < n; i++) {
            cost[i * groups] -= 0.5;
        }
        Assignment cold = Assignment.even(cost, n, groups);
        Assignment warm = Assignment.even(cost, n, groups, cold.prices());
        assertEquals(cold.cost(), warm.cost(), 1e-10);
        assertEquals(cold.cost(), cold.dual(), 1e-10);
        assertTrue(
                warm.augmentations() < cold.augmentations() / 10, warm.augmentations() + " of " + cold.augmentations());
    }

    @Test
    void wrongInputIsNamed() {
        assertTrue(assertThrows(
                        IllegalArgumentException.class, () -> Assignment.even(new double[] {0, 1, Double.NaN, 2}, 2, 2))
                .toString()
                .contains("point 1 in group 0 is NaN"));
        assertThrows(IllegalArgumentException.class, () -> Assignment.even(new double[3], 2, 2));
        assertThrows(IllegalArgumentException.class, () -> Assignment.even(new double[3], 2, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> Assignment.within(new double[4], 2, new int[] {2, 1}, new int[] {2, 2}, new double[2]));
    }
}
