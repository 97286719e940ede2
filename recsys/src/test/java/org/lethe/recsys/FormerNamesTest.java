package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.Formerly;
import org.lethe.Named;
import org.lethe.recsys.forget.Combiner;
import org.lethe.recsys.forget.UltraRe;
import org.lethe.study.Studies;
import org.lethe.study.Study;

final class FormerNamesTest {
    private static final String TABLE = """
            data    | {planted: {interactions: 20, taste: 2, activity: 0, popularity: 0.5}} \
            | {planted: {interactionsPerUser: 20, groupEffect: 2, activitySpread: 0, popularitySpread: 0.5}}
            request | {hide: {attribute: group, least: 20, share: 0.5}} \
            | {hide: {attribute: group, minClassSize: 20, labelShare: 0.5}}
            method  | {receraser: {rounds: 30, epochs: 5, batches: 4, rate: 0.02, patience: 1, leakFree: true}} \
            | {receraser: {clusterIterations: 30, attentionEpochs: 5, attentionBatches: 4, attentionLearningRate: 0.02, \
            attentionPatience: 1, repartition: true}}
            method  | {ultrare: {rounds: 5, leakFree: true}} | {ultrare: {clusterIterations: 5, repartition: true}}
            method  | {u2u-r: {preserve: nothing, weight: 1e-5, list: 10, apart: 0.1}} \
            | {u2u-r: {regulariser: none, regulariserWeight: 1e-5, k: 10, repulsion: 0.1}}
            method  | {d2d-r: {preserve: parameters, weight: 1e-5, list: 10, sample: 64, drawn: false}} \
            | {d2d-r: {regulariser: parameters, regulariserWeight: 1e-5, k: 10, sampleSize: 64, samplingNoise: false}}
            method  | {d2d-training: {every: 10}} | {d2d-training: {batchInterval: 10}}
            method  | {raid: {penalty: 1, form: support, rounds: 5, sample: 64, shrink: 0.5, drawn: false, polish: 1, flow: false, mend: 2}} \
            | {raid: {weight: 1, form: free-support, centroidIterations: 5, maxPerClass: 64, shrinkage: 0.5, samplingNoise: false, \
            finalMoves: 1, finalFlow: false, itemEpochs: 2}}
            method  | {transport-map: {form: support, rounds: 5, sample: 64, shrink: 0.5, drawn: false}} \
            | {transport-map: {form: free-support, centroidIterations: 5, maxPerClass: 64, shrinkage: 0.5, samplingNoise: false}}
            method  | mean-equalisation | mean-matching
            audit   | {completeness: {users: 50}} | {completeness: {maxUsers: 50}}
            audit   | {fairness: {share: 0.1}} | {fairness: {activeShare: 0.1}}
            audit   | {attribute-inference: {most: 100, precondition: 0.6, keep: 0.4}} \
            | {attribute-inference: {maxPerClass: 100, minAccuracyBefore: 0.6, minSpread: 0.4}}
            audit   | {list-inference: {most: 100, precondition: 0.6, list: 10, served: false}} \
            | {recommendation-inference: {maxPerClass: 100, minAccuracyBefore: 0.6, k: 10, excludeSeen: false}}
            audit   | {preservation: {others: 50, sampledLoss: 0.1, fullLoss: 0.1}} \
            | {preservation: {negatives: 50, maxSampledLoss: 0.1, maxFullLoss: 0.1}}
            """;

    private static Study<?, ?> read(String kind, String entry) {
        StringBuilder text = new StringBuilder("study: names\nsubject: recsys\n");
        for (String key : List.of("data", "model", "request", "method", "audit")) {
            String usual = switch (key) {
                case "data" -> "planted";
                case "model" -> "bpr";
                case "request" -> "{hide: {attribute: group}}";
                case "method" -> "mean-matching";
                default -> "preservation";
            };
            boolean forgets = kind.equals("method") && entry.matches("\\{(receraser|ultrare).*")
                    || kind.equals("audit") && entry.matches("\\{(completeness|fairness).*");
            String fit = !forgets || key.equals("data") || key.equals("model")
                    ? usual
                    : switch (key) {
                        case "request" -> "forget-users";
                        case "method" -> "retrain";
                        default -> "utility";
                    };
            text.append(key)
                    .append(": [")
                    .append(key.equals(kind) ? entry : fit)
                    .append("]\n");
        }
        return Study.parse("names.yaml", text.append("seeds: [1]\n").toString(), List.of(new Recsys()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = TABLE)
    void aFormerNameIsReadAsThePresentOneAndNoted(String kind, String former, String present) {
        Study<?, ?> old = read(kind, former);
        Study<?, ?> now = read(kind, present);
        assertEquals(List.of(), now.notes());
        assertEquals(now.data(), old.data());
        assertEquals(now.requests(), old.requests());
        assertEquals(now.methods(), old.methods());
        assertEquals(now.audits(), old.audits());
        Set<String> renamed = names(former);
        renamed.removeAll(names(present));
        assertEquals(renamed.size(), old.notes().size(), () -> old.notes().toString());
        for (String name : renamed) {
            assertTrue(
                    old.notes().stream()
                            .anyMatch(n -> n.contains("\"" + name + "\" ") && n.contains(" is now called ")),
                    () -> name + " in " + old.notes());
        }
    }

    /** The words of an entry that are names: of itself, of keys, of constants. */
    private static Set<String> names(String entry) {
        Set<String> names = new HashSet<>(Arrays.asList(entry.split("[{}:, ]+")));
        names.removeIf(n -> !n.matches("[a-zA-Z].*") || n.matches("true|false"));
        return names;
    }

    /** As {@code ShardedFile} finds it in the header of a file. */
    @Test
    void aFormerDescriptionOfAMethodIsReadAsThePresentOne() {
        assertEquals(
                new UltraRe(3, 5, Combiner.Kind.MEAN, true),
                Studies.entry(
                        "model.safetensors",
                        "method",
                        "ultrare {shards: 3, rounds: 5, combiner: mean, leakFree: true}",
                        new Recsys().methods()));
    }

    @Test
    void everyFormerNameStandsInTheTable() {
        Recsys recsys = new Recsys();
        Set<String> said = names(TABLE.replace('|', ' ').replace('\n', ' '));
        Stream.of(recsys.data(), recsys.requests(), recsys.methods(), recsys.audits())
                .<Object>flatMap(List::stream)
                .forEach(entry -> {
                    assertTrue(said.containsAll(Named.Of.formerly(entry)), entry.toString());
                    Arrays.stream(entry.getClass().getRecordComponents())
                            .map(c -> c.getAnnotation(Formerly.class))
                            .filter(f -> f != null)
                            .forEach(f -> assertTrue(
                                    said.containsAll(List.of(f.value())), entry + ": " + List.of(f.value())));
                });
    }
}
