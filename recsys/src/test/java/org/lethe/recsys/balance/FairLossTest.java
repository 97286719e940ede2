package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

class FairLossTest {
    private static final int USERS = 9;
    private static final int WIDTH = 7;
    /** Users 1, 3, 4, 6 and 8 with one to three of the advantaged 0, 2 and 5; user 7 is in neither group. */
    private static final Neighbours FOUND = new Neighbours(
            new int[] {1, 3, 4, 6, 8},
            new int[] {0, 3, 5, 6, 8, 10},
            new int[] {0, 2, 5, 5, 0, 2, 0, 2, 5, 2},
            new double[] {0.5, 0.3, 0.2, 0.6, 0.4, 1, 0.7, 0.3, 0.9, 0.1},
            new int[] {3, 2, 1, 2, 2},
            0);

    private static final double[] COUNTS = {1, 0.25, 3, 2, 1.5};
    private static final int[] ALL = IntStream.range(0, USERS).toArray();

    private static float[] rows() {
        float[] rows = new float[USERS * WIDTH];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = (float) Keyed.normal(Keyed.seed(3).at(n));
        }
        return rows;
    }

    private static FairLoss loss(boolean weighted) {
        FairLoss loss = new FairLoss(0.1, weighted, FOUND, COUNTS, USERS);
        loss.aim(0, rows(), WIDTH, Env.seeded(1));
        return loss;
    }

    private static float[] some(float[] rows, int[] users) {
        float[] some = new float[users.length * WIDTH];
        for (int n = 0; n < users.length; n++) {
            System.arraycopy(rows, users[n] * WIDTH, some, n * WIDTH, WIDTH);
        }
        return some;
    }

    private static double value(boolean weighted, float[] rows) {
        return loss(weighted).add(ALL, USERS, rows, new float[rows.length]);
    }

    @Test
    void theLossIsThatOfAllPairs() {
        float[] rows = rows();
        for (boolean weighted : new boolean[] {false, true}) {
            double expected = 0;
            for (int t = 0; t < 5; t++) {
                for (int k = FOUND.starts()[t]; k < FOUND.starts()[t + 1]; k++) {
                    for (int d = 0; d < WIDTH; d++) {
                        double off = rows[FOUND.users()[t] * WIDTH + d] - rows[FOUND.neighbours()[k] * WIDTH + d];
                        expected += 0.1 * COUNTS[t] * (weighted ? FOUND.weights()[k] : 1) * off * off;
                    }
                }
            }
            assertEquals(expected, value(weighted, rows), 1e-5 * expected);
        }
    }

    @Test
    void theGradientIsTheSlopeForTheDisadvantagedAndZeroForTheirNeighbours() {
        float[] rows = rows();
        for (boolean weighted : new boolean[] {false, true}) {
            float[] gradient = new float[rows.length];
            Arrays.fill(gradient, 1); // what is there stays
            loss(weighted).add(ALL, USERS, rows, gradient);
            for (int n = 0; n < rows.length; n++) {
                float[] up = rows.clone();
                float[] down = rows.clone();
                up[n] += 0x1p-6f;
                down[n] -= 0x1p-6f;
                double slope =
                        (value(weighted, up) - value(weighted, down)) * 32; // exact for a square, but for rounding
                boolean pulled = Arrays.binarySearch(FOUND.users(), n / WIDTH) >= 0;
                assertEquals(pulled ? slope : 0, gradient[n] - 1, 2e-4, "element " + n);
            }
        }
    }

    @Test
    void weightsOfSumOnePullTowardsTheWeightedMean() {
        float[] rows = rows();
        float[] gradient = new float[rows.length];
        FairLoss loss = new FairLoss(1, true, FOUND, new double[] {1, 1, 1, 1, 1}, USERS);
        loss.aim(0, rows, WIDTH, Env.seeded(1));
        loss.add(ALL, USERS, rows, gradient);
        for (int d = 0; d < WIDTH; d++) {
            double mean = 0.5 * rows[d] + 0.3 * rows[2 * WIDTH + d] + 0.2 * rows[5 * WIDTH + d];
            assertEquals(2 * (rows[WIDTH + d] - mean), gradient[WIDTH + d], 1e-5);
        }
    }

    @Test
    void allDisadvantagedUsersAloneHaveTheLossOfAllUsers() {
        float[] rows = rows();
        float[] whole = new float[rows.length];
        double all = loss(false).add(ALL, USERS, rows, whole);
        int[] pulled = FOUND.users();
        float[] part = new float[pulled.length * WIDTH];
        assertEquals(all, loss(false).add(pulled, pulled.length, some(rows, pulled), part));
        assertArrayEquals(some(whole, pulled), part);
    }

    @Test
    void theMeanOverAllPartsIsTheWhole() {
        float[] rows = rows();
        float[] whole = new float[rows.length];
        double all = loss(false).add(ALL, USERS, rows, whole);
        double[] sum = new double[rows.length];
        double total = 0;
        int parts = 0;
        for (int first = 0; first < 5; first++) {
            for (int second = first + 1; second < 5; second++) {
                int[] users = {FOUND.users()[first], FOUND.users()[second], 7};
                Arrays.sort(users);
                float[] gradient = new float[users.length * WIDTH];
                total += loss(false).add(users, users.length, some(rows, users), gradient);
                for (int n = 0; n < gradient.length; n++) {
                    sum[users[n / WIDTH] * WIDTH + n % WIDTH] += gradient[n];
                }
                parts++;
            }
        }
        assertEquals(all, total / parts, 1e-6 * all);
        for (int n = 0; n < rows.length; n++) {
            assertEquals(whole[n], sum[n] / parts, 1e-5);
        }
    }

    @Test
    void aPartUsesTheLastEmbeddingsSeenOfNeighboursThatItLacks() {
        float[] rows = rows();
        FairLoss loss = loss(false);
        float[] moved = some(rows, new int[] {2});
        moved[0] += 5;
        assertEquals(0, loss.add(new int[] {2}, 1, moved, new float[WIDTH]), "no disadvantaged user");
        float[] gradient = new float[WIDTH];
        loss.add(new int[] {4}, 1, some(rows, new int[] {4}), gradient); // counts 3, one of five
        double off = rows[4 * WIDTH] - moved[0];
        assertEquals(2 * 0.1 * 5 * 3 * off, gradient[0], 1e-4);
    }

    @Test
    void aRunawayIsRefused() {
        float[] rows = rows();
        rows[WIDTH] = Float.NaN;
        LetheException runaway = assertThrows(LetheException.class, () -> value(false, rows));
        assertEquals(LetheException.Code.NUMERIC, runaway.code());
        assertTrue(runaway.getMessage().contains("NaN"), runaway.getMessage());
    }
}
