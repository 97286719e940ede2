package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.balance.Neighbours.Rule;
import org.lethe.recsys.balance.Neighbours.Search;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.data.RealData;

class NeighboursTest {
    private static final Split DATA = new Planted(200, 80, 15, 3).load(new DataFolders(List.of()));
    private static final Groups GROUPS = new Balance().of(DATA.train());
    private static final DominantSets SETS = new DominantSets();

    private static Neighbours find(Search search, Groups groups, Interactions train, Env env) {
        return search.of(new InUcds(), groups, train, env);
    }

    private static Neighbours find(Rule rule, Similarity similarity, int most, Groups groups, Interactions train) {
        return find(new Search(rule, similarity, most, SETS), groups, train, Env.seeded(1));
    }

    /** Rows of items, one for each user. */
    private static Interactions of(int items, int[]... rows) {
        int[] users = IntStream.range(0, rows.length)
                .flatMap(u -> Arrays.stream(rows[u]).map(i -> u))
                .toArray();
        int[] taken = Arrays.stream(rows).flatMapToInt(Arrays::stream).toArray();
        return Interactions.of(rows.length, items, users, taken);
    }

    private static Set<Integer> items(Interactions train, int user) {
        Set<Integer> items = new HashSet<>();
        IntStream.range(train.from(user), train.to(user)).forEach(k -> items.add(train.item(k)));
        return items;
    }

    @ParameterizedTest
    @EnumSource(Similarity.class)
    void similaritiesAreThoseOfSetsOfItems(Similarity similarity) {
        Interactions train = DATA.train();
        int[] group = GROUPS.advantaged();
        Affinities affinities = new Affinities(similarity, train, group);
        double[] block = affinities.block(Workers.here());
        for (int a = 0; a < group.length; a++) {
            double[] row = affinities.of(group[a]);
            for (int b = 0; b < group.length; b++) {
                Set<Integer> both = items(train, group[a]);
                both.retainAll(items(train, group[b]));
                double left = train.degree(group[a]);
                double right = train.degree(group[b]);
                double expected = switch (similarity) {
                    case COUNT -> both.size();
                    case JACCARD -> both.size() / (left + right - both.size());
                    case COSINE -> both.size() / Math.sqrt(left * right);
                };
                assertEquals(a == b ? 0 : expected, row[b], 1e-15);
                assertEquals(row[b], block[a * group.length + b]);
                assertEquals(block[b * group.length + a], block[a * group.length + b]);
            }
        }
    }

    @Test
    void identicalUsersAreAsSimilarAsCanBe() {
        Interactions train = of(5, new int[] {0, 1, 2}, new int[] {0, 1, 2}, new int[] {3});
        assertEquals(1, new Affinities(Similarity.COSINE, train, new int[] {0}).of(1)[0]);
        assertEquals(1, new Affinities(Similarity.JACCARD, train, new int[] {0}).of(1)[0]);
        assertEquals(3, new Affinities(Similarity.COUNT, train, new int[] {0}).of(1)[0]);
        assertEquals(0, new Affinities(Similarity.COSINE, train, new int[] {0}).of(2)[0]);
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void everyDisadvantagedUserHasAdvantagedNeighbours(Rule rule) {
        Neighbours found = find(rule, Similarity.COSINE, 3, GROUPS, DATA.train());
        assertArrayEquals(GROUPS.disadvantaged(), found.users());
        boolean[] advantaged = GROUPS.isAdvantaged(DATA.users());
        for (int t = 0; t < found.users().length; t++) {
            int from = found.starts()[t];
            int to = found.starts()[t + 1];
            assertTrue(to > from && to - from <= 3);
            assertEquals(1, Arrays.stream(found.weights(), from, to).sum(), 1e-12);
            assertTrue(Arrays.stream(found.neighbours(), from, to).allMatch(a -> advantaged[a]));
            assertEquals(
                    to - from,
                    Arrays.stream(found.neighbours(), from, to).distinct().count());
        }
        assertTrue(found.distinct() <= GROUPS.advantaged().length);
        assertTrue(found.largestHub() <= found.users().length);
        assertEquals(0, found.unconverged());
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void threadsDoNotChangeABit(Rule rule) {
        Search search = new Search(rule, Similarity.COSINE, 4, SETS);
        Neighbours one = find(search, GROUPS, DATA.train(), Env.seeded(2));
        try (Workers three = Workers.threads(3)) {
            Neighbours many = find(search, GROUPS, DATA.train(), Env.seeded(2).with(three));
            assertArrayEquals(one.neighbours(), many.neighbours());
            assertArrayEquals(one.weights(), many.weights());
        }
    }

    @Test
    void aSearchSetIsThatOfTheGraphOfTheUserAndAllAdvantagedOnes() {
        int[] group = GROUPS.advantaged();
        int n = group.length + 1;
        Affinities affinities = new Affinities(Similarity.COSINE, DATA.train(), group);
        Neighbours found = find(Rule.DOMINANT_SET, Similarity.COSINE, 0, GROUPS, DATA.train());
        for (int t = 0; t < 40; t++) {
            double[] w = new double[n * n];
            double[] own = affinities.of(found.users()[t]);
            for (int a = 0; a < group.length; a++) {
                double[] row = affinities.of(group[a]);
                System.arraycopy(row, 0, w, a * n, group.length);
                w[a * n + n - 1] = own[a];
                w[(n - 1) * n + a] = own[a];
            }
            DominantSets.Solution set = SETS.solve(w, n, n - 1);
            assertEquals(found.supports()[t], set.support().length - 1);
            for (int k = found.starts()[t]; k < found.starts()[t + 1]; k++) {
                int a = Arrays.binarySearch(group, found.neighbours()[k]);
                assertEquals(set.x()[a] / (1 - set.x()[n - 1]), found.weights()[k], 1e-5);
            }
        }
    }

    @Test
    void theNearestAreThoseWhoShareMostAndTiesGoToTheSmallerNumber() {
        Interactions train = of(
                8,
                new int[] {0, 1, 2, 3, 4},
                new int[] {0, 1, 2, 5, 6},
                new int[] {2, 3, 4, 5, 6},
                new int[] {0, 1},
                new int[] {2});
        Groups groups = new Groups("test", new int[] {0, 1, 2}, new int[] {3, 4});
        Neighbours found = find(Rule.NEAREST, Similarity.COUNT, 2, groups, train);
        assertArrayEquals(new int[] {0, 1, 0, 1}, found.neighbours());
        assertArrayEquals(new int[] {2, 3}, found.supports());
        assertEquals(2, found.distinct());
        assertEquals(2, found.largestHub());
    }

    @ParameterizedTest
    @EnumSource(
            value = Rule.class,
            names = {"DOMINANT_SET", "COMPANION", "NEAREST"})
    void usersWithoutACommonItemHaveTheMostActiveNeighbours(Rule rule) {
        Interactions train =
                of(9, new int[] {0, 1}, new int[] {0, 1, 2, 3}, new int[] {1, 2, 3}, new int[] {7, 8}, new int[] {0});
        Groups groups = new Groups("test", new int[] {0, 1, 2}, new int[] {3, 4});
        Env env = Env.seeded(1);
        Neighbours found = find(new Search(rule, Similarity.COSINE, 2, SETS), groups, train, env);
        assertArrayEquals(new int[] {1, 2}, Arrays.copyOf(found.neighbours(), 2));
        assertArrayEquals(new double[] {0.5, 0.5}, Arrays.copyOf(found.weights(), 2));
        assertEquals(1, found.fallbacks());
        assertEquals(1, env.ledger().cost().count("neighbours-fallbacks"));
    }

    @Test
    void advantagedUsersWithNothingInCommonFormAStar() {
        Interactions train = of(6, new int[] {0, 1, 2}, new int[] {3, 4, 5}, new int[] {0, 1, 3});
        Groups groups = new Groups("test", new int[] {0, 1}, new int[] {2});
        Neighbours found = find(Rule.DOMINANT_SET, Similarity.COUNT, 0, groups, train);
        assertArrayEquals(new int[] {0, 1}, found.neighbours());
        assertTrue(found.weights()[0] > found.weights()[1] && found.weights()[1] > 0);
    }

    @Test
    void identicalUsersHaveEqualWeights() {
        int[] same = {0, 1, 2};
        Interactions train = of(3, same, same, same, same);
        Groups groups = new Groups("test", new int[] {0, 1, 2}, new int[] {3});
        Neighbours found = find(Rule.DOMINANT_SET, Similarity.COSINE, 0, groups, train);
        assertArrayEquals(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0}, found.weights(), 1e-9);
        assertEquals(
                1,
                find(Rule.DOMINANT_SET, Similarity.COSINE, 0, new Groups("test", new int[] {0}, new int[] {3}), train)
                        .weights()[0]);
    }

    @Test
    void dynamicsThatStopEarlyAreCounted() {
        DominantSets hasty = new DominantSets(1.1, DominantSets.Dynamics.REPLICATOR, 1e-12, 2);
        Env env = Env.seeded(1);
        Neighbours found = find(new Search(Rule.DOMINANT_SET, Similarity.COSINE, 3, hasty), GROUPS, DATA.train(), env);
        assertEquals(GROUPS.disadvantaged().length - found.fallbacks(), found.unconverged());
        assertEquals(found.unconverged(), env.ledger().cost().count("neighbours-unconverged"));
    }

    @Test
    void moreNeighboursThanAdvantagedUsersAreRefused() {
        LetheException refused = assertThrows(
                LetheException.class, () -> find(Rule.NEAREST, Similarity.COUNT, 11, GROUPS, DATA.train()));
        assertEquals(
                "in-ucds has neighbours: 11, expected at most the 10 advantaged users of the data",
                refused.getMessage());
    }

    /**
     * The published sets of MovieLens-100K: from all pairs, test pairs included, the published code leaves nine neighbours; so do
     * the numbers in the documentation of {@link InUcds}.
     */
    @Test
    @Tag("slow")
    void thePublishedSetsHaveOneHub() throws IOException {
        Path folder = RealData.folders()
                .find("recsys/inucds/movielens")
                .orElseGet(() -> Assumptions.abort("the shipped sets of In-UCDS are not here"));
        Interactions train = pairs(folder.resolve("MovieLens_train.txt"));
        Interactions all =
                train.and(pairs(folder.resolve("MovieLens_tune.txt"))).and(pairs(folder.resolve("MovieLens_test.txt")));
        Groups groups =
                new Groups("listed", ids(folder.resolve("active_ids.txt")), ids(folder.resolve("inactive_ids.txt")));
        Neighbours published = find(Rule.COMPANION, Similarity.COUNT, 3, groups, all);
        assertEquals(9, published.distinct());
        assertEquals(875, published.largestHub());
        assertEquals(44, find(Rule.NEAREST, Similarity.COUNT, 3, groups, all).distinct());
        Neighbours exact = find(Rule.DOMINANT_SET, Similarity.COUNT, 3, groups, train);
        assertTrue(Arrays.stream(exact.supports()).allMatch(support -> support == 47));
        Neighbours ours = find(Rule.DOMINANT_SET, Similarity.COSINE, 3, groups, train);
        assertEquals(0, exact.unconverged() + ours.unconverged());
        assertTrue(ours.distinct() >= 45 && ours.largestHub() < 200, ours.distinct() + ", " + ours.largestHub());
    }

    private static Interactions pairs(Path file) throws IOException {
        int[][] pairs = Files.readAllLines(file).stream()
                .map(line -> Arrays.stream(line.strip().split("\\s+"))
                        .mapToInt(Integer::parseInt)
                        .toArray())
                .toArray(int[][]::new);
        return Interactions.of(
                943,
                1349,
                Arrays.stream(pairs).mapToInt(pair -> pair[0]).toArray(),
                Arrays.stream(pairs).mapToInt(pair -> pair[1]).toArray());
    }

    private static int[] ids(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .mapToInt(Integer::parseInt)
                .sorted()
                .toArray();
    }
}
