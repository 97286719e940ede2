package org.lethe.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Difference;
import org.lethe.statistics.Roc;

/** Thresholds against scikit-learn 1.9.1 on made-up scores: 1,000 members, of whom every tenth gives itself away, 2,000 others. */
final class ThresholdAttackTest {
    private static double unit(int at) {
        double v = StrictMath.sin((at + 1) * 12.9898) * 43758.5453;
        return v - Math.floor(v);
    }

    private static double[] scores(boolean members) {
        return IntStream.range(0, 3_000)
                .filter(k -> (k % 3 == 0) == members)
                .mapToDouble(k -> Math.floor(
                                200 * (unit(2 * k) + unit(2 * k + 1) + (members ? k % 30 == 0 ? 0.35 + 1.2 : 0.35 : 0)))
                        / 200)
                .toArray();
    }

    @Test
    void theNumbersAreThoseOfScikitLearn() {
        ThresholdAttack attack = new ThresholdAttack(List.of(0.001, 0.01, 0.1), 100);
        ThresholdAttack.Result result = attack.examine(scores(true), scores(false), Keyed.seed(1));
        assertEquals(1_000, result.members());
        assertEquals(2_000, result.nonMembers());
        assertEquals(0.7353965, result.auc().value(), 1e-12); // roc_auc_score
        double[] found = result.detections().stream()
                .mapToDouble(d -> d.truePositiveRate().value())
                .toArray();
        assertArrayEquals(new double[] {0.171, 0.197, 0.372}, found); // max(tpr[fpr <= rate]) of roc_curve
        List<Roc.Point> curve = result.curve();
        assertEquals(285, curve.size()); // the 478 points of roc_curve without those between two others on a line
        assertEquals(new Roc.Point(0.003, 0.172, 1.935), curve.get(5));
        assertEquals(new Roc.Point(0.6155, 0.87, 0.895), curve.get(200));
    }

    /** The reason the audit reports it: an area near 0.5 says little where a few members are told for certain. */
    @Test
    void fewMembersToldForCertainShowAtFewFalseAlarms() {
        Keyed random = Keyed.seed(5);
        double[] members = new double[2_000];
        double[] others = new double[2_000];
        for (int n = 0; n < 2_000; n++) {
            members[n] = n % 50 == 0 ? 10 : Keyed.normal(random.of("members").at(n));
            others[n] = Keyed.normal(random.of("others").at(n));
        }
        ThresholdAttack.Result result = new ThresholdAttack().examine(members, others, random);
        assertEquals(0.51, result.auc().value(), 5 * 0.0091); // 0.98 · 0.5 + 0.02, five standard errors
        ThresholdAttack.Detection strictest = result.detections().getFirst();
        assertEquals(0.001, strictest.falsePositiveRate());
        assertTrue(strictest.truePositiveRate().interval().low() > 0.01, strictest.toString());
    }

    @Test
    void intervalsOfKnowingNothingHoldAHalfAndWidenWhereOwnersHaveManySamples() {
        int n = 2_000;
        double[] scores = new double[n];
        boolean[] member = new boolean[n];
        int[] alone = new int[n];
        int[] owner = new int[n];
        for (int k = 0; k < n; k++) {
            member[k] = k % 2 == 0;
            alone[k] = k;
            owner[k] = k / 20 * 2 + k % 2; // ten samples each, all of one kind and with one score
            scores[k] = Keyed.unit(Keyed.seed(3).at(owner[k]));
        }
        ThresholdAttack attack = new ThresholdAttack();
        var together = attack.examine(scores, member, owner, Keyed.seed(4)).auc();
        var apart = attack.examine(scores, member, alone, Keyed.seed(4)).auc();
        assertEquals(apart.value(), together.value());
        double ratio = (together.interval().high() - together.interval().low())
                / (apart.interval().high() - apart.interval().low());
        assertEquals(Math.sqrt(10), ratio, 0.5); // a tenth of the samples that chance can draw
    }

    @Test
    void twoModelsUnderOneKeyAreComparedInPairs() {
        double[] members = scores(true);
        double[] others = scores(false);
        var one = new ThresholdAttack().examine(members, others, Keyed.seed(2)).auc();
        for (int n = 0; n < members.length; n++) {
            members[n] += 0.01;
        }
        Difference difference = new ThresholdAttack()
                .examine(members, others, Keyed.seed(2))
                .auc()
                .less(one);
        double width = one.interval().high() - one.interval().low();
        assertTrue(difference.value() > 0 && difference.beyond(0), difference.toString());
        assertTrue(difference.interval().high() - difference.interval().low() < width / 5, difference.toString());
    }

    @Test
    void scoresOfOneKindAreRefused() {
        IllegalArgumentException none = assertThrows(
                IllegalArgumentException.class,
                () -> new ThresholdAttack().examine(new double[] {1, 2}, new double[0], Keyed.seed(1)));
        assertEquals("non-members is 0, expected at least 1", none.getMessage());
        IllegalArgumentException nan = assertThrows(
                IllegalArgumentException.class,
                () -> new ThresholdAttack().examine(new double[] {1, Double.NaN}, new double[] {0}, Keyed.seed(1)));
        assertEquals("score[1] is NaN, expected a number", nan.getMessage());
    }
}
