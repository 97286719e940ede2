package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Statistics;

class TofuMetricsTest {
    private static final Map<String, String> SETS = Map.of(
            "retain", "eval_log.json",
            "real_authors", "eval_real_author_wo_options.json",
            "world_facts", "eval_real_world_wo_options.json",
            "forget", "eval_log_forget.json");

    /** Evaluation logs of eight models by the authors of TOFU; the expected values by numpy and scipy 1.17. */
    @Test
    void publishedLogsHaveTheirKnownMeasures() throws IOException {
        JsonNode expected = read("expected.json");
        int checked = 0;
        for (Iterator<String> names = expected.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (name.contains("ks")) {
                continue;
            }
            Map<String, Double> measured = measures(read(name.replace('/', '_') + ".json"));
            for (Iterator<String> keys = expected.get(name).fieldNames(); keys.hasNext(); checked++) {
                String key = keys.next();
                // Half of the last printed digit, and what 1e-10 moves: the expected ratios were made without it.
                assertEquals(expected.get(name).get(key).doubleValue(), value(measured, key), 5.5e-7, name + " " + key);
            }
        }
        assertEquals(8 * 13, checked);
    }

    @Test
    void publishedLogsHaveTheirKnownForgetQuality() throws IOException {
        JsonNode expected = read("expected.json");
        int checked = 0;
        for (Iterator<String> names = expected.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!name.contains("ks")) {
                continue;
            }
            String family = name.substring(0, name.indexOf('/'));
            String reference = name.substring(name.lastIndexOf(' ') + 1);
            double[] full = ratios(read(family + "_full.json").get(SETS.get("forget")));
            double[] without = ratios(read(family + "_" + reference + ".json").get(SETS.get("forget")));
            KolmogorovSmirnov quality =
                    TofuMetrics.forgetQuality(full, Optional.of(without)).orElseThrow();
            JsonNode want = expected.get(name);
            assertEquals(want.get("n").intValue(), quality.n());
            assertEquals(want.get("m").intValue(), quality.m());
            assertEquals(want.get("D").doubleValue(), quality.statistic(), 5e-7);
            assertEquals(1, quality.p() / want.get("p").doubleValue(), 5e-6, name);
            KolmogorovSmirnov inverse = TofuMetrics.forgetQuality(inverse(full), Optional.of(inverse(without)))
                    .orElseThrow();
            assertEquals(quality, inverse);
            checked++;
        }
        assertEquals(6, checked);
    }

    @Test
    void utilityOfPublishedLogsHoldsItsPrintedDigits() throws IOException {
        assertEquals(0.622677, value(measures(read("llama2-7b_full.json")), "model_utility"), 5e-7);
        double[] full = ratios(read("llama2-7b_full.json").get(SETS.get("forget")));
        double[] without = ratios(read("llama2-7b_retain90.json").get(SETS.get("forget")));
        KolmogorovSmirnov quality = KolmogorovSmirnov.of(full, without);
        // scipy.stats.ks_2samp, scipy 1.17.1, on the same ratios.
        assertEquals(1.834066410994743e-21, quality.p(), 1e-32);
        assertEquals(Math.log10(1.834066410994743e-21), quality.log10P(), 1e-10);
    }

    @Test
    void truthRatioOfEquallyLikelyAnswersIsOne() {
        assertEquals(1, TofuMetrics.truthRatio(1.5, 1, 2), 1e-9);
        assertEquals(0.5, TofuMetrics.truthShare(1.5, 1, 2), 1e-15);
        assertEquals(1, TofuMetrics.forgetTruthRatio(new double[] {1, 1}));
        assertEquals(0, TofuMetrics.truthfulness(new double[] {1, 1}));
    }

    @Test
    void truthRatioIsTheGeometricMeanOfWrongOverCorrect() {
        double[] wrong = {0.1, 0.4};
        double ratio = TofuMetrics.truthRatio(-Math.log(0.5), -Math.log(wrong[0]), -Math.log(wrong[1]));
        assertEquals(Math.sqrt(0.1 * 0.4) / 0.5, ratio, 1e-9);
        assertEquals(1 / (1 + ratio), TofuMetrics.truthShare(-Math.log(0.5), -Math.log(0.1), -Math.log(0.4)), 1e-9);
    }

    @Test
    void forgetAggregateDoesNotSeeWhichWayTheRatioGoes() {
        assertEquals(
                TofuMetrics.forgetTruthRatio(new double[] {0.25, 4, 0.5}),
                TofuMetrics.forgetTruthRatio(new double[] {4, 0.25, 2}));
        assertEquals(0.5 / 3 + 0.5 / 3, TofuMetrics.forgetTruthRatio(new double[] {0.25, 4, 0.5}), 1e-15);
        assertEquals((0.75 + 0 + 0.5) / 3, TofuMetrics.truthfulness(new double[] {0.25, 4, 0.5}), 1e-15);
        assertEquals(0, TofuMetrics.forgetTruthRatio(new double[] {0}));
    }

    @Test
    void normalisedProbabilityIsAShare() {
        assertEquals(0.25, TofuMetrics.normalisedProbability(2, 2, 2, 2), 1e-9);
        assertEquals(0.5 / (0.5 + 0.25), TofuMetrics.normalisedProbability(Math.log(2), Math.log(4)), 1e-9);
        assertEquals(0, TofuMetrics.normalisedProbability(2000, 2000));
    }

    @Test
    void measuresStayInRange() {
        for (int n = 0; n < 1000; n++) {
            Keyed key = Keyed.seed(9).of(n);
            double correct = 40 * Keyed.unit(key.at(0));
            double[] wrong = {40 * Keyed.unit(key.at(1)), 40 * Keyed.unit(key.at(2))};
            double ratio = TofuMetrics.truthRatio(correct, wrong);
            for (double share : new double[] {
                TofuMetrics.probability(correct),
                TofuMetrics.normalisedProbability(correct, wrong),
                TofuMetrics.truthShare(correct, wrong),
                TofuMetrics.forgetTruthRatio(new double[] {ratio}),
                TofuMetrics.truthfulness(new double[] {ratio})
            }) {
                assertTrue(share >= 0 && share <= 1, "share " + share + " of case " + n);
            }
        }
    }

    @Test
    void utilityIsZeroWhereAnyPartIs() {
        assertEquals(0, TofuMetrics.modelUtility(0.5, 0, 1));
        assertEquals(0.5, TofuMetrics.modelUtility(0.5, 0.5, 0.5), 1e-15);
        assertEquals(3 / (1 / 0.2 + 1 / 0.5 + 1 / 1.0), TofuMetrics.modelUtility(0.2, 0.5, 1), 1e-15);
    }

    @Test
    void forgetQualityNeedsAReference() {
        double[] ratios = {0.3, 0.7, 1.2};
        assertEquals(Optional.empty(), TofuMetrics.forgetQuality(ratios, Optional.empty()));
        assertEquals(
                1,
                TofuMetrics.forgetQuality(ratios, Optional.of(ratios))
                        .orElseThrow()
                        .p());
    }

    @Test
    void impossibleInputIsRefused() {
        refused("ce is -0.1", () -> TofuMetrics.probability(-0.1));
        refused("ce is NaN", () -> TofuMetrics.probability(Double.NaN));
        refused("wrongCes.length is 0", () -> TofuMetrics.truthRatio(1));
        refused("wrongCes[1] is Infinity", () -> TofuMetrics.truthShare(1, 1, Double.POSITIVE_INFINITY));
        refused("ratios.length is 0", () -> TofuMetrics.forgetTruthRatio(new double[0]));
        refused("ratios[0] is NaN", () -> TofuMetrics.truthfulness(new double[] {Double.NaN}));
        refused("parts.length is 0", TofuMetrics::modelUtility);
        refused("parts[1] is NaN", () -> TofuMetrics.modelUtility(1, Double.NaN));
        refused("reference.length is 0", () -> TofuMetrics.forgetQuality(new double[] {1}, Optional.of(new double[0])));
    }

    private static void refused(String message, Runnable call) {
        String got = String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
        assertTrue(got.startsWith(message + ", expected "), got);
    }

    private static Map<String, Double> measures(JsonNode model) {
        Map<String, Double> measures = new LinkedHashMap<>();
        List<Double> parts = new ArrayList<>();
        SETS.forEach((set, file) -> {
            JsonNode log = model.get(file);
            double[] ces = values(log.get("avg_gt_loss"));
            boolean choice = set.equals("real_authors") || set.equals("world_facts");
            double probability = Statistics.mean(IntStream.range(0, ces.length)
                    .mapToDouble(i -> choice
                            ? TofuMetrics.normalisedProbability(ces[i], wrong(log, i))
                            : TofuMetrics.probability(ces[i]))
                    .toArray());
            double rouge = Statistics.mean(values(log.get("rougeL_recall")));
            double[] ratios = ratios(log);
            boolean forget = set.equals("forget");
            double truth = forget ? TofuMetrics.forgetTruthRatio(ratios) : TofuMetrics.truthfulness(ratios);
            measures.put(set + "_prob", probability);
            measures.put(set + "_rougeL_recall", rouge);
            measures.put(set + "_truth_ratio", truth);
            if (!forget) {
                parts.addAll(List.of(probability, rouge, truth));
            }
        });
        measures.put(
                "model_utility",
                TofuMetrics.modelUtility(
                        parts.stream().mapToDouble(Double::doubleValue).toArray()));
        return measures;
    }

    private static double value(Map<String, Double> measures, String key) {
        return Optional.ofNullable(measures.get(key)).orElseThrow();
    }

    private static double[] ratios(JsonNode log) {
        double[] correct = values(log.get("avg_paraphrased_loss"));
        return IntStream.range(0, correct.length)
                .mapToDouble(i -> TofuMetrics.truthRatio(correct[i], wrong(log, i)))
                .toArray();
    }

    private static double[] inverse(double[] ratios) {
        return Arrays.stream(ratios).map(r -> 1 / r).toArray();
    }

    private static double[] wrong(JsonNode log, int i) {
        return values(log.get("average_perturb_loss").get(Integer.toString(i)));
    }

    private static double[] values(JsonNode numbers) {
        double[] values = new double[numbers.size()];
        Iterator<JsonNode> each = numbers.iterator();
        Arrays.setAll(values, i -> each.next().doubleValue());
        return values;
    }

    private static JsonNode read(String name) throws IOException {
        Optional<Path> found = Stream.of(
                        Optional.ofNullable(System.getenv("LETHE_DATA")).orElse(""),
                        "../shared/data",
                        "../../shared/data")
                .filter(s -> !s.isBlank())
                .map(s -> Path.of(s).resolve("llm/tofu-reference-eval-logs").resolve(name))
                .filter(Files::exists)
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), "TOFU's evaluation logs are not here: set LETHE_DATA");
        return new ObjectMapper().readTree(found.orElseThrow().toFile());
    }
}
