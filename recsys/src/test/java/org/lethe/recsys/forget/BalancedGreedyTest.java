package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import org.junit.jupiter.api.Test;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;

class BalancedGreedyTest {
    /** Distances as given; anchors do not move. */
    private record Fixed(float[][] d) implements BalancedGreedy.Space {
        @Override
        public int units() {
            return d.length;
        }

        @Override
        public void start(int[] chosen) {}

        @Override
        public void measure() {}

        @Override
        public void distances(int unit, float[] into) {
            System.arraycopy(d[unit], 0, into, 0, into.length);
        }

        @Override
        public void move(int[] shardOf) {}
    }

    /** The literal form: sort all pairs and walk the list. */
    private static int[] literal(float[][] d, int capacity, boolean ascending) {
        record Pair(float d, int unit, int anchor) {}
        Comparator<Pair> order = Comparator.comparingDouble(p -> ascending ? p.d : -p.d);
        Pair[] pairs = new Pair[d.length * d[0].length];
        for (int n = 0; n < pairs.length; n++) {
            pairs[n] = new Pair(d[n / d[0].length][n % d[0].length], n / d[0].length, n % d[0].length);
        }
        Arrays.sort(pairs, order.thenComparingInt(p -> p.unit).thenComparingInt(p -> p.anchor));
        int[] shardOf = new int[d.length];
        Arrays.fill(shardOf, -1);
        int[] sizes = new int[d[0].length];
        for (Pair p : pairs) {
            if (shardOf[p.unit] < 0 && sizes[p.anchor] < capacity) {
                shardOf[p.unit] = p.anchor;
                sizes[p.anchor]++;
            }
        }
        return shardOf;
    }

    @Test
    void deferredAcceptanceIsTheGreedyWalkTiesIncluded() {
        for (int seed = 1; seed <= 200; seed++) {
            Keyed random = Keyed.seed(seed);
            int units = 5 + Keyed.below(random.at(-1), 60);
            int shards = 1 + Keyed.below(random.at(-2), 5);
            int levels = seed % 2 == 0 ? 4 : 1 << 20;
            float[][] d = new float[units][shards];
            for (int u = 0; u < units; u++) {
                for (int s = 0; s < shards; s++) {
                    d[u][s] = Keyed.below(random.at(u, s), levels);
                }
            }
            int capacity = BalancedGreedy.capacity(units, shards, seed % 3 == 0 ? 1 : 1.2);
            assertArrayEquals(
                    literal(d, capacity, true),
                    new BalancedGreedy(shards, capacity, 1).nearest(new Fixed(d), Workers.here()),
                    "seed " + seed);
        }
    }

    /** Ten blobs far from each other, of equal size, units in random order. */
    private static float[] blobs(int each, long seed) {
        float[] rows = new float[10 * each * 4];
        Keyed random = Keyed.seed(seed);
        for (int n = 0; n < 10 * each; n++) {
            for (int d = 0; d < 4; d++) {
                double centre = 20 * Keyed.normal(random.of("centre").at(n % 10, d));
                rows[n * 4 + d] =
                        (float) (centre + 0.1 * Keyed.normal(random.of("unit").at(n, d)));
            }
        }
        return rows;
    }

    private static double purity(int[] shardOf) {
        int[][] counts = new int[10][10];
        for (int n = 0; n < shardOf.length; n++) {
            counts[shardOf[n]][n % 10]++;
        }
        return Arrays.stream(counts)
                        .mapToInt(c -> Arrays.stream(c).max().orElseThrow())
                        .sum()
                / (double) shardOf.length;
    }

    @Test
    void separateBlobsFromTheirOwnAnchorsComeOutPureAndTheReversedWalkIsFarOff() {
        float[] rows = blobs(30, 4);
        float[][] d = new float[300][10];
        for (int n = 0; n < 300; n++) {
            for (int s = 0; s < 10; s++) {
                for (int k = 0; k < 4; k++) {
                    float difference = rows[n * 4 + k] - rows[s * 4 + k];
                    d[n][s] += difference * difference;
                }
            }
        }
        int[] ascending = new BalancedGreedy(10, 30, 50).nearest(new Fixed(d), Workers.here());
        assertEquals(1, purity(ascending));
        // From the far end blobs may stay together, but with an anchor that is not theirs.
        assertTrue(objective(d, literal(d, 30, false)) > 100 * objective(d, ascending));
    }

    private static double objective(float[][] d, int[] shardOf) {
        double sum = 0;
        for (int n = 0; n < shardOf.length; n++) {
            sum += d[n][shardOf[n]];
        }
        return sum;
    }

    @Test
    void capacityIsNeverExceededAndEveryUnitIsInOneShard() {
        for (long seed = 1; seed <= 5; seed++) {
            float[] rows = blobs(21, seed);
            int[] all = new int[210];
            Arrays.setAll(all, n -> n);
            int capacity = BalancedGreedy.capacity(210, 7, 1.2);
            int[] shardOf = new BalancedGreedy(7, capacity, 50)
                    .assign(new BalancedGreedy.Rows(rows, 4, all, 7), Keyed.seed(seed), Workers.here());
            int[] sizes = new int[7];
            for (int s : shardOf) {
                sizes[s]++;
            }
            assertTrue(Arrays.stream(sizes).max().orElseThrow() <= capacity);
        }
    }

    @Test
    void pairsAreAsFarAsTheProductOfTheirEnds() {
        Embeddings placed = new Embeddings(1, new float[] {0, 1, 5}, new float[] {0, 2});
        Interactions pairs = Interactions.of(3, 2, new int[] {0, 1, 2}, new int[] {0, 1, 1});
        BalancedGreedy.Pairs space = new BalancedGreedy.Pairs(placed, pairs, 2);
        space.start(new int[] {0, 2}); // anchors (0, 0) and (5, 2)
        space.measure();
        float[] d = new float[2];
        space.distances(1, d); // the pair (1, 2)
        assertArrayEquals(new float[] {1 * 4, 16 * 0}, d);
        space.move(new int[] {0, 0, 1}); // anchors ((0+1)/2, (0+2)/2) and (5, 2)
        space.measure();
        space.distances(2, d); // the pair (5, 2)
        assertArrayEquals(new float[] {4.5f * 4.5f * 1, 0}, d);
    }

    @Test
    void selectionPutsTheSmallestFirst() {
        for (int seed = 1; seed <= 100; seed++) {
            Keyed random = Keyed.seed(seed);
            long[] values = new long[1 + seed];
            Arrays.setAll(values, n -> random.at(n) >>> 1);
            long[] sorted = values.clone();
            Arrays.sort(sorted);
            int k = Keyed.below(random.at(-1), values.length);
            BalancedGreedy.select(values, values.length, k);
            long[] first = Arrays.copyOf(values, k + 1);
            Arrays.sort(first);
            assertArrayEquals(Arrays.copyOf(sorted, k + 1), first);
        }
    }
}
