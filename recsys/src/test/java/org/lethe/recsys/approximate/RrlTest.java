package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetInteractions;
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

    /** Fake users, each a copy of an honest one who also took the same unpopular item, push it into the lists of others. */
    @Test
    void reversingThePairsOfFakeProfilesTakesMostOfTheAttackedItemsExposureBack() {
        Interactions clean = Effects.DATA.train();
        int users = clean.users() + 100;
        int attacked = clean.items() - 1;
        Interactions honest = grown(clean, users, (u, i) -> i != attacked || u < 2);
        Interactions fake = full(users, clean.items())
                .where((u, i) -> u >= clean.users() && (i == attacked || clean.contains(u - clean.users(), i)));
        Interactions none = honest.where((u, i) -> false);
        Split poisoned = new Split(honest.and(fake), none, none);
        Embeddings before = Effects.BPR.train(poisoned, Effects.env());
        Embeddings without = Effects.BPR.train(new Split(honest, none, none), Effects.env());
        ForgetRequest request = ForgetInteractions.listed(IntStream.range(clean.users(), users)
                .mapToObj(u -> u + ":" + attacked)
                .toArray(String[]::new));
        Embeddings after = (Embeddings) new Rrl(0.005, 400, 0.01, Stop.NEVER_SEEN)
                .fulfil(before, request, Effects.BPR, poisoned, Effects.env());
        double pushed = shown(before, honest, clean.users(), attacked);
        double rare = shown(without, honest, clean.users(), attacked);
        double repaired = shown(after, honest, clean.users(), attacked);
        assertTrue(pushed > rare + 0.1, pushed + " and " + rare);
        assertTrue(repaired - rare < 0.35 * (pushed - rare), repaired + " between " + rare + " and " + pushed);
    }

    private static Interactions full(int users, int items) {
        return Interactions.of(
                users,
                items,
                IntStream.range(0, users * items).map(n -> n / items).toArray(),
                IntStream.range(0, users * items).map(n -> n % items).toArray());
    }

    private static Interactions grown(Interactions of, int users, Interactions.PairPredicate keep) {
        return full(users, of.items()).where((u, i) -> u < of.users() && of.contains(u, i) && keep.test(u, i));
    }

    /** The share of honest users in whose first ten items, without their own, an item stands. */
    private static double shown(Embeddings model, Interactions train, int users, int item) {
        int shown = 0;
        int asked = 0;
        for (int u = 0; u < users; u++) {
            if (train.contains(u, item)) {
                continue;
            }
            int above = 0;
            for (int i = 0; i < train.items(); i++) {
                above += !train.contains(u, i) && model.score(u, i) > model.score(u, item) ? 1 : 0;
            }
            asked++;
            shown += above < 10 ? 1 : 0;
        }
        return (double) shown / asked;
    }
}
