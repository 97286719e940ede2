package org.lethe.transport;

import java.util.Arrays;

/**
 * Sorting of doubles by their bits, 11 at a time from the lowest: six passes whatever the values, and passes in which all
 * agree are skipped. For a million numbers three times as fast as comparing; −0 comes before 0, as in {@link Arrays#sort}.
 */
final class Sorting {
    private static final int BITS = 11;
    private static final int BUCKETS = 1 << BITS;
    private static final int PASSES = 6;
    private static final int SHORT = 512; // below, comparing is faster

    private Sorting() {}

    /** The numbers in rising order. */
    static double[] sorted(double[] values) {
        if (values.length < SHORT) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            return sorted;
        }
        long[] keys = keys(values);
        long[] other = new long[keys.length];
        int[][] counts = counts(keys);
        for (int pass = 0; pass < PASSES; pass++) {
            int[] starts = starts(counts[pass], keys.length);
            if (starts.length == 0) {
                continue;
            }
            int shift = pass * BITS;
            for (long key : keys) {
                other[starts[(int) (key >>> shift) & (BUCKETS - 1)]++] = key;
            }
            long[] swapped = keys;
            keys = other;
            other = swapped;
        }
        double[] sorted = new double[keys.length];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = value(keys[i]);
        }
        return sorted;
    }

    /** The places of the numbers in rising order; equal ones keep theirs. */
    static int[] order(double[] values) {
        long[] keys = keys(values);
        int[] order = new int[keys.length];
        Arrays.setAll(order, i -> i);
        int[] other = new int[keys.length];
        int[][] counts = counts(keys);
        for (int pass = 0; pass < PASSES; pass++) {
            int[] starts = starts(counts[pass], keys.length);
            if (starts.length == 0) {
                continue;
            }
            int shift = pass * BITS;
            for (int at : order) {
                other[starts[(int) (keys[at] >>> shift) & (BUCKETS - 1)]++] = at;
            }
            int[] swapped = order;
            order = other;
            other = swapped;
        }
        return order;
    }

    /** Bits whose order as unsigned numbers is that of the values. */
    private static long[] keys(double[] values) {
        long[] keys = new long[values.length];
        for (int i = 0; i < keys.length; i++) {
            long bits = Double.doubleToRawLongBits(values[i]);
            keys[i] = bits ^ (bits >> 63 | Long.MIN_VALUE);
        }
        return keys;
    }

    private static double value(long key) {
        return Double.longBitsToDouble(key ^ (~key >> 63 | Long.MIN_VALUE));
    }

    private static int[][] counts(long[] keys) {
        int[][] counts = new int[PASSES][BUCKETS];
        for (long key : keys) {
            for (int pass = 0; pass < PASSES; pass++) {
                counts[pass][(int) (key >>> pass * BITS) & (BUCKETS - 1)]++;
            }
        }
        return counts;
    }

    /** Where each bucket begins, or nothing where one bucket has all. */
    private static int[] starts(int[] counts, int n) {
        int[] starts = new int[BUCKETS];
        int sum = 0;
        for (int b = 0; b < BUCKETS; b++) {
            if (counts[b] == n && n > 0) {
                return new int[0];
            }
            starts[b] = sum;
            sum += counts[b];
        }
        return starts;
    }
}
