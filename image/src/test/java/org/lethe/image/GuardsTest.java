package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.model.GaussianWeights;
import org.lethe.image.protect.NegativePrompt;
import org.lethe.image.protect.SafeLatent;
import org.lethe.image.protect.Sanitisation;
import org.lethe.laws.Growth;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class GuardsTest {
    private static final int SIDE = 2;
    private static final String NOTO = "a painting in the style of noto";
    private static final String OTHER = "a painting in the style of twemoji";

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static float[] mean(long seed) {
        float[] mean = new float[3 * SIDE * SIDE];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (0.5 * Keyed.normal(Keyed.seed(seed).at(i)));
        }
        return mean;
    }

    private static Map<String, float[]> means() {
        Map<String, float[]> means = new LinkedHashMap<>();
        means.put("", mean(1));
        means.put(" in the style of noto", mean(2));
        means.put(" in the style of twemoji", mean(3));
        return means;
    }

    private static GaussianDiffusion model() {
        return new GaussianDiffusion(means(), SIDE, SIDE, 0.5, new NoiseSchedule());
    }

    private static float[] run(Sampler sampler, GaussianDiffusion model, Guard guard, String prompt) {
        Tensor start = Sampler.normal(Keyed.seed(9), 2, 3, SIDE, SIDE);
        return Tensors.floats(sampler.latents(model, guard, start, model.states(List.of(prompt))));
    }

    private static void same(double[] expected, Tensor found) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found.get(i).item_double(), 1e-6);
        }
    }

    @Test
    void safeGuidanceFollowsItsAlgorithmWithMomentum() {
        try (var _ = new PointerScope()) {
            Guard.Safe medium = new SafeLatent().guard(NOTO);
            assertEquals(new Guard.Safe(NOTO, 10, 1000, 0.01, 0.3, 0.4), medium);
            Guard.Safe now = new Guard.Safe(NOTO, 0, 1000, 0.01, 0.3, 0.4);
            SafeDenoiser safe = new SafeDenoiser(model(), now, model().states(List.of(OTHER)), 2);
            Tensor nothing = torch.zeros(3);
            Tensor asked = Tensors.of(new float[] {0.2f, 0.005f, -0.1f}, 3);
            Tensor unsafe = Tensors.of(new float[] {0.1f, 0.1f, 0.1f}, 3);
            same(new double[] {2 * 0.2, 2 * -0.095, 2 * -0.2}, safe.led(nothing, asked, unsafe));
            same(new double[] {2 * 0.2, 2 * -0.113, 2 * -0.218}, safe.led(nothing, asked, unsafe));
        }
    }

    @Test
    void momentumBuildsUpDuringTheWarmUp() {
        try (var _ = new PointerScope()) {
            Guard.Safe late = new Guard.Safe(NOTO, 1, 1000, 0.01, 0.3, 0.4);
            SafeDenoiser safe = new SafeDenoiser(model(), late, model().states(List.of(OTHER)), 2);
            Tensor nothing = torch.zeros(3);
            Tensor asked = Tensors.of(new float[] {0.2f, 0.005f, -0.1f}, 3);
            Tensor unsafe = Tensors.of(new float[] {0.1f, 0.1f, 0.1f}, 3);
            same(new double[] {0.4, 0.01, -0.2}, safe.led(nothing, asked, unsafe));
            same(new double[] {2 * 0.2, 2 * -0.113, 2 * -0.218}, safe.led(nothing, asked, unsafe));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, 7.5})
    void aSafeGuardThatIsOffIsPlainGuidanceToTheBit(double guidance) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            GaussianDiffusion model = model();
            Sampler sampler = new Sampler(10, guidance);
            float[] plain = run(sampler, model, new Guard.None(), OTHER);
            Guard never = new SafeLatent(SafeLatent.Preset.MAX, Optional.of(10), Optional.empty(), Optional.empty())
                    .guard(NOTO);
            assertArrayEquals(plain, run(sampler, model, never, OTHER));
            Guard weightless = new SafeLatent(
                            SafeLatent.Preset.MAX, Optional.empty(), Optional.of(0.5), Optional.empty())
                    .guard(NOTO);
            assertArrayEquals(plain, run(sampler, model, weightless, OTHER));
            if (guidance > 0) {
                Guard on = new SafeLatent(SafeLatent.Preset.MAX).guard(NOTO);
                assertFalse(Arrays.equals(plain, run(sampler, model, on, OTHER)));
            }
        }
    }

    @Test
    void safeGuidanceLeadsAwayFromTheConcept() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            GaussianDiffusion model = model();
            Sampler sampler = new Sampler(50, 2);
            double last = towards(run(sampler, model, new Guard.None(), OTHER));
            for (SafeLatent.Preset preset : SafeLatent.Preset.values()) {
                double now = towards(run(sampler, model, new SafeLatent(preset).guard(NOTO), OTHER));
                assertTrue(now < last, preset + " " + last + " " + now);
                last = preset == SafeLatent.Preset.STRONG || preset == SafeLatent.Preset.MEDIUM ? last : now;
            }
        }
    }

    /** The published rule: where prompt and concept predict the very same, |d| is 0 and so is the strength. */
    @Test
    void theConceptToTheLetterIsNotLed() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Sampler sampler = new Sampler(20, 2);
            assertArrayEquals(
                    run(sampler, model(), new Guard.None(), NOTO),
                    run(sampler, model(), new SafeLatent(SafeLatent.Preset.MAX).guard(NOTO), NOTO));
        }
    }

    /** The share of pictures along the way from nothing to the concept. */
    private static double towards(float[] rows) {
        float[] from = mean(1);
        float[] to = mean(2);
        double sum = 0;
        for (int i = 0; i < rows.length; i++) {
            sum += (rows[i] - from[i % from.length]) * (to[i % from.length] - from[i % from.length]);
        }
        return sum;
    }

    @Test
    void theNegativePromptIsTheDenoiserOfAnotherMean() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            double w = 3;
            float[] mean = mean(3);
            float[] away = mean(2);
            for (int i = 0; i < mean.length; i++) {
                mean[i] = (float) (away[i] + w * (mean[i] - away[i]));
            }
            Map<String, float[]> other = means();
            other.put(" in the style of twemoji", mean);
            GaussianDiffusion expected = new GaussianDiffusion(other, SIDE, SIDE, 0.5, new NoiseSchedule());
            float[] led = run(new Sampler(20, w), model(), new Guard.Avoid(NOTO), OTHER);
            float[] exact = run(new Sampler(20, 1), expected, new Guard.None(), OTHER);
            assertArrayEquals(exact, led, 1e-4f);
        }
    }

    @Test
    void anEmptyNegativePromptIsPlainAndThePromptItselfIsNotAmplified() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            GaussianDiffusion model = model();
            Sampler sampler = new Sampler(10, 7.5);
            assertArrayEquals(
                    run(sampler, model, new Guard.None(), OTHER), run(sampler, model, new Guard.Avoid(""), OTHER));
            float[] unguided = run(new Sampler(10, 1), model, new Guard.None(), OTHER);
            for (double w : new double[] {0, 2, 7.5}) {
                assertArrayEquals(unguided, run(new Sampler(10, w), model, new Guard.Avoid(OTHER), OTHER));
            }
        }
    }

    @Test
    void methodsSetTheGuardAndLeaveTheWeights() {
        ImageModel model = ImageModel.of(new GaussianWeights(means(), SIDE, SIDE, 0.5));
        var concept = new Sanitisation.Concept(
                NOTO, "in the style of noto", "a painting", List.of(), List.of(), List.of(), List.of());
        ImageModel avoided = new NegativePrompt().erase(model, concept, Env.seeded(1));
        assertEquals(new Guard.Avoid(NOTO), avoided.guard());
        assertSame(model.weights(), avoided.weights());
        ImageModel safe = new SafeLatent(SafeLatent.Preset.STRONG).erase(model, concept, Env.seeded(1));
        assertEquals(new Guard.Safe(NOTO, 7, 2000, 0.025, 0.5, 0.7), safe.guard());
        assertSame(model.weights(), safe.weights());
    }

    @Test
    void longRunsUnderAGuardLeaveNoMemoryBehind() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Map<String, float[]> large = new LinkedHashMap<>();
            large.put("", new float[3 * 256 * 256]);
            GaussianDiffusion model = new GaussianDiffusion(large, 256, 256, 0.5, new NoiseSchedule());
            Tensor start = torch.ones(1, 3, 256, 256);
            Guard guard = new SafeLatent().guard(NOTO);
            long grown = Growth.least(Pointer::physicalBytes, () -> {
                for (int n = 0; n < 3; n++) {
                    try (var _ = new PointerScope()) {
                        new Sampler(20, 2).latents(model, guard, start, model.states(List.of("")));
                    }
                }
            });
            // a run makes some 15 MB of momentum alone
            assertTrue(grown < 30L << 20, grown + " bytes");
        }
    }
}
