package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.recsys.forget.ForgetRequest;

class E2uRecTest {
    @Test
    void itForgetsPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            Effects.assertForgets(new E2uRec(), Effects.BPR, request, 0.15, 0.03);
            Effects.assertForgets(new E2uRec(), Effects.WMF, request, 0.1, 0.03);
        }
    }

    @Test
    void withoutAlphaTheModelIsItsOwnForgettingTeacherAndStays() {
        E2uRec still = new E2uRec(0, 0, 20, 50, 0.01, Stop.NONE);
        Problem problem = AscentTest.problem(still, Effects.PAIRS);
        double[] after = still.moved(problem);
        assertArrayEquals(problem.theta, after, 0);
        assertTrue(Vectors.norm(
                        Vectors.plus(new E2uRec(0, 2, 20, 50, 0.01, Stop.NONE).moved(problem), -1, problem.theta))
                > 0.1);
    }

    @Test
    void theForgettingTeacherIsNeverAboveTheModel() {
        double[] original = {1, -2, 0.5, 3, 0};
        double[] augmented = {2, -3, 0.5, 3.5, 1};
        assertArrayEquals(new double[] {-1, -2, 0.5, 2, -2}, E2uRec.teacher(original, augmented, 2), 1e-15);
    }

    @Test
    void aTabularStudentEndsAtTheMixtureOfItsTeachers() {
        double[] remembering = {1, -2, 0.5, 3, 0};
        double[] forgetting = {-1, -2, 0.5, 2, -2};
        double[] z = new double[5];
        for (int step = 0; step < 20_000; step++) {
            double[] g = Vectors.times(0.6, E2uRec.slopes(remembering, z));
            Vectors.add(g, 0.4, E2uRec.slopes(forgetting, z));
            Vectors.add(z, -0.5, g);
        }
        double[] p = E2uRec.softmax(z, 0);
        double[] of = E2uRec.softmax(remembering, 0);
        double[] and = E2uRec.softmax(forgetting, 0);
        for (int n = 0; n < 5; n++) {
            assertEquals(0.6 * of[n] + 0.4 * and[n], p[n], 1e-9);
        }
    }

    @Test
    void onlyRowsOfForgottenPairsMove() {
        Problem problem = AscentTest.problem(new E2uRec(), Effects.PAIRS);
        double[] after = new E2uRec().moved(problem);
        boolean[] touched = problem.touched();
        assertTrue(!Arrays.equals(after, problem.theta));
        for (int n = 0; n < after.length; n++) {
            assertTrue(touched[n / problem.dims] || after[n] == problem.theta[n]);
        }
    }
}
