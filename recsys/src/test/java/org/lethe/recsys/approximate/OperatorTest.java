package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.forget.ForgetRequest;

/** The deletion operator and UnlearnRec. */
class OperatorTest {
    @Test
    void bothForgetPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            for (TableMethod method : List.of(new DeletionOperator(), new UnlearnRec())) {
                Effects.assertForgets(method, Effects.BPR, request, 0.6, 0.06);
                Effects.assertForgets(method, Effects.WMF, request, 0.2, 0.06);
            }
        }
    }

    @Test
    void theOperatorBeginsAsTheIdentityAndLeavesFarNodesAlone() {
        DeletionOperator untrained = new DeletionOperator(1, 0.5, 0, 0.02, Stop.NONE);
        Problem problem = AscentTest.problem(untrained, Effects.PAIRS);
        assertArrayEquals(problem.theta, untrained.moved(problem), 0);
        DeletionOperator near = new DeletionOperator(0, 0.5, 20, 0.02, Stop.NONE);
        double[] after = near.moved(problem);
        boolean[] rows = near.rows(problem);
        int still = 0;
        for (int n = 0; n < after.length; n++) {
            assertTrue(rows[n / problem.dims] || after[n] == problem.theta[n]);
            still += rows[n / problem.dims] ? 0 : 1;
        }
        assertTrue(still > 20);
    }

    @Test
    void thePerceptronHasTheGradientOfFiniteDifferencesAndKeepsZero() {
        Keyed random = Keyed.seed(6);
        double[] weights = new double[24];
        Arrays.setAll(weights, n -> Keyed.normal(random.at(n)));
        Perceptron mlp = new Perceptron(3, 4, weights);
        double[] x = {0.3, -1, 0.7, 0, 0, 0, 1.2, 0.4, -0.6};
        double[] slope = {1, -2, 0.5, 3, 1, 1, 0.25, 1, -1};
        boolean[] rows = {true, true, false};
        double[] out = new double[9];
        mlp.add(x, rows, 0.5, out);
        assertArrayEquals(new double[6], Arrays.copyOfRange(out, 3, 9), 0);
        double[] byInput = new double[9];
        double[] byWeights = mlp.back(x, rows, 0.5, slope, byInput);
        double h = 1e-6;
        for (int n = 0; n < weights.length; n++) {
            double above = value(weights, n, h, x, -1, slope, rows);
            double below = value(weights, n, -h, x, -1, slope, rows);
            assertEquals((above - below) / (2 * h), byWeights[n], 1e-7);
        }
        for (int n = 0; n < 3; n++) {
            double above = value(weights, -1, h, x, n, slope, rows);
            double below = value(weights, -1, -h, x, n, slope, rows);
            assertEquals((above - below) / (2 * h), byInput[n], 1e-7);
        }
    }

    private static double value(
            double[] weights, int weight, double h, double[] x, int input, double[] slope, boolean[] rows) {
        double[] w = weights.clone();
        double[] given = x.clone();
        if (weight >= 0) {
            w[weight] += h;
        }
        if (input >= 0) {
            given[input] += h;
        }
        double[] out = new double[x.length];
        new Perceptron(3, 4, w).add(given, rows, 0.5, out);
        return Vectors.dot(out, slope);
    }

    @Test
    void withoutForgottenEdgesTheEncoderIsTheIdentityAndNodesWithoutAPathKeepTheirBits() {
        UnlearnRec method = new UnlearnRec(2, 20, 50, 0.01, 1);
        Problem problem = AscentTest.problem(method, Effects.PAIRS);
        UnlearnRec.Encoder encoder = method.new Encoder(problem);
        Interactions lost = problem.forgotten.interactions();
        for (int step = 0; step < 5; step++) {
            encoder.step(lost, true, step, new boolean[0]);
        }
        assertArrayEquals(problem.theta, encoder.tables(lost.where((u, i) -> false)), 0);
        double[] after = method.moved(problem);
        boolean[] touched = problem.touched();
        int moved = 0;
        for (int n = 0; n < after.length; n++) {
            assertTrue(touched[n / problem.dims] || after[n] == problem.theta[n]);
            moved += after[n] != problem.theta[n] ? 1 : 0;
        }
        assertTrue(moved > 100);
    }
}
