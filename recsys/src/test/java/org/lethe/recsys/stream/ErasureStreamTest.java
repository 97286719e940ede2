package org.lethe.recsys.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Cost;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.Verdict;
import org.lethe.recsys.sequence.Bandwagon;
import org.lethe.recsys.sequence.Decremental;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.sequence.PlantedSessions;
import org.lethe.recsys.sequence.VmisKnn;
import org.lethe.recsys.stream.ErasureStream.Arrivals;
import org.lethe.recsys.stream.ErasureStream.Kind;

class ErasureStreamTest {
    private static final DataFolders NONE = new DataFolders(List.of());
    private static final Events DATA = new PlantedSessions(80, 3).load(NONE);
    private static final VmisKnn MODEL = new VmisKnn();

    /** A method that answers with some model, however bad. */
    @Named("answers")
    private record Answers(NextItems model) implements Erasing {
        @Override
        public NextItems erase(
                NextItems current,
                int[] events,
                Function<int[], Events> remaining,
                Learner<Events, NextItems> learner,
                Env env) {
            return model;
        }

        @Override
        public Exactness exactness() {
            return Exactness.NONE;
        }
    }

    /** A model that recommends nothing of use, or that is broken. */
    private record Useless(int itemCount, boolean finite) implements NextItems {
        @Override
        public void scores(Example after, double[] into) {
            Arrays.fill(into, Double.NEGATIVE_INFINITY);
        }

        @Override
        public String kind() {
            return "useless";
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            return Map.of();
        }
    }

    private record Outcome(StreamedSequences model, Cost cost) {}

    private static Outcome fulfilled(Erasing method, ErasureStream stream) {
        Ledger ledger = new Ledger();
        NextItems before = MODEL.train(DATA, Env.seeded(1));
        NextItems after =
                method.fulfil(before, stream, MODEL, DATA, Env.seeded(1).with(ledger));
        return new Outcome((StreamedSequences) after, ledger.cost());
    }

    private static boolean replayed(Outcome outcome, ErasureStream stream) {
        Decremental again = MODEL.train(stream.on(DATA).after(stream.requests(), DATA), Env.seeded(1));
        return again.sameState((Decremental) outcome.model.last());
    }

    @Test
    void anExactMethodServesEachRequest() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 20, 1, 5);
        Outcome outcome = fulfilled(new Decrement(), stream);
        assertEquals(20, outcome.cost.count("served"));
        assertArrayEquals(
                new int[] {1, 5, 20},
                outcome.model.points().stream()
                        .mapToInt(point -> point.requests())
                        .toArray());
        assertTrue(replayed(outcome, stream));
    }

    /** erase E8: a model with numbers that are not finite is never kept. */
    @Test
    void aBrokenResultFailsAndIsReplayed() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 20, 5);
        Outcome outcome = fulfilled(new Answers(new Useless(DATA.itemCount(), false)), stream);
        assertEquals(2, outcome.cost.count("failed"), "one before each measuring point; the others wait");
        assertEquals(20, outcome.cost.count("replayed"));
        assertEquals(0, outcome.cost.count("served"));
        assertTrue(replayed(outcome, stream));
    }

    /** erase E8: below the stop rule the method is replaced, and the ledger says after which request. */
    @Test
    void aMethodThatRuinsTheModelIsStoppedAndReplayed() {
        ErasureStream stream = new ErasureStream(Kind.USERS, 20, 5, 10);
        Outcome outcome = fulfilled(new Answers(new Useless(DATA.itemCount(), true)), stream);
        assertEquals(5, outcome.cost.count("stopped-after"));
        assertEquals(20, outcome.cost.count("replayed"));
        assertTrue(replayed(outcome, stream));
        assertEquals(List.of(true, true), failing(outcome, stream), "what a replay did is not what the method did");
        assertEquals(List.of(false, false), failing(fulfilled(new Decrement(), stream), stream));
    }

    /** Whether the bars of quality and of forgetting are missed. */
    private static List<Boolean> failing(Outcome outcome, ErasureStream stream) {
        NextItems before = MODEL.train(DATA, Env.seeded(1));
        Case<Events, NextItems> c = new Case<>(
                DATA,
                stream.on(DATA).after(stream.requests(), DATA),
                stream,
                before,
                outcome.model,
                new Retrain().fulfil(before, stream, MODEL, DATA, Env.seeded(1)),
                List.of(),
                Cost.NONE,
                outcome.cost,
                Cost.NONE,
                new Baseline());
        return new Drift()
                .examine(c, Env.seeded(1)).stream()
                        .flatMap(f -> f.verdict().stream())
                        .map(verdict -> verdict instanceof Verdict.Fail)
                        .toList();
    }

    /** erase E12: with a deadline nobody can meet nothing counts as served, and the state is that of a replay. */
    @Test
    void aDeadlineNobodyCanMeetIsNoSilentSuccess() {
        ErasureStream stream = new ErasureStream(Kind.USERS, "", 20, List.of(5), 1e-12, 0.95, 42);
        Outcome late = fulfilled(new Answers(new Useless(DATA.itemCount(), true)), stream);
        assertEquals(0, late.cost.count("served"));
        assertEquals(2, late.cost.count("late"));
        assertEquals(20, late.cost.count("replayed"));
        assertTrue(replayed(late, stream));
        Outcome exact = fulfilled(new Decrement(), stream);
        assertEquals(20, exact.cost.count("late"), "an exact result is late, but right");
        assertTrue(replayed(exact, stream));
    }

    @Test
    void aStreamLongerThanTheDataIsRefused() {
        LetheException refused =
                assertThrows(LetheException.class, () -> new ErasureStream(Kind.USERS, 81, 5).on(DATA));
        assertTrue(refused.getMessage().startsWith("stream.requests is 81, expected at most "), refused.getMessage());
    }

    @Test
    void spamNeedsInjectedUsersAndCategoriesMustExist() {
        assertTrue(assertThrows(LetheException.class, () -> new ErasureStream(Kind.SPAM, 1).on(DATA))
                .getMessage()
                .contains("bandwagon"));
        ErasureStream unknown = new ErasureStream(Kind.SENSITIVE, "wine", 1, List.of(), 0, 0, 1);
        assertEquals(
                "stream.category is \"wine\", expected one of the 15 categories of this data, as c0, c1, c2, c3, c4",
                assertThrows(LetheException.class, () -> unknown.on(DATA)).getMessage());
    }

    /** erase E9: an attack that was injected and then erased leaves the bits of a model that was never attacked. */
    @Test
    void anErasedAttackLeavesNoTrace() {
        PlantedSessions clean = new PlantedSessions(200, 3);
        Bandwagon attack = new Bandwagon(clean, 0.05, 10, 1);
        Events data = attack.load(NONE);
        assertEquals(11, data.userCount() - 200, "⌈0.05 · 200 / 0.95⌉");
        ErasureStream stream = new ErasureStream(Kind.SPAM, 11);
        StreamedSequences after = (StreamedSequences)
                new Decrement().fulfil(MODEL.train(data, Env.seeded(1)), stream, MODEL, data, Env.seeded(1));
        NextItems never = MODEL.train(clean.load(NONE), Env.seeded(1));
        for (Example example : clean.load(NONE).examples(Events.Part.TEST)) {
            double[] left = new double[never.itemCount()];
            double[] right = new double[never.itemCount()];
            after.scores(example, left);
            never.scores(example, right);
            assertArrayEquals(right, left);
        }
    }

    /** erase E13: the model and the retrained one are measured on the same examples, none of which is erased. */
    @Test
    void erasedEventsAreNotScored() {
        Arrivals arrivals = new ErasureStream(Kind.USERS, 40).on(DATA);
        Events remaining = arrivals.after(40, DATA);
        long gone = arrivals.erased().stream()
                .flatMapToInt(Arrays::stream)
                .filter(remaining::holds)
                .count();
        assertEquals(0, gone);
        for (Example example : remaining.examples(Events.Part.TEST)) {
            assertTrue(remaining.holds(example.event()));
        }
    }
}
