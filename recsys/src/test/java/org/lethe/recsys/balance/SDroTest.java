package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Pmf;
import org.lethe.recsys.data.Planted;

class SDroTest {
    private static final Groups GROUPS = new Groups("activity", new int[] {0}, new int[] {1, 2});

    @Test
    void thePaperFormFollowsItsFormula() {
        SDro.GroupWeights weights = new SDro.GroupWeights(new SDro(SDro.Form.PAPER, 0.5, 2), GROUPS, 3);
        float[] given = {0.25f, 0.25f, 0.25f, 0.25f};
        weights.weigh(new int[] {0, 1, 1, 2}, new float[] {1, 2, 3, 4}, given);
        double a = 0.5 * Math.exp(2 * 0.5 * 1);
        double i = 0.5 * Math.exp(2 * 0.5 * 3);
        assertArrayEquals(new double[] {a / (a + i), i / (a + i)}, weights.weights(), 1e-12);
        assertEquals(a / (a + i), given[0], 1e-6);
        assertEquals(i / (a + i) / 3, given[1], 1e-6);
        assertEquals(1, given[0] + given[1] + given[2] + given[3], 1e-6);
    }

    @Test
    void theCodeFormFollowsItsFormulaAndHardlyMoves() {
        SDro.GroupWeights weights = new SDro.GroupWeights(new SDro(SDro.Form.CODE, 0.1, 0.01), GROUPS, 3);
        weights.weigh(new int[] {0, 1}, new float[] {1, 2}, new float[] {0.5f, 0.5f});
        double a = Math.exp(0.01 * 0.5 / 0.07);
        double i = Math.exp(0.01 / 0.07) * 3;
        double wa = a / (a + i);
        double ea = Math.exp(5 * wa);
        double ei = Math.exp(5 * (1 - wa));
        assertArrayEquals(new double[] {ea / (ea + ei), ei / (ea + ei)}, weights.weights(), 1e-12);
    }

    @Test
    void noStepOfTheWeightsOverflows() {
        for (SDro.Form form : SDro.Form.values()) {
            SDro.GroupWeights weights = new SDro.GroupWeights(new SDro(form, 1, 999), GROUPS, 3);
            float[] given = new float[2];
            for (int step = 0; step < 50; step++) {
                weights.weigh(new int[] {0, 1}, new float[] {100, 3}, given);
            }
            assertEquals(1, weights.weights()[0], 1e-2, form.toString()); // softmax(5, 0) in the code form
            assertTrue(weights.weights()[1] > 0, form.toString());
            assertEquals(1, given[0] + given[1], 1e-6, form.toString());
        }
    }

    @Test
    void usersInNeitherGroupKeepTheirWeight() {
        Groups groups = new Groups("x", new int[] {0}, new int[] {1});
        SDro.GroupWeights weights = new SDro.GroupWeights(new SDro(), groups, 3);
        float[] given = {0.25f, 0.25f, 0.25f, 0.25f};
        weights.weigh(new int[] {0, 1, 2, 2}, new float[] {1, 1, 5, 5}, given);
        assertArrayEquals(new float[] {0.25f, 0.25f, 0.25f, 0.25f}, given, 1e-6f);
    }

    @Test
    void aGroupThatLosesMoreIsTrainedMore() {
        Split data = new Planted(120, 60, 12, 5).load(new DataFolders(List.of()));
        Pmf learner = new Pmf().withEpochs(8).withBatch(64);
        SDro strong = new SDro(SDro.Form.PAPER, 0.5, 0.5);
        Balance request = new Balance();
        Recommender plain = learner.train(data, Env.seeded(1));
        UserRows robust = (UserRows) strong.fulfil(plain, request, learner, data, Env.seeded(1));
        assertFalse(Arrays.equals(((UserRows) plain).userRows(), robust.userRows()));
        assertArrayEquals(
                robust.userRows(), ((UserRows) strong.fulfil(plain, request, learner, data, Env.seeded(1))).userRows());
        UserRows still =
                (UserRows) new SDro(SDro.Form.PAPER, 0.5, 0).fulfil(plain, request, learner, data, Env.seeded(1));
        assertFalse(Arrays.equals(still.userRows(), robust.userRows()));
    }

    @Test
    void aLearnerThatCannotWeighIsRefusedByName() {
        String why = new SDro().unsuited(new Balance(), new Bpr()).orElseThrow();
        assertTrue(why.contains("s-dro") && why.contains("bpr"), why);
        assertTrue(new SDro().unsuited(new Balance(), new Pmf()).isEmpty());
    }
}
