package org.lethe.federated.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.federated.Averaging;
import org.lethe.federated.Classifier;
import org.lethe.federated.GroupRates;
import org.lethe.federated.Loss;
import org.lethe.federated.PlantedSites;
import org.lethe.federated.Server;

class BaselinesTest {
    @Test
    void theProjectionOnTheSimplexIsTheNearestPoint() {
        assertArrayEquals(new double[] {0.2, 0.8}, Afl.onSimplex(new double[] {0.2, 0.8}), 1e-12);
        assertArrayEquals(new double[] {0.25, 0.75}, Afl.onSimplex(new double[] {0.5, 1}), 1e-12);
        assertArrayEquals(new double[] {0, 1, 0}, Afl.onSimplex(new double[] {-1, 3, 0.5}), 1e-12);
        assertArrayEquals(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0}, Afl.onSimplex(new double[] {7, 7, 7}), 1e-12);
    }

    @Test
    void aflRaisesTheWorstClient() {
        double[] before = losses(Planted.BEFORE);
        double[] after = losses(Planted.fulfilled(new Afl(60, 0.5, 0.5)));
        assertTrue(max(after) <= max(before) + 1e-3, max(before) + " to " + max(after));
    }

    private static double[] losses(Classifier model) {
        return Server.of(Planted.DATA, Planted.LEARNER, Env.seeded(1)).losses(model.weights());
    }

    private static double max(double[] values) {
        return Arrays.stream(values).max().orElseThrow();
    }

    @Test
    void qNothingIsPlainAveragingOfEqualClients() {
        // the planted clients have equally many records, and the federation mixes nothing in
        float[] plain = Planted.fulfilled(new FedAvg(3)).weights();
        float[] none = Planted.fulfilled(new QFfl(0, 3)).weights();
        assertArrayEquals(plain, none, 1e-5f);
    }

    @Test
    void aLittleQGoesLessFar() {
        float[] start = Planted.BEFORE.weights();
        double plain = distance(start, Planted.fulfilled(new QFfl(0, 1)).weights());
        double some = distance(start, Planted.fulfilled(new QFfl(2, 1)).weights());
        assertTrue(some > 0 && some < plain, some + " against " + plain);
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += (a[k] - b[k]) * (a[k] - b[k]);
        }
        return Math.sqrt(sum);
    }

    @Test
    void moreWeightOnPositivesOfAGroupRaisesItsPositives() {
        Server server = Server.of(
                Planted.DATA,
                Planted.REQUEST.grouping(Planted.DATA).of(Planted.DATA.train()),
                Planted.LEARNER,
                Env.seeded(1));
        FedFb.CellWeights raised = new FedFb.CellWeights(new float[] {1, 1, 0.5f, 1.5f});
        float[] plain = server.run(Planted.BEFORE.weights(), 6, 3, new Averaging());
        float[] pushed = server.run(Planted.BEFORE.weights(), 6, 3, round -> raised);
        double before = rate(plain);
        double after = rate(pushed);
        assertTrue(after > before + 0.02, before + " to " + after);
    }

    private static double rate(float[] weights) {
        return Planted.rates(new Classifier(Planted.BEFORE.network(), weights))
                .selectionRate(1)
                .orElseThrow();
    }

    @Test
    void fedFbBeginsWithPlainTrainingAndMovesAgainstTheGap() {
        // group 1 is chosen more often: many negatives with a large loss
        double[] cells = {10, 50, 10, 50, 60, 50, 2, 50};
        double[] negatives = new double[2];
        FedFb.CellWeights.update(cells, negatives, 0, true);
        assertArrayEquals(new float[] {1, 1, 1, 1}, FedFb.CellWeights.of(cells, negatives), 1e-6f);
        FedFb.CellWeights.update(cells, negatives, 0.3, false);
        float[] weights = FedFb.CellWeights.of(cells, negatives);
        assertTrue(weights[2] > 1 && weights[3] < 1, "negatives of group 1 weigh more: " + Arrays.toString(weights));
        assertTrue(weights[0] < 1 && weights[1] > 1, "positives of group 0 weigh more: " + Arrays.toString(weights));
        assertEquals(2, weights[2] + weights[3], 1e-6);
    }

    @Test
    void methodsThatKnowGroupsLowerTheGap() {
        double plain = Planted.gap(Planted.fulfilled(new FedAvg(12)));
        assertTrue(Planted.gap(Planted.fulfilled(new FedFb(2, 12))) < 0.6 * plain);
        assertTrue(Planted.gap(Planted.fulfilled(new FedGft(10, 12))) < 0.8 * plain);
        assertTrue(Planted.gap(Planted.fulfilled(new W2PostProcessing())) < 0.12);
    }

    @Test
    void fairFedWeighsAClientWithTheGlobalGapMore() {
        // with no step it is plain averaging of the same weights; a step changes the result
        float[] plain = Planted.fulfilled(new FedAvg(3)).weights();
        assertArrayEquals(plain, Planted.fulfilled(new FairFed(0, 3)).weights(), 1e-5f);
        assertTrue(distance(plain, Planted.fulfilled(new FairFed(1, 3)).weights()) > 1e-4);
    }

    @Test
    void localFairnessIsNotGlobalFairness() {
        var apart = new PlantedSites(2, 400, 4, 1.5, 1, 1).load(new DataFolders(List.of()));
        Classifier before = Planted.LEARNER.train(apart, Env.seeded(1));
        float[] plain = new FedAvg(4)
                .fulfil(before, Planted.REQUEST, Planted.LEARNER, apart, Env.seeded(1))
                .weights();
        // every client has one group, so there is nothing to make equal inside
        float[] local = new LocalWb(0.3, 4, FairTarget.W2_BARYCENTER, Pull.ABS, 101)
                .fulfil(before, Planted.REQUEST, Planted.LEARNER, apart, Env.seeded(1))
                .weights();
        // but for β, which Adam scales away
        assertTrue(distance(plain, local) < 0.05, "distance " + distance(plain, local));
    }

    @Test
    void crossEntropyOfACertainScoreIsFinite() {
        Loss.Place place =
                new Loss.Place(0, new int[] {0, 1}, Planted.DATA.train(), new int[0], Planted.BEFORE.network(), sure());
        assertTrue(Double.isFinite(place.meanLoss()));
        assertTrue(new GroupRates(new long[1][2][2]).accuracy().isEmpty());
    }

    private static float[] sure() {
        float[] weights = new float[Planted.BEFORE.weights().length];
        Arrays.fill(weights, 1e6f);
        return weights;
    }
}
