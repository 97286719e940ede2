package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class SortingTest {
    private static final int[] SIZES = {1, 511, 512, 16_383, 16_384, 100_000};

    @Test
    void numbersOfAnyShapeAreSortedAsTheLibrarySortsThem() {
        equal(x -> x);
        equal(x -> Math.exp(300 * x)); // hundreds of orders of magnitude: few bins are used
        equal(x -> 1 / x);
        equal(x -> Math.rint(4 * x)); // ties, and zeros of both signs
        equal(x -> Math.copySign(0, x));
        equal(x -> x > 3 ? Double.MAX_VALUE : x < -3 ? -Double.MAX_VALUE : x); // a range that overflows
        equal(x -> x > 3.5 ? 1e18 : x); // one far from all others
        equal(x -> x * 1e-310);
        equal(_ -> 7);
    }

    @Test
    void sortedNumbersAndReversedOnesAreSorted() {
        double[] rising = new Random(2).doubles(50_000).sorted().toArray();
        double[] falling = new double[rising.length];
        Arrays.setAll(falling, i -> rising[rising.length - 1 - i]);
        assertArrayEquals(rising, Sorting.sorted(rising));
        assertArrayEquals(rising, Sorting.sorted(falling));
    }

    @Test
    void anOrderKeepsEqualNumbersInTheirPlaces() {
        Random random = new Random(3);
        double[] values = random.ints(20_000, 0, 50).asDoubleStream().toArray();
        int[] order = Sorting.order(values);
        for (int i = 1; i < order.length; i++) {
            int place = i;
            double before = values[order[i - 1]];
            double here = values[order[i]];
            assertTrue(before < here || before == here && order[i - 1] < order[i], () -> "at " + place);
        }
    }

    private static void equal(DoubleUnaryOperator shape) {
        Random random = new Random(1);
        for (int size : SIZES) {
            double[] values = new double[size];
            Arrays.setAll(values, i -> shape.applyAsDouble(random.nextGaussian()));
            double[] expected = values.clone();
            Arrays.sort(expected);
            assertArrayEquals(bits(expected), bits(Sorting.sorted(values)));
        }
    }

    private static long[] bits(double[] values) {
        return Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray();
    }
}
