package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.forget.ForgetRequest;

class RrlTest {
    @Test
    void itForgetsPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            Effects.assertForgets(new Rrl(), Effects.BPR, request, 0.6, 0.05);
            Effects.assertForgets(new Rrl(), Effects.WMF, request, 0.35, 0.05);
        }
    }

    @Test
    void noForgottenItemRisesWithoutTheStop() {
        Rrl rrl = new Rrl(0.005, 200, 1, Stop.NONE);
        Problem problem = AscentTest.problem(rrl, Effects.PAIRS);
        Embeddings after = Effects.fulfilled(rrl, Effects.BPR, Effects.PAIRS);
        Interactions lost = problem.forgotten.interactions();
        for (int u = 0; u < lost.users(); u++) {
            for (int k = lost.from(u); k < lost.to(u); k++) {
                assertTrue(rank(after, problem, u, lost.item(k)) >= rank(problem.before, problem, u, lost.item(k)));
            }
        }
    }

    private static int rank(Embeddings model, Problem problem, int user, int item) {
        int rank = 1;
        for (int i = 0; i < problem.items; i++) {
            boolean kept = problem.left().contains(user, i)
                    || problem.forgotten.interactions().contains(user, i);
            rank += !kept && model.score(user, i) > model.score(user, item) ? 1 : 0;
        }
        return rank;
    }

    @Test
    void informationIsNeverNegativeAndItsMeanIsOne() {
        Problem problem = AscentTest.problem(new Rrl(), Effects.PAIRS);
        double[] fisher = Rrl.fisher(problem.loss(problem.retained()), problem.theta, problem.rows());
        assertTrue(Arrays.stream(fisher).allMatch(f -> f >= 0));
        assertEquals(1, Arrays.stream(fisher).filter(f -> f > 0).average().orElseThrow(), 1e-12);
    }

    @Test
    void weightsFallWithTheRank() {
        Problem problem = AscentTest.problem(new Rrl(), Effects.PAIRS);
        double[] weights = Rrl.weights(problem, problem.forgotten.interactions());
        assertTrue(Arrays.stream(weights).allMatch(w -> w > 0 && w <= 1));
        assertTrue(Arrays.stream(weights).anyMatch(w -> w == 1)
                && Arrays.stream(weights).anyMatch(w -> w < 0.5));
    }

    @Test
    void anEndlessPenaltyLeavesTheTables() {
        Rrl rrl = new Rrl(0.005, 50, 1e12, Stop.NONE);
        Problem problem = AscentTest.problem(rrl, Effects.PAIRS);
        double[] fisher = Rrl.fisher(problem.loss(problem.retained()), problem.theta, problem.rows());
        double[] after = rrl.moved(problem);
        for (int n = 0; n < after.length; n++) {
            if (fisher[n / problem.dims] > 1e-3) {
                assertEquals(problem.theta[n], after[n], 1e-8);
            }
        }
        assertArrayEquals(
                problem.before.userRows(), problem.model(problem.theta).userRows());
    }
}
