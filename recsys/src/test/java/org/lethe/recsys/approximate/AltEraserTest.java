package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.backbone.WholeDataWmf;
import org.lethe.recsys.forget.ForgetInteractions;
import org.lethe.recsys.forget.ForgetRequest;

class AltEraserTest {
    @Test
    void itForgetsPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            Effects.assertForgets(new AltEraser(), Effects.BPR, request, 0.5, 0.05);
            Effects.assertForgets(new AltEraser(), Effects.WMF, request, 0.5, 0.09);
        }
    }

    private static double objective(Problem problem, double[] theta, double ridge) {
        return problem.lossOfRows(problem.retained()).value(theta) + ridge / 2 * Vectors.dot(theta, theta);
    }

    @Test
    void everySweepLowersTheObjective() {
        Problem problem = AscentTest.problem(new AltEraser(), Effects.PAIRS);
        double before = objective(problem, problem.theta, 0.5);
        double first = before;
        for (int sweeps = 1; sweeps <= 4; sweeps++) {
            double after = objective(problem, new AltEraser(0.5, sweeps, 2, true, 1e-9).moved(problem), 0.5);
            assertTrue(after < before, sweeps + ": " + after + " and " + before);
            before = after;
        }
        assertTrue(before < 0.9 * first);
    }

    @Test
    void usersAloneReachTheOptimumOfTheirConvexProblem() {
        AltEraser users = new AltEraser(0.5, 1, 60, false, 1e-12);
        Problem problem = AscentTest.problem(users, Effects.PAIRS);
        double[] after = users.moved(problem);
        RowFits fits = new RowFits(problem.lossOfRows(problem.retained()), problem.rows());
        int moved = 0;
        for (int row = 0; row < problem.users; row++) {
            if (problem.touched()[row]) {
                double[] fresh = fits.of(row, problem.theta, 0.5).newton(new double[problem.dims], 0, 60);
                assertArrayEquals(fresh, fits.row(after, row), 1e-8);
                moved++;
            } else {
                assertArrayEquals(fits.row(problem.theta, row), fits.row(after, row), 0);
            }
        }
        assertTrue(moved > 10);
        double[] again = new AltEraser(0.5, 1, 60, false, 1e-6).moved(problem);
        assertArrayEquals(after, again, 1e-6);
    }

    @Test
    void aSquaredLossIsSolvedInOneStep() {
        WholeDataWmf learner = new WholeDataWmf().withDims(8).withEpochs(5);
        Embeddings model = learner.train(Effects.DATA, Effects.env());
        AltEraser once = new AltEraser(0.5, 1, 1, false, 1e-12);
        Problem problem = Problem.of(
                        once, model, Effects.PAIRS.resolve(Effects.DATA), learner, Effects.DATA, false, Effects.env())
                .orElseThrow();
        double[] after = once.moved(problem);
        RowFits fits = new RowFits(problem.lossOfRows(problem.retained()), problem.rows());
        for (int row = 0; row < problem.users; row++) {
            if (problem.touched()[row]) {
                double gradient = Vectors.norm(fits.of(row, after, 0.5).gradient(fits.row(after, row)));
                assertEquals(0, gradient, 1e-9);
            }
        }
    }

    @Test
    void aRequestOfNothingTakesNoStep() {
        Embeddings model = Effects.trained(Effects.BPR);
        assertSame(
                model,
                new AltEraser().fulfil(model, new ForgetInteractions(0), Effects.BPR, Effects.DATA, Effects.env()));
    }
}
