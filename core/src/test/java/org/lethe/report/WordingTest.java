package org.lethe.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.lethe.Direction;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Verdict;

class WordingTest {
    @Test
    void numbersKeepFourDigits() {
        assertEquals("0.5052", Wording.number(0.50523));
        assertEquals("12.35", Wording.number(12.3456));
        assertEquals("78,123", Wording.number(78_123.4));
        assertEquals("1.00e-05", Wording.number(1e-5));
        assertEquals("0", Wording.number(0));
        assertEquals("not finite", Wording.number(Double.NaN));
        assertEquals("0.024", Wording.ratio(0.02438));
        assertEquals("1.0", Wording.ratio(1.02));
    }

    @Test
    void digitsEndWhereTheSpreadHasItsSecond() {
        var measured = measured(0.50523, 0.00688, 3);
        assertEquals("0.5052 ± 0.0069", Wording.mean(measured) + Wording.spread(measured));
        assertEquals("0.488 to 0.522", Wording.interval(measured(0.505, 0.02, 3), new Interval(0.488, 0.5221, 0.95)));
        assertEquals("\u22120.0008", Wording.mean(measured(-0.00081, 0.0076, 3)));
        assertEquals(
                "78,123 ± 2,310",
                Wording.mean(measured(78_123, 2_310, 3)) + Wording.spread(measured(78_123, 2_310, 3)));
        assertEquals("0.3333", Wording.mean(measured(1.0 / 3, 0, 1)));
    }

    @Test
    void labelsAreWhatDiffers() {
        List<String> requests =
                List.of("forget-users {choose: core, percent: 5}", "forget-users {choose: edge, percent: 5}");
        assertEquals("choose: edge", Wording.shorter(requests.get(1), requests));
        assertEquals("hide", Wording.shorter("hide", List.of("hide")));
    }

    @Test
    void markdownEscapesWhatMarkdownWouldTake() {
        assertEquals("a\\|b \\<i\\> \\*c\\*", MarkdownText.escape("a|b\n<i> *c*"));
        assertFalse(Page.escape("<a href='x'>&\"").matches(".*[<>'\"].*"));
    }

    @Test
    void anOutcomeNamesWhatWasMetMissedAndLeftUndecided() {
        Finding met = new Finding("kept", 0.9, 9, Direction.HIGHER).judged(new Verdict.Pass("at least 0.5"));
        Finding missed = new Finding("auc(mlp)", 0.7, 9, Direction.HALF).judged(new Verdict.Fail("within 0.05 of 0.5"));
        Finding open = new Finding("auc(knn)", 0.7, 9, Direction.HALF)
                .judged(new Verdict.Undecided("within 0.05 of 0.5", "9 users are too few"));
        Finding bare = new Finding("trace", 1, 9, Direction.NONE);
        assertEquals("Met every bar in 2 comparisons.", Wording.outcome(List.of(met, bare, met)));
        assertEquals(
                "Did not meet every bar: misses auc(mlp) in 1 of 3 comparisons; 1 undecided; meets the other 1."
                        + " Undecided: auc(knn): 9 users are too few.",
                Wording.outcome(List.of(met, missed, open, bare)));
        assertEquals(
                "rank, auc(mlp, knn), auc(mlp) of age, a-igf(ndcg)@20, trace",
                Wording.grouped(new LinkedHashSet<>(
                        List.of("rank", "auc(mlp)", "auc(mlp) of age", "a-igf(ndcg)@20", "auc(knn)", "trace"))));
        assertEquals("There was no bar to meet.", Wording.outcome(List.of(bare)));
    }

    private static Report.Measured measured(double mean, double sd, int seeds) {
        return new Report.Measured(
                mean,
                sd,
                Optional.empty(),
                1,
                seeds,
                "",
                Direction.HIGHER,
                Optional.empty(),
                "",
                List.of(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }
}
