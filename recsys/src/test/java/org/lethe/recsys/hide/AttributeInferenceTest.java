package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Cost;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Verdict;
import org.lethe.attack.Attacker;
import org.lethe.attack.LabelledSamples;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.ForgetUsers;

/** A test of the tester: it must reject doing nothing, accept rows that know nothing, and say when it cannot tell. */
final class AttributeInferenceTest {
    private static final int USERS = 600;
    private static final int WIDTH = 6;
    private static final Split DATA = new Planted(USERS, 50, 8, 3).load(new DataFolders(List.of()));
    private static final Classes GROUPS =
            new Hide(Planted.GROUP).each(DATA.train()).getFirst();
    private static final AttributeInference AUDIT =
            new AttributeInference(List.of(Attacker.LOGISTIC, Attacker.KNN), 5, 2, 5_000, 0.57, 0.6, 0.5, false);

    /** Rows in which the group moves every number by a given amount, for users of a kind. */
    private static Embeddings rows(double shift, boolean ofTheUnknown, Hide hide) {
        float[] rows = new float[USERS * WIDTH];
        for (int at = 0; at < rows.length; at++) {
            int user = at / WIDTH;
            boolean moved = !ofTheUnknown || !hide.knows(DATA.train(), user);
            rows[at] = (float) (Keyed.normal(Keyed.seed(5).at(at)) + (moved ? shift * GROUPS.of()[user] : 0));
        }
        return new Embeddings(WIDTH, rows, new float[50 * WIDTH]);
    }

    private static Embeddings rows(double shift) {
        return rows(shift, false, new Hide());
    }

    private static Map<String, Finding> examine(Hide hide, Recommender before, Recommender after) {
        return AUDIT.examine(new Case<>(DATA, hide, before, after, before), Env.seeded(1)).stream()
                .collect(Collectors.toMap(Finding::name, Function.identity()));
    }

    private static Verdict verdict(Map<String, Finding> findings, String name) {
        Finding finding = findings.get(name);
        assertTrue(finding != null, () -> name + " is not among " + findings.keySet());
        return finding.verdict().orElseThrow();
    }

    private static final Hide HIDE = new Hide(Planted.GROUP);

    @Test
    void doingNothingIsFoundLeaking() {
        Embeddings model = rows(0.8);
        Map<String, Finding> findings = examine(HIDE, model, model);
        assertInstanceOf(Verdict.Fail.class, verdict(findings, "attack-accuracy"));
        assertInstanceOf(Verdict.Fail.class, verdict(findings, "attack-accuracy(knn)"));
        assertInstanceOf(Verdict.Fail.class, verdict(findings, "auc(logistic)"));
        assertInstanceOf(Verdict.Pass.class, verdict(findings, "trace-kept"));
    }

    @Test
    void theModelBeforeIsAttackedOnceForAllWhoShareIt() {
        Embeddings before = rows(0.8);
        Baseline shared = new Baseline();
        List<List<Double>> attacks = new ArrayList<>();
        for (Embeddings after : List.of(rows(0), before, rows(0.3))) {
            Case<Split, Recommender> alone = new Case<>(DATA, HIDE, before, after, before);
            Case<Split, Recommender> together = new Case<>(
                    DATA, DATA, HIDE, before, after, before, List.of(), Cost.NONE, Cost.NONE, Cost.NONE, shared);
            Env env = Env.seeded(1);
            assertEquals(AUDIT.examine(alone, Env.seeded(1)), AUDIT.examine(together, env));
            attacks.add(env.ledger().cost().steps().get("attack"));
        }
        assertEquals(List.of(2, 1, 2), attacks.stream().map(List::size).toList());
        // the very seconds of the first: nobody measured anew
        assertEquals(attacks.getFirst().getLast(), attacks.get(1).getLast());
        assertEquals(attacks.getFirst().getLast(), attacks.getLast().getLast());
    }

    @Test
    void plantedRowsGiveTheScoreOfTheBestAttack() {
        // six numbers moved by 0.5 each: the best guess is right with probability Φ(0.5 · √6 / 2) = 0.730
        Finding leak = AUDIT.examine(rows(0.5).userRows(), WIDTH, GROUPS, Env.seeded(1)).stream()
                .filter(f -> f.name().equals("attack-accuracy(logistic)"))
                .findFirst()
                .orElseThrow();
        assertEquals(0.730, leak.value(), 0.08, leak.toString()); // four standard deviations
    }

    @Test
    void rowsThatKnowNothingPass() {
        Map<String, Finding> findings = examine(HIDE, rows(0.8), rows(0));
        assertInstanceOf(Verdict.Pass.class, verdict(findings, "attack-accuracy"));
        assertInstanceOf(Verdict.Pass.class, verdict(findings, "effective-rank-kept"));
    }

    @Test
    void withNothingToHideNothingIsDecided() {
        Map<String, Finding> findings = examine(HIDE, rows(0), rows(0));
        assertTrue(verdict(findings, "attack-accuracy") instanceof Verdict.Undecided(var bar, var why)
                && why.contains("model before"));
    }

    @Test
    void rowsMovedToOnePointAreFoundOut() {
        Embeddings before = rows(0.8);
        float[] collapsed = before.userRows().clone();
        for (int at = 0; at < collapsed.length; at++) {
            collapsed[at] *= at % WIDTH == 0 ? 0.5f : 1e-3f;
        }
        Map<String, Finding> findings = examine(HIDE, before, before.withUserRows(collapsed));
        assertInstanceOf(Verdict.Fail.class, verdict(findings, "trace-kept"));
        assertInstanceOf(Verdict.Fail.class, verdict(findings, "effective-rank-kept"));
    }

    @Test
    void fewerUsersThanColumnsHaveAShape() {
        float[] rows = new float[100 * 150];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = Math.rint(Keyed.normal(Keyed.seed(1).at(at))) == 0 ? 0.1f : 0.3f;
        }
        double rank = RowShape.of(rows, 150).effectiveRank();
        assertTrue(rank > 50 && rank < 99, rank + ", expected many of the 99 directions that 100 rows can have");
    }

    @Test
    void hidingOnlyTheKnownIsFoundOut() {
        Hide half = HIDE.knowing(0.5);
        Map<String, Finding> findings = examine(half, rows(0.8), rows(0.8, true, half));
        assertInstanceOf(Verdict.Fail.class, verdict(findings, "attack-accuracy-held-out(logistic)"));
        Map<String, Finding> whole = examine(half, rows(0.8), rows(0));
        assertInstanceOf(Verdict.Pass.class, verdict(whole, "attack-accuracy-held-out(logistic)"));
        assertInstanceOf(Verdict.Pass.class, verdict(whole, "attack-accuracy-inductive(logistic)"));
    }

    @Test
    void whatCannotBeAttackedIsSaid() {
        Embeddings model = rows(0);
        float[] broken = model.userRows().clone();
        broken[5 * WIDTH + 2] = Float.NaN;
        String message = assertThrows(LetheException.class, () -> examine(HIDE, model, model.withUserRows(broken)))
                .getMessage();
        assertTrue(message.contains("embedding of user 5: dimension 2 is NaN"), message);
        Case<Split, Recommender> forget = new Case<>(DATA, new ForgetUsers(), model, model, model);
        assertTrue(assertThrows(LetheException.class, () -> AUDIT.examine(forget, Env.seeded(1)))
                .getMessage()
                .contains("looks at requests to hide"));
    }

    @Test
    void aRowsShapeIsCounted() {
        float[] rows = {1, 0, -1, 0, 0, 1, 0, -1}; // two directions, alike
        RowShape shape = RowShape.of(rows, 2);
        assertEquals(1, shape.trace(), 1e-12);
        assertEquals(2, shape.effectiveRank(), 1e-9);
        assertEquals(0, RowShape.of(new float[] {3, 4, 3, 4}, 2).effectiveRank());
    }

    @Test
    void histogramsThatDoNotMeetDivergeByOneAndEqualOnesByNone() {
        int[] of = {0, 0, 1, 1};
        float[] apart = {0, 0.1f, 0.9f, 1};
        assertEquals(1, RowShape.divergence(new LabelledSamples(apart, 1, of, 2)), 1e-12);
        float[] alike = {0, 1, 0, 1};
        assertEquals(0, RowShape.divergence(new LabelledSamples(alike, 1, of, 2)), 1e-12);
    }
}
