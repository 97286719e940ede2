package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.backbone.LightGcn;
import org.lethe.recsys.data.Planted;

class RaidTest {
    private static final Split DATA = new Planted(300, 100, 20, 3).load(new DataFolders(List.of()));
    private static final Hide GROUP = new Hide(Planted.GROUP);
    private static final UserLearner BPR = new Bpr()
            .withDims(16)
            .withEpochs(30)
            .withBatch(128)
            .withLearningRate(0.01)
            .withInitialSd(0.1)
            .withPatience(30);
    private static final Raid SMALL = new Raid(
            5, 1, 1, Raid.Form.FREE_SUPPORT, 64, 0.01, 8, 0, true, 0.25, true, 1, false, 0, Raid.Schedule.JOINT);
    private static final Raid NORMAL =
            new Raid(5, 1, 1, Raid.Form.BURES, 1, 0, 1, 0, true, 0.25, true, 1, false, 0, Raid.Schedule.JOINT);
    private static final Raid IN_TURN = new Raid(
            5, 3, 1, Raid.Form.FREE_SUPPORT, 64, 0.01, 8, 0, true, 0.25, true, 1, false, 0, Raid.Schedule.ALTERNATING);
    private static final Raid FLOWING = new Raid(
            5, 1, 1, Raid.Form.FREE_SUPPORT, 64, 0.01, 8, 0, true, 0.25, true, 0, true, 0, Raid.Schedule.JOINT);

    private static double ndcg(UserRows model) {
        return Ranking.mean(Ranking.test(model, DATA, 10, Workers.here()).ndcgCut());
    }

    @Test
    void groupsBecomeAlikeAndListsStay() {
        for (UserLearner learner : List.of(
                BPR,
                new LightGcn()
                        .withDims(16)
                        .withLayers(2)
                        .withEpochs(20)
                        .withBatch(128)
                        .withLearningRate(0.01)
                        .withL2(0)
                        .withPatience(20))) {
            UserRows before = learner.train(DATA, Env.seeded(1));
            for (Raid raid : List.of(SMALL, NORMAL, IN_TURN, FLOWING)) {
                UserRows after = (UserRows) raid.fulfil(before, GROUP, learner, DATA, Env.seeded(1));
                double apart = ClassDistance.of(before, GROUP, DATA);
                assertTrue(ClassDistance.of(after, GROUP, DATA) < 0.2 * apart, raid + " on " + learner);
                assertTrue(ndcg(after) > 0.7 * ndcg(before), raid + " on " + learner + " " + ndcg(after));
            }
        }
    }

    @Test
    void alikeClassesDoNotMoveOnceDebiased() {
        int width = 8;
        float[] rows = new float[200 * width];
        for (int n = 0; n < 100 * width; n++) {
            rows[n] = (float) Keyed.normal(Keyed.seed(3).at(n));
            rows[100 * width + n] = rows[n]; // both classes are the same hundred points
        }
        int[] of = new int[200];
        Arrays.fill(of, 100, 200, 1);
        List<Classes> classes = List.of(new Classes("a", List.of("x", "y"), of));
        double[] moves = new double[2];
        for (int debiased = 0; debiased < 2; debiased++) {
            Centroid centroid = new Centroid(
                    new Centroid.Settings(Raid.Form.FREE_SUPPORT, 64, 0.01, 10, 0, debiased == 1, 0, false),
                    classes,
                    classes);
            for (double d : centroid.displacements(rows, width, Env.seeded(1))) {
                moves[debiased] += d * d / 200;
            }
        }
        assertTrue(moves[0] > 0.3, "entropic maps draw to the middle: " + moves[0]);
        assertTrue(moves[1] < 0.01, "debiased: " + moves[1]);
    }

    @Test
    void gaussianClassesMeetAtTheirBarycenter() {
        float[] rows = new float[4000 * 2];
        int[] of = new int[4000];
        for (int u = 0; u < 4000; u++) {
            of[u] = u % 2;
            for (int d = 0; d < 2; d++) {
                double z = Keyed.normal(Keyed.seed(3).of(d).at(u));
                rows[u * 2 + d] = (float) (of[u] == 0 ? z * (1 + d) : 2 + z * (3 + d));
            }
        }
        List<Classes> classes = List.of(new Classes("a", List.of("x", "y"), of));
        Embeddings model = new Embeddings(2, rows, new float[2]);
        Centroid centroid =
                new Centroid(new Centroid.Settings(Raid.Form.BURES, 1, 0, 1, 0, true, 0, false), classes, classes);
        float[] moved = centroid.polish(model, 1, Env.seeded(1)).userRows();
        double[] mean = new double[4];
        double[] square = new double[4];
        for (int n = 0; n < moved.length; n++) {
            int at = of[n / 2] * 2 + n % 2;
            mean[at] += moved[n] / 2000;
            square[at] += moved[n] * moved[n] / 2000.0;
        }
        for (int at = 0; at < 4; at++) {
            assertEquals(1, mean[at], 0.15); // sd of the mean: 3.5/√2000 = 0.08
            assertEquals(at % 2 == 0 ? 4 : 9, square[at] - mean[at] * mean[at], 0.6); // raid 9: diag(4, 9)
        }
        assertEquals(mean[0], mean[2], 1e-4);
        assertEquals(mean[1], mean[3], 1e-4);
    }

    /** Four hundred users of one law, dealt into two classes: who is not known to the map should stay. */
    @Test
    void shrunkMapsMoveUsersTheyWereNotFittedToLess() {
        int width = 24;
        float[] rows = new float[400 * width];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = (float) Keyed.normal(Keyed.seed(4).at(n));
        }
        int[] of = new int[400];
        Arrays.setAll(of, u -> u % 2);
        Classes all = new Classes("a", List.of("x", "y"), of);
        double[] moves = new double[2];
        for (int shrunk = 0; shrunk < 2; shrunk++) {
            Centroid centroid = new Centroid(
                    new Centroid.Settings(Raid.Form.BURES, 1, 0, 1, 0, true, 0.25 * shrunk, false),
                    List.of(all),
                    List.of(all.where(u -> u < 100)));
            double[] moved = centroid.displacements(rows, width, Env.seeded(1));
            for (int n = 100 * width; n < moved.length; n++) {
                moves[shrunk] += moved[n] * moved[n] / 300;
            }
        }
        assertTrue(moves[1] < 0.7 * moves[0], moves[1] + " against " + moves[0]);
    }

    @Test
    void itemsFindTheirPlacesAmongUsersThatStay() {
        UserRows before = BPR.train(DATA, Env.seeded(1));
        UserRows polished = (UserRows) SMALL.fulfil(before, GROUP, BPR, DATA, Env.seeded(1));
        Raid mending = new Raid(
                5, 1, 1, Raid.Form.FREE_SUPPORT, 64, 0.01, 8, 0, true, 0.25, true, 1, false, 10, Raid.Schedule.JOINT);
        Env env = Env.seeded(1);
        UserRows mended = (UserRows) mending.fulfil(before, GROUP, BPR, DATA, env);
        assertArrayEquals(polished.userRows(), mended.userRows());
        double validation = Ranking.mean(
                Ranking.validation(polished, DATA, 20, Workers.here()).ndcgFull());
        double after = Ranking.mean(
                Ranking.validation(mended, DATA, 20, Workers.here()).ndcgFull());
        assertTrue(
                after >= validation, after + " against " + validation); // the items as they came are among the choices
        assertTrue(ndcg(mended) > 0.97 * ndcg(polished), ndcg(mended) + " against " + ndcg(polished));
    }

    @Test
    void inTurnSolvesTheCentroidAndDrawsRowsInEveryThirdEpochAlone() {
        Centroid none =
                new Centroid(new Centroid.Settings(Raid.Form.BURES, 1, 0, 1, 0, true, 0, false), List.of(), List.of());
        CentroidLoss alignment = new CentroidLoss(IN_TURN, none, List.of());
        List<Integer> active =
                IntStream.range(0, 12).filter(alignment::active).boxed().toList();
        assertEquals(List.of(5, 8, 11), active);
    }

    @Test
    void centroidsThatDidNotSettleAreCounted() {
        UserRows before = BPR.train(DATA, Env.seeded(1));
        Env env = Env.seeded(1);
        new TransportMap(Raid.Form.FREE_SUPPORT, 64, 0.01, 1, 0, true, 0, false, 2)
                .fulfil(before, GROUP, BPR, DATA, env);
        assertEquals(2, env.ledger().cost().count("centroids"));
        assertEquals(2, env.ledger().cost().count("centroids-unsettled")); // one round never settles a drawn start
        Env gaussian = Env.seeded(1);
        new TransportMap().fulfil(before, GROUP, BPR, DATA, gaussian);
        assertEquals(0, gaussian.ledger().cost().count("centroids-unsettled"));
    }

    @Test
    void threadsDoNotChangeABit() {
        UserRows before = BPR.train(DATA, Env.seeded(1));
        UserRows one = (UserRows) SMALL.fulfil(before, GROUP, BPR, DATA, Env.seeded(2));
        try (Workers three = Workers.threads(3)) {
            UserRows many = (UserRows)
                    SMALL.fulfil(before, GROUP, BPR, DATA, Env.seeded(2).with(three));
            assertArrayEquals(one.userRows(), many.userRows());
        }
    }

    @Test
    void aModelWithoutStepsAndAWarmUpWithoutEndAreRefused() {
        UserRows before = BPR.train(DATA, Env.seeded(1));
        LetheException solved = assertThrows(
                LetheException.class, () -> SMALL.fulfil(before, GROUP, new ImplicitAls(), DATA, Env.seeded(1)));
        assertTrue(solved.getMessage().contains("gradient steps"), solved.getMessage());
        Raid late = new Raid(
                30, 1, 1, Raid.Form.FREE_SUPPORT, 64, 0.01, 8, 0, true, 0.25, true, 1, false, 0, Raid.Schedule.JOINT);
        LetheException never =
                assertThrows(LetheException.class, () -> late.fulfil(before, GROUP, BPR, DATA, Env.seeded(1)));
        assertTrue(never.getMessage().contains("30 epochs"), never.getMessage());
    }
}
