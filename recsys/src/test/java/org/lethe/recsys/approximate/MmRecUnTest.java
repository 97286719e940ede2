package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.ItemTowers;
import org.lethe.recsys.backbone.Vbpr;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.data.PlantedFeatures;
import org.lethe.recsys.forget.Choice;
import org.lethe.recsys.forget.ForgetItems;

class MmRecUnTest {
    private static final DataFolders NONE = new DataFolders(List.of());
    private static final Split DATA = new PlantedFeatures(200, 100, 20, 6, 0.3, 1).load(NONE);
    private static final Vbpr VBPR = new Vbpr().withEpochs(40).withBatch(128).withLearningRate(0.01);

    @Test
    void theGradientIsThatOfTheLoss() {
        ItemTowers towers = new ItemTowers(DATA.train(), 3, 2);
        double[] theta = new double[towers.size()];
        Arrays.setAll(theta, n -> 0.5 * Keyed.normal(Keyed.seed(1).at(n)));
        double[] gradient = new double[theta.length];
        double loss = towers.add(theta, 3, 5, 7, 2, gradient);
        assertTrue(loss > 0);
        double[] unused = new double[theta.length];
        for (int n = 0; n < theta.length; n++) {
            double was = theta[n];
            theta[n] = was + 1e-5;
            double up = towers.add(theta, 3, 5, 7, 0, unused);
            theta[n] = was - 1e-5;
            double down = towers.add(theta, 3, 5, 7, 0, unused);
            theta[n] = was;
            assertEquals(2 * (up - down) / 2e-5, gradient[n], 1e-7);
        }
    }

    /** A model of items with features finds them useful: it recommends better than one whose features say nothing. */
    @Test
    void featuresHelp() {
        Split blind = new PlantedFeatures(200, 100, 20, 6, 100, 1).load(NONE);
        double seen = ndcg(VBPR.train(DATA, Env.seeded(1)), DATA);
        double unseen = ndcg(VBPR.train(blind, Env.seeded(1)), blind);
        assertTrue(seen > unseen, seen + " and " + unseen);
    }

    private static double ndcg(Vbpr.Model model, Split data) {
        Env env = Env.seeded(1);
        return Ranking.mean(
                Ranking.test(model.served(), data, 20, env.workers()).ndcgFull());
    }

    /** The acceptance check: withdrawn items leave the lists of their former users, and what remains is still found. */
    @Test
    void withdrawnItemsLeaveTheListsOfTheirFormerUsers() {
        Env env = Env.seeded(1);
        Vbpr.Model before = VBPR.train(DATA, env);
        ForgetItems request = new ForgetItems(Choice.CORE, 3);
        Vbpr.Model after = (Vbpr.Model) new MmRecUn().fulfil(before, request, VBPR, DATA, env);
        Interactions gone = request.resolve(DATA).interactions();
        Interactions left = request.resolve(DATA).remaining().train();
        assertTrue(listed(before, gone, left) > 0.5, "before, " + listed(before, gone, left));
        assertTrue(listed(after, gone, left) < 0.05, "after, " + listed(after, gone, left));
        double lost = 1 - recall(after, left) / recall(before, left);
        assertTrue(lost < 0.02, "recall of what remains fell by " + lost);
        for (int m = 0; m < 2; m++) {
            assertFalse(Arrays.equals(before.towers().get(m), after.towers().get(m)), "tower " + m + " did not move");
        }
    }

    /** The share of forgotten pairs whose item is among the user's first 10. */
    private static double listed(Vbpr.Model model, Interactions gone, Interactions known) {
        int[] users =
                IntStream.range(0, gone.users()).filter(u -> gone.degree(u) > 0).toArray();
        int[][] lists =
                Ranking.top(model.served(), known, users, 10, Env.seeded(1).workers());
        int found = 0;
        for (int n = 0; n < users.length; n++) {
            int user = users[n];
            found += (int)
                    Arrays.stream(lists[n]).filter(i -> gone.contains(user, i)).count();
        }
        return (double) found / gone.size();
    }

    private static double recall(Vbpr.Model model, Interactions of) {
        Interactions none = of.where((u, i) -> false);
        return Ranking.mean(
                Ranking.evaluate(model.served(), none, of, 20, Env.seeded(1).workers())
                        .recall());
    }

    @Test
    void dataWithoutFeaturesIsRefused() {
        Split plain = new Planted(60, 40, 10, 1).load(NONE);
        assertTrue(assertThrows(LetheException.class, () -> VBPR.train(plain, Env.seeded(1)))
                .getMessage()
                .startsWith("vbpr needs numeric attributes of items"));
    }

    @Test
    void servedAreTheTables() {
        Recommender model = VBPR.withEpochs(1).train(DATA, Env.seeded(1));
        assertEquals(model.served().score(3, 4), model.score(3, 4));
    }
}
