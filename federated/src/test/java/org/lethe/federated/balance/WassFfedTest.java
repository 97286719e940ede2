package org.lethe.federated.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Workers;
import org.lethe.federated.Classifier;
import org.lethe.federated.Federated;
import org.lethe.federated.Federation;
import org.lethe.federated.GroupRates;
import org.lethe.federated.LogisticRegression;
import org.lethe.federated.Mlp;
import org.lethe.federated.PlantedSites;
import org.lethe.federated.Sites;

class WassFfedTest {
    private static final WassFfed FAIR = new WassFfed().withBeta(0.2).withRounds(12);

    @Test
    void betaOneIsPlainAveragingToTheLastBit() {
        Classifier plain = Planted.fulfilled(new FedAvg(5));
        assertArrayEquals(
                plain.weights(),
                Planted.fulfilled(new WassFfed().withBeta(1).withRounds(5)).weights());
    }

    @Test
    void aPullOfWeightNothingIsPlainAveragingToo() {
        // the same through the rounds that ask for histograms: 1 − 1e-9 is 1 as a float
        Classifier plain = Planted.fulfilled(new FedAvg(3));
        Classifier asked = Planted.fulfilled(new WassFfed().withBeta(1 - 1e-9).withRounds(3));
        assertArrayEquals(plain.weights(), asked.weights());
    }

    @Test
    void lessBetaIsFairer() {
        double before = Planted.gap(Planted.BEFORE);
        double some = Planted.gap(Planted.fulfilled(FAIR.withBeta(0.5)));
        double more = Planted.gap(Planted.fulfilled(FAIR.withBeta(0.3)));
        assertTrue(before > 0.3 && some < before && more < some, before + ", " + some + ", " + more);
    }

    @Test
    void thePublishedIndexingIsLessFair() {
        WassFfed scores =
                FAIR.withBeta(0.3).withProtocol(WassFfed.Protocol.SCORES).withTarget(FairTarget.MARGINAL);
        double right = Planted.gap(Planted.fulfilled(scores));
        double wrong = Planted.gap(Planted.fulfilled(scores.withIndexing(WassFfed.Indexing.PUBLISHED)));
        assertTrue(right < 0.7 * wrong, right + " by rank, " + wrong + " as published");
    }

    @Test
    void histogramsDoWhatScoresDo() {
        Classifier histograms = Planted.fulfilled(FAIR);
        Classifier scores = Planted.fulfilled(FAIR.withProtocol(WassFfed.Protocol.SCORES));
        assertEquals(Planted.gap(scores), Planted.gap(histograms), 0.02);
        assertEquals(Planted.accuracy(scores), Planted.accuracy(histograms), 0.02);
        assertTrue(!Arrays.equals(scores.weights(), histograms.weights()), "two protocols, one path");
    }

    @Test
    void staleHistogramsChangeLittle() {
        assertEquals(Planted.gap(Planted.fulfilled(FAIR)), Planted.gap(Planted.fulfilled(FAIR.withStale(true))), 0.05);
    }

    @Test
    void masksChangeNoBit() {
        assertArrayEquals(
                Planted.fulfilled(FAIR.withRounds(2)).weights(),
                Planted.fulfilled(FAIR.withRounds(2).withSecure(true)).weights());
    }

    @Test
    void noiseChangesLittle() {
        assertEquals(Planted.gap(Planted.fulfilled(FAIR)), Planted.gap(Planted.fulfilled(FAIR.withNoise(5))), 0.06);
        assertEquals(1.35, new PrivacyCost(20, 30).epsilon(1e-5), 0.005);
    }

    @Test
    void equalOpportunityLowersTheGapOfTruePositives() {
        BalanceSites request = Planted.REQUEST.withFairness(BalanceSites.Fairness.EQUAL_OPPORTUNITY);
        Classifier after = FAIR.fulfil(Planted.BEFORE, request, Planted.LEARNER, Planted.DATA, Env.seeded(1));
        var metric = GroupRates.Metric.EQUAL_OPPORTUNITY_DIFFERENCE;
        double was = Planted.rates(Planted.BEFORE).value(metric).orElseThrow();
        double now = Planted.rates(after).value(metric).orElseThrow();
        assertTrue(now < 0.85 * was, was + " to " + now);
    }

    @Test
    void predictionsThatAreMovedAreFairer() {
        Classifier moved = Planted.fulfilled(FAIR.withBeta(0.7).withAtInference(true));
        assertTrue(Planted.gap(moved) < 0.12, "gap " + Planted.gap(moved));
    }

    @Test
    void clientsWithOneGroupLearnToo() {
        Sites apart = new PlantedSites(2, 200, 4, 1.5, 1, 1).load(new DataFolders(List.of()));
        Classifier before = Planted.LEARNER.train(apart, Env.seeded(1));
        Classifier after = FAIR.fulfil(before, Planted.REQUEST, Planted.LEARNER, apart, Env.seeded(1));
        double[] gaps = new double[2];
        var grouping = Planted.REQUEST.grouping(apart);
        for (int k = 0; k < 2; k++) {
            gaps[k] = GroupRates.of(
                            2,
                            grouping.of(apart.test()),
                            apart.test().labels(),
                            (k == 0 ? before : after).scores(apart.test()))
                    .value(GroupRates.Metric.DEMOGRAPHIC_PARITY_DIFFERENCE)
                    .orElseThrow();
        }
        assertTrue(gaps[1] < 0.7 * gaps[0], gaps[0] + " to " + gaps[1]);
    }

    @Test
    void aCohortWithoutAGroupUsesWhatTheServerRemembers() {
        Sites apart = new PlantedSites(10, 60, 4, 1.5, 1, 1).load(new DataFolders(List.of()));
        LogisticRegression few = Planted.LEARNER.withFederation(new Federation(3, 5, 1, 0.1));
        Classifier before = few.train(apart, Env.seeded(1));
        Classifier after = FAIR.fulfil(before, Planted.REQUEST, few, apart, Env.seeded(1));
        for (float weight : after.weights()) {
            assertTrue(Float.isFinite(weight));
        }
        LetheException refused = assertThrows(
                LetheException.class,
                () -> FAIR.withSecure(true).fulfil(before, Planted.REQUEST, few, apart, Env.seeded(1)));
        assertTrue(refused.getMessage().contains("at least 3 clients"), refused.getMessage());
    }

    @Test
    void everyTaskCanTravel() {
        Mlp mlp = new Mlp().withFederation(new Federation(1, 2, 1, 1));
        Classifier before = mlp.train(Planted.DATA, Env.seeded(1).with(new Travelling()));
        assertArrayEquals(mlp.train(Planted.DATA, Env.seeded(1)).weights(), before.weights());
        for (Method<Sites, Classifier> method : new Federated().methods()) {
            if (method.unsuited(Planted.REQUEST, mlp).isPresent()) {
                continue;
            }
            Classifier here = method.fulfil(before, Planted.REQUEST, mlp, Planted.DATA, Env.seeded(1));
            Classifier there = method.fulfil(
                    before, Planted.REQUEST, mlp, Planted.DATA, Env.seeded(1).with(new Travelling()));
            assertArrayEquals(here.weights(), there.weights(), Named.Of.name(method));
        }
    }

    /** Workers that run a copy of every task and hand back a copy of its result, as another machine would. */
    private static final class Travelling implements Workers {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public <T> List<T> all(List<? extends Task<T>> tasks) {
            List<T> results = new ArrayList<>();
            for (Task<T> task : tasks) {
                results.add(copy(copy(task).run(this)));
            }
            return results;
        }

        @SuppressWarnings("unchecked") // a copy has the type of the original
        private static <T> T copy(T value) {
            try {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                    out.writeObject(value);
                }
                try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                    return (T) in.readObject();
                }
            } catch (IOException | ClassNotFoundException e) {
                throw new AssertionError("cannot travel: " + value, e);
            }
        }

        @Override
        public void each(int parts, IntConsumer body) {
            for (int i = 0; i < parts; i++) {
                body.accept(i);
            }
        }

        @Override
        public void close() {}
    }
}
