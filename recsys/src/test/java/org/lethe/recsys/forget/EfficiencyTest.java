package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.Efficiency.Spent;

final class EfficiencyTest {
    private static final Split DATA = data();
    private static final Recommender BEFORE = model(1);
    private static final Recommender AFTER = model(2);
    private static final Cost LEARNED = new Cost(
            9, Map.of("partition", List.of(1.0), "pre-embedding", List.of(2.0), "shard", List.of(6.0)), Map.of());
    private static final Cost FULFILLED = new Cost(
            5,
            Map.of("shard", List.of(1.0, 2.0, 1.5), "verify", List.of(0.25)),
            Map.of("shards-touched", 3L, "interactions-touched", 77L));
    private static final Cost RETRAINED = new Cost(9.5, Map.of(), Map.of());

    @Test
    void criticalPathHandsOutTheLongestFirst() {
        List<Double> tasks = List.of(1.0, 2.0, 3.0, 4.0);
        assertEquals(10, Spent.criticalPath(tasks, 1));
        assertEquals(5, Spent.criticalPath(tasks, 2)); // 4 + 1 and 3 + 2
        assertEquals(4, Spent.criticalPath(tasks, 9));
        assertEquals(0, Spent.criticalPath(List.of(), 3));
    }

    @Test
    void partsAddUpToTheTotal() {
        List<Finding> findings = examine(AFTER, FULFILLED);
        double prepare = value(findings, "prepare-seconds");
        double unlearn = value(findings, "unlearn-seconds");
        double verify = value(findings, "verify-seconds");
        assertEquals(3, prepare);
        assertEquals(4.75, unlearn, 1e-12);
        assertTrue(verify >= 0.25);
        // against what the ledgers measured: preparation, and all of the fulfilling
        assertEquals(3 + FULFILLED.seconds(), prepare + unlearn + 0.25, 0.01 * 8);
        assertEquals(prepare + unlearn + verify, value(findings, "total-seconds"), 1e-12);
    }

    @Test
    void oneWorkerIsNeverFasterThanMany() {
        for (int workers = 1; workers < 6; workers++) {
            Spent spent = Spent.of(FULFILLED, 1, workers);
            assertTrue(spent.parallel() <= spent.sequential());
        }
        assertEquals(4.75 - 4.5 + 2.5, Spent.of(FULFILLED, 1, 2).parallel(), 1e-12);
    }

    @Test
    void timeOnOneWorkerIsFoundFromARunOnMany() {
        Cost onThree =
                new Cost(2.5, Map.of("shard", List.of(1.0, 2.0, 1.5)), Map.of()); // 2.0 of shards, 0.5 of the rest
        assertEquals(5, Spent.of(onThree, 3, 1).sequential(), 1e-12);
    }

    @Test
    void whatWasTouchedIsReported() {
        List<Finding> findings = examine(AFTER, FULFILLED);
        assertEquals(3, value(findings, "shards-touched"));
        assertEquals(77, value(findings, "interactions-touched"));
        assertEquals(2, value(findings, "speed-up"), 1e-12);
    }

    @Test
    void doingNothingIsRejectedHoweverFastAndItsTimeIsNotJudged() {
        for (Cost cost : List.of(Cost.NONE, new Cost(1e-6, Map.of(), Map.of()))) {
            List<Finding> findings = examine(BEFORE, cost);
            assertInstanceOf(Verdict.Fail.class, verdict(findings, "scores-changed"));
            assertTrue(findings.stream().noneMatch(f -> f.name().startsWith("speed-up")));
        }
    }

    @Test
    void aRequestForNothingIsNotJudged() {
        List<Finding> findings = new Efficiency()
                .examine(new Case<>(DATA, new ForgetUsers(Choice.RANDOM, 0), BEFORE, BEFORE, BEFORE), Env.seeded(1));
        assertTrue(findings.stream().allMatch(f -> f.verdict().isEmpty()));
    }

    @Test
    void retrainingIsAcceptedAndWhatIsSlowerIsNot() {
        assertInstanceOf(Verdict.Pass.class, verdict(examine(AFTER, RETRAINED), "scores-changed"));
        assertInstanceOf(Verdict.Pass.class, verdict(examine(AFTER, RETRAINED), "speed-up"));
        assertEquals(
                "at least 0.909 ×",
                verdict(examine(AFTER, RETRAINED), "speed-up").bar());
        Cost slow = new Cost(20, Map.of(), Map.of());
        assertInstanceOf(Verdict.Fail.class, verdict(examine(AFTER, slow), "speed-up"));
    }

    @Test
    void timesAreMarkedAsOfTheMachine() {
        List<Finding> times = examine(AFTER, FULFILLED).stream()
                .filter(f -> f.name().endsWith("seconds") || f.name().startsWith("speed"))
                .toList();
        assertEquals(7, times.size());
        assertTrue(times.stream().allMatch(Finding::ofTheMachine));
    }

    private static List<Finding> examine(Recommender after, Cost cost) {
        return new Efficiency()
                .examine(
                        new Case<>(
                                DATA,
                                DATA,
                                ForgetUsers.listed("1"),
                                BEFORE,
                                after,
                                AFTER,
                                List.of(),
                                LEARNED,
                                cost,
                                RETRAINED,
                                new Baseline()),
                        Env.seeded(1));
    }

    static double value(List<Finding> findings, String name) {
        return finding(findings, name).value();
    }

    static Verdict verdict(List<Finding> findings, String name) {
        return finding(findings, name).verdict().orElseThrow();
    }

    static Finding finding(List<Finding> findings, String name) {
        return findings.stream()
                .filter(f -> f.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not among "
                        + findings.stream().map(Finding::name).toList()));
    }

    private static Split data() {
        Interactions train = Interactions.of(3, 4, new int[] {0, 0, 1, 1, 2}, new int[] {0, 1, 1, 2, 3});
        Interactions none = Interactions.of(3, 4, new int[0], new int[0]);
        return new Split(train, none, none);
    }

    private static Recommender model(float scale) {
        return new Embeddings(1, new float[] {scale, 2 * scale, 3}, new float[] {1, 2, 3, 4});
    }
}
