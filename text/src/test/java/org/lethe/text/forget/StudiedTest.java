package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.text.forget.Studied.Looks;

/** The verdicts of what is still known, on probabilities that are given. */
class StudiedTest {
    private static double[] all(int n, double value) {
        double[] values = new double[n];
        Arrays.setAll(values, i -> value + 1e-3 * i / n); // intervals of no width would be a case of their own
        return values;
    }

    private static Verdict verdict(double[] before, double[] after, double[] reference) {
        List<Finding> findings = Studied.notAbove("known", new Looks<>(before, after, reference), 0.05, Keyed.seed(1));
        assertEquals(
                List.of("known", "known-before", "known-reference"),
                findings.stream().map(Finding::name).toList());
        return findings.getFirst().verdict().orElseThrow();
    }

    @Test
    void doingNothingFailsAndTheReferencePasses() {
        assertInstanceOf(Verdict.Fail.class, verdict(all(40, 0.9), all(40, 0.9), all(40, 0.01)));
        assertInstanceOf(Verdict.Pass.class, verdict(all(40, 0.9), all(40, 0.01), all(40, 0.01)));
    }

    @Test
    void nothingIsDecidedByFewSamplesOrWhereNothingWasKnown() {
        assertInstanceOf(Verdict.Undecided.class, verdict(all(9, 0.9), all(9, 0.01), all(9, 0.01)));
        assertInstanceOf(Verdict.Undecided.class, verdict(all(40, 0.03), all(40, 0.03), all(40, 0.01)));
    }

    @Test
    void aFewSamplesThatAreKeptInFullAreSeenThoughTheMeanPasses() {
        double[] before = all(400, 0.9);
        double[] forgotten = all(400, 0.01);
        double[] after = all(400, 0.01);
        Arrays.fill(after, 0, 10, 0.9);
        assertInstanceOf(Verdict.Pass.class, verdict(before, after, forgotten));
        Finding kept = Knowledge.neverForgotten(new Looks<>(before, after, forgotten));
        assertEquals(10, kept.value());
        assertInstanceOf(Verdict.Fail.class, kept.verdict().orElseThrow());
        Finding none = Knowledge.neverForgotten(new Looks<>(before, forgotten, forgotten));
        assertInstanceOf(Verdict.Pass.class, none.verdict().orElseThrow());
    }
}
