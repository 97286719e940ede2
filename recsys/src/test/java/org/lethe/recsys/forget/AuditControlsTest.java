package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.statistics.Resampling;

/** What makes an audit one: it rejects doing nothing, or a stated sabotage, and accepts retraining, over several seeds. */
final class AuditControlsTest {
    private static final int SEEDS = 3;
    private static final Fairness HALF =
            new Fairness(0.5, Fairness.Ndcg.FULL, 20, 0.02, 2); // half the users are active
    private static final Request REQUEST = new ForgetUsers(Choice.RANDOM, 10);
    private static final List<World> WORLDS = new ArrayList<>();

    private record World(long seed, Split data, Recommender before, Recommender retrained, Recommender again) {}

    @BeforeAll
    static void trainEach() {
        // no validation part and a quick optimiser: a model that remembers what it was trained on
        EmbeddingLearner learner =
                new Bpr().withDims(16).withEpochs(30).withBatch(256).withLearningRate(0.01);
        for (long seed = 1; seed <= SEEDS; seed++) {
            Split data = tastes(400, 150, 30, seed);
            Split remaining = ((ForgetRequest) REQUEST).resolve(data).remaining();
            WORLDS.add(new World(
                    seed,
                    data,
                    learner.train(data, Env.seeded(seed)),
                    learner.train(remaining, Env.seeded(seed)),
                    learner.train(remaining, Env.seeded(seed + 1_000))));
        }
    }

    /** Users of five tastes, items of five kinds and falling popularity; a fifth of the pairs is for judging. */
    private static Split tastes(int users, int items, int each, long seed) {
        Keyed random = Keyed.seed(seed).of("tastes");
        int[] userOf = new int[users * each];
        int[] itemOf = new int[users * each];
        for (int n = 0; n < userOf.length; n++) {
            int u = n / each;
            Keyed draw = random.of(n);
            int item = 0;
            for (int attempt = 0; attempt < 50; attempt++) {
                double popular = Keyed.unit(draw.of("item").at(attempt));
                item = (int) (popular * popular * items);
                if (item % 5 == u % 5 || Keyed.below(draw.of("keep").at(attempt), 8) == 0) {
                    break;
                }
            }
            userOf[n] = u;
            itemOf[n] = item;
        }
        Interactions all = Interactions.of(users, items, userOf, itemOf);
        Keyed test = random.of("test");
        return new Split(
                all.where((u, i) -> Keyed.below(test.at(u, i), 5) != 0),
                all.where((u, i) -> false),
                all.where((u, i) -> Keyed.below(test.at(u, i), 5) == 0));
    }

    @Test
    void completenessRejectsDoingNothing() {
        assertEvery(Verdict.Fail.class, verdicts(new Completeness(), Sabotage.NOTHING, "score-auc"));
        assertEvery(Verdict.Fail.class, verdicts(new Completeness(), Sabotage.NOTHING, "mio-auc"));
        assertEvery(Verdict.Fail.class, verdicts(new Completeness(), Sabotage.NOTHING, "calibrated-auc"));
    }

    @Test
    void completenessAcceptsRetraining() {
        for (String attack : List.of("score-auc", "mio-auc", "calibrated-auc")) {
            assertEvery(Verdict.Pass.class, verdicts(new Completeness(), Sabotage.RETRAINED, attack));
            assertOnceAtMost(
                    Verdict.Fail.class, verdicts(new Completeness(), Sabotage.RETRAINED_FROM_ANOTHER_SEED, attack));
        }
    }

    @Test
    void gapIsOneForDoingNothingAndZeroForRetraining() {
        for (World world : WORLDS) {
            List<Finding> nothing = examine(new Completeness(), world, Sabotage.NOTHING);
            List<Finding> retrained = examine(new Completeness(), world, Sabotage.RETRAINED);
            assertEquals(1, EfficiencyTest.value(nothing, "completeness-gap"), 1e-12);
            assertEquals(0, EfficiencyTest.value(retrained, "completeness-gap"));
            assertEquals(1, EfficiencyTest.value(nothing, "parameter-distance"));
            assertEquals(0, EfficiencyTest.value(retrained, "parameter-distance"));
            assertEquals(1, EfficiencyTest.value(retrained, "jaccard@20"));
        }
    }

    @Test
    void erasedRowsThatPointWhereTheyPointedAreFound() {
        for (Sabotage sabotage : List.of(Sabotage.NOTHING, Sabotage.SHRUNK, Sabotage.TURNED_ROUND)) {
            assertEvery(Verdict.Fail.class, verdicts(new ErasedRows(), sabotage, "own-row-rank"));
        }
        assertEvery(Verdict.Fail.class, verdicts(new ErasedRows(), Sabotage.TURNED_ROUND, "norm-ratio"));
    }

    @Test
    void erasedRowsOfARetrainedModelAreAccepted() {
        for (Sabotage sabotage : List.of(Sabotage.RETRAINED, Sabotage.RETRAINED_FROM_ANOTHER_SEED)) {
            assertEvery(Verdict.Pass.class, verdicts(new ErasedRows(), sabotage, "norm-ratio"));
            assertOnceAtMost(Verdict.Fail.class, verdicts(new ErasedRows(), sabotage, "own-row-rank"));
            assertOnceAtMost(Verdict.Fail.class, verdicts(new ErasedRows(), sabotage, "folded-auc"));
        }
    }

    @Test
    void itemsThatRememberAreFoundBehindRowsOfZeros() {
        List<Verdict> folded = verdicts(new ErasedRows(), Sabotage.ZEROED, "folded-auc");
        assertTrue(folded.stream().noneMatch(Verdict.Pass.class::isInstance), folded::toString);
    }

    @Test
    void utilityRejectsARuinedModel() {
        assertEvery(Verdict.Fail.class, verdicts(new Utility(), Sabotage.RUINED, "ndcgFull@20"));
        assertEvery(Verdict.Fail.class, verdicts(new Utility(), Sabotage.RUINED, "recall@20"));
    }

    @Test
    void utilityRejectsDoingNothingForWhatItStillKnows() {
        assertEvery(Verdict.Fail.class, verdicts(new Utility(), Sabotage.NOTHING, "forgotten-ndcgCut@20"));
    }

    @Test
    void utilityAcceptsRetraining() {
        for (String name : List.of("ndcgFull@20", "recall@20", "forgotten-ndcgCut@20")) {
            assertEvery(Verdict.Pass.class, verdicts(new Utility(), Sabotage.RETRAINED, name));
            assertOnceAtMost(Verdict.Fail.class, verdicts(new Utility(), Sabotage.RETRAINED_FROM_ANOTHER_SEED, name));
        }
    }

    @Test
    void efficiencyRejectsDoingNothingAndAcceptsRetraining() {
        assertEvery(Verdict.Fail.class, verdicts(new Efficiency(), Sabotage.NOTHING, "scores-changed"));
        assertEvery(Verdict.Pass.class, verdicts(new Efficiency(), Sabotage.RETRAINED, "scores-changed"));
    }

    @Test
    void tooFewPeopleAreSaidWithHowManyWouldDo() {
        Verdict verdict = Resampling.likeReference(
                "bar",
                new Resampling.Difference(0, new Interval(0, 0, 0.95)),
                new Resampling.Difference(0.05, new Interval(-0.05, 0.15, 0.95)),
                0.02,
                50,
                "forgotten users");
        // half the interval, 0.1, has to halve: four times the people
        assertEquals(
                new Verdict.Undecided(
                        "bar",
                        "the model before, 0.050 from the reference, is not told from it by 50 forgotten users; about 200 would do"),
                verdict);
    }

    @Test
    void fairnessRejectsServingOnlyTheActive() {
        assertEvery(Verdict.Fail.class, verdicts(HALF, Sabotage.UNFAIR, "a-igf(ndcgFull)@20"));
    }

    @Test
    void fairnessRejectsDoingNothingForServingTheForgotten() {
        assertEvery(Verdict.Fail.class, verdicts(new Fairness(), Sabotage.NOTHING, "forgotten-gap(ndcgFull)@20"));
    }

    @Test
    void fairnessAcceptsRetraining() {
        for (String name : List.of("a-igf(ndcgFull)@20", "forgotten-gap(ndcgFull)@20")) {
            assertEvery(Verdict.Pass.class, verdicts(new Fairness(), Sabotage.RETRAINED, name));
            assertOnceAtMost(Verdict.Fail.class, verdicts(new Fairness(), Sabotage.RETRAINED_FROM_ANOTHER_SEED, name));
        }
    }

    @Test
    void attackLearnsOnNothingThatIsForgotten() {
        World world = WORLDS.getFirst();
        Membership membership = Membership.of(ForgetSets.of(caseOf(world, Sabotage.NOTHING)), 500, Keyed.seed(1));
        boolean[] gone = new boolean[world.data.users()];
        Arrays.stream(((ForgetRequest) REQUEST).resolve(world.data).users()).forEach(u -> gone[u] = true);
        assertEquals(
                0,
                Arrays.stream(membership.lessons().users()).filter(u -> gone[u]).count());
        assertEquals(0, Arrays.stream(membership.panel()).filter(u -> gone[u]).count());
        assertEquals(
                0,
                Arrays.stream(membership.questions().users())
                        .filter(u -> !gone[u])
                        .count());
        assertEquals(membership.lessons().size(), membership.lessons().members() * 2);
    }

    @Test
    void sameSeedGivesTheSameFindings() {
        World world = WORLDS.get(1);
        for (Audit<Split, Recommender> audit : List.of(new Utility(), new Completeness(), new Fairness())) {
            assertEquals(
                    examine(audit, world, Sabotage.RETRAINED_FROM_ANOTHER_SEED),
                    examine(audit, world, Sabotage.RETRAINED_FROM_ANOTHER_SEED));
        }
    }

    @Test
    void forgottenItemsAndPairsAreAuditedToo() {
        World world = WORLDS.getFirst();
        for (ForgetRequest request : List.of(new ForgetItems(Choice.RANDOM, 10), new ForgetInteractions(5))) {
            Case<Split, Recommender> c = new Case<>(world.data, request, world.before, world.before, world.retrained);
            List<Finding> findings = new Completeness().examine(c, Env.seeded(1));
            assertTrue(EfficiencyTest.finding(findings, "score-auc").n() > 100);
        }
    }

    /** What is done to a model in place of forgetting. */
    private enum Sabotage {
        NOTHING {
            @Override
            Recommender of(World world) {
                return world.before;
            }
        },
        RETRAINED {
            @Override
            Recommender of(World world) {
                return world.retrained;
            }
        },
        RETRAINED_FROM_ANOTHER_SEED {
            @Override
            Recommender of(World world) {
                return world.again;
            }
        },
        /** Users get each other's rows. */
        RUINED {
            @Override
            Recommender of(World world) {
                Embeddings model = (Embeddings) world.retrained;
                float[] rows = new float[model.userRows().length];
                for (int u = 0; u < model.users(); u++) {
                    int other = (u + 101) % model.users();
                    for (int d = 0; d < model.dims(); d++) {
                        rows[u * model.dims() + d] = -model.userRows()[other * model.dims() + d];
                    }
                }
                return new Embeddings(model.dims(), rows, model.itemRows());
            }
        },
        /** Erased rows become zeros, and items stay as they were. */
        ZEROED {
            @Override
            Recommender of(World world) {
                return scaled(world, 0);
            }
        },
        /** Erased rows are only made short. */
        SHRUNK {
            @Override
            Recommender of(World world) {
                return scaled(world, 0.01F);
            }
        },
        /** Erased rows are turned round, and grow. */
        TURNED_ROUND {
            @Override
            Recommender of(World world) {
                return scaled(world, -4);
            }
        },
        /** All but the active users get lists turned upside down. */
        UNFAIR {
            @Override
            Recommender of(World world) {
                Embeddings model = (Embeddings) world.retrained;
                boolean[] active = Fairness.active(
                        ((ForgetRequest) REQUEST)
                                .resolve(world.data)
                                .remaining()
                                .train(),
                        0.5);
                float[] rows = model.userRows().clone();
                for (int n = 0; n < rows.length; n++) {
                    rows[n] *= active[n / model.dims()] ? 1 : -1;
                }
                return new Embeddings(model.dims(), rows, model.itemRows());
            }
        };

        abstract Recommender of(World world);

        private static Recommender scaled(World world, float factor) {
            Embeddings model = (Embeddings) world.before;
            float[] rows = model.userRows().clone();
            for (int user : ((ForgetRequest) REQUEST).resolve(world.data).users()) {
                for (int d = 0; d < model.dims(); d++) {
                    rows[user * model.dims() + d] *= factor;
                }
            }
            return new Embeddings(model.dims(), rows, model.itemRows());
        }
    }

    private static void assertEvery(Class<? extends Verdict> kind, List<Verdict> verdicts) {
        assertTrue(verdicts.stream().allMatch(kind::isInstance), verdicts::toString);
    }

    /** What is measured at a level of 95 % is now and then wrong about two draws of the same thing. */
    private static void assertOnceAtMost(Class<? extends Verdict> kind, List<Verdict> verdicts) {
        assertTrue(verdicts.stream().filter(kind::isInstance).count() <= 1, verdicts::toString);
    }

    private static List<Verdict> verdicts(Audit<Split, Recommender> audit, Sabotage sabotage, String name) {
        Map<Long, Verdict> bySeed = new LinkedHashMap<>();
        for (World world : WORLDS) {
            Finding finding = EfficiencyTest.finding(examine(audit, world, sabotage), name);
            bySeed.put(world.seed, finding.verdict().orElseThrow());
        }
        return List.copyOf(bySeed.values());
    }

    private static List<Finding> examine(Audit<Split, Recommender> audit, World world, Sabotage sabotage) {
        return audit.examine(caseOf(world, sabotage), Env.seeded(world.seed));
    }

    private static Case<Split, Recommender> caseOf(World world, Sabotage sabotage) {
        return new Case<>(world.data, REQUEST, world.before, sabotage.of(world), world.retrained);
    }
}
