package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

final class ForgettingLossTest {
    @BeforeAll
    static void ready() {
        Devices.ready(Device.CPU);
    }

    private static TokenBatch batch(int from, int to) {
        return TokenBatch.of(Memorised.samples(from, to), Device.CPU);
    }

    private static Transformer trained() {
        Transformer model = Memorised.fresh();
        model.parameters().train(_ -> true);
        return model;
    }

    private static float[] gradient(Transformer model, Tensor loss) {
        loss.backward();
        return Memorised.gradient(model);
    }

    private static float[] gradient(ForgettingLoss.OfSamples loss, Transformer model, Transformer reference) {
        TokenBatch batch = batch(0, 5);
        return gradient(model, loss.reduction().of(loss.of(model, reference, batch), batch));
    }

    private static void assertNear(float[] expected, float[] actual, double share) {
        double largest = 0;
        for (float e : expected) {
            largest = Math.max(largest, Math.abs(e));
        }
        assertTrue(largest > 0, "a gradient of zeros says nothing");
        assertArrayEquals(expected, actual, (float) (share * largest));
    }

    @Test
    void oneStepOfAscentRaisesTheCrossEntropyByTheSquaredGradient() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            TokenBatch batch = batch(0, 5);
            double before = TokenScores.of(model, batch).crossEntropy().item_double();
            Reduction.TOKEN
                    .of(new ForgettingLoss.GradientAscent().of(model, model, batch), batch)
                    .backward();
            double squares = 0;
            double rate = 2e-3;
            try (var _ = new NoGradGuard()) {
                for (Tensor tensor : model.parameters().distinct().values()) {
                    squares += tensor.grad().square().sum().item_double();
                    tensor.sub_(tensor.grad(), new Scalar(rate));
                }
            }
            double after = TokenScores.of(model, batch).crossEntropy().item_double();
            assertEquals(rate * squares, after - before, 0.02 * rate * squares);
        }
    }

    @Test
    void negativePreferenceStartsAsAscentOnSums() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            Transformer reference = Memorised.fresh();
            TokenBatch batch = batch(0, 5);
            float[] sums = gradient(
                    model, TokenScores.of(model, batch).logProbabilities().mean());
            assertNear(sums, gradient(new ForgettingLoss.Npo(), model, reference), 1e-5);
            assertEquals(
                    2 / 0.1 * Math.log(2),
                    new ForgettingLoss.Npo().of(model, reference, batch).mean().item_double(),
                    1e-4);
        }
    }

    @Test
    void negativePreferenceBecomesAscentAsBetaVanishes() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            Transformer reference = Memorised.fresh();
            moved(model);
            float[] sums = gradient(
                    model, TokenScores.of(model, batch(0, 5)).logProbabilities().mean());
            assertNear(sums, gradient(new ForgettingLoss.Npo(1e-5, false), model, reference), 1e-3);
            float[] sharp = gradient(new ForgettingLoss.Npo(5, false), model, reference);
            assertThrows(AssertionError.class, () -> assertNear(sums, sharp, 0.05));
        }
    }

    /** Moves a model away from the start along its own gradient. */
    private static void moved(Transformer model) {
        TokenScores.of(model, batch(0, 5)).crossEntropy().backward();
        try (var _ = new NoGradGuard()) {
            for (Tensor tensor : model.parameters().distinct().values()) {
                tensor.sub_(tensor.grad(), new Scalar(0.3));
                tensor.mutable_grad().reset();
            }
        }
    }

    @Test
    void preferenceOfRefusalsStartsAtLogTwo() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            Tensor losses =
                    new ForgettingLoss.IdkDpo(0.1).of(model, Memorised.fresh(), batch(0, 5), () -> batch(5, 10));
            assertEquals(2 / 0.1 * Math.log(2), losses.mean().item_double(), 1e-4);
        }
    }

    @Test
    void divergenceFromTheStartIsZeroThereWithoutGradient() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            for (RetainLoss loss : List.of(new RetainLoss.Kl(), new RetainLoss.EmbedDiff())) {
                Tensor value = loss.of(model, Memorised.fresh(), batch(0, 5));
                assertEquals(0, value.item_double(), 1e-7);
                assertArrayEquals(new float[(int) model.parameters().size()], gradient(model, value), 1e-6f);
                moved(model);
                assertTrue(loss.of(model, Memorised.fresh(), batch(0, 5)).item_double() > 1e-4, loss.toString());
                model = trained();
            }
        }
    }

    @Test
    void simNpoAtItsMarginIsLogTwo() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            TokenBatch one = batch(3, 4);
            double ce = TokenScores.of(model, one).crossEntropy().item_double();
            assertEquals(
                    2 * Math.log(2) / 4.5,
                    new ForgettingLoss.SimNpo(4.5, ce).of(model, model, one).item_double(),
                    1e-5);
        }
    }

    @Test
    void misdirectionIsZeroAtItsTarget() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            TokenBatch one = TokenBatch.of(List.of(new Encoded(new int[] {4, 9, 1}, 2)), Device.CPU);
            float[] states = Tensors.floats(
                    model.stream(one.ids(), one.mask(), 1).select(1, 2).detach());
            ForgettingLoss.Rmu rmu = new ForgettingLoss.Rmu(1, 2, 42, Reduction.TOKEN);
            assertEquals(
                    0, rmu.of(model, one, Tensors.of(states, states.length)).item_double(), 1e-12);
            assertTrue(rmu.of(model, model, one).item_double() > 1e-3, "the drawn target is elsewhere");
            assertArrayEquals(rmu.control(32), rmu.control(32));
        }
    }

    @Test
    void ceUHasNoTrueTokenAndNoFirstToken() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            TokenBatch single = TokenBatch.of(List.of(new Encoded(new int[] {4, 9, 1}, 2)), Device.CPU);
            ForgettingLoss.CeU loss = new ForgettingLoss.CeU();
            assertEquals(0, loss.of(model, model, single).item_double());
            TokenBatch two = TokenBatch.of(List.of(new Encoded(new int[] {4, 9, 7, 1}, 2)), Device.CPU);
            Tensor logits = TokenScores.of(model, two).logits();
            double[] p = new double[Memorised.VOCABULARY];
            double sum = 0;
            for (int v = 0; v < p.length; v++) {
                p[v] = Math.exp(logits.select(0, 1).select(0, v).item_double());
                sum += p[v];
            }
            double expected = 0;
            for (int v = 0; v < p.length; v++) {
                expected -= v == 1 ? 0 : p[v] / (sum - p[1]) * Math.log(p[v] / sum);
            }
            assertEquals(expected, loss.of(model, model, two).item_double(), 1e-4);
        }
    }

    @Test
    void flatPredictionsHaveNoMargin() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            TokenBatch batch = batch(0, 2);
            Tensor logits = TokenScores.of(model, batch).logits();
            double expected = logits.amax(new long[] {1}, false)
                    .sub(logits.mean(1))
                    .square()
                    .mean()
                    .item_double();
            Tensor losses = new ForgettingLoss.Pdu().of(model, model, batch);
            assertEquals(expected, Reduction.TOKEN.of(losses, batch).item_double(), 1e-5);
        }
    }

    @Test
    void accumulatedBatchesEqualTheLargeOne() {
        try (var _ = new PointerScope()) {
            Transformer model = trained();
            ForgettingLoss.GradientAscent loss = new ForgettingLoss.GradientAscent();
            TokenBatch all = batch(0, 6);
            float[] whole = gradient(model, Reduction.TOKEN.of(loss.of(model, model, all), all));
            for (int from : new int[] {0, 2}) {
                TokenBatch part = batch(from, from == 0 ? 2 : 6);
                Reduction.TOKEN
                        .of(loss.of(model, model, part), part)
                        .mul(new Scalar((double) part.scored() / all.scored()))
                        .backward();
            }
            assertNear(whole, Memorised.gradient(model), 1e-5);
        }
    }

    @Test
    void weightsOfOneChangeNothingAndWeightsCountTheirSample() {
        try (var _ = new PointerScope()) {
            Transformer model = Memorised.fresh();
            TokenBatch batch = batch(0, 3);
            Tensor losses = new ForgettingLoss.GradientAscent().of(model, model, batch);
            double[] own = new double[3];
            for (int r = 0; r < 3; r++) {
                own[r] = losses.select(0, r).item_double();
            }
            for (Reduction reduction : Reduction.values()) {
                assertEquals(
                        reduction.of(losses, batch).item_double(),
                        reduction.of(losses, batch, new float[] {1, 1, 1}).item_double());
            }
            assertEquals(
                    (2 * own[0] + own[2]) / 3,
                    Reduction.SAMPLE.of(losses, batch, new float[] {2, 0, 1}).item_double(),
                    1e-5);
            int[] n = batch.counts();
            assertEquals(
                    (2 * n[0] * own[0] + n[2] * own[2]) / (n[0] + n[1] + n[2]),
                    Reduction.TOKEN.of(losses, batch, new float[] {2, 0, 1}).item_double(),
                    1e-5);
            assertThrows(IllegalArgumentException.class, () -> Reduction.TOKEN.of(losses, batch, new float[] {1, 1}));
        }
    }

    @Test
    void wrongSettingsAreNamed() {
        String beta = assertThrows(IllegalArgumentException.class, () -> new ForgettingLoss.Npo(0, false))
                .getMessage();
        assertTrue(String.valueOf(beta).startsWith("beta is 0.0"), beta);
        try (var _ = new PointerScope()) {
            Transformer model = Memorised.fresh();
            String layer = assertThrows(
                            IllegalArgumentException.class,
                            () -> new ForgettingLoss.Rmu(7, 2, 1, Reduction.TOKEN).of(model, model, batch(0, 2)))
                    .getMessage();
            assertTrue(String.valueOf(layer).contains("layer is 7, expected at most 2"), layer);
        }
    }
}
