package org.lethe.recsys.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Safetensors;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.neural.Fmc;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.sequence.PlantedSessions;
import org.lethe.recsys.sequence.SequenceSplits;
import org.lethe.recsys.stream.ErasureStream.Kind;

class ErasedHitsTest {
    private static final Env ENV = Env.seeded(1);

    private static Events data(int users, int items) {
        return new PlantedSessions(users, 4, 5, items, 15, 0.6, 20, SequenceSplits.Protocol.LAST_DAY, 1)
                .load(new DataFolders(List.of()));
    }

    private static ErasureStream stream(int requests) {
        return new ErasureStream(Kind.USERS, "", requests, List.of(), 0, 0, 42);
    }

    private static Finding finding(String name, Events data, ErasureStream stream, NextItems... models) {
        Events left = stream.on(data).after(stream.requests(), data);
        return new ErasedHits()
                .examine(new Case<>(data, left, stream, models[0], models[1], models[2]), ENV).stream()
                        .filter(f -> f.name().equals(name))
                        .findFirst()
                        .orElseThrow();
    }

    /** Scores that say nothing: each is drawn, or all are the same. */
    private record Guess(int itemCount, boolean drawn) implements NextItems {
        @Override
        public void scores(Example after, double[] into) {
            Keyed of = Keyed.seed(9).of(after.event());
            for (int i = 0; i < itemCount; i++) {
                into[i] = drawn ? Keyed.unit(of.at(i)) : 1;
            }
        }

        @Override
        public String kind() {
            return "guess";
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            return Map.of();
        }
    }

    /** The check of the survey: 20 of 501. */
    @Test
    void aRankingAtRandomHits20Of501() {
        Events data = data(500, 1_500);
        for (boolean drawn : new boolean[] {true, false}) {
            NextItems guess = new Guess(data.itemCount(), drawn);
            Finding hit = finding("hit@20", data, stream(150), guess, guess, guess);
            double sd = Math.sqrt(0.0399 * 0.9601 / hit.n());
            assertEquals(0.03992, hit.value(), 3 * sd, hit.toString());
        }
        NextItems guess = new Guess(data.itemCount(), true);
        assertEquals(
                20.0 / 501,
                finding("hit-at-random@20", data, stream(150), guess, guess, guess)
                        .value(),
                1e-12);
    }

    @Test
    void doingNothingIsRejectedAndRetrainingIsAccepted() {
        Events data = data(200, 300);
        ErasureStream stream = stream(20);
        Fmc learner = new Fmc(16, 15, 64, 0.01, 50);
        NextItems before = learner.train(data, ENV);
        Events left = stream.on(data).after(20, data);
        NextItems reference = learner.train(left, ENV);
        NextItems other = learner.train(left, Env.seeded(2));
        assertTrue(
                finding("hit@20", data, stream, before, before, reference)
                                .verdict()
                                .orElseThrow()
                        instanceof Verdict.Fail);
        assertTrue(
                finding("hit@20", data, stream, before, other, reference)
                                .verdict()
                                .orElseThrow()
                        instanceof Verdict.Pass);
    }
}
