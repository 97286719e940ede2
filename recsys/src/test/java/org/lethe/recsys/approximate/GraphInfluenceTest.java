package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;
import org.lethe.recsys.approximate.Ifru.HessianOf;
import org.lethe.recsys.forget.ForgetRequest;

/** GIF, CEU and IDEA. */
class GraphInfluenceTest {
    private static final double[] ONES = {1, 1};

    private static double[] diagonal(double[] x) {
        return new double[] {x[0], 10 * x[1]};
    }

    @Test
    void allThreeForgetPairsAndUsersWithAndWithoutAGraph() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            for (TableMethod method : List.of(new Gif(), new Ceu(), new Idea())) {
                Effects.assertForgets(method, Effects.BPR, request, 0.8, 0.05);
                Effects.assertForgets(method, Effects.GRAPH, request, 0.8, 0.1);
            }
        }
    }

    @Test
    void theSeriesReachesTheSolutionAndTheCodedFormIsAHundredAndOneTimesTheGradient() {
        assertArrayEquals(
                new double[] {1, 0.1},
                Vectors.conjugateGradients(GraphInfluenceTest::diagonal, ONES, 1e-12, 9)
                        .x(),
                1e-12);
        assertArrayEquals(new double[] {1, 0.1}, Gif.series(GraphInfluenceTest::diagonal, ONES, 20, 2000), 1e-12);
        assertArrayEquals(new double[] {0.114, 0.0738}, Gif.series(GraphInfluenceTest::diagonal, ONES, 50, 5), 5e-4);
        assertArrayEquals(new double[] {0.346, 0.0991}, Gif.series(GraphInfluenceTest::diagonal, ONES, 50, 20), 5e-4);
        assertArrayEquals(new double[] {0.870, 0.1}, Gif.series(GraphInfluenceTest::diagonal, ONES, 50, 100), 5e-4);
        assertArrayEquals(new double[] {100.950, 100.497}, Gif.asCoded(GraphInfluenceTest::diagonal, ONES), 5e-4);
        assertArrayEquals(
                new double[] {1e5, 1e4},
                Vectors.times(
                        1e5,
                        Vectors.series(GraphInfluenceTest::diagonal, ONES, 1e5, 4_000_000)
                                .orElseThrow()),
                1);
    }

    @Test
    void aScaleBelowTheLargestEigenvalueIsRefused() {
        assertEquals(10, Vectors.largestEigenvalue(GraphInfluenceTest::diagonal, ONES, 10), 1e-6);
        assertThrows(LetheException.class, () -> Gif.series(GraphInfluenceTest::diagonal, ONES, 9, 5));
        assertTrue(Vectors.series(GraphInfluenceTest::diagonal, ONES, 4.9, 50).isEmpty());
        assertTrue(Vectors.series(GraphInfluenceTest::diagonal, ONES, 5.1, 50).isPresent());
    }

    @Test
    void theSeriesAgreesWithConjugateGradientsOnAModel() {
        Gif gif = new Gif(Gif.Solver.CONJUGATE_GRADIENTS, 5, 0, 500, 1e-10, 1, 0);
        Gif series = new Gif(Gif.Solver.SERIES, 5, 0, 3000, 1e-10, 1, 0);
        Problem problem = AscentTest.problem(gif, Effects.PAIRS);
        double[] solved = Vectors.plus(gif.moved(problem), -1, problem.theta);
        double[] summed = Vectors.plus(series.moved(problem), -1, problem.theta);
        assertTrue(Vectors.norm(Vectors.plus(solved, -1, summed)) < 1e-6 * Vectors.norm(solved));
    }

    /** A path a–b–c with the features 1, 2, 3 and as labels; z is the mean over a node and its neighbours. */
    @Test
    void theDifferenceOverTheSameNodesIsExactWithTheHessianAfter() {
        double[] with = {1.5, 2, 2.5};
        double[] without = {1.5, 1.5, 3};
        double[] y = {1, 2, 3};
        double w = right(with, y) / hessian(with);
        assertEquals(0.962963, w, 5e-7);
        double[] difference = new double[1];
        for (int n = 0; n < 3; n++) {
            difference[0] += (w * with[n] - y[n]) * with[n] - (w * without[n] - y[n]) * without[n];
        }
        assertEquals(-0.462963, difference[0], 5e-7);
        double after = w
                + Vectors.conjugateGradients(x -> Vectors.times(hessian(without), x), difference, 1e-14, 3)
                        .x()[0];
        double before = w
                + Vectors.conjugateGradients(x -> Vectors.times(hessian(with), x), difference, 1e-14, 3)
                        .x()[0];
        assertEquals(right(without, y) / hessian(without), after, 1e-12);
        assertEquals(0.931034, after, 5e-7);
        assertEquals(0.928669, before, 5e-7);
    }

    private static double hessian(double[] z) {
        return 1 + Vectors.dot(z, z);
    }

    private static double right(double[] z, double[] y) {
        return Vectors.dot(z, y);
    }

    @Test
    void theDeviationOfNoiseIsThatOfTheGaussianMechanismAndTheCodedOneIsSmaller() {
        assertEquals(0.310751, Idea.sigma(0.01, 0.1, 0.01), 5e-7);
        assertEquals(0.032180, Idea.sigmaAsCoded(0.01, 0.1, 0.01), 5e-7);
        assertEquals(9.66, Idea.sigma(1, 1, 0.01) / Idea.sigmaAsCoded(1, 1, 0.01), 5e-3);
    }

    @Test
    void theCodedNoiseOfIdeaRuinsTheListsOfThoseWhoRemain() {
        double before = Effects.recall(Effects.trained(Effects.BPR), Effects.PAIRS);
        Idea coded = new Idea(1, 0, 1, 0.01, true, 100, 0);
        double after = Effects.recall(Effects.fulfilled(coded, Effects.BPR, Effects.PAIRS), Effects.PAIRS);
        assertTrue(after < before - 0.05, after + " and " + before);
    }

    @Test
    void noiseGoesToTheRowsOfForgottenPairsAlone() {
        Idea noisy = new Idea(1e9, 0.01, 0.01, 0.01, false, 100, 0);
        Idea still = new Idea(1e9, 0, 1, 0.01, false, 100, 0);
        Problem problem = AscentTest.problem(noisy, Effects.PAIRS);
        double[] noise = Vectors.plus(noisy.moved(problem), -1, still.moved(problem));
        boolean[] touched = problem.touched();
        double squares = 0;
        int entries = 0;
        for (int n = 0; n < noise.length; n++) {
            if (touched[n / problem.dims]) {
                squares += noise[n] * noise[n];
                entries++;
            } else {
                assertEquals(0, noise[n]);
            }
        }
        assertEquals(Idea.sigma(0.01, 0.01, 0.01), Math.sqrt(squares / entries), 0.2);
    }

    @Test
    void otherPairsInTheSecondSumMoveRowsThatTheRequestDoesNotConcern() {
        Problem problem = AscentTest.problem(new Ceu(), Effects.PAIRS);
        double[] same = Ceu.moved(problem, 1e6, HessianOf.REMAINING, false, 100, 0);
        double[] unlike = Ceu.moved(problem, 1e6, HessianOf.REMAINING, true, 100, 0);
        boolean[] rows = problem.gone.rows(problem.users, problem.items, true);
        boolean[] strangers = new boolean[rows.length];
        for (int row = 0; row < problem.users; row++) {
            strangers[row] = !rows[row];
        }
        double ofSame = Vectors.norm(problem.only(strangers, Vectors.plus(same, -1, problem.theta)));
        double ofUnlike = Vectors.norm(problem.only(strangers, Vectors.plus(unlike, -1, problem.theta)));
        assertTrue(ofUnlike > 100 * ofSame, ofUnlike + " and " + ofSame);
    }
}
