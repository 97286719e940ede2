package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Safetensors;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Tensors;

class PreferenceLossTest {
    private static final double LOSS = 1e-5;

    static Path golden(String name) {
        Optional<Path> found = Stream.of(
                        Optional.ofNullable(System.getenv("LETHE_DATA")).orElse(""),
                        "../shared/data",
                        "../../shared/data")
                .filter(s -> !s.isBlank())
                .map(s -> Path.of(s).resolve("goldens").resolve(name))
                .filter(Files::exists)
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), "the golden files are not here: set LETHE_DATA to their folder");
        return found.orElseThrow();
    }

    /** The golden policy and its reference, with the three batches. */
    private record Golden(
            JsonNode numbers,
            Safetensors tensors,
            Transformer policy,
            Transformer reference,
            TokenBatch chosen,
            TokenBatch rejected,
            TokenBatch retain) {
        static Golden open() throws IOException {
            Devices.ready(Device.CPU);
            Path align = golden("align");
            Architecture shape = Architecture.read(golden("llm/llama").resolve("config.json"));
            Transformer policy = new Transformer(shape, Device.CPU);
            Transformer reference = new Transformer(shape, Device.CPU);
            try (var _ = new PointerScope();
                    ModelFiles one = ModelFiles.open(align.resolve("policy.safetensors"));
                    ModelFiles two = ModelFiles.open(golden("llm/llama").resolve("model.safetensors"))) {
                one.load(policy.parameters());
                two.load(reference.parameters());
            }
            policy.parameters().train(_ -> true);
            Safetensors tensors = Safetensors.open(align.resolve("golden.safetensors"));
            return new Golden(
                    new ObjectMapper().readTree(align.resolve("golden.json").toFile()),
                    tensors,
                    policy,
                    reference,
                    batch(tensors, "chosen"),
                    batch(tensors, "rejected"),
                    batch(tensors, "retain"));
        }

        private static TokenBatch batch(Safetensors tensors, String name) {
            long[][] ids = whole(tensors, "in." + name + ".input_ids");
            long[][] labels = whole(tensors, "in." + name + ".labels");
            List<Encoded> rows = new ArrayList<>();
            for (int r = 0; r < ids.length; r++) {
                int answer = 0;
                while (labels[r][answer] < 0) {
                    answer++;
                }
                int end = answer;
                while (end < labels[r].length && labels[r][end] >= 0) {
                    end++;
                }
                int[] own = new int[end];
                for (int t = 0; t < end; t++) {
                    own[t] = (int) ids[r][t];
                }
                rows.add(new Encoded(own, answer));
            }
            return TokenBatch.of(rows, Device.CPU);
        }

        private static long[][] whole(Safetensors tensors, String name) {
            Tensor tensor = Tensors.of(tensors, name).contiguous();
            long[] all = new long[(int) tensor.numel()];
            new LongPointer(tensor.data_ptr()).get(all);
            int wide = (int) tensor.size(1);
            long[][] rows = new long[(int) tensor.size(0)][];
            for (int r = 0; r < rows.length; r++) {
                rows[r] = Arrays.copyOfRange(all, r * wide, (r + 1) * wide);
            }
            return rows;
        }

        PreferenceLoss.Side side(TokenBatch batch) {
            TokenScores own = TokenScores.of(policy, batch);
            Tensor other = TokenScores.of(reference, batch).logProbabilities().detach();
            float[] counts = new float[batch.size()];
            for (int r = 0; r < counts.length; r++) {
                counts[r] = batch.counts()[r];
            }
            return new PreferenceLoss.Side(own.logProbabilities(), other, Tensors.of(counts, counts.length));
        }

        void check(String name, Tensor loss, double lossTolerance, double gradientTolerance) {
            double expected = numbers.get(name).get("loss").asDouble();
            assertEquals(expected, loss.item_double(), lossTolerance * Math.max(1, Math.abs(expected)), name);
            policy.parameters()
                    .distinct()
                    .values()
                    .forEach(t -> t.mutable_grad().reset());
            loss.backward();
            int checked = 0;
            for (var parameter : policy.parameters().distinct().entrySet()) {
                String stored = "grad." + name + "." + parameter.getKey();
                if (tensors.entries().containsKey(stored)) {
                    Tensor difference = parameter
                            .getValue()
                            .grad()
                            .sub(Tensors.of(tensors, stored))
                            .abs()
                            .max();
                    assertTrue(
                            difference.item_double() <= gradientTolerance,
                            stored + " is off by " + difference.item_double());
                    checked++;
                }
            }
            assertTrue(checked >= 1, "no gradient of " + name + " was compared");
        }
    }

    private static void with(Consumer<Golden> test) throws IOException {
        try (var _ = new PointerScope()) {
            Golden golden = Golden.open();
            try (Safetensors _ = golden.tensors) {
                test.accept(golden);
            }
        }
    }

    @Test
    void everyFormHasTheLossAndTheGradientsOfTheReferenceLibrary() throws IOException {
        with(g -> {
            Function<PreferenceLoss, Tensor> mean =
                    loss -> loss.of(g.side(g.chosen), g.side(g.rejected)).mean();
            g.check("dpo.sigmoid.beta0.1", mean.apply(new PreferenceLoss(0.1)), LOSS, 1e-5);
            g.check("dpo.robust0.1", mean.apply(new PreferenceLoss(PreferenceLoss.Form.ROBUST, 0.1, 0.1)), LOSS, 1e-5);
            g.check(
                    "dpo.label_smoothing0.1",
                    mean.apply(new PreferenceLoss(PreferenceLoss.Form.SMOOTHED, 0.1, 0.1)),
                    LOSS,
                    1e-5);
            g.check("dpo.hinge", mean.apply(new PreferenceLoss(PreferenceLoss.Form.HINGE, 0.1, 0)), LOSS, 1e-5);
            g.check(
                    "dpo.ipo.length_averaged",
                    mean.apply(new PreferenceLoss(PreferenceLoss.Form.IPO, 0.1, 0)),
                    LOSS,
                    5e-4);
            g.check("dpo.ipo.sums", mean.apply(new PreferenceLoss(PreferenceLoss.Form.IPO_SUMS, 0.1, 0)), LOSS, 5e-4);
            // open-unlearning's refusal loss is DPO times 2/β
            g.check("idkdpo.beta0.1", mean.apply(new PreferenceLoss(0.1)).mul(new Scalar(20.0)), LOSS, 1e-4);
        });
    }

    @Test
    void rewardsAccuraciesAndMarginsAreTheLoggedOnes() throws IOException {
        with(g -> {
            PreferenceLoss.Rewards rewards = new PreferenceLoss(0.1).rewards(g.side(g.chosen), g.side(g.rejected));
            JsonNode dpo = g.numbers.get("dpo");
            for (int p = 0; p < 3; p++) {
                assertEquals(dpo.get("rewards.chosen").get(p).asDouble(), rewards.chosen()[p], 2e-6);
                assertEquals(dpo.get("rewards.rejected").get(p).asDouble(), rewards.rejected()[p], 2e-6);
            }
            assertEquals(
                    dpo.get("accuracy").asDouble(),
                    Arrays.stream(rewards.accuracies()).average().orElseThrow(),
                    1e-6);
            assertEquals(
                    dpo.get("margin").asDouble(),
                    Arrays.stream(rewards.margins()).average().orElseThrow(),
                    2e-6);
        });
    }

    @Test
    void atTheReferenceTheLossIsTheLogOfTwoAndAccuracyIsAHalf() {
        try (var _ = new PointerScope()) {
            Devices.ready(Device.CPU);
            Tensor logs = Tensors.of(new float[] {-3, -40, -0.5f}, 3);
            Tensor counts = Tensors.of(new float[] {2, 9, 1}, 3);
            PreferenceLoss.Side same = new PreferenceLoss.Side(logs, logs, counts);
            for (var form : List.of(
                    PreferenceLoss.Form.SIGMOID, PreferenceLoss.Form.SMOOTHED, PreferenceLoss.Form.SIGMOID_NORM)) {
                assertEquals(
                        Math.log(2),
                        new PreferenceLoss(form, 0.3, 0.2).of(same, same).mean().item_double(),
                        1e-6);
            }
            assertArrayEquals(
                    new double[] {0.5, 0.5, 0.5},
                    new PreferenceLoss(0.3).rewards(same, same).accuracies());
        }
    }

    @Test
    void normalisedFormDividesByTokens() {
        try (var _ = new PointerScope()) {
            Devices.ready(Device.CPU);
            Tensor zero = Tensors.of(new float[] {0}, 1);
            var chosen = new PreferenceLoss.Side(Tensors.of(new float[] {6}, 1), zero, Tensors.of(new float[] {3}, 1));
            Tensor four = Tensors.of(new float[] {4}, 1);
            var rejected = new PreferenceLoss.Side(four, zero, four);
            double loss = new PreferenceLoss(PreferenceLoss.Form.SIGMOID_NORM, 0.5, 0)
                    .of(chosen, rejected)
                    .item_double();
            assertEquals(Math.log1p(Math.exp(-0.5 * (2 - 1))), loss, 1e-6);
        }
    }

    @Test
    void groupLossesAreThoseOfTheReferenceLibrary() throws IOException {
        with(g -> {
            JsonNode rewards = g.numbers.get("grpo.rewards");
            double[] own = PolicyLoss.advantages(new double[] {
                rewards.get(0).asDouble(),
                rewards.get(1).asDouble(),
                rewards.get(2).asDouble()
            });
            for (int r = 0; r < 3; r++) {
                assertEquals(g.numbers.get("grpo.advantages").get(r).asDouble(), own[r], 1e-6);
            }
            TokenBatch rows = g.rejected;
            Tensor old = TokenScores.of(g.reference, rows).tokens().detach();
            Tensor advantages = Tensors.of(new float[] {(float) own[0], (float) own[1], (float) own[2]}, 3)
                    .index_select(0, rows.rows());
            g.check(
                    "grpo.eps0.2.beta0.token_mean",
                    new PolicyLoss(0.2, 0, false).of(TokenScores.of(g.policy, rows), old, old, advantages),
                    LOSS,
                    1e-5);
            g.check(
                    "grpo.eps0.2.klbeta0.04.sequence_mean",
                    new PolicyLoss(0.2, 0.04, true).of(TokenScores.of(g.policy, rows), old, old, advantages),
                    LOSS,
                    1e-5);
        });
    }

    @Test
    void advantageOfATokenIsWhatFollowsLessWhatWasExpected() {
        double[] rewards = {0, 0, 1};
        double[] values = {0.5, 0.25, 0.75};
        assertArrayEquals(new double[] {0.5, 0.75, 0.25}, PolicyLoss.advantages(rewards, values, 1), 1e-12);
        assertArrayEquals(new double[] {-0.25, 0.5, 0.25}, PolicyLoss.advantages(rewards, values, 0), 1e-12);
        assertArrayEquals(new double[] {0, 0, 0}, PolicyLoss.advantages(new double[] {2, 2, 2}), 0);
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new PreferenceLoss(0));
        assertThrows(IllegalArgumentException.class, () -> new PreferenceLoss(PreferenceLoss.Form.ROBUST, 0.1, 0.5));
        assertThrows(IllegalArgumentException.class, () -> new PolicyLoss(1, 0, false));
    }
}
