package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

class FactorisationTest {
    /** Users like the items of their own half. */
    static Split planted(int users, int items, int each) {
        List<int[]> train = new ArrayList<>();
        List<int[]> validation = new ArrayList<>();
        Keyed key = Keyed.seed(5).of("planted");
        for (int u = 0; u < users; u++) {
            for (int n = 0; n < each; n++) {
                int item = Keyed.below(key.at(u, n), items / 2) * 2 + u % 2;
                (n % 5 == 0 ? validation : train).add(new int[] {u, item});
            }
        }
        Interactions trained = pairs(users, items, train);
        return new Split(
                trained,
                pairs(users, items, validation).where((u, i) -> !trained.contains(u, i)),
                pairs(users, items, List.of()));
    }

    static Interactions pairs(int users, int items, List<int[]> pairs) {
        return Interactions.of(
                users,
                items,
                pairs.stream().mapToInt(p -> p[0]).toArray(),
                pairs.stream().mapToInt(p -> p[1]).toArray());
    }

    private static Split withoutValidation(Split data) {
        return new Split(data.train(), data.validation().where((u, i) -> false), data.test());
    }

    @Test
    void lazyAdamHasTheBitsOfDenseAdam() {
        Split data = withoutValidation(planted(60, 40, 8));
        for (int dims : new int[] {5, 16, 40}) {
            Bpr lazy = new Bpr(dims, 150, 30, 0.01, 0.1, 5, AdamForm.LAZY);
            Bpr dense = new Bpr(dims, 150, 30, 0.01, 0.1, 5, AdamForm.DENSE);
            Checkpoint a = lazy.resume(lazy.start(data, Env.seeded(1)), data, Env.seeded(1));
            Checkpoint b = dense.resume(dense.start(data, Env.seeded(1)), data, Env.seeded(1));
            assertTrue(a.steps() > 1000);
            assertArrayEquals(a.model().userRows(), b.model().userRows());
            assertArrayEquals(a.model().itemRows(), b.model().itemRows());
            assertArrayEquals(a.userState()[0], b.userState()[0]);
            assertArrayEquals(a.itemState()[1], b.itemState()[1]);
        }
    }

    @Test
    void bothModelsFindPlantedTastes() {
        Split data = planted(100, 60, 12);
        for (EmbeddingLearner learner : List.of(
                new Bpr(16, 60, 64, 0.01, 0.01, 10, AdamForm.LAZY),
                new Wmf(16, 60, 64, 0.01, 0.01, 10, AdamForm.LAZY))) {
            Embeddings model = learner.train(data, Env.seeded(2));
            int right = 0;
            for (int u = 0; u < data.users(); u++) {
                int best = 0;
                for (int i = 0; i < data.items(); i++) {
                    best = model.score(u, i) > model.score(u, best) ? i : best;
                }
                right += best % 2 == u % 2 ? 1 : 0;
            }
            assertTrue(right >= 98, learner + " has " + right + " of 100");
        }
    }

    @Test
    void aUserOrItemWithoutInteractionsKeepsItsInitialRow() {
        Split data = withoutValidation(planted(20, 30, 5)).withoutUsers(u -> u == 7);
        Bpr bpr = new Bpr(8, 3, 10, 0.01, 0.1, 5, AdamForm.LAZY);
        Embeddings before = bpr.start(data, Env.seeded(1)).model();
        Embeddings after = bpr.train(data, Env.seeded(1));
        for (int d = 0; d < 8; d++) {
            assertEquals(before.userRows()[7 * 8 + d], after.userRows()[7 * 8 + d]);
        }
    }

    @Test
    void emptyDataAreRefused() {
        Split empty = withoutValidation(planted(20, 30, 5)).withoutUsers(u -> true);
        LetheException e = assertThrows(LetheException.class, () -> new Wmf().train(empty, Env.seeded(1)));
        assertEquals(LetheException.Code.DATA, e.code());
    }

    @Test
    void aDivergingTrainingStopsAndSaysSo() {
        Split data = withoutValidation(planted(20, 30, 5));
        Wmf wild = new Wmf(8, 50, 10, 999, 100, 5, AdamForm.LAZY);
        Bpr broken = new Bpr(8, 2, 10, 0.01, 0.1, 5, AdamForm.LAZY);
        Checkpoint start = broken.start(data, Env.seeded(1));
        start.model().itemRows()[0] = Float.NaN;
        LetheException e = assertThrows(LetheException.class, () -> broken.resume(start, data, Env.seeded(1)));
        assertEquals(LetheException.Code.NUMERIC, e.code());
        assertTrue(e.toString().contains("mean loss of epoch 1"), e.toString());
        assertEquals(8, wild.train(data, Env.seeded(1)).dims()); // saturated, but finite
    }

    @Test
    void aUserWhoTookEverythingTrainsNothing() {
        List<int[]> pairs = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            pairs.add(new int[] {0, i});
            pairs.add(new int[] {1, i / 2});
        }
        Interactions train = pairs(2, 6, pairs);
        Batches batches = new Batches(train, 4);
        batches.plan(Keyed.seed(1));
        assertEquals(3, batches.size());
    }
}
