package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.ForgetUsers;

class UfrTest {
    private static final int USERS = 4;
    private static final int CANDIDATES = 12;
    private static final int ITEMS = CANDIDATES + 1; // the last one is what everybody has
    private static final int K = 3;
    private static final int[] EVERYBODY = {0, 1, 2, 3};
    private static final Balance PAIRS = new Balance("listed", List.of("0", "1"), 0.5);
    private static final Bpr BPR = new Bpr();

    /** Two users of each group with lists of 12 candidates, scores written by hand or drawn, and their labels. */
    private record Hand(float[] scores, boolean[] relevant) {
        static Hand drawn(long seed, int... truths) {
            Keyed key = Keyed.seed(seed).of("hand");
            float[] scores = new float[USERS * ITEMS];
            boolean[] relevant = new boolean[USERS * ITEMS];
            for (int u = 0; u < USERS; u++) {
                for (int i = 0; i < ITEMS; i++) {
                    scores[u * ITEMS + i] = (float) Keyed.normal(key.of(u).at(i));
                }
                int user = u;
                Integer[] order = IntStream.range(0, CANDIDATES).boxed().toArray(Integer[]::new);
                // the first two users like what they are shown, the others do not
                Arrays.sort(order, (a, b) -> Double.compare(taste(key, user, b, scores), taste(key, user, a, scores)));
                for (int n = 0; n < truths[u]; n++) {
                    relevant[u * ITEMS + order[n]] = true;
                }
            }
            return new Hand(scores, relevant);
        }

        private static double taste(Keyed key, int user, int item, float[] scores) {
            return (user < 2 ? 1 : -0.3) * scores[user * ITEMS + item]
                    + Keyed.normal(key.of("taste").of(user).at(item));
        }

        Embeddings model() {
            float[] unit = new float[ITEMS * ITEMS];
            for (int i = 0; i < ITEMS; i++) {
                unit[i * ITEMS + i] = 1;
            }
            return new Embeddings(ITEMS, scores, unit);
        }

        int truths(int user) {
            return (int) IntStream.range(0, ITEMS)
                    .filter(i -> relevant[user * ITEMS + i])
                    .count();
        }

        Interactions truth() {
            int[] pairs =
                    IntStream.range(0, USERS * ITEMS).filter(n -> relevant[n]).toArray();
            return Interactions.of(
                    USERS,
                    ITEMS,
                    Arrays.stream(pairs).map(n -> n / ITEMS).toArray(),
                    Arrays.stream(pairs).map(n -> n % ITEMS).toArray());
        }

        Interactions train() {
            return Interactions.of(USERS, ITEMS, EVERYBODY, new int[] {CANDIDATES, CANDIDATES, CANDIDATES, CANDIDATES});
        }

        Split data() {
            return new Split(train(), Interactions.of(USERS, ITEMS, new int[0], new int[0]), truth());
        }

        int hits(int user, int[] list) {
            return (int)
                    Arrays.stream(list).filter(i -> relevant[user * ITEMS + i]).count();
        }

        /** F1 of the first two users less that of the others. */
        double gap(int... hits) {
            double[] f1 = new double[USERS];
            Arrays.setAll(f1, u -> 2.0 * hits[u] / (truths(u) + K));
            return (f1[0] + f1[1]) / 2 - (f1[2] + f1[3]) / 2;
        }

        double total(int[][] lists) {
            double total = 0;
            for (int u = 0; u < USERS; u++) {
                for (int i : lists[u]) {
                    total += scores[u * ITEMS + i];
                }
            }
            return total;
        }

        /** For each user and number of labelled items, the largest sum over all subsets of k candidates. */
        double[][] best() {
            double[][] best = new double[USERS][K + 1];
            for (int u = 0; u < USERS; u++) {
                Arrays.fill(best[u], Double.NEGATIVE_INFINITY);
                for (int set = 0; set < 1 << CANDIDATES; set++) {
                    if (Integer.bitCount(set) == K) {
                        int h = 0;
                        double sum = 0;
                        for (int i = 0; i < CANDIDATES; i++) {
                            if ((set >> i & 1) == 1) {
                                h += relevant[u * ITEMS + i] ? 1 : 0;
                                sum += scores[u * ITEMS + i];
                            }
                        }
                        best[u][h] = Math.max(best[u][h], sum);
                    }
                }
            }
            return best;
        }

        /** The largest sum of scores over all lists of all users within the limit; −∞ if there are none. */
        double brute(double epsilon) {
            double[][] best = best();
            double found = Double.NEGATIVE_INFINITY;
            for (int n = 0; n < (K + 1) * (K + 1) * (K + 1) * (K + 1); n++) {
                int[] h = {n % 4, n / 4 % 4, n / 16 % 4, n / 64};
                if (Math.abs(gap(h)) <= epsilon + 1e-9) {
                    found = Math.max(found, best[0][h[0]] + best[1][h[1]] + best[2][h[2]] + best[3][h[3]]);
                }
            }
            return found;
        }
    }

    private static int[][] lists(Recommender model, Hand hand, int k) {
        return Ranking.top(model, hand.train(), EVERYBODY, k, Workers.here());
    }

    private static int[] hits(Hand hand, int[][] lists) {
        return IntStream.range(0, USERS).map(u -> hand.hits(u, lists[u])).toArray();
    }

    private static Ufr oracle(double epsilon) {
        return new Ufr(K, epsilon, CANDIDATES, Ufr.Labels.ORACLE);
    }

    @Test
    void groupsOfTheSameSizeGetTheBestOfAllLists() {
        int moved = 0;
        for (int seed = 0; seed < 60; seed++) {
            Hand hand = Hand.drawn(seed, 3, 3, 3, 3); // so that all steps change the gap by 1/6
            double epsilon = seed % 3 == 0 ? 0 : seed % 3 == 1 ? 0.1 : 0.2;
            Recommender after = oracle(epsilon).fulfil(hand.model(), PAIRS, BPR, hand.data(), Env.seeded(1));
            int[][] lists = lists(after, hand, K);
            assertEquals(hand.brute(epsilon), hand.total(lists), 1e-5, "seed " + seed);
            assertTrue(Math.abs(hand.gap(hits(hand, lists))) <= epsilon + 1e-9, "seed " + seed);
            moved += hand.gap(hits(hand, lists(hand.model(), hand, K))) > epsilon ? 1 : 0;
        }
        assertTrue(moved > 20, "there were gaps to close: " + moved);
    }

    @Test
    void unequalStepsLoseAtMostOneStepMoreThanTheBestLists() {
        int exact = 0;
        for (int seed = 0; seed < 60; seed++) {
            Hand hand = Hand.drawn(seed, 2, 4, 3, 5);
            double epsilon = 0.12; // more than half of every step, so that none is too large
            Recommender after = oracle(epsilon).fulfil(hand.model(), PAIRS, BPR, hand.data(), Env.seeded(1));
            int[][] lists = lists(after, hand, K);
            int[] h = hits(hand, lists);
            assertTrue(Math.abs(hand.gap(h)) <= epsilon + 1e-9, "seed " + seed);
            double[][] best = hand.best();
            double step = 0;
            for (int u = 0; u < USERS; u++) {
                assertEquals(best[u][h[u]], hand.total(only(lists, u)), 1e-5, "seed " + seed);
                for (int n = 0; n < K; n++) {
                    double change = Math.abs(best[u][n] - best[u][n + 1]);
                    step = Double.isFinite(change) ? Math.max(step, change) : step;
                }
            }
            double optimum = hand.brute(epsilon);
            assertTrue(hand.total(lists) <= optimum + 1e-5, "seed " + seed);
            assertTrue(hand.total(lists) >= optimum - step - 1e-5, "seed " + seed);
            exact += Math.abs(hand.total(lists) - optimum) < 1e-5 ? 1 : 0;
        }
        assertTrue(exact >= 40, "most are the best of all: " + exact);
    }

    private static int[][] only(int[][] lists, int user) {
        int[][] one = new int[USERS][0];
        one[user] = lists[user];
        return one;
    }

    @Test
    void chosenItemsComeFirstAndAllOthersKeepTheirOrder() {
        Hand hand = Hand.drawn(3, 3, 3, 3, 3);
        Recommender after = oracle(0).fulfil(hand.model(), PAIRS, BPR, hand.data(), Env.seeded(1));
        int[][] before = lists(hand.model(), hand, CANDIDATES);
        int[][] lists = lists(after, hand, CANDIDATES);
        Reranked reranked = (Reranked) after;
        for (int u = 0; u < USERS; u++) {
            int[] chosen = reranked.chosen(u);
            int[] first = IntStream.of(before[u])
                    .filter(i -> Arrays.binarySearch(chosen, i) >= 0)
                    .toArray();
            int[] rest = IntStream.of(before[u])
                    .filter(i -> Arrays.binarySearch(chosen, i) < 0)
                    .toArray();
            assertArrayEquals(
                    IntStream.concat(IntStream.of(first), IntStream.of(rest)).toArray(), lists[u]);
            assertTrue(chosen.length == 0 || chosen.length == K);
        }
    }

    @Test
    void aLimitOfOneChangesNothing() {
        Hand hand = Hand.drawn(3, 3, 3, 3, 3);
        Embeddings model = hand.model();
        assertSame(model, oracle(1).fulfil(model, PAIRS, BPR, hand.data(), Env.seeded(1)));
    }

    @Test
    void aGapThatNoListClosesIsCountedAndMadeAsSmallAsItCanBe() {
        float[] scores = new float[USERS * ITEMS];
        boolean[] relevant = new boolean[USERS * ITEMS];
        for (int u = 0; u < USERS; u++) {
            for (int i = 0; i < ITEMS; i++) {
                scores[u * ITEMS + i] = i;
                relevant[u * ITEMS + i] = u < 2 ? i < CANDIDATES : i == (u == 2 ? 0 : CANDIDATES);
            }
        }
        Hand hand = new Hand(scores, relevant); // advantaged lists are always full; user 3 knows the only labelled item
        Ledger ledger = new Ledger();
        Recommender after = oracle(0.1)
                .fulfil(hand.model(), PAIRS, BPR, hand.data(), Env.seeded(1).with(ledger));
        assertArrayEquals(new int[] {3, 3, 1, 0}, hits(hand, lists(after, hand, K)));
        assertEquals(1, ledger.cost().counts().get("gap-unmet"));
        assertEquals(1, ledger.cost().counts().get("users-reranked"));
        assertEquals(1, ledger.cost().counts().get("relevant-added"));
        assertEquals(0, ledger.cost().counts().get("relevant-removed"));
    }

    @Test
    void aStepPastTheLimitIsTakenOnlyIfItComesCloser() {
        Hand hand = Hand.drawn(3, 3, 3, 3, 3);
        for (int seed = 0; seed < 40; seed++) {
            Hand odd = Hand.drawn(seed, 2, 4, 3, 5);
            double before = Math.abs(odd.gap(hits(odd, lists(odd.model(), odd, K))));
            Recommender after = oracle(0).fulfil(odd.model(), PAIRS, BPR, odd.data(), Env.seeded(1));
            double gap = Math.abs(odd.gap(hits(odd, lists(after, odd, K))));
            assertTrue(gap <= before + 1e-9 && gap < 0.2, "seed " + seed + ": " + gap);
        }
        assertEquals(
                0,
                hand.gap(hits(
                        hand, lists(oracle(0).fulfil(hand.model(), PAIRS, BPR, hand.data(), Env.seeded(1)), hand, K))),
                1e-9);
    }

    @Test
    void usersWithFewCandidatesGetShorterLists() {
        Hand hand = Hand.drawn(3, 3, 3, 3, 3);
        int[] most = IntStream.range(0, ITEMS)
                .filter(i -> !hand.relevant()[i])
                .limit(9)
                .toArray();
        Interactions train = hand.train().and(Interactions.of(USERS, ITEMS, new int[most.length], most));
        Interactions left = Interactions.of(
                USERS,
                ITEMS,
                IntStream.range(0, ITEMS).map(i -> 3).limit(11).toArray(),
                IntStream.range(0, 11).toArray());
        Split data = new Split(train.and(left), hand.data().validation(), hand.truth());
        Recommender after = oracle(0.05).fulfil(hand.model(), PAIRS, BPR, data, Env.seeded(1));
        int[][] lists = Ranking.top(after, data.train(), EVERYBODY, K, Workers.here());
        assertEquals(1, lists[3].length);
        assertArrayEquals(new int[] {11}, lists[3]);
        assertTrue(lists[0].length == 3 && lists[1].length == 3 && lists[2].length == 3);
    }

    @Test
    void onlyTheBestCandidatesAreListed() {
        Hand hand = Hand.drawn(5, 3, 3, 3, 3);
        Recommender after =
                new Ufr(K, 0, 4, Ufr.Labels.ORACLE).fulfil(hand.model(), PAIRS, BPR, hand.data(), Env.seeded(1));
        int[][] pool = lists(hand.model(), hand, 4);
        int[][] lists = lists(after, hand, K);
        for (int u = 0; u < USERS; u++) {
            List<Integer> allowed = IntStream.of(pool[u]).boxed().toList();
            assertTrue(IntStream.of(lists[u]).allMatch(allowed::contains));
        }
    }

    private static final Split PLANTED = new Planted(300, 60, 20, 1).load(new DataFolders(List.of()));
    private static final Balance ACTIVE = new Balance("activity", List.of(), 0.1);

    private static double gap(Recommender model, Interactions known, Interactions truth, int k) {
        Groups groups = ACTIVE.of(PLANTED.train());
        return f1(model, known, truth, groups.advantaged(), k) - f1(model, known, truth, groups.disadvantaged(), k);
    }

    private static double f1(Recommender model, Interactions known, Interactions truth, int[] group, int k) {
        int[] users = Arrays.stream(group).filter(u -> truth.degree(u) > 0).toArray();
        int[][] lists = Ranking.top(model, known, users, k, Workers.here());
        return IntStream.range(0, users.length)
                .mapToDouble(n -> 2.0
                        * Arrays.stream(lists[n])
                                .filter(i -> truth.contains(users[n], i))
                                .count()
                        / (truth.degree(users[n]) + k))
                .average()
                .orElseThrow();
    }

    private static Recommender trained() {
        return new Bpr().withDims(8).withEpochs(3).train(PLANTED, Env.seeded(1));
    }

    @Test
    void testLabelsCloseTheGapOfTheTestPart() {
        Recommender before = trained();
        Interactions known = PLANTED.train().and(PLANTED.validation());
        double gap = Math.abs(gap(before, known, PLANTED.test(), 10));
        assertTrue(gap > 0.03, "there is a gap: " + gap);
        Recommender after =
                new Ufr(10, 0.01, 50, Ufr.Labels.ORACLE).fulfil(before, ACTIVE, BPR, PLANTED, Env.seeded(1));
        assertTrue(Math.abs(gap(after, known, PLANTED.test(), 10)) <= 0.01 + 1e-9);
    }

    @Test
    void validationLabelsCloseTheGapOfTheirPartAndLeaveRankingsOfTheTestPart() {
        Recommender before = trained();
        double gap = Math.abs(gap(before, PLANTED.train(), PLANTED.validation(), 5));
        double epsilon = gap / 4;
        Recommender after =
                new Ufr(5, epsilon, 60, Ufr.Labels.TUNE).fulfil(before, ACTIVE, BPR, PLANTED, Env.seeded(1));
        assertTrue(after instanceof Reranked);
        assertTrue(Math.abs(gap(after, PLANTED.train(), PLANTED.validation(), 5)) <= epsilon + 1e-9);
        Interactions known = PLANTED.train().and(PLANTED.validation());
        int[] all = IntStream.range(0, PLANTED.users()).toArray();
        assertArrayEquals(
                Ranking.top(before, known, all, 60, Workers.here()),
                Ranking.top(after, known, all, 60, Workers.here()));
    }

    @Test
    void anyNumberOfWorkersGivesTheSameScores() {
        Recommender before = trained();
        Ufr ufr = new Ufr(10, 0.01, 50, Ufr.Labels.ORACLE);
        Recommender one = ufr.fulfil(before, ACTIVE, BPR, PLANTED, Env.seeded(1));
        Recommender other =
                ufr.fulfil(before, ACTIVE, BPR, PLANTED, Env.seeded(2).with(Samples.backwards()));
        int[] all = IntStream.range(0, PLANTED.users()).toArray();
        float[] a = new float[all.length * PLANTED.items()];
        float[] b = new float[a.length];
        one.scores(all, a);
        other.scores(all, b);
        assertArrayEquals(a, b);
    }

    @Test
    void missingLabelsAreRefused() {
        Hand hand = Hand.drawn(3, 3, 3, 3, 3);
        Split data = hand.data();
        refuses(Ufr.Labels.TUNE, data, "ufr takes labels from the validation part, which is empty");
        refuses(
                Ufr.Labels.ORACLE,
                new Split(data.train(), data.validation(), data.validation()),
                "ufr takes labels from the test part, which is empty");
        refuses(
                Ufr.Labels.TUNE,
                new Split(data.train(), data.test(), data.test()),
                "ufr takes labels from the validation part, which holds test pairs");
        refuses(
                Ufr.Labels.ORACLE,
                new Split(data.train(), data.validation(), data.test().withoutUsers(u -> u < 2)),
                "none of the 2 advantaged users has pairs in the part with labels");
    }

    private static void refuses(Ufr.Labels labels, Split data, String message) {
        LetheException e = assertThrows(
                LetheException.class,
                () -> new Ufr(K, 0.05, CANDIDATES, labels)
                        .fulfil(Hand.drawn(3, 3, 3, 3, 3).model(), PAIRS, BPR, data, Env.seeded(1)));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void onlyRequestsToBalanceAreFulfilled() {
        assertEquals(
                "ufr fulfils requests to balance, not forget-users",
                new Ufr().unsuited(new ForgetUsers(), BPR).orElseThrow());
        assertTrue(new Ufr().unsuited(new Balance(), BPR).isEmpty());
        assertThrows(IllegalArgumentException.class, () -> new Ufr(10, 0.05, 9, Ufr.Labels.TUNE));
        assertThrows(IllegalArgumentException.class, () -> new Ufr(0, 0.05, 9, Ufr.Labels.TUNE));
        assertThrows(IllegalArgumentException.class, () -> new Ufr(1, 1.5, 9, Ufr.Labels.TUNE));
    }
}
