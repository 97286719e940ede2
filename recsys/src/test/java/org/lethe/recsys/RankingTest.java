package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.LetheException;
import org.lethe.Workers;

class RankingTest {
    private static final Workers HERE = Workers.here();

    @Test
    void hitsAtOneAndThreeOfThreeGiveTheHandCheckedNdcg() {
        assertEquals(0.703918, Ranking.ndcgFull(new boolean[] {true, false, true, false, false}, 3), 1e-6);
    }

    @Test
    void aCutIdealListForgivesTruthThatHasNoPlace() {
        boolean[] hits = {true, true};
        assertEquals(0.553146, Ranking.ndcgFull(hits, 5), 1e-6);
        assertEquals(1, Ranking.ndcgCut(hits, 5, 2), 1e-12);
    }

    @Test
    void evaluationGivesTheHandCheckedValues() {
        // one user, five items in the order 0 … 4; truth is 0, 2 and an item that is not in the top 5
        Recommender model = scored(1, 7, (u, i) -> -i);
        Interactions truth = Interactions.of(1, 7, new int[] {0, 0, 0}, new int[] {0, 2, 6});
        Ranking.Quality q = Ranking.evaluate(model, none(1, 7), truth, 5, HERE);
        assertEquals(0.703918, q.ndcgFull()[0], 1e-6);
        assertEquals(0.703918, q.ndcgCut()[0], 1e-6);
        assertEquals(2.0 / 3, q.recall()[0]);
        assertEquals(1, q.hitRate()[0]);
        assertEquals(1, q.mrr()[0]);
        assertEquals((1 + 2.0 / 3) / 3, q.averagePrecision()[0], 1e-12);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 33})
    void tilesGiveTheListsOfASort(int dims) {
        Embeddings model = Samples.embeddings(77, 203, dims, 5);
        Interactions known = Samples.interactions(77, 203, 0.2, 6);
        int[] users = IntStream.range(0, 77).filter(u -> u % 5 != 3).toArray();
        int[][] lists = Ranking.top(model, known, users, 20, HERE);
        for (int n = 0; n < users.length; n++) {
            assertArrayEquals(sorted(model, known, users[n], 20), lists[n]);
        }
    }

    @Test
    void tablesAndAnyOtherRecommenderGiveTheSameLists() {
        Embeddings model = Samples.embeddings(50, 130, 24, 1);
        int[] users = IntStream.range(0, 50).toArray();
        Interactions known = Samples.interactions(50, 130, 0.1, 2);
        assertArrayEquals(
                Ranking.top(scored(50, 130, model::score), known, users, 10, HERE),
                Ranking.top(model, known, users, 10, HERE));
    }

    @Test
    void tiesStandByAscendingItem() {
        Embeddings flat = new Embeddings(2, new float[2 * 3], new float[2 * 150]);
        Interactions known = Interactions.of(3, 150, new int[] {1, 1}, new int[] {0, 2});
        int[][] lists = Ranking.top(flat, known, new int[] {0, 1}, 4, HERE);
        assertArrayEquals(new int[][] {{0, 1, 2, 3}, {1, 3, 4, 5}}, lists);
    }

    @Test
    void listsDoNotDependOnTheOrderInWhichBlocksRun() {
        Embeddings model = Samples.embeddings(300, 90, 16, 9);
        Interactions known = Samples.interactions(300, 90, 0.1, 10);
        Interactions truth = Samples.interactions(300, 90, 0.1, 11);
        Ranking.Quality forth = Ranking.evaluate(model, known, truth, 7, HERE);
        Ranking.Quality back = Ranking.evaluate(model, known, truth, 7, Samples.backwards());
        forth.perUser()
                .forEach((name, values) ->
                        assertArrayEquals(values, back.perUser().get(name), name));
    }

    @Test
    void fullNdcgNeverExceedsCutNdcg() {
        Embeddings model = Samples.embeddings(60, 80, 8, 3);
        Interactions truth = Samples.interactions(60, 80, 0.3, 4);
        Ranking.Quality q = Ranking.evaluate(model, none(60, 80), truth, 20, HERE);
        for (int n = 0; n < q.users().length; n++) {
            int truths = truth.degree(q.users()[n]);
            assertTrue(q.ndcgFull()[n] <= q.ndcgCut()[n]);
            if (truths <= 20) {
                assertEquals(q.ndcgCut()[n], q.ndcgFull()[n]);
            }
            assertEquals(Math.rint(q.recall()[n] * truths), q.recall()[n] * truths, 1e-9);
        }
    }

    @Test
    void usersWithoutTruthAreSkippedAndEmptyTruthHasNoMeans() {
        Embeddings model = Samples.embeddings(4, 5, 2, 1);
        Interactions truth = Interactions.of(4, 5, new int[] {2}, new int[] {1});
        assertArrayEquals(
                new int[] {2},
                Ranking.evaluate(model, none(4, 5), truth, 3, HERE).users());
        assertTrue(
                Ranking.evaluate(model, none(4, 5), none(4, 5), 3, HERE).means().isEmpty());
    }

    @Test
    void aListLongerThanTheCatalogueHoldsWhatIsLeft() {
        Embeddings model = Samples.embeddings(1, 5, 2, 1);
        Interactions known = Interactions.of(1, 5, new int[] {0, 0}, new int[] {1, 4});
        int[] list = Ranking.top(model, known, new int[] {0}, 50, HERE)[0];
        Arrays.sort(list);
        assertArrayEquals(new int[] {0, 2, 3}, list);
    }

    @Test
    void judgingByTestMasksValidationToo() {
        Recommender model = scored(1, 4, (u, i) -> -i);
        Interactions train = Interactions.of(1, 4, new int[] {0}, new int[] {0});
        Interactions validation = Interactions.of(1, 4, new int[] {0}, new int[] {1});
        Interactions test = Interactions.of(1, 4, new int[] {0}, new int[] {2});
        Split split = new Split(train, validation, test);
        assertEquals(1, Ranking.test(model, split, 1, HERE).recall()[0]);
        assertEquals(1, Ranking.validation(model, split, 1, HERE).recall()[0]);
        // stopping on the test part, as the published code does, must not hide the truth
        assertEquals(
                1, Ranking.test(model, new Split(train, test, test), 2, HERE).recall()[0]);
    }

    @Test
    void aNumberThatIsNotFiniteStopsTheRanking() {
        float[] items = new float[10];
        items[6] = Float.NaN;
        Embeddings broken = new Embeddings(2, new float[2], items);
        LetheException e =
                assertThrows(LetheException.class, () -> Ranking.top(broken, none(1, 5), new int[] {0}, 3, HERE));
        assertTrue(String.valueOf(e.getMessage()).contains("item 3"), e::toString);
    }

    private static int[] sorted(Recommender model, Interactions known, int user, int k) {
        return IntStream.range(0, model.items())
                .filter(i -> !known.contains(user, i))
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -model.score(user, i))
                        .thenComparing(i -> i))
                .limit(k)
                .mapToInt(i -> i)
                .toArray();
    }

    private static Interactions none(int users, int items) {
        return Interactions.of(users, items, new int[0], new int[0]);
    }

    private interface Score {
        float of(int user, int item);
    }

    private static Recommender scored(int users, int items, Score score) {
        return new Recommender() {
            @Override
            public int users() {
                return users;
            }

            @Override
            public int items() {
                return items;
            }

            @Override
            public float score(int user, int item) {
                return score.of(user, item);
            }

            @Override
            public void scores(int user, float[] into) {
                for (int i = 0; i < items; i++) {
                    into[i] = score.of(user, i);
                }
            }
        };
    }
}
