package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetInteractions;
import org.lethe.recsys.forget.ForgetRequest;

class RowRefitTest {
    @Test
    void itForgetsPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            Effects.assertForgets(new RowRefit(), Effects.BPR, request, 0.5, 0.05);
            Effects.assertForgets(new RowRefit(), Effects.WMF, request, 0.5, 0.05);
        }
    }

    @Test
    void onlyRowsOfForgottenPairsMoveAndTheirGradientVanishes() {
        Problem problem = AscentTest.problem(new RowRefit(), Effects.PAIRS);
        double[] after = new RowRefit(0.5, true).moved(problem);
        RowFits fits = new RowFits(problem.lossOfRows(problem.retained()), problem.rows());
        boolean[] touched = problem.touched();
        int still = 0;
        for (int row = 0; row < problem.rows(); row++) {
            if (!touched[row]) {
                assertArrayEquals(fits.row(problem.theta, row), fits.row(after, row), 0);
                still++;
            } else if (row < problem.users) {
                double[] gradient = fits.of(row, after, 0.5).gradient(fits.row(after, row));
                assertTrue(Vectors.norm(gradient) <= 1e-6);
            }
        }
        assertTrue(still > 20);
    }

    @Test
    void aRowWithNothingLeftIsZero() {
        Problem problem = AscentTest.problem(new RowRefit(), Effects.USERS);
        double[] after = new RowRefit().moved(problem);
        for (int u : problem.forgotten.users()) {
            for (int d = 0; d < problem.dims; d++) {
                assertEquals(0, after[u * problem.dims + d]);
            }
        }
    }

    @Test
    void whichPairsWereForgottenDoesNotChangeOneBitOfTheRowOfAUser() {
        RowRefit users = new RowRefit(0.5, false);
        Problem problem = AscentTest.problem(users, Effects.PAIRS);
        double[] after = users.moved(problem);
        int user = 0;
        while (problem.forgotten.interactions().degree(user) == 0) {
            user++;
        }
        int chosen = user;
        // the same user once had another item in place of one that is forgotten
        int gone = problem.forgotten
                .interactions()
                .item(problem.forgotten.interactions().from(user));
        int other = 0;
        while (problem.data.train().contains(user, other)
                || problem.data.validation().contains(user, other)
                || problem.data.test().contains(user, other)) {
            other++;
        }
        int instead = other;
        Split changed = new Split(
                problem.left()
                        .and(Interactions.of(problem.users, problem.items, new int[] {chosen}, new int[] {instead})),
                problem.data.validation(),
                problem.data.test());
        ForgetRequest request = ForgetInteractions.listed(chosen + ":" + instead);
        Problem otherwise = Problem.of(
                        users,
                        Effects.trained(Effects.BPR),
                        request.resolve(changed),
                        Effects.BPR,
                        changed,
                        false,
                        Effects.env())
                .orElseThrow();
        assertEquals(problem.left(), otherwise.left());
        double[] afterwards = users.moved(otherwise);
        assertTrue(gone != instead);
        for (int d = 0; d < problem.dims; d++) {
            assertEquals(after[chosen * problem.dims + d], afterwards[chosen * problem.dims + d]);
        }
    }

    @Test
    void theChosenRidgeKeepsTheLengthOfUntouchedRows() {
        Problem problem = AscentTest.problem(new RowRefit(), Effects.PAIRS);
        RowFits fits = new RowFits(problem.lossOfRows(problem.retained()), problem.rows());
        double ridge = fits.ridge(problem.theta, 0, problem.users, problem.touched(), problem.random("ridge"));
        double now = 0;
        double then = 0;
        for (int row = 0; row < problem.users; row++) {
            if (!problem.touched()[row]) {
                now += Vectors.norm(fits.row(problem.theta, row));
                then += Vectors.norm(fits.of(row, problem.theta, ridge).newton(new double[problem.dims], 0, 40));
            }
        }
        assertEquals(1, then / now, 0.3);
    }
}
