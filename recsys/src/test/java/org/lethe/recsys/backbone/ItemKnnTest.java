package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;

class ItemKnnTest {
    private static ItemKnn.Model built(int neighbours, Interactions train) {
        Interactions none = train.where((_, _) -> false);
        return new ItemKnn(neighbours).train(new Split(train, none, none), Env.seeded(1));
    }

    private static float[] scores(ItemKnn.Model model) {
        float[] all = new float[model.users() * model.items()];
        float[] row = new float[model.items()];
        for (int u = 0; u < model.users(); u++) {
            model.scores(u, row);
            System.arraycopy(row, 0, all, u * row.length, row.length);
        }
        return all;
    }

    /** Every cosine from the definition, sorted by it and then by number. */
    @Test
    void scoresAreThoseOfAllPairsWrittenOut() {
        Interactions train = Samples.interactions(40, 25, 0.25, 3);
        for (int k : new int[] {1, 4, 30}) {
            ItemKnn.Model model = built(k, train);
            double[][] cosine = new double[25][25];
            for (int i = 0; i < 25; i++) {
                for (int j = 0; j < 25; j++) {
                    int a = i;
                    int b = j;
                    double ci = users(train).filter(u -> train.contains(u, a)).count();
                    double cj = users(train).filter(u -> train.contains(u, b)).count();
                    double both = users(train)
                            .filter(u -> train.contains(u, a) && train.contains(u, b))
                            .count();
                    cosine[i][j] = i == j || both == 0 ? 0 : both / Math.sqrt(ci * cj);
                }
            }
            float[] scores = scores(model);
            for (int u = 0; u < 40; u++) {
                double[] sums = new double[25];
                for (int n = train.from(u); n < train.to(u); n++) {
                    double[] row = cosine[train.item(n)];
                    IntStream.range(0, 25)
                            .filter(i -> row[i] > 0)
                            .boxed()
                            .sorted((a, b) -> row[a] == row[b] ? a - b : Double.compare(row[b], row[a]))
                            .limit(k)
                            .forEach(i -> sums[i] += row[i]);
                }
                for (int i = 0; i < 25; i++) {
                    assertEquals((float) sums[i], scores[u * 25 + i]);
                    assertEquals(scores[u * 25 + i], model.score(u, i));
                }
            }
        }
    }

    private static IntStream users(Interactions train) {
        return IntStream.range(0, train.users());
    }

    @Test
    void aThousandRequestsInARowHaveTheBitsOfARebuildOnTheWay() {
        Interactions left = Samples.interactions(1_100, 80, 0.1, 5);
        ItemKnn.Model model = built(10, left);
        Keyed random = Keyed.seed(5);
        for (int n = 1; n <= 1_000; n++) {
            int user = n;
            boolean whole = Keyed.unit(random.of("whole").at(n)) < 0.5;
            int item = left.degree(user) == 0 ? 0 : left.item(left.from(user));
            left = left.where((u, i) -> u != user || !whole && i != item);
            model = model.with(left, new int[] {user}, Workers.here());
            if (n == 1 || n == 10 || n == 100 || n == 1_000) {
                ItemKnn.Model rebuilt = built(10, left);
                assertTrue(model.sameState(rebuilt), "after " + n + " requests");
                assertArrayEquals(scores(rebuilt), scores(model));
            }
        }
    }

    @Test
    void anyOrderAndAnyBatchHaveTheSameState() {
        Interactions train = Samples.interactions(60, 30, 0.2, 8);
        Interactions both = train.withoutUsers(u -> u == 4 || u == 9);
        ItemKnn.Model before = built(5, train);
        ItemKnn.Model together = before.with(both, new int[] {4, 9}, Workers.here());
        for (int[] order : new int[][] {{4, 9}, {9, 4}}) {
            Interactions first = train.withoutUsers(u -> u == order[0]);
            ItemKnn.Model one = before.with(first, new int[] {order[0]}, Workers.here());
            assertTrue(together.sameState(one.with(both, new int[] {order[1]}, Workers.here())));
            assertFalse(together.sameState(one));
        }
        assertTrue(built(5, train).sameState(before), "the model before was changed");
    }

    @Test
    void whoIsAddedAgainRestoresTheIndex() {
        Interactions train = Samples.interactions(60, 30, 0.2, 8);
        Interactions without = train.withoutUsers(u -> u == 4);
        ItemKnn.Model before = built(5, train);
        ItemKnn.Model again =
                before.with(without, new int[] {4}, Workers.here()).with(train, new int[] {4}, Workers.here());
        assertTrue(before.sameState(again));
        assertArrayEquals(scores(before), scores(again));
    }

    @Test
    void onlyTheItemsOfTheUserAreTouched() {
        Interactions train = Samples.interactions(60, 90, 0.1, 8);
        ItemKnn.Model before = built(5, train);
        for (int user = 0; user < 60; user++) {
            int goes = user;
            ItemKnn.Model after = before.with(train.withoutUsers(u -> u == goes), new int[] {user}, Workers.here());
            assertArrayEquals(
                    Arrays.copyOfRange(train.columns(), train.from(user), train.to(user)), after.unshared(before));
        }
    }
}
