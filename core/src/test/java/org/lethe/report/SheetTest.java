package org.lethe.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.lethe.Direction;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Verdict;
import org.lethe.report.Report.Standing;

final class SheetTest {
    private static final Sheet SHEET = new Sheet(
            "An attacker guesses <town> for 98 of 100 users (chance: 50)",
            Standing.FAIL,
            "gives it away",
            List.of("A sentence."),
            new Sheet.Shares(
                    "Users guessed right",
                    "A note.",
                    0.5,
                    List.of(new Sheet.Bar(
                            "trees",
                            0.98,
                            Optional.of(new Interval(0.95, 1, 0.95)),
                            OptionalDouble.of(0.6),
                            Standing.FAIL))),
            List.of(),
            List.of(new Sheet.Step("Repair it:", "lethe hide embeddings 'a b.csv'")),
            List.of(new Finding("auc", 0.99, 10, Direction.HALF).judged(new Verdict.Fail("within 0.05 of 0.5"))),
            "Another attacker may know more.",
            Map.of("lethe", "1"));

    @Test
    void theAnswerIsTheFirstLine() {
        assertTrue(SHEET.html().contains("<h1>An attacker guesses &lt;town&gt; for 98 of 100 users (chance: 50)</h1>"));
        assertTrue(SHEET.markdown().startsWith("# An attacker guesses"));
    }

    @Test
    void barsStandOnAnAxisThatEndsAtAHundred() {
        String html = SHEET.html();
        assertTrue(html.contains("class=\"bar bad\" style=\"width:98.00%\""));
        assertTrue(html.contains("class=\"whisker\" style=\"left:95.00%;width:5.00%\""));
        assertTrue(html.contains("class=\"before\" style=\"left:60.00%\""));
        assertTrue(html.contains("class=\"chance\" style=\"left:50.00%\""));
    }

    @Test
    void theCommandCanBeCopied() {
        assertTrue(SHEET.html().contains("<code>lethe hide embeddings &#39;a b.csv&#39;</code>"));
        assertTrue(SHEET.markdown().contains("```\nlethe hide embeddings 'a b.csv'\n```"));
    }

    @Test
    void noWordOfStudiesIsNeeded() {
        String said = SHEET.html().replaceAll("(?s)<(style|script)[^>]*>.*?</\\1>", "");
        for (String word : List.of("cell", "method", "seed", "as released", "Trade-off")) {
            assertFalse(said.contains(word), word);
        }
    }

    @Test
    void verdictsTogetherAreTheWorst() {
        Finding met = new Finding("a", 0, 1, Direction.LOWER).judged(new Verdict.Pass("b"));
        Finding open = new Finding("a", 0, 1, Direction.LOWER).judged(new Verdict.Undecided("b", "few"));
        Finding missed = new Finding("a", 0, 1, Direction.LOWER).judged(new Verdict.Fail("b"));
        assertEquals(Standing.PASS, Sheet.standing(List.of(met)));
        assertEquals(Standing.UNDECIDED, Sheet.standing(List.of(met, open)));
        assertEquals(Standing.FAIL, Sheet.standing(List.of(met, open, missed)));
    }
}
