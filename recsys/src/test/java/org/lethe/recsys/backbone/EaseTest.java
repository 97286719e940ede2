package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;

class EaseTest {
    private static final Env ENV = Env.seeded(1);

    private static Split split(Interactions train) {
        Interactions none = train.where((_, _) -> false);
        return new Split(train, none, none);
    }

    private static Ease.Model trained(double lambda, Interactions train) {
        return new Ease(lambda).train(split(train), ENV);
    }

    private static Interactions fourUsers() {
        return Interactions.of(4, 3, new int[] {0, 0, 1, 1, 2, 2, 3, 3, 3}, new int[] {0, 1, 1, 2, 0, 2, 0, 1, 2});
    }

    @Test
    void fourUsersGiveAThirdAndWithoutTheLastAQuarter() {
        Ease.Model all = trained(1, fourUsers());
        Ease.Model without = all.with(fourUsers().withoutUsers(u -> u == 3), ENV);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                assertEquals(i == j ? 0 : 1.0 / 3, all.weight(i, j), 1e-14);
                assertEquals(i == j ? 0 : 1.0 / 4, without.weight(i, j), 1e-14);
            }
        }
        assertEquals(2.0 / 3, all.score(0, 2), 1e-7);
    }

    @Test
    void scoresAreTheProductOfTheRowAndTheWeights() {
        Interactions train = Samples.interactions(30, 20, 0.3, 4);
        Ease.Model model = trained(3, train);
        float[] scores = new float[20];
        for (int u = 0; u < 30; u++) {
            model.scores(u, scores);
            for (int i = 0; i < 20; i++) {
                double sum = 0;
                for (int k = train.from(u); k < train.to(u); k++) {
                    sum += model.weight(train.item(k), i);
                }
                assertEquals(sum, scores[i], 1e-6);
                assertEquals(scores[i], model.score(u, i));
            }
        }
    }

    /** The weights of an item in closed form, by elimination over all other items. */
    @Test
    void weightsSolveTheNormalEquationsOfEachItem() {
        Interactions train = Samples.interactions(90, 150, 0.2, 5); // more than two blocks of 64
        double lambda = 2;
        Ease.Model model = trained(lambda, train);
        double[][] gram = new double[150][150];
        for (int u = 0; u < 90; u++) {
            for (int k = train.from(u); k < train.to(u); k++) {
                for (int l = train.from(u); l < train.to(u); l++) {
                    gram[train.item(k)][train.item(l)]++;
                }
            }
        }
        for (int j : new int[] {0, 63, 64, 149}) {
            for (int i = 0; i < 150; i++) {
                if (i != j) {
                    double sum = lambda * model.weight(i, j) - gram[i][j];
                    for (int k = 0; k < 150; k++) {
                        sum += gram[i][k] * model.weight(k, j);
                    }
                    assertEquals(0, sum, 1e-11);
                }
            }
        }
    }

    @Test
    void usersAndInteractionsThatGoLeaveTheModelOfTheRest() {
        for (long seed = 1; seed <= 5; seed++) {
            Interactions train = Samples.interactions(120, 70, 0.2, seed);
            Keyed random = Keyed.seed(seed);
            Interactions users = train.withoutUsers(u -> u % 5 == 0);
            Interactions pairs = train.where((u, i) -> Keyed.unit(random.of(u).at(i)) > 0.1);
            Interactions items = train.where((_, i) -> i % 3 != 0); // more than one pass takes
            Interactions both = items.where((u, i) -> u != 4 && (u != 5 || i > 20));
            assertEquals(24, trained(0.5, train).updates(items));
            assertEquals(26, trained(0.5, train).updates(both));
            for (Interactions now : new Interactions[] {users, pairs, items, both}) {
                close(trained(0.5, now), trained(0.5, train).with(now, ENV), 1e-10);
            }
        }
    }

    private static void close(Ease.Model expected, Ease.Model actual, double tolerance) {
        for (int i = 0; i < expected.items(); i++) {
            for (int j = 0; j < expected.items(); j++) {
                assertEquals(expected.weight(i, j), actual.weight(i, j), tolerance);
            }
        }
    }

    @Test
    void aThousandRequestsInARowStayNearARebuild() {
        Interactions train = Samples.interactions(1_200, 60, 0.1, 9);
        Ease.Model model = trained(5, train);
        Interactions left = train;
        for (int user = 0; user < 1_000; user++) {
            int goes = user;
            left = left.withoutUsers(u -> u == goes);
            model = model.with(left, ENV);
        }
        close(trained(5, left), model, 1e-10);
        double residual = model.residual(ENV);
        assertTrue(residual > 0 && residual < 1e-10, "residual " + residual);
    }

    @Test
    void anEvictedUserWhoComesBackIsThereAgain() {
        Interactions train = Samples.interactions(50, 30, 0.3, 2);
        Interactions without = train.withoutUsers(u -> u == 7);
        Ease.Model model = trained(1, train);
        Ease.Model again = model.with(without, ENV).with(train, ENV);
        close(model, again, 1e-12);
    }

    @Test
    void aRowWhoseLeverageIsOneIsRefused() {
        Interactions alone = Interactions.of(2, 3, new int[] {0, 0, 1}, new int[] {0, 1, 2});
        GramInverse inverse = GramInverse.of(alone, 1e-10, Workers.here());
        LetheException e =
                assertThrows(LetheException.class, () -> inverse.minus(alone, new int[] {1}, Workers.here()));
        assertEquals(LetheException.Code.NUMERIC, e.code());
        assertTrue(e.getMessage().startsWith("ease: 1 - x'Px of a row to take away is "), e.getMessage());
    }

    @Test
    void theInverseIsSymmetricAndTheSameOnThreeThreads() {
        Interactions train = Samples.interactions(120, 130, 0.2, 3);
        int[] some = IntStream.range(0, 40).toArray();
        GramInverse one = GramInverse.of(train, 4, Workers.here()).minus(train, some, Workers.here());
        try (Workers three = Workers.threads(3)) {
            GramInverse many = GramInverse.of(train, 4, three).minus(train, some, three);
            for (int i = 0; i < 130; i++) {
                assertArrayEquals(one.row(i), many.row(i));
                for (int j = 0; j < i; j++) {
                    assertEquals(one.row(i)[j], one.row(j)[i]);
                }
            }
        }
    }

    @Test
    @Tag("slow")
    void oneUserOfThreeThousandItemsLeavesInFiftyMilliseconds() {
        Interactions train = Samples.interactions(1_000, 3_416, 0.03, 3);
        Ease.Model model = trained(200, train);
        double[] millis = new double[25];
        for (int user = 0; user < millis.length; user++) {
            int goes = user;
            Interactions left = model.lists().withoutUsers(u -> u == goes);
            long from = System.nanoTime();
            model = model.with(left, ENV);
            millis[user] = (System.nanoTime() - from) / 1e6;
        }
        Arrays.sort(millis);
        assertTrue(millis[0] <= 50, "the fastest of " + Arrays.toString(millis));
    }
}
