package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.approximate.Fanchuan.Target;
import org.lethe.recsys.approximate.Kookmin.Reset;
import org.lethe.recsys.forget.ForgetInteractions;
import org.lethe.recsys.forget.ForgetRequest;

/** Kookmin, Fanchuan and Seif. */
class ChallengeTest {
    @Test
    void allThreeForgetPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            for (TableMethod method : List.of(new Kookmin(), new Fanchuan(), new Seif())) {
                Effects.assertForgets(method, Effects.BPR, request, 0.15, 0.05);
                Effects.assertForgets(method, Effects.WMF, request, 0.15, 0.08);
            }
        }
    }

    @Test
    void theEntriesOfTheSmallestDifferenceAreReset() {
        double[] difference = {.5, -.1, .02, 0, 0, -.3, .04, .9, 0, .07};
        assertArrayEquals(new int[] {3, 4}, Kookmin.smallest(difference, 0, 10, 0.2));
        assertArrayEquals(new int[] {8}, Kookmin.smallest(difference, 5, 10, 0.01));
    }

    @Test
    void theCodedResetMissesTheForgottenRowsAndOursKeepsToThem() {
        Kookmin coded = new Kookmin(Reset.ENTRIES, 0, 0, 1e-3);
        Problem problem = AscentTest.problem(coded, Effects.PAIRS);
        double[] after = coded.moved(problem);
        boolean[] touched = problem.touched();
        int reset = 0;
        int ofUsers = 0;
        for (int n = 0; n < after.length; n++) {
            if (after[n] != problem.theta[n]) {
                reset++;
                ofUsers += n < problem.users * problem.dims && touched[n / problem.dims] ? 1 : 0;
            }
        }
        assertEquals(problem.users * 16 / 100 + problem.items * 16 / 100, reset);
        assertTrue(ofUsers < 0.3 * reset, ofUsers + " of " + reset);
        double[] ours = new Kookmin(Reset.ROWS, 1, 0, 1e-3).moved(problem);
        for (int n = 0; n < ours.length; n++) {
            assertEquals(touched[n / problem.dims], ours[n] != problem.theta[n]);
        }
    }

    @Test
    void divergenceFromTheUniformDistributionHasItsValueAndGradient() {
        double[] scores = {0, Math.log(2), Math.log(3)};
        double[] uniform = {1 / 3.0, 1 / 3.0, 1 / 3.0};
        assertEquals(Math.log(4 / 3.0) / 3, Fanchuan.divergence(uniform, scores), 1e-15);
        assertEquals(0.0958940, Fanchuan.divergence(uniform, scores), 5e-8);
        assertArrayEquals(new double[] {-1 / 6.0, 0, 1 / 6.0}, Fanchuan.divergenceGradient(uniform, scores), 1e-15);
    }

    @Test
    void contrastHasItsValueItsGradientAndItsMinimum() {
        double[][] r = {{1, 0}, {0, 1}};
        assertEquals(0.7848293, Fanchuan.contrastLoss(new double[] {1, 0}, r), 5e-8);
        assertArrayEquals(new double[] {0.177961, -0.177961}, Fanchuan.contrastGradient(new double[] {1, 0}, r), 5e-7);
        assertEquals(Math.log(2), Fanchuan.contrastLoss(new double[] {3, 3}, r), 1e-15);
    }

    @Test
    void theNeutralStageLowersTheDivergenceFromItsTarget() {
        for (Target target : Target.values()) {
            Fanchuan neutral = new Fanchuan(target, 50, 0, 1e-3);
            Problem problem = AscentTest.problem(neutral, Effects.PAIRS);
            double[] after = neutral.moved(problem);
            double change = 0;
            for (int u = 0; u < problem.users; u++) {
                if (problem.forgotten.interactions().degree(u) > 0) {
                    change += uniform(problem, after, u) - uniform(problem, problem.theta, u);
                }
            }
            assertTrue(change < 0, target + " " + change);
        }
    }

    /** The divergence of all scores of a user from equal ones, which both targets bring closer. */
    private static double uniform(Problem problem, double[] theta, int user) {
        double[] scores = new double[problem.items];
        double[] equal = new double[problem.items];
        Arrays.fill(equal, 1.0 / problem.items);
        for (int i = 0; i < scores.length; i++) {
            for (int d = 0; d < problem.dims; d++) {
                scores[i] += theta[user * problem.dims + d] * theta[(problem.users + i) * problem.dims + d];
            }
        }
        return Fanchuan.divergence(equal, scores);
    }

    @Test
    void noiseInProportionToTheWeightsGrowsThemWithEveryRequest() {
        double[] theta = new double[200_000];
        Arrays.fill(theta, 0.3);
        boolean[] rows = new boolean[2_000];
        Arrays.fill(rows, true);
        double start = Vectors.norm(theta);
        theta = Seif.noisy(theta, 100, rows, 0.6, Keyed.seed(1));
        assertEquals(1.1662, Vectors.norm(theta) / start, 0.003);
        for (int request = 1; request < 20; request++) {
            theta = Seif.noisy(theta, 100, rows, 0.6, Keyed.seed(1).of(request));
        }
        assertEquals(21.6, Vectors.norm(theta) / start, 7); // few weights carry most of the length by now
    }

    @Test
    void noiseEverywhereRuinsTheListsOfThoseWhoRemain() {
        double before = Effects.recall(Effects.trained(Effects.BPR), Effects.PAIRS);
        Seif coded = new Seif(0.6, true, 4, 7e-4);
        double after = Effects.recall(Effects.fulfilled(coded, Effects.BPR, Effects.PAIRS), Effects.PAIRS);
        double ours = Effects.recall(Effects.fulfilled(new Seif(), Effects.BPR, Effects.PAIRS), Effects.PAIRS);
        assertTrue(after < ours - 0.01, before + " to " + after + ", and ours " + ours);
    }

    @Test
    void theCodedFormsWearAModelOutRequestByRequestAndOursDoNot() {
        double start = Effects.recall(Effects.trained(Effects.BPR), Effects.PAIRS);
        double coded = afterTen(new Seif(0.6, true, 4, 7e-4));
        double ours = afterTen(new Seif());
        assertTrue(coded < 0.85 * start && ours > 0.93 * start, "seif " + coded + ", " + ours + " of " + start);
        double entries = afterTen(new Kookmin(Reset.ENTRIES, 0, 1, 1e-3));
        double rows = afterTen(new Kookmin());
        assertTrue(entries < rows - 0.03, "kookmin " + entries + ", " + rows + " of " + start);
        assertTrue(rows > 0.9 * start, "kookmin " + entries + ", " + rows + " of " + start);
    }

    /** Recall after ten requests, each of half a percent of the interactions. */
    private static double afterTen(TableMethod method) {
        Split data = Effects.DATA;
        Recommender model = Effects.trained(Effects.BPR);
        for (int request = 0; request < 10; request++) {
            ForgetInteractions pairs = new ForgetInteractions(0.5, List.of(), request);
            model = method.fulfil(model, pairs, Effects.BPR, data, Effects.env().with(request));
            data = pairs.resolve(data).remaining();
        }
        return Ranking.mean(
                Ranking.test(model, data, 10, Effects.env().workers()).recall());
    }
}
