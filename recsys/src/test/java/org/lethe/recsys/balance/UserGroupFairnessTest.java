package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Cost;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.balance.UserGroupFairness.Lists;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.hide.Hide;

class UserGroupFairnessTest {
    private static final Split DATA = new Planted(400, 150, 30, 5).load(new DataFolders(List.of()));
    private static final Balance BY_GROUP = Balance.by(Planted.GROUP, "a"); // about half of the users
    private static final boolean[] ADVANTAGED = BY_GROUP.of(DATA.train()).isAdvantaged(DATA.users());
    private static final UserGroupFairness AUDIT = new UserGroupFairness();

    /** A score for each pair. */
    private record Scores(int users, int items, float[] all) implements Recommender {
        @Override
        public float score(int user, int item) {
            return all[user * items + item];
        }

        @Override
        public void scores(int user, float[] into) {
            System.arraycopy(all, user * items, into, 0, items);
        }
    }

    /** Noise, and a lift of each user's test items that depends on the group. */
    private static Scores lifted(double advantaged, double disadvantaged, long seed) {
        float[] all = new float[DATA.users() * DATA.items()];
        for (int u = 0; u < DATA.users(); u++) {
            for (int i = 0; i < DATA.items(); i++) {
                double lift = DATA.test().contains(u, i) ? ADVANTAGED[u] ? advantaged : disadvantaged : 0;
                all[u * DATA.items() + i] =
                        (float) (lift + Keyed.normal(Keyed.seed(seed).at(u, i)));
            }
        }
        return new Scores(DATA.users(), DATA.items(), all);
    }

    private static final Scores UNFAIR = lifted(2.5, 1.2, 1);
    private static final Scores REPAIRED = lifted(2.5, 2.3, 1);
    private static final Scores LEVELLED = lifted(1.3, 1.2, 1);

    private static Case<Split, Recommender> of(Request request, Recommender before, Recommender after) {
        return new Case<>(DATA, request, before, after, before);
    }

    private static List<Finding> examine(Recommender before, Recommender after) {
        return AUDIT.examine(of(BY_GROUP, before, after), Env.seeded(1));
    }

    private static Finding named(String name, List<Finding> findings) {
        return findings.stream()
                .filter(f -> f.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(
                        name + " in " + findings.stream().map(Finding::name).toList()));
    }

    private static Verdict verdict(String name, List<Finding> findings) {
        return named(name, findings).verdict().orElseThrow();
    }

    private static void assertFinite(List<Finding> findings) {
        for (Finding f : findings) {
            assertTrue(Double.isFinite(f.value()), f::toString);
            f.interval().ifPresent(i -> assertTrue(i.contains(f.value()), f::toString));
        }
        assertEquals(
                findings.size(), findings.stream().map(Finding::name).distinct().count());
    }

    // ---- measures ----

    /**
     * Twelve items. User 0 is advantaged: training items 0, 1, 2, validation item 3, test items 4, 5, 6. Users 1 and 2 have the
     * training item 0 and the test item 1. All items that nobody has lie on one side of each test item, so every draw is alike.
     */
    private static Case<Split, Recommender> byHand() {
        Interactions train = Interactions.of(3, 12, new int[] {0, 0, 0, 1, 2}, new int[] {0, 1, 2, 0, 0});
        Interactions validation = Interactions.of(3, 12, new int[] {0}, new int[] {3});
        Interactions test = Interactions.of(3, 12, new int[] {0, 0, 0, 1, 2}, new int[] {4, 5, 6, 1, 1});
        float[] all = new float[36];
        for (int i = 0; i < 12; i++) {
            all[i] = i < 4 ? 50 : i == 4 ? 40 : i >= 7 ? 30 - i : 10 - i; // ranks 4, 7, 8, …
            all[12 + i] = i == 1 ? 40 : 30 - i; // ranks 1, 2, …
            all[24 + i] = i == 1 ? 0 : 30 - i; // ranks 2, 3, …, 1
        }
        Scores model = new Scores(3, 12, all);
        Request request = new Balance("listed", List.of("0"), 0.05);
        return new Case<>(new Split(train, validation, test), request, model, model, model);
    }

    @Test
    void everyMeasureIsTheOneComputedByHand() {
        List<Finding> findings = new UserGroupFairness("request", List.of(), 0.05, 2, 9, 3, Lists.FULL, 0.6, 0.01)
                .examine(byHand(), Env.seeded(1));
        assertFinite(findings);
        double log3 = Math.log(3) / Math.log(2);
        double first = 1 / (1 + 1 / log3); // one of two places hit
        assertGroups("ndcg@2", first, 0.5, (first + 1) / 3, findings);
        assertGroups("hitRate@2", 1, 0.5, 2.0 / 3, findings);
        assertGroups("f1@2", 2.0 / 5, (2.0 / 3 + 0) / 2, (2.0 / 5 + 2.0 / 3) / 3, findings);
        // sampled: user 0 hits with one test item of three, user 1 with its only one, user 2 never, always at the first
        // rank
        assertGroups("sampled-", "ndcg@2", 1.0 / 3, 0.5, 4.0 / 9, findings);
        assertGroups("sampled-", "hitRate@2", 1.0 / 3, 0.5, 4.0 / 9, findings);
        // p = hitRate / 2: 1/6, 1/4, 2/9
        assertGroups("sampled-", "pooledF1@2", 2.0 / 7, 2.0 / 5, 4.0 / 11, findings);
        assertEquals(1, named("advantaged-ndcg@2", findings).n());
        assertEquals(2, named("disadvantaged-ndcg@2", findings).n());
        assertEquals(3, named("ndcg@2", findings).n());
    }

    private static void assertGroups(String measure, double first, double second, double all, List<Finding> in) {
        assertGroups("", measure, first, second, all, in);
    }

    private static void assertGroups(
            String prefix, String measure, double first, double second, double all, List<Finding> in) {
        assertEquals(all, named(prefix + measure, in).value(), 1e-12, measure);
        assertEquals(first, named(prefix + "advantaged-" + measure, in).value(), 1e-12, measure);
        assertEquals(second, named(prefix + "disadvantaged-" + measure, in).value(), 1e-12, measure);
        assertEquals(
                Math.abs(first - second), named(prefix + "ugf-" + measure, in).value(), 1e-12, measure);
    }

    @Test
    void pooledF1IsThePublishedCodesForm() {
        assertEquals(
                0.1481, UserGroupFairness.pooledF1(0.8, 10), 5e-5); // the published hit rates and F1 of four models
        assertEquals(0.1489, UserGroupFairness.pooledF1(0.8043, 10), 5e-5);
        assertEquals(0.1554, UserGroupFairness.pooledF1(0.8426, 10), 5e-5);
        assertEquals(0.1532, UserGroupFairness.pooledF1(0.8298, 10), 5e-5);
        assertEquals(0, UserGroupFairness.pooledF1(0, 10));
    }

    @Test
    void groupsServedAlikeHaveNoUgf() {
        Scores perfect = lifted(1e6, 1e6, 1);
        List<Finding> findings = examine(perfect, perfect);
        for (String name : List.of("ugf-ndcg@10", "sampled-ugf-ndcg@10", "sampled-ugf-hitRate@10", "ugf-hitRate@10")) {
            assertEquals(0, named(name, findings).value(), 1e-12, name);
        }
        assertEquals(1, named("ndcg@10", findings).value(), 1e-12);
    }

    @Test
    void randomScoresHitOneSampledListInTenInBothGroups() {
        Scores random = lifted(0, 0, 3);
        List<Finding> findings = examine(random, random);
        for (String name : List.of("sampled-advantaged-hitRate@10", "sampled-disadvantaged-hitRate@10")) {
            assertEquals(0.1, named(name, findings).value(), 0.05, name); // 200 users of six items: sd about 0.009
        }
    }

    // ---- verdicts ----

    @ParameterizedTest
    @EnumSource
    void aRepairedModelPassesAndDoingNothingFails(Lists lists) {
        String ugf = lists == Lists.SAMPLED ? "sampled-ugf-ndcg@10" : "ugf-ndcg@10";
        UserGroupFairness audit = AUDIT.withLists(lists);
        List<Finding> repaired = audit.examine(of(BY_GROUP, UNFAIR, REPAIRED), Env.seeded(1));
        assertFinite(repaired);
        for (String name : List.of(ugf, "overall-change", "levelling-down")) {
            assertInstanceOf(
                    Verdict.Pass.class,
                    verdict(name, repaired),
                    () -> named(name, repaired).toString());
        }
        assertEquals(ugf, repaired.getFirst().name(), "the finding that a report shows first");
        assertTrue(
                named("disadvantaged-change", repaired).interval().orElseThrow().low() > 0);
        assertEquals(0, named("advantaged-change", repaired).value());
        List<Finding> nothing = audit.examine(of(BY_GROUP, UNFAIR, UNFAIR), Env.seeded(1));
        assertInstanceOf(Verdict.Fail.class, verdict(ugf, nothing));
        assertInstanceOf(Verdict.Pass.class, verdict("overall-change", nothing));
        assertInstanceOf(Verdict.Pass.class, verdict("levelling-down", nothing));
        // one gap and three changes on each kind of list are judged
        assertEquals(7, nothing.stream().filter(f -> f.verdict().isPresent()).count());
    }

    @Test
    void harmingTheAdvantagedAloneIsFlaggedAlthoughUgfFalls() {
        List<Finding> findings = examine(UNFAIR, LEVELLED);
        assertInstanceOf(Verdict.Pass.class, verdict("sampled-ugf-ndcg@10", findings));
        assertInstanceOf(Verdict.Fail.class, verdict("levelling-down", findings));
        assertInstanceOf(Verdict.Fail.class, verdict("overall-change", findings));
        Finding lost = named("advantaged-change", findings);
        assertTrue(lost.interval().orElseThrow().high() < 0, lost::toString);
        assertEquals(0, named("disadvantaged-change", findings).value());
        assertEquals(-lost.value(), named("levelling-down", findings).value(), 1e-15);
    }

    @Test
    void lossesAsLargeAsGainsAreUndecided() {
        Finding down = named("levelling-down", examine(UNFAIR, lifted(1.2, 2.5, 2)));
        assertTrue(down.interval().orElseThrow().contains(0), down::toString);
        assertInstanceOf(Verdict.Undecided.class, down.verdict().orElseThrow());
    }

    @Test
    void withoutAGapBeforeThereIsNothingToBalance() {
        Scores fair = lifted(1.5, 1.5, 1);
        for (Recommender after : List.of(fair, lifted(2.5, 2.5, 1))) {
            Verdict.Undecided undecided =
                    assertInstanceOf(Verdict.Undecided.class, verdict("sampled-ugf-ndcg@10", examine(fair, after)));
            assertTrue(
                    undecided
                            .why()
                            .matches("nothing to balance: the UGF of the model before, 0\\.\\d+, is not told from 0 by"
                                    + " \\d+ advantaged and \\d+ disadvantaged users"),
                    undecided.why());
        }
    }

    @Test
    void anotherSeedOfTheSameUnfairModelDoesNotPass() {
        assertInstanceOf(Verdict.Fail.class, verdict("sampled-ugf-ndcg@10", examine(UNFAIR, lifted(2.5, 1.2, 9))));
    }

    // ---- other requests ----

    @Test
    void whoPaysForForgettingIsMeasuredOnThoseWhoRemainWithoutAVerdict() {
        ForgetUsers request = ForgetUsers.listed("3", "7", "11");
        Split remaining = request.resolve(DATA).remaining();
        Case<Split, Recommender> c = new Case<>(DATA, remaining, request, UNFAIR, LEVELLED, LEVELLED);
        List<Finding> findings = AUDIT.withGroups(Planted.GROUP, "a").examine(c, Env.seeded(1));
        assertFinite(findings);
        assertTrue(findings.stream().noneMatch(f -> f.verdict().isPresent()));
        Groups groups = BY_GROUP.of(remaining.train());
        Set<Integer> tested = IntStream.range(0, DATA.users())
                .filter(u -> remaining.test().degree(u) > 0)
                .boxed()
                .collect(Collectors.toSet());
        assertEquals(
                Arrays.stream(groups.advantaged()).filter(tested::contains).count(),
                named("advantaged-change", findings).n());
        assertEquals(tested.size(), named("overall-change", findings).n());
        assertFalse(tested.contains(3));
        assertTrue(named("advantaged-change", findings).interval().orElseThrow().high() < 0);
    }

    @Test
    void groupsAreByActivityWhereNobodyAsksForOthers() {
        List<Finding> findings = AUDIT.examine(of(new Hide(Planted.GROUP), UNFAIR, REPAIRED), Env.seeded(1));
        assertEquals(20, named("advantaged-ndcg@10", findings).n()); // one in twenty of 400
        assertTrue(findings.stream().noneMatch(f -> f.verdict().isPresent()));
    }

    @Test
    void aLossOnSampledListsAloneIsJudgedAndNoQualityIsNoPass() {
        // no test item is in anyone's top 10 before, so the full ranking has nothing to lose
        Scores buried = lifted(-9, -9, 1);
        List<Finding> findings = examine(buried, lifted(-30, -30, 2));
        assertInstanceOf(Verdict.Undecided.class, verdict("overall-change", findings));
        assertInstanceOf(Verdict.Undecided.class, verdict("worse-served-change", findings));
        List<Finding> harmed = examine(UNFAIR, lifted(1.2, 0, 2));
        assertInstanceOf(Verdict.Fail.class, verdict("sampled-overall-change", harmed));
        assertInstanceOf(Verdict.Fail.class, verdict("sampled-worse-served-change", harmed));
    }

    @Test
    void groupsOfAFewUsersAreNotJudged() {
        Balance three = new Balance("listed", List.of("1", "2", "3"), 0.05);
        for (Recommender after : List.of(UNFAIR, REPAIRED, LEVELLED)) {
            for (Finding finding : AUDIT.examine(of(three, UNFAIR, after), Env.seeded(1))) {
                finding.verdict().ifPresent(v -> assertInstanceOf(Verdict.Undecided.class, v, finding.toString()));
            }
        }
    }

    @Test
    void groupsThatNobodyAskedToBalanceAreNotJudged() {
        List<Finding> findings = AUDIT.withGroups("activity").examine(of(BY_GROUP, UNFAIR, REPAIRED), Env.seeded(1));
        assertTrue(findings.stream().noneMatch(f -> f.verdict().isPresent()));
    }

    @Test
    void theReferenceOfAChainBalancesNothingAndIsNotJudged() {
        Case<Split, Recommender> chained = new Case<>(DATA, BY_GROUP, UNFAIR, LEVELLED, LEVELLED);
        assertTrue(AUDIT.examine(chained, Env.seeded(1)).stream()
                .noneMatch(f -> f.verdict().isPresent()));
    }

    // ---- costs, bits, pictures, mistakes ----

    /** A model that counts for how many users it is asked. */
    private record Counted(Recommender model, AtomicInteger asked) implements Recommender {
        @Override
        public int users() {
            return model.users();
        }

        @Override
        public int items() {
            return model.items();
        }

        @Override
        public float score(int user, int item) {
            return model.score(user, item);
        }

        @Override
        public void scores(int user, float[] into) {
            asked.incrementAndGet();
            model.scores(user, into);
        }
    }

    @Test
    void theModelBeforeIsRankedOnceForAllCellsAndScoredOnceForAllDraws() {
        Counted before = new Counted(UNFAIR, new AtomicInteger());
        Counted after = new Counted(REPAIRED, new AtomicInteger());
        Case<Split, Recommender> c = new Case<>(
                DATA,
                DATA,
                BY_GROUP,
                before,
                after,
                before,
                List.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                new Baseline());
        List<Finding> once = AUDIT.examine(c, Env.seeded(1));
        int users = (int) named("ndcg@10", once).n();
        assertEquals(2 * users, before.asked.get(), "one full and one sampled ranking");
        assertEquals(2 * users, after.asked.get(), "one full and one sampled ranking");
        assertEquals(once, AUDIT.examine(c, Env.seeded(1)));
        AUDIT.pictures(c, Env.seeded(1));
        assertEquals(2 * users, before.asked.get());
    }

    @Test
    void anyNumberOfThreadsFindsTheSameBits() {
        List<Finding> alone = examine(UNFAIR, REPAIRED);
        try (Workers three = Workers.threads(3)) {
            Env env = Env.seeded(1).with(three);
            assertEquals(alone, AUDIT.examine(of(BY_GROUP, UNFAIR, REPAIRED), env));
        }
    }

    @Test
    void aGroupWithoutTestItemsIsUndecidedAndSaysSo() {
        Split untested = new Split(DATA.train(), DATA.validation(), DATA.test().withoutUsers(u -> ADVANTAGED[u]));
        List<Finding> findings = AUDIT.examine(new Case<>(untested, BY_GROUP, UNFAIR, REPAIRED, UNFAIR), Env.seeded(1));
        assertFinite(findings);
        assertEquals(2, findings.size());
        for (Finding f : findings) {
            Verdict.Undecided undecided =
                    assertInstanceOf(Verdict.Undecided.class, f.verdict().orElseThrow());
            assertTrue(
                    undecided
                            .why()
                            .matches("0 advantaged and \\d+ disadvantaged users have test items, expected at least 1"
                                    + " of each"),
                    undecided.why());
        }
        List<Picture> pictures =
                AUDIT.pictures(new Case<>(untested, BY_GROUP, UNFAIR, REPAIRED, UNFAIR), Env.seeded(1));
        assertEquals(1, ((Picture.Curve) pictures.getFirst()).lines().size());
        Split nobody = new Split(DATA.train(), DATA.validation(), DATA.test().withoutUsers(u -> true));
        assertEquals(
                2,
                AUDIT.examine(new Case<>(nobody, BY_GROUP, UNFAIR, REPAIRED, UNFAIR), Env.seeded(1))
                        .size());
        assertEquals(List.of(), AUDIT.pictures(new Case<>(nobody, BY_GROUP, UNFAIR, REPAIRED, UNFAIR), Env.seeded(1)));
    }

    @Test
    void thePictureHasALineForEachGroupThatRises() {
        Picture.Curve curve = (Picture.Curve)
                AUDIT.pictures(of(BY_GROUP, UNFAIR, REPAIRED), Env.seeded(1)).getFirst();
        assertEquals("change of each user's ndcg@10", curve.title());
        assertEquals(2, curve.lines().size());
        for (Picture.Line line : curve.lines()) {
            assertTrue(line.x().size() <= 200);
            assertEquals(1f, line.x().getLast());
            for (int n = 1; n < line.x().size(); n++) {
                assertTrue(line.x().get(n) > line.x().get(n - 1)
                        && line.y().get(n) >= line.y().get(n - 1));
            }
        }
        assertTrue(curve.lines().getFirst().y().stream().allMatch(y -> y == 0), "the advantaged keep what they had");
        assertTrue(curve.lines().get(1).y().getLast() > 0);
        assertEquals(List.of(), AUDIT.pictures(of(BY_GROUP, UNFAIR, UNFAIR), Env.seeded(1)));
    }

    @Test
    void mistakesAreNamed() {
        assertEquals(
                "audit user-group-fairness: balance.groups is \"country\", expected activity, listed or one of group",
                assertThrows(
                                LetheException.class,
                                () -> AUDIT.withGroups("country").examine(of(BY_GROUP, UNFAIR, UNFAIR), Env.seeded(1)))
                        .getMessage());
        assertEquals(
                "advantaged is [a], expected nothing, as the request decides",
                assertThrows(IllegalArgumentException.class, () -> AUDIT.withGroups("request", "a"))
                        .getMessage());
        assertEquals(
                "maxRemaining is 1.0, expected between 0 and 1",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new UserGroupFairness(
                                        "request", List.of(), 0.05, 10, 99, 20, Lists.FULL, 1, 0.01))
                        .getMessage());
        assertEquals(
                "draws is 0, expected 1 to 1,000,000",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new UserGroupFairness(
                                        "request", List.of(), 0.05, 10, 99, 0, Lists.FULL, 0.6, 0.01))
                        .getMessage());
    }
}
