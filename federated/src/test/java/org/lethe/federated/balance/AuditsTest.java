package org.lethe.federated.balance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.federated.Classifier;

class AuditsTest {
    private static List<Finding> fairness(Classifier after) {
        return new GroupFairness().examine(Planted.of(after), Env.seeded(1));
    }

    @Test
    void postProcessingIsAcceptedAndDoingNothingIsRejected() {
        List<Finding> repaired = fairness(Planted.fulfilled(new W2PostProcessing()));
        List<Finding> untouched = fairness(Planted.BEFORE);
        for (String name : List.of("demographic-parity-difference", "strong-demographic-parity-w1")) {
            assertInstanceOf(
                    Verdict.Pass.class,
                    Planted.finding(repaired, name).verdict().orElseThrow(),
                    name);
            assertInstanceOf(
                    Verdict.Fail.class,
                    Planted.finding(untouched, name).verdict().orElseThrow(),
                    name);
        }
    }

    @Test
    void intervalsHoldTheValueAndSampleSizesAreThoseOfTheTestPart() {
        for (Finding finding : fairness(Planted.BEFORE)) {
            assertTrue(finding.interval().orElseThrow().contains(finding.value()), finding.toString());
        }
        assertEquals(
                Planted.DATA.test().size(),
                Planted.finding(fairness(Planted.BEFORE), "demographic-parity-difference")
                        .n());
    }

    @Test
    void whoPaysIsSaidOfEveryGroup() {
        List<Finding> findings = fairness(Planted.fulfilled(new W2PostProcessing()));
        assertTrue(Planted.finding(findings, "accuracy-change of a").value() < 0);
        Planted.finding(findings, "accuracy-change of b");
    }

    @Test
    void accuracyAcceptsDoingNothingAndRejectsAModelThatSaysNo() {
        List<Finding> same = new Accuracy().examine(Planted.of(Planted.BEFORE), Env.seeded(1));
        assertInstanceOf(
                Verdict.Pass.class,
                Planted.finding(same, "accuracy-change").verdict().orElseThrow());
        float[] no = Planted.BEFORE.weights().clone();
        Arrays.fill(no, 0);
        no[Planted.BEFORE.network().features()] = -5;
        List<Finding> worse =
                new Accuracy().examine(Planted.of(new Classifier(Planted.BEFORE.network(), no)), Env.seeded(1));
        assertInstanceOf(
                Verdict.Fail.class,
                Planted.finding(worse, "accuracy-change").verdict().orElseThrow());
    }

    @Test
    void moreSharpScoresAreLessCalibrated() {
        float[] sharp = Planted.BEFORE.weights().clone();
        for (int k = 0; k < sharp.length; k++) {
            sharp[k] *= 5;
        }
        double before = calibration(Planted.BEFORE);
        double after = calibration(new Classifier(Planted.BEFORE.network(), sharp));
        assertTrue(after > before + 0.05, before + " to " + after);
    }

    private static double calibration(Classifier model) {
        return Planted.finding(new Calibration().examine(Planted.of(model), Env.seeded(1)), "calibration-error")
                .value();
    }

    @Test
    void clientsAreCountedOneByOne() {
        List<Finding> findings = new ClientSpread().examine(Planted.of(Planted.BEFORE), Env.seeded(1));
        assertEquals(4, Planted.finding(findings, "accuracy-sd").n());
        assertEquals(0, Planted.finding(findings, "clients-without-local-gap").value());
        assertTrue(Planted.finding(findings, "accuracy-min").value()
                <= Planted.finding(findings, "accuracy-mean").value());
    }
}
