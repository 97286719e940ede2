package org.lethe.recsys.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.Cost;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Learner;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Verdict;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Injected;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.backbone.ItemKnn;
import org.lethe.recsys.data.AttackedLists;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.Decrement;
import org.lethe.recsys.forget.Downdate;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;
import org.lethe.recsys.forget.Forgetting;
import org.lethe.recsys.forget.Retrain;
import org.lethe.recsys.forget.Scif;
import org.lethe.recsys.forget.Sisa;
import org.lethe.recsys.forget.UnlearnAls;
import org.lethe.recsys.stream.ErasureStream.Asked;
import org.lethe.recsys.stream.ErasureStream.Kind;

class ListStreamTest {
    private static final DataFolders NONE = new DataFolders(List.of());
    private static final Split DATA = new Planted(80, 50, 12, 3).load(NONE);
    private static final ItemKnn KNN = new ItemKnn();
    private static final Bpr BPR = new Bpr().withDims(8).withEpochs(4);

    /** A method that answers with tables of one number, however bad. */
    @Named("answers")
    private record Answers(float number) implements Forgetting {
        @Override
        public Recommender erase(
                Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
            float[] users = new float[data.users() * 2];
            float[] items = new float[data.items() * 2];
            Arrays.fill(users, number);
            return new Embeddings(2, users, items);
        }

        @Override
        public Exactness exactness() {
            return Exactness.APPROXIMATE;
        }
    }

    private record Outcome(StreamedLists model, Cost cost) {}

    private static Outcome fulfilled(
            Forgetting method, Learner<Split, Recommender> learner, ErasureStream stream, Split data) {
        Ledger ledger = new Ledger();
        Recommender before = method.learn(learner, data, Env.seeded(1));
        Recommender after =
                method.fulfil(before, stream, learner, data, Env.seeded(1).with(ledger));
        return new Outcome((StreamedLists) after, ledger.cost());
    }

    private static float[] scores(Recommender model) {
        float[] scores = new float[model.users() * model.items()];
        model.scores(IntStream.range(0, model.users()).toArray(), scores);
        return scores;
    }

    /** erase E3: a thousand requests end with the bits of counts built without all of them. */
    @Test
    void countsAfterAThousandRequestsAreThoseOfARebuild() {
        Split many = new Planted(1_200, 100, 12, 5).load(NONE);
        ErasureStream stream = new ErasureStream(Kind.USERS, 1_000, 1, 10, 100);
        Outcome outcome = fulfilled(new Decrement(), KNN, stream, many);
        assertEquals(1_000, outcome.cost.count("served"));
        Asked asked = stream.on(many);
        for (Streamed.Point<Recommender> point : outcome.model.points()) {
            Split left = asked.first(point.requests(), many).remaining();
            ItemKnn.Model again = KNN.train(left, Env.seeded(1));
            assertTrue(again.sameState((ItemKnn.Model) point.model()), "after " + point.requests());
        }
    }

    /** erase E3, for shards and slices: each request trains one shard, and the rest keeps its bits. */
    @Test
    void shardsAfterAllRequestsAreThoseOfARebuild() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 60, 1, 10);
        Sisa sisa = new Sisa(4, 2);
        Outcome outcome = fulfilled(sisa, BPR, stream, DATA);
        assertEquals(60, outcome.cost.count("shards-touched"), "one shard a request");
        Asked asked = stream.on(DATA);
        for (Streamed.Point<Recommender> point : outcome.model.points()) {
            Split left = asked.first(point.requests(), DATA).remaining();
            assertArrayEquals(
                    scores(sisa.learn(BPR, left, Env.seeded(1))), scores(point.model()), "after " + point.requests());
        }
    }

    @Test
    void anInverseAfterAllRequestsIsThatOfARebuildUpToRounding() {
        ErasureStream stream = new ErasureStream(Kind.SENSITIVE, 8, 1, 4);
        Ease ease = new Ease(5);
        Outcome outcome = fulfilled(new Downdate(), ease, stream, DATA);
        Split left = stream.on(DATA).first(8, DATA).remaining();
        float[] again = scores(ease.train(left, Env.seeded(1)));
        assertArrayEquals(again, scores(outcome.model), 1e-5f);
        assertEquals(0, outcome.cost.count("rebuilds"));
    }

    @Test
    void alternatingLeastSquaresGoOnFromRequestToRequest() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 10, 5);
        Outcome outcome = fulfilled(new UnlearnAls(1e-3, 0), new ImplicitAls().withDims(4), stream, DATA);
        assertEquals(10, outcome.cost.count("rows-touched"), "the row of each user alone");
        assertEquals(10, outcome.cost.count("served"));
    }

    @Test
    void retrainingTrainsAtTheMeasuringPointsAndWithTwoOtherSeeds() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 20, 5);
        Outcome outcome = fulfilled(new Retrain(), BPR, stream, DATA);
        assertEquals(2, outcome.cost.steps().getOrDefault("request", List.of()).size());
        assertEquals(
                4, outcome.cost.steps().getOrDefault("other-seed", List.of()).size());
        Split left = stream.on(DATA).first(20, DATA).remaining();
        assertArrayEquals(scores(BPR.train(left, Env.seeded(1))), scores(outcome.model));
        assertEquals(
                0,
                fulfilled(new Retrain(), KNN, stream, DATA)
                        .model
                        .points()
                        .getFirst()
                        .others()
                        .size(),
                "counts do not depend on a seed");
    }

    /** erase E8: tables with numbers that are not finite are never kept. */
    @Test
    void aBrokenResultFailsAndIsReplayed() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 20, 5);
        Outcome outcome = fulfilled(new Answers(Float.NaN), BPR, stream, DATA);
        assertEquals(2, outcome.cost.count("failed"), "one before each measuring point; the others wait");
        assertEquals(20, outcome.cost.count("replayed"));
        assertEquals(0, outcome.cost.count("served"));
        assertReplayed(outcome, stream);
    }

    /** erase E8: below the stop rule the method is replaced, and the ledger says after which request. */
    @Test
    void aMethodThatRuinsTheModelIsStoppedAndReplayed() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 20, 5, 10);
        Outcome outcome = fulfilled(new Answers(0), BPR.withEpochs(30), stream, DATA);
        assertEquals(5, outcome.cost.count("stopped-after"));
        assertEquals(20, outcome.cost.count("replayed"));
    }

    /** erase E12: with a deadline nobody can meet, nothing counts as served, and the state is that of a replay. */
    @Test
    void aDeadlineNobodyCanMeetIsNoSilentSuccess() {
        ErasureStream stream = new ErasureStream(Kind.USERS, "", 20, List.of(5), 1e-12, 0.95, 42);
        Outcome late = fulfilled(new Scif(), BPR, stream, DATA);
        assertEquals(0, late.cost.count("served"));
        assertEquals(20, late.cost.count("replayed"));
        assertReplayed(late, stream);
        Outcome exact = fulfilled(new Decrement(), KNN, stream, DATA);
        assertEquals(20, exact.cost.count("late"), "an exact result is late, but right");
    }

    private static void assertReplayed(Outcome outcome, ErasureStream stream) {
        Split left = stream.on(DATA).first(stream.requests(), DATA).remaining();
        assertArrayEquals(scores(BPR.train(left, Env.seeded(1))), scores(outcome.model));
    }

    @Test
    void aStreamLongerThanTheDataIsRefused() {
        assertEquals(
                "stream.requests is 81, expected at most 80, the number of users with such training events in this data",
                assertThrows(LetheException.class, () -> new ErasureStream(Kind.USERS, 81, 5).on(DATA))
                        .getMessage());
        assertThrows(LetheException.class, () -> new ErasureStream(Kind.SPAM, 1).on(DATA));
    }

    /** erase E9: an attack that was injected and then erased leaves the counts of a model that was never attacked. */
    @Test
    void anErasedAttackLeavesNoTrace() {
        Planted clean = new Planted(200, 100, 12, 3);
        Split never = clean.load(NONE);
        Split attacked = new AttackedLists(clean, 0.05, 10, 1).load(NONE);
        assertEquals(11, attacked.users() - 200, "⌈0.05 · 200 / 0.95⌉");
        assertEquals(never.test().size(), attacked.test().size());
        boolean[] targets = Injected.targets(attacked.train().itemEntities());
        for (int u = 200; u < 211; u++) {
            int wanted = 0;
            for (int k = attacked.train().from(u); k < attacked.train().to(u); k++) {
                wanted += targets[attacked.train().item(k)] ? 1 : 0;
            }
            assertEquals(attacked.train().degree(u) >= 6 ? 2 : 1, wanted);
        }
        Outcome outcome = fulfilled(new Decrement(), KNN, new ErasureStream(Kind.SPAM, 11), attacked);
        float[] after = scores(outcome.model);
        float[] clear = scores(KNN.train(never, Env.seeded(1)));
        assertArrayEquals(clear, Arrays.copyOf(after, clear.length));
    }

    /** erase E13: no erased pair is tested, and the category of items is a twentieth of them where there are none. */
    @Test
    void erasedPairsAreNotTested() {
        ErasureStream stream = new ErasureStream(Kind.SENSITIVE, 8);
        Asked asked = stream.on(DATA);
        Split left = asked.first(8, DATA).remaining();
        for (int u : asked.users()) {
            for (int i = 0; i < DATA.items(); i++) {
                assertFalse(asked.wanted()[i]
                        && (left.train().contains(u, i) || left.test().contains(u, i)));
            }
        }
        assertTrue(left.train().size() < DATA.train().size());
    }

    /** The audit of the course accepts an exact method, and rejects one that does nothing. */
    @Test
    void theForgetGapIsOneWhereNothingIsDoneAndZeroAfterRetraining() {
        Split data = new Planted(200, 80, 20, 1).load(NONE);
        ErasureStream stream = new ErasureStream(Kind.USERS, 40, 10);
        Recommender before = KNN.train(data, Env.seeded(1));
        Recommender reference = new Retrain().fulfil(before, stream, KNN, data, Env.seeded(1));
        Recommender after = new Decrement().fulfil(before, stream, KNN, data, Env.seeded(1));
        Finding exact = found("forgetGap", new Case<>(data, stream, before, after, reference));
        assertEquals(0, exact.value());
        assertTrue(exact.verdict().orElseThrow() instanceof Verdict.Pass);
        Finding nothing = found("forgetGap", new Case<>(data, stream, before, before, reference));
        assertEquals(1, nothing.value(), 1e-12);
        assertTrue(nothing.verdict().orElseThrow() instanceof Verdict.Fail);
        assertEquals(
                1,
                found("sameLists@20", new Case<>(data, stream, before, after, reference))
                        .value());
    }

    private static Finding found(String name, Case<Split, Recommender> c) {
        return new ListDrift()
                .examine(c, Env.seeded(1)).stream()
                        .filter(finding -> finding.name().equals(name))
                        .findFirst()
                        .orElseThrow();
    }
}
