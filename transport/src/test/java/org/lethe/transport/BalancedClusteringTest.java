package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class BalancedClusteringTest {
    private static float[] cloud(long seed, int n, int dims) {
        Keyed key = Keyed.seed(seed).of("cloud");
        float[] points = new float[n * dims];
        for (int i = 0; i < points.length; i++) {
            points[i] = (float) Keyed.normal(key.at(i));
        }
        return points;
    }

    @Test
    void objectiveNeverRisesAndSizesDifferByOneAtMost() {
        for (long seed = 1; seed <= 20; seed++) {
            int n = 90 + (int) seed;
            BalancedClustering.Result found =
                    new BalancedClustering(7, 60).cluster(cloud(seed, n, 3), 3, Keyed.seed(seed));
            double[] objectives = found.objectives();
            for (int r = 1; r < objectives.length; r++) {
                assertTrue(objectives[r] <= objectives[r - 1] * (1 + 1e-12), "seed " + seed + " round " + r);
            }
            assertTrue(found.converged(), "seed " + seed);
            int[] sizes = new int[7];
            for (int label : found.labels()) {
                sizes[label]++;
            }
            int smallest = Arrays.stream(sizes).min().orElseThrow();
            int largest = Arrays.stream(sizes).max().orElseThrow();
            assertTrue(smallest >= n / 7 && largest <= (n + 6) / 7, Arrays.toString(sizes));
        }
    }

    @Test
    void twoEqualBlobsAreFound() {
        float[] points = new float[40];
        for (int i = 0; i < 40; i++) {
            points[i] = (i % 2 == 0 ? 0 : 100) + i * 0.01f;
        }
        BalancedClustering.Result found = new BalancedClustering(2, 50).cluster(points, 1, Keyed.seed(3));
        for (int i = 2; i < 40; i++) {
            assertEquals(found.labels()[i % 2], found.labels()[i]);
        }
        assertEquals(0.19, found.centroids()[found.labels()[0]], 1e-6);
    }

    @Test
    void sixPointsFromGivenCentres() {
        float[] points = {0, 1, 2, 3, 11, 12};
        BalancedClustering.Result found =
                new BalancedClustering(2).cluster(points, 1, new int[] {0, 1, 2, 3, 4, 5}, new double[] {1, 11});
        assertArrayEquals(new int[] {0, 0, 0, 1, 1, 1}, found.labels());
        assertArrayEquals(new double[] {1, 26 / 3.0}, found.centroids(), 1e-12);
        assertTrue(found.converged());
    }

    @Test
    void oneSeedGivesOneResultWhateverTheTableHoldsBesides() {
        float[] points = cloud(4, 60, 2);
        int[] rows = new int[50];
        Arrays.setAll(rows, i -> i + 5);
        BalancedClustering clustering = new BalancedClustering(5);
        int[] labels = clustering.cluster(points, 2, rows, Keyed.seed(1)).labels();
        points[0] = Float.NaN;
        points[119] = 1e30f;
        assertArrayEquals(
                labels, clustering.cluster(points, 2, rows, Keyed.seed(1)).labels());
    }

    @Test
    void whenPointsLeaveOnlyTheirGroupsAreTouched() {
        for (int seed = 1; seed <= 30; seed++) {
            int n = 60 + seed;
            float[] points = cloud(seed, n, 2);
            BalancedClustering clustering = new BalancedClustering(5, 50);
            BalancedClustering.Result before = clustering.cluster(points, 2, Keyed.seed(seed));
            int[] all = new int[n];
            Arrays.setAll(all, i -> i);
            int gone = seed % 7 == 0 ? 8 : 1;
            int[] rows = Arrays.copyOfRange(all, gone, n);
            BalancedClustering.Left left = clustering.without(points, 2, rows, before, all);
            int[] sizes = new int[5];
            int[] kept = new int[5];
            int moved = 0;
            for (int i = 0; i < rows.length; i++) {
                int was = before.labels()[rows[i]];
                int is = left.groups().labels()[i];
                sizes[is]++;
                kept[was]++;
                if (was != is) {
                    moved++;
                    assertTrue(left.touched()[was] && left.touched()[is]);
                }
            }
            int over = 0;
            int under = 0;
            for (int k = 0; k < 5; k++) {
                assertTrue(sizes[k] >= rows.length / 5 && sizes[k] <= (rows.length + 4) / 5, "seed " + seed);
                over += Math.max(0, kept[k] - (rows.length + 4) / 5);
                under += Math.max(0, rows.length / 5 - kept[k]);
                if (!left.touched()[k]) {
                    assertArrayEquals(
                            Arrays.copyOfRange(before.centroids(), 2 * k, 2 * k + 2),
                            Arrays.copyOfRange(left.groups().centroids(), 2 * k, 2 * k + 2),
                            0);
                }
            }
            assertEquals(Math.max(over, under), moved, "seed " + seed + ": the fewest moves that restore the sizes");
            assertTrue(left.touched()[before.labels()[0]]);
        }
        BalancedClustering two = new BalancedClustering(2);
        BalancedClustering.Result result = two.cluster(cloud(1, 4, 1), 1, Keyed.seed(1));
        assertThrows(
                IllegalArgumentException.class,
                () -> two.without(cloud(1, 9, 1), 1, new int[] {7, 8}, result, new int[] {0, 1, 2, 3}));
    }

    @Test
    void groupsHaveTheSizesThatAreAskedFor() {
        java.util.Random random = new java.util.Random(8);
        float[] table = new float[2 * 60];
        int[] rows = new int[60];
        for (int i = 0; i < 60; i++) {
            rows[i] = i;
            table[2 * i] = (i < 45 ? 0 : 10) + (float) random.nextGaussian();
            table[2 * i + 1] = (float) random.nextGaussian();
        }
        int[] sizes = {10, 35, 15};
        BalancedClustering.Result r = new BalancedClustering(3, 50).cluster(table, 2, rows, sizes, Keyed.seed(8));
        int[] found = new int[3];
        for (int label : r.labels()) {
            found[label]++;
        }
        assertArrayEquals(sizes, found);
        for (int k = 1; k < r.rounds(); k++) {
            assertTrue(r.objectives()[k] <= r.objectives()[k - 1] + 1e-9);
        }
        for (int[] wrong : new int[][] {{60}, {10, 35, 16}, {0, 45, 15}}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new BalancedClustering(3).cluster(table, 2, rows, wrong, Keyed.seed(8)));
        }
    }

    @Test
    void wrongInputIsNamed() {
        float[] points = {0, 1, Float.NaN, 2};
        assertTrue(assertThrows(
                        IllegalArgumentException.class,
                        () -> new BalancedClustering(2).cluster(points, 2, Keyed.seed(1)))
                .toString()
                .contains("row 1 column 0 is NaN"));
        assertThrows(
                IllegalArgumentException.class,
                () -> new BalancedClustering(5).cluster(new float[8], 2, Keyed.seed(1)));
        assertThrows(IllegalArgumentException.class, () -> new BalancedClustering(0));
    }
}
