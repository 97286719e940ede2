package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Progress;
import org.lethe.image.Bitmap;
import org.lethe.image.Guard;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class ZoDiacTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static ZoDiac zodiac(int iterations, double ssim) {
        return new ZoDiac(TreeRing.Pattern.RANDOM, 0, 5, 10, 8, iterations, .05, ssim);
    }

    /** Pictures that the model may have made. */
    private static List<Bitmap> pictures(Diffusion model, int count) {
        return new Sampler(10, 1)
                .pictures(model, new Guard.None(), Collections.nCopies(count, ""), 16, 16, Keyed.seed(9));
    }

    @Test
    void theRunIsThatOfTheSamplerAndItsGradientThatOfAWholeGraph() {
        try (var _ = new PointerScope()) {
            Diffusion model = TierZero.model();
            Sampler sampler = new Sampler(7, 1);
            Trajectory run = new Trajectory(model, sampler, 256, () -> {});
            Tensor start = Sampler.normal(Keyed.seed(2), 2, 3, 16, 16).set_requires_grad(true);
            Tensor ends = sampler.latents(model, new Guard.None(), start, model.states(List.of("")));
            List<Tensor> states = run.states(start);
            assertEquals(8, states.size());
            assertTrue(states.getLast().sub(ends).abs().max().item_double() < 1e-5);
            Tensor weight = Sampler.normal(Keyed.seed(3), 2, 3, 16, 16);
            ends.mul(weight).sum().backward();
            Tensor found = run.gradient(states, weight);
            assertTrue(found.sub(start.grad()).abs().max().item_double() < 1e-5);
        }
    }

    @Test
    void theDistanceIsHalfOfWhatTheMetricLacks() {
        try (var _ = new PointerScope()) {
            Bitmap a = TierZero.picture(Keyed.seed(1), 24);
            Bitmap b = TierZero.picture(Keyed.seed(2), 24);
            double found = new StructuralDistance()
                    .distance(a.tensor().unsqueeze(0), b.tensor().unsqueeze(0))
                    .item_double();
            assertEquals((1 - ImageMetrics.ssim(a, b)) / 2, found, 1e-4);
        }
    }

    @Test
    void theLossFallsAndTheMarkIsFound() {
        try (var _ = new PointerScope()) {
            Diffusion model = TierZero.model();
            ZoDiac zodiac = zodiac(20, .3);
            Env env = Env.seeded(1);
            Mark mark = zodiac.key(model, List.of(), 16, 16, env);
            List<Bitmap> works = pictures(model, 8);
            List<Double> losses = zodiac.optimised(model, TreeRing.key(mark), works, Progress.NONE.begin("zodiac", 0))
                    .losses();
            assertEquals(21, losses.size());
            assertTrue(losses.getLast() < losses.getFirst(), losses.toString());
            List<Bitmap> marked = zodiac.mark(model, mark, works, env);
            for (int n = 0; n < works.size(); n++) {
                assertTrue(ImageMetrics.ssim(marked.get(n), works.get(n)) >= .3);
            }
            for (Detector.Detection found : Detectors.of(mark, model).detect(marked)) {
                assertTrue(found.pValue().orElseThrow() < 1e-3, found.toString());
            }
            assertTrue(Detectors.of(mark, model).detect(pictures(model, 32)).stream()
                            .filter(d -> d.pValue().orElseThrow() < .01)
                            .count()
                    <= 3);
        }
    }

    @Test
    void theExactModelGivesTheKeyBackAfterOneInjection() {
        try (var _ = new PointerScope()) {
            Diffusion model = TierZero.model();
            ZoDiac zodiac = zodiac(0, 0);
            Env env = Env.seeded(1);
            Mark mark = zodiac.key(model, List.of(), 16, 16, env);
            List<Bitmap> marked = zodiac.mark(model, mark, pictures(model, 4), env);
            for (Detector.Detection found : Detectors.of(mark, model).detect(marked)) {
                assertTrue(found.pValue().orElseThrow() < 1e-12, found.toString());
            }
        }
    }

    @Test
    void theShareOfTheOriginalIsTheSmallestThatSuffices() {
        Bitmap original = TierZero.picture(Keyed.seed(1), 16);
        Bitmap made = TierZero.picture(Keyed.seed(2), 16);
        for (double least : new double[] {.5, .8, .95}) {
            ZoDiac zodiac = zodiac(0, least);
            Bitmap found = zodiac.enhanced(made, original);
            double similar = ImageMetrics.ssim(found, original);
            assertTrue(similar >= least && similar < least + .05, least + ": " + similar);
        }
        assertArrayEquals(
                original.values(), zodiac(0, 1).enhanced(made, original).values(), 1e-6f);
        assertArrayEquals(made.values(), zodiac(0, 0).enhanced(made, original).values());
        assertArrayEquals(original.values(), ZoDiac.mixed(made, original, 1).values(), 1e-6f);
    }

    @Test
    void theStatesOfARunDoNotKeepAGraph() {
        try (var _ = new PointerScope()) {
            Tensor start = Sampler.normal(Keyed.seed(2), 1, 3, 16, 16).set_requires_grad(true);
            for (Tensor state : new Trajectory(TierZero.model(), new Sampler(3, 1), 256, () -> {}).states(start)) {
                assertTrue(!state.requires_grad() && Tensors.floats(state).length == 768);
            }
        }
    }
}
