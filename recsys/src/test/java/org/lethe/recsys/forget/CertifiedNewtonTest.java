package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Ledger;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.ImplicitAls;

class CertifiedNewtonTest {
    private static final EmbeddingLearner LEARNER = new Bpr()
            .withDims(8)
            .withEpochs(10)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1);

    /** The samples of numbers n of a made-up problem, with rows of length at most 1. */
    private static RowObjective samples(boolean squared, int from, int to, Keyed random, double ridge) {
        int dims = 4;
        double[] x = new double[(to - from) * dims];
        double[] y = new double[to - from];
        for (int n = from; n < to; n++) {
            double length = 0;
            for (int d = 0; d < dims; d++) {
                x[(n - from) * dims + d] = Keyed.normal(random.at(n, d));
                length += Math.pow(x[(n - from) * dims + d], 2);
            }
            for (int d = 0; d < dims; d++) {
                x[(n - from) * dims + d] /= Math.sqrt(length);
            }
            y[n - from] = Keyed.unit(random.of("label").at(n)) < 0.5 ? 0 : 1;
        }
        return new RowObjective(squared, dims, x, y, ridge);
    }

    private static double residual(RowObjective rest, double[] head, double[] noise) {
        double sum = 0;
        double[] gradient = rest.gradient(head);
        for (int d = 0; d < noise.length; d++) {
            sum += Math.pow(gradient[d] + noise[d], 2);
        }
        return Math.sqrt(sum);
    }

    @Test
    void theResidualOfAThousandDeletionsIsWithinItsBoundAndNearIt() {
        double nearest = 0;
        for (int seed = 0; seed < 1_000; seed++) {
            Keyed random = Keyed.seed(seed).of("problem");
            int all = 6 + Keyed.below(random.of("all").at(0), 40);
            int gone = 1 + Keyed.below(random.of("gone").at(0), 3);
            double[] noise = {0.1, -0.2, 0.3, 0};
            double[] head = CertifiedNewton.minimised(samples(false, 0, all, random, 0.2), noise);
            RowObjective rest = samples(false, gone, all, random, 0.2);
            CertifiedNewton.Removed removed = CertifiedNewton.removed(rest, samples(false, 0, gone, random, 0.2), head);
            double left = residual(rest, removed.head(), noise);
            assertTrue(left <= removed.bound() + 1e-10, left + " is above " + removed.bound() + ", seed " + seed);
            nearest = Math.max(nearest, left / removed.bound());
        }
        assertTrue(nearest > 0.02, "the bound is " + 1 / nearest + " times the largest residual");
    }

    @Test
    void aSquaredLossLeavesNoResidual() {
        for (int seed = 0; seed < 100; seed++) {
            Keyed random = Keyed.seed(seed).of("problem");
            double[] noise = {0.1, -0.2, 0.3, 0};
            double[] head = CertifiedNewton.minimised(samples(true, 0, 20, random, 0.2), noise);
            RowObjective rest = samples(true, 2, 20, random, 0.2);
            CertifiedNewton.Removed removed = CertifiedNewton.removed(rest, samples(true, 0, 2, random, 0.2), head);
            assertEquals(0, removed.bound());
            assertEquals(0, residual(rest, removed.head(), noise), 1e-10);
            assertArrayEquals(CertifiedNewton.minimised(rest, noise), removed.head(), 1e-10);
        }
    }

    @Test
    void boundsAddUpUntilTheBudgetIsSpentAndThenTheHeadIsTrainedAgain() {
        Split data = Blocks.split(30, 90, 3, 3);
        Env env = Env.seeded(3);
        CertifiedNewton method = new CertifiedNewton(1, 1e-4, 0.25, 2);
        CertifiedHeads model = (CertifiedHeads) method.learn(LEARNER, data, env);
        Split left = data;
        int again = 0;
        int steps = 0;
        double added = model.spent(5);
        while (left.train().degree(5) > 1) {
            Interactions train = left.train();
            ForgetRequest one = ForgetInteractions.listed("5:" + train.item(train.from(5)));
            Env counted = env.with(new Ledger());
            CertifiedHeads next = (CertifiedHeads) method.fulfil(model, one, LEARNER, left, counted);
            left = one.resolve(left).remaining();
            double residual = method.residual(next, 5, left.train(), Loss.PAIRWISE, env);
            assertTrue(residual <= next.spent(5) + 1e-10, residual + " is above " + next.spent(5));
            assertTrue(next.spent(5) <= method.budget());
            if (counted.ledger().cost().count("heads-trained-again") == 1) {
                again++;
                assertEquals(model.trained(5) + 1, next.trained(5));
                assertTrue(next.spent(5) < 1e-9);
            } else {
                steps++;
                assertTrue(next.spent(5) > added, "the bounds add up");
                assertEquals(model.trained(5), next.trained(5));
            }
            added = next.spent(5);
            model = next;
        }
        assertTrue(again > 0 && steps > again, again + " trainings and " + steps + " steps");
    }

    @Test
    void onlyHeadsOfTheRequestMoveAndOneWithoutDataIsItsNoise() {
        Split data = Blocks.split(30, 40, 3, 3);
        Env env = Env.seeded(3);
        CertifiedNewton method = new CertifiedNewton();
        for (EmbeddingLearner learner :
                new EmbeddingLearner[] {LEARNER, new ImplicitAls().withDims(8).withEpochs(3)}) {
            CertifiedHeads before = (CertifiedHeads) method.learn(learner, data, env);
            CertifiedHeads after =
                    (CertifiedHeads) method.fulfil(before, ForgetUsers.listed("4", "9"), learner, data, env);
            for (int u = 0; u < 30; u++) {
                if (u != 4 && u != 9) {
                    assertArrayEquals(before.head(u), after.head(u));
                } else {
                    assertEquals(0, after.spent(u));
                    double residual = method.residual(
                            after, u, data.withoutUsers(v -> v == 4 || v == 9).train(), learner.loss(), env);
                    assertEquals(0, residual, 1e-12);
                }
            }
        }
    }

    @Test
    void theNoiseHasTheLevelOfTheCertificate() {
        // c of δ = 1.5 exp(−c²/2), σ = cβ/ε
        CertifiedNewton method = new CertifiedNewton(0.5, 1e-4, 0.05, 1);
        double c = method.sigma() * 0.5 / 0.05;
        assertEquals(1e-4, 1.5 * Math.exp(-c * c / 2), 1e-16);
        assertEquals(0.4385386, method.sigma(), 1e-6);
    }
}
