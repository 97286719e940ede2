package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

class MmdTest {
    private static final Workers HERE = Workers.here();

    /** {@code rows} standard normal rows, moved by {@code shift} in every number. */
    private static float[] normal(int rows, int width, double shift, String name) {
        Keyed key = Keyed.seed(5).of(name);
        float[] table = new float[rows * width];
        for (int n = 0; n < table.length; n++) {
            table[n] = (float) (Keyed.normal(key.at(n)) + shift);
        }
        return table;
    }

    private static float[] joined(float[] a, float[] b) {
        float[] both = new float[a.length + b.length];
        System.arraycopy(a, 0, both, 0, a.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private static int[] range(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    private static double squared(float[] a, float[] b, int width) {
        int n = a.length / width;
        return new Mmd(joined(a, b), width, range(0, n), range(n, n + b.length / width), false).squared(HERE);
    }

    @Test
    void twoPointsHaveTheKnownDiscrepancy() {
        double direct = 0;
        for (int i = 0; i <= 4; i++) {
            direct += Math.exp(-4 / Math.pow(2, i));
        }
        assertEquals(6.186276388, 2 * (5 - direct), 1e-9); // attribute-unlearning, section 9
        assertEquals(2 * (5 - direct), squared(new float[] {0}, new float[] {1}, 1), 1e-9);
    }

    @Test
    void equalSamplesHaveNone() {
        float[] rows = normal(40, 8, 0, "equal");
        assertEquals(0, squared(rows, rows, 8), 1e-12);
    }

    @Test
    void aShiftIsSeenAsThePublishedFiguresSay() {
        float[] x = normal(1000, 8, 0, "x");
        assertEquals(0.005, squared(x, normal(1000, 8, 0, "y"), 8), 0.003);
        assertEquals(0.297, squared(x, normal(1000, 8, 0.5, "y"), 8), 0.03); // one seed there, one here: 10 %
        assertEquals(1.014, squared(x, normal(1000, 8, 1, "y"), 8), 0.1);
    }

    @Test
    void withoutDiagonalsOneLawGivesZeroInTheMean() {
        double total = 0;
        for (int s = 0; s < 20; s++) {
            float[] both = normal(120, 6, 0, "mean" + s);
            total += new Mmd(both, 6, range(0, 40), range(40, 120), true).squared(HERE) / 20;
        }
        assertEquals(0, total, 0.01); // sd of one is 0.01, measured
    }

    @Test
    void itIsTheSumOverAllPairs() {
        float[] table = joined(normal(70, 3, 0, "a"), normal(45, 3, 0.3, "b"));
        for (boolean unbiased : new boolean[] {false, true}) {
            double squared = new Mmd(table, 3, range(0, 70), range(70, 115), unbiased).squared(HERE);
            assertEquals(value(table, 3, 70, -1, 0, unbiased), squared, 1e-7);
        }
    }

    @Test
    void theGradientIsTheSlopeOfTheSum() {
        int width = 3;
        float[] table = joined(normal(7, width, 0, "a"), normal(5, width, 0.7, "b"));
        int[] xs = range(0, 7);
        int[] ys = range(7, 12);
        for (boolean unbiased : new boolean[] {false, true}) {
            float[] all = new float[12 * width];
            Mmd at = new Mmd(table, width, xs, ys, unbiased);
            at.addGradientOfX(1, all, HERE);
            at.addGradientOfY(1, all, HERE);
            for (int n = 0; n < all.length; n++) {
                assertEquals(slope(table, width, n, unbiased), all[n], 2e-4, "element " + n);
            }
        }
    }

    /** Central differences with the bandwidth of the middle, in double, pair by pair. */
    private static double slope(float[] table, int width, int n, boolean unbiased) {
        double h = 1e-4;
        return (value(table, width, 7, n, h, unbiased) - value(table, width, 7, n, -h, unbiased)) / (2 * h);
    }

    private static double value(float[] table, int width, int xs, int moved, double by, boolean unbiased) {
        int n = table.length / width;
        int ys = n - xs;
        int oneself = unbiased ? 1 : 0;
        double bandwidth = 0;
        for (int a = 0; a < n; a++) {
            for (int b = 0; b < n; b++) {
                bandwidth += distance(table, width, a, b, -1, 0);
            }
        }
        bandwidth /= (double) (n * n - n) * 4;
        double total = 0;
        for (int a = 0; a < n; a++) {
            for (int b = 0; b < n; b++) {
                double k = 0;
                for (int i = 0; i <= 4; i++) {
                    k += Math.exp(-distance(table, width, a, b, moved, by) / (bandwidth * Math.pow(2, i)));
                }
                if (a < xs != b < xs) {
                    total -= k / xs / ys;
                } else if (a != b || !unbiased) {
                    total += a < xs ? k / xs / (xs - oneself) : k / ys / (ys - oneself);
                }
            }
        }
        return total;
    }

    private static double distance(float[] table, int width, int a, int b, int moved, double by) {
        double total = 0;
        for (int d = 0; d < width; d++) {
            double x = table[a * width + d] + (a * width + d == moved ? by : 0);
            double y = table[b * width + d] + (b * width + d == moved ? by : 0);
            total += (x - y) * (x - y);
        }
        return total;
    }

    @Test
    void theFieldIsTheGradientOfEveryUsersShare() {
        int width = 3;
        float[] table = joined(normal(7, width, 0, "a"), normal(9, width, 0.7, "b"));
        Mmd mmd = new Mmd(table, width, range(0, 7), range(7, 12), true);
        float[] field = new float[16 * width];
        mmd.addField(range(0, 16), field, HERE);
        float[] gradient = new float[16 * width];
        mmd.addGradientOfX(7 * mmd.bandwidth() / 2, gradient, HERE);
        for (int n = 0; n < 7 * width; n++) {
            assertEquals(gradient[n], field[n], 1e-5);
        }
        for (int n = 12 * width; n < 16 * width; n++) { // rows of neither sample
            double h = 1e-4;
            double up = witness(table, width, n / width, n, h, mmd.bandwidth());
            double down = witness(table, width, n / width, n, -h, mmd.bandwidth());
            assertEquals(mmd.bandwidth() * (up - down) / (2 * h), field[n], 2e-4, "element " + n);
        }
    }

    /** mean k(row, X) − mean k(row, Y), with one number moved. */
    private static double witness(float[] table, int width, int row, int moved, double by, double bandwidth) {
        double total = 0;
        for (int b = 0; b < 12; b++) {
            for (int i = 0; i <= 4; i++) {
                double k = Math.exp(-distance(table, width, row, b, moved, by) / (bandwidth * Math.pow(2, i)));
                total += b < 7 ? k / 7 : -k / 5;
            }
        }
        return total;
    }

    @Test
    void threadsDoNotChangeABit() {
        float[] table = joined(normal(150, 16, 0, "t"), normal(130, 16, 0.3, "u"));
        float[] one = new float[150 * 16];
        new Mmd(table, 16, range(0, 150), range(150, 280), true).addGradientOfX(1, one, HERE);
        try (Workers three = Workers.threads(3)) {
            float[] many = new float[150 * 16];
            new Mmd(table, 16, range(0, 150), range(150, 280), true).addGradientOfX(1, many, three);
            assertArrayEquals(one, many);
            Mmd mmd = new Mmd(table, 16, range(0, 150), range(150, 280), true);
            assertEquals(mmd.squared(HERE), mmd.squared(three));
        }
        assertTrue(one[0] != 0);
    }
}
