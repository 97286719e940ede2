package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.data.Ml100k;
import org.lethe.recsys.data.RealData;
import org.lethe.recsys.data.Splits;

/** The audits on WMF and MovieLens-100K, one user in twenty forgotten: checks A11 and A16 of the benchmark's description. */
final class RealAuditsTest {
    private static final Env ENV = Env.seeded(1);
    private static Split data;
    private static Recommender before;

    @BeforeAll
    static void learn() {
        data = new Ml100k().withStopOn(Splits.StopOn.TEST).load(RealData.folders());
        before = new Wmf().train(data, ENV);
    }

    @Test
    void theLeastActiveUsersAreEnoughForTheCalibratedAttack() {
        assertDecided(Choice.EDGE);
    }

    @Test
    @Tag("slow")
    void everyChoiceOfUsersIsDecidedByTheCalibratedAttack() {
        assertDecided(Choice.CORE);
        assertDecided(Choice.RANDOM);
    }

    private static void assertDecided(Choice choose) {
        ForgetUsers request = new ForgetUsers(choose, 5);
        Recommender retrained = new Wmf().train(request.resolve(data).remaining(), ENV);
        List<Finding> nothing = examine(request, before, retrained);
        assertInstanceOf(Verdict.Fail.class, EfficiencyTest.verdict(nothing, "calibrated-auc"));
        double learned = EfficiencyTest.value(nothing, "calibrated-auc-before");
        double reference = EfficiencyTest.value(nothing, "calibrated-auc-reference");
        assertTrue(learned > reference + 0.05, learned + " against " + reference);
        assertEquals(1, EfficiencyTest.value(nothing, "completeness-gap(calibrated)"), 1e-12);
        List<Finding> again = examine(request, retrained, retrained);
        assertInstanceOf(Verdict.Pass.class, EfficiencyTest.verdict(again, "calibrated-auc"));
        assertEquals(0, EfficiencyTest.value(again, "completeness-gap(calibrated)"));
    }

    @Test
    void attacksOnScoresOfChanceTellNothing() {
        Keyed random = Keyed.seed(11);
        float[] users = new float[data.users() * 8];
        float[] items = new float[data.items() * 8];
        for (int n = 0; n < users.length; n++) {
            users[n] = (float) Keyed.normal(random.of("user").at(n));
        }
        for (int n = 0; n < items.length; n++) {
            items[n] = (float) Keyed.normal(random.of("item").at(n));
        }
        Recommender chance = new Embeddings(8, users, items);
        List<Finding> findings = examine(new ForgetUsers(Choice.RANDOM, 5), chance, chance);
        for (String attack : List.of("mio-auc", "score-auc", "calibrated-auc")) {
            Finding finding = EfficiencyTest.finding(findings, attack);
            double error = (finding.interval().orElseThrow().high()
                            - finding.interval().orElseThrow().low())
                    / (2 * 1.96);
            assertEquals(0.5, finding.value(), 3 * error, attack);
        }
    }

    @Test
    void fairnessChangesItsSignWithTheFormOfNdcg() {
        Case<Split, Recommender> learned = new Case<>(data, new ForgetUsers(Choice.RANDOM, 0), before, before, before);
        double full = aIgf(learned, Fairness.Ndcg.FULL);
        double cut = aIgf(learned, Fairness.Ndcg.CUT);
        assertTrue(full < 0 && cut > 0.2, "NDCG-full gives " + full + ", NDCG-cut " + cut);
    }

    private static double aIgf(Case<Split, Recommender> c, Fairness.Ndcg ndcg) {
        return new Fairness(0.05, ndcg, 20, 0.02, 2)
                .examine(c, ENV).stream()
                        .filter(f -> f.name().matches("a-igf\\(.*\\)@20"))
                        .findFirst()
                        .orElseThrow()
                        .value();
    }

    private static List<Finding> examine(ForgetUsers request, Recommender after, Recommender reference) {
        return new Completeness().examine(new Case<>(data, request, before, after, reference), ENV);
    }
}
