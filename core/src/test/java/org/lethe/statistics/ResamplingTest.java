package org.lethe.statistics;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Interval;
import org.lethe.Verdict;
import org.lethe.statistics.Resampling.Difference;

final class ResamplingTest {
    private static final List<Difference> UNTREATED = differences(0.3, 0.28, 0.31);

    private static List<Difference> differences(double... values) {
        return Arrays.stream(values)
                .mapToObj(v -> new Difference(v, new Interval(v - 0.03, v + 0.03, 0.95)))
                .toList();
    }

    private static Verdict verdict(double... after) {
        return Resampling.likeReferences("bar", differences(after), UNTREATED, 0.02, 50, "users");
    }

    @Test
    void whatDiffersFromEveryRetrainingFails() {
        assertInstanceOf(Verdict.Fail.class, verdict(0.1, 0.05, 0.12));
        assertInstanceOf(Verdict.Fail.class, verdict(-0.1, -0.05, -0.12));
    }

    @Test
    void whatDiffersAsRetrainingsDifferPasses() {
        assertInstanceOf(Verdict.Pass.class, verdict(0.1, 0.01, 0.12));
        assertInstanceOf(Verdict.Pass.class, verdict(0.05, -0.05, 0.06)); // between two of them
    }

    @Test
    void whatIsNearTheModelBeforeIsUndecided() {
        Difference wide = new Difference(0.01, new Interval(-0.4, 0.4, 0.95));
        assertInstanceOf(
                Verdict.Undecided.class,
                Resampling.likeReferences("bar", List.of(wide, wide, wide), UNTREATED, 0.02, 50, "users"));
    }

    @Test
    void noWorseThanSomeRetrainingIsEnough() {
        Interval good = new Interval(-0.005, 0.01, 0.95);
        Interval bad = new Interval(-0.05, -0.03, 0.95);
        assertInstanceOf(Verdict.Pass.class, Resampling.notWorse("bar", List.of(bad, good), 0.01));
        assertInstanceOf(Verdict.Fail.class, Resampling.notWorse("bar", List.of(bad, bad), 0.01));
    }
}
