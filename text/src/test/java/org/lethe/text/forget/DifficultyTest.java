package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;

final class DifficultyTest {
    private static final Keyed KEY = Keyed.seed(2);
    private static final List<Encoded> SAMPLES = Memorised.samples(0, 6);

    @Test
    void simpleScoresFollowFromLogProbabilities() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Scored scored = Scored.of(Memorised.fresh(), SAMPLES, "", 4);
            double[][] read = scored.read();
            double[] loss = Difficulty.LOSS.of(scored, KEY);
            double[] error = Difficulty.ERROR.of(scored, KEY);
            double[] length = Difficulty.LENGTH.of(scored, KEY);
            for (int i = 0; i < 6; i++) {
                double sum = 0;
                double p = 0;
                for (double value : read[i]) {
                    sum -= value;
                    p += Math.exp(value);
                }
                assertEquals(SAMPLES.get(i).scored(), length[i]);
                assertEquals(sum / length[i], loss[i], 1e-12);
                assertEquals(1 - p / length[i], error[i], 1e-12);
            }
            assertArrayEquals(Difficulty.RANDOM.of(scored, KEY), Difficulty.RANDOM.of(scored, KEY));
        }
    }

    /** Along its own gradient a function grows by the gradient's squared length. */
    @Test
    void gradientNormIsTheSlopeOfTheLoss() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Transformer model = Memorised.fresh();
            Scored one = Scored.of(model, SAMPLES.subList(2, 3), "", 4);
            double norm = Difficulty.GRADIENT_NORM.of(one, KEY)[0];
            model.parameters().train(_ -> true);
            one.tokens(0).mean().neg().backward();
            double rate = 1e-3;
            double before = Difficulty.LOSS.of(one, KEY)[0];
            try (var _ = new NoGradGuard()) {
                for (Tensor tensor : model.parameters().distinct().values()) {
                    tensor.add_(tensor.grad(), new Scalar(rate));
                }
            }
            double slope = (Difficulty.LOSS.of(one, KEY)[0] - before) / rate;
            assertEquals(slope, norm * norm, 0.03 * slope);
        }
    }

    @Test
    void projectionIsAtMostTheGradientAndAllOfItForOneSample() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Scored all = Scored.of(Memorised.fresh(), SAMPLES, "", 4);
            double[] norms = Difficulty.GRADIENT_NORM.of(all, KEY);
            double[] projections = Difficulty.GRADIENT_PROJECTION.of(all, KEY);
            for (int i = 0; i < 6; i++) {
                assertTrue(projections[i] <= norms[i] * (1 + 1e-5), "sample " + i);
            }
            Scored one = all.only(4);
            assertEquals(norms[4], Difficulty.GRADIENT_PROJECTION.of(one, KEY)[0], 1e-4 * norms[4]);
            assertEquals(0, Difficulty.REPRESENTATION_DISTANCE.of(one, KEY)[0], 1e-9);
            assertTrue(Difficulty.REPRESENTATION_DISTANCE.of(all, KEY)[0] > 1e-3, "distance from the centroid");
        }
    }

    /** From one side at a tiny σ, a draw has the standard deviation σ·|u|: what the paper's estimate mostly measures. */
    @Test
    void relativeGradientIsTheSpreadOfThePapersEstimate() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Scored all = Scored.of(Memorised.fresh(), SAMPLES, "", 4);
            double[] lengths = Difficulty.RELATIVE_GRADIENT.of(all, KEY);
            Mrd.Scores paper =
                    new Mrd().with(new Mrd.Paper(400, 1e-4, 2, false, false)).of(all, KEY);
            for (int i = 0; i < 6; i++) {
                double spread = paper.standardError()[i] * Math.sqrt(400) / 1e-4;
                assertEquals(lengths[i], spread, 0.2 * lengths[i]); // a spread of 400 draws is within 3.5 % (sd)
            }
        }
    }
}
