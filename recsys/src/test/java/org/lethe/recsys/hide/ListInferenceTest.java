package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.attack.Attacker;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.tables.Entities;

/** A test of the tester, on lists of users of two classes who have done nothing yet, or one thing that tells the class. */
final class ListInferenceTest {
    private static final int USERS = 600;
    private static final int ITEMS = 40;
    private static final int WIDTH = 6;
    private static final int[] OF = IntStream.range(0, USERS).map(u -> u % 2).toArray();
    private static final ListInference AUDIT = audit(true);
    private static final Hide HIDE = new Hide("group");

    private static ListInference audit(boolean served) {
        return new ListInference(List.of(Attacker.LOGISTIC, Attacker.KNN), 5, 2, 5_000, 0.57, 0.6, 5, 30, served);
    }

    /** Users had the item that is given for their class, or none. */
    private static Split data(int... had) {
        Entities users = Entities.numbered(USERS).with("group", new Entities.Categorical(OF, List.of("a", "b")));
        int[] who = had.length == 0 ? new int[0] : IntStream.range(0, USERS).toArray();
        int[] what = IntStream.of(who).map(u -> had[OF[u]]).toArray();
        Interactions train =
                Interactions.of(users, Entities.numbered(ITEMS), who, what, Optional.empty(), Optional.empty());
        Interactions none = Interactions.of(
                users, Entities.numbered(ITEMS), new int[0], new int[0], Optional.empty(), Optional.empty());
        return new Split(train, none, none);
    }

    /** Items of chance, and users whose first number is moved by a shift in the second class. */
    private static Embeddings model(double shift) {
        Keyed random = Keyed.seed(8);
        float[] users = new float[USERS * WIDTH];
        for (int n = 0; n < users.length; n++) {
            double moved = n % WIDTH == 0 ? shift * OF[n / WIDTH] : 0;
            users[n] = (float) (Keyed.normal(random.of("users").at(n)) + moved);
        }
        float[] items = new float[ITEMS * WIDTH];
        for (int n = 0; n < items.length; n++) {
            items[n] = (float) Keyed.normal(random.of("items").at(n));
        }
        return new Embeddings(WIDTH, users, items);
    }

    private static Map<String, Finding> examine(Split data, Recommender before, Recommender after, Env env) {
        return AUDIT.examine(new Case<>(data, HIDE, before, after, before), env).stream()
                .collect(Collectors.toMap(Finding::name, Function.identity()));
    }

    private static Finding found(Map<String, Finding> findings, String name) {
        Finding finding = findings.get(name);
        assertTrue(finding != null, () -> name + " is not among " + findings.keySet());
        return finding;
    }

    private static Verdict verdict(Map<String, Finding> findings) {
        return found(findings, "list-leak").verdict().orElseThrow();
    }

    @Test
    void doingNothingIsFoundLeakingAndRowsThatKnowNothingPass() {
        Embeddings telling = model(2);
        Map<String, Finding> idle = examine(data(), telling, telling, Env.seeded(1));
        assertInstanceOf(Verdict.Fail.class, verdict(idle));
        assertEquals(
                found(idle, "list-leak(knn)").value(),
                found(idle, "list-leak-before(knn)").value());
        Map<String, Finding> hidden = examine(data(), telling, model(0), Env.seeded(1));
        assertInstanceOf(Verdict.Pass.class, verdict(hidden));
        assertInstanceOf(Verdict.Undecided.class, verdict(examine(data(), model(0), model(0), Env.seeded(1))));
    }

    @Test
    void whatAListLeavesOutTellsThoughRowsKnowNothing() {
        // the item that most lists hold, left out for one class, and one that none holds, for the other
        Split had = data(favourite(), last());
        assertInstanceOf(Verdict.Fail.class, verdict(examine(had, model(2), model(0), Env.seeded(1))));
        Case<Split, Recommender> c = new Case<>(had, HIDE, model(2), model(0), model(2));
        Finding whole = audit(false).examine(c, Env.seeded(1)).getFirst();
        assertEquals("list-leak", whole.name());
        assertInstanceOf(Verdict.Pass.class, whole.verdict().orElseThrow());
    }

    private static int favourite() {
        return byTimesListed().getFirst();
    }

    private static int last() {
        return byTimesListed().getLast();
    }

    /** Items, the one first that the lists of rows that know nothing hold most often. */
    private static List<Integer> byTimesListed() {
        Split data = data();
        int[] users = IntStream.range(0, USERS).toArray();
        int[] times = new int[ITEMS];
        for (int[] list : Ranking.top(model(0), data.train(), users, 5, Workers.here())) {
            for (int item : list) {
                times[item]++;
            }
        }
        return IntStream.range(0, ITEMS)
                .boxed()
                .sorted((a, b) -> times[b] - times[a])
                .toList();
    }

    @Test
    void threadsDoNotChangeABit() {
        try (Workers three = Workers.threads(3)) {
            Map<String, Finding> many =
                    examine(data(), model(2), model(1), Env.seeded(4).with(three));
            assertEquals(examine(data(), model(2), model(1), Env.seeded(4)), many);
            assertTrue(
                    many.containsKey("list-auc(logistic)"), () -> many.keySet().toString());
        }
    }
}
