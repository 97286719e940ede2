package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.Scheduler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/** On the exact denoiser of N(0, ¼) data with the linear schedule. */
class DiffPureTest {
    private static final NoiseSchedule LINEAR = new NoiseSchedule(1000, 1e-4, 0.02, NoiseSchedule.Curve.LINEAR, false);
    private static final int SIDE = 32;

    private static GaussianDiffusion model() {
        Devices.ready(Device.CPU);
        return new GaussianDiffusion(Map.of("", new float[3 * SIDE * SIDE]), SIDE, SIDE, 0.5, LINEAR);
    }

    private static Scheduler.Denoiser denoiser(Diffusion model) {
        Tensor states = model.states(List.of(""));
        return (input, time) -> {
            int[] times = new int[(int) input.size(0)];
            Arrays.fill(times, (int) time);
            return model.noise(input, times, states);
        };
    }

    private static Tensor data() {
        return Sampler.normal(Keyed.seed(1), 6, 3, SIDE, SIDE).mul(new Scalar(0.5));
    }

    private static double correlation(Tensor one, Tensor other) {
        float[] a = Tensors.floats(one);
        float[] b = Tensors.floats(other);
        double both = 0;
        double left = 0;
        double right = 0;
        for (int i = 0; i < a.length; i++) {
            both += (double) a[i] * b[i];
            left += (double) a[i] * a[i];
            right += (double) b[i] * b[i];
        }
        return both / Math.sqrt(left * right);
    }

    private static double deviation(Tensor samples) {
        return Math.sqrt(samples.square().mean().item_double());
    }

    @Test
    void theMoreNoiseTheLessComesBack() {
        int[] levels = {30, 100, 150, 300};
        double[] expected = {0.9551, 0.6853, 0.4821, 0.1410};
        try (var _ = new PointerScope()) {
            Tensor x = data();
            GaussianDiffusion model = model();
            for (int k = 0; k < 4; k++) {
                Tensor pure = Regeneration.pixels(
                        x, LINEAR, denoiser(model), levels[k], 0, Optional.empty(), Keyed.seed(2), 0);
                // 18,432 draws: a deviation of at most 0.0075
                assertEquals(expected[k], correlation(x, pure), 0.03, "t* " + levels[k]);
                assertEquals(0.5, deviation(pure), 0.015);
            }
        }
    }

    @Test
    void latentsThatAreDenoisedWithoutNoiseKeepTheRoot() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = model();
            Tensor x = data();
            for (int level : new int[] {61, 301}) {
                double bar = LINEAR.alphaBars()[level];
                Tensor pure = Regeneration.latents(
                        model,
                        Regeneration.unsigned(x),
                        level,
                        DiffusionRegeneration.Start.MATCHED,
                        new Sampler(500, 1),
                        "",
                        Keyed.seed(3),
                        0);
                assertEquals(
                        Math.sqrt(bar * 0.25 / (bar * 0.25 + 1 - bar)),
                        correlation(x, Diffusion.signed(pure)),
                        0.03,
                        "t* " + level);
            }
        }
    }

    @Test
    void noNoiseChangesNothing() {
        Bitmap picture = Painted.noise(1, 8, 8);
        assertEquals(
                0,
                Painted.largest(
                        picture,
                        Painted.attacked(new DiffPure(DiffPure.Space.PIXEL, 0, 3, false, new Imitation()), picture)));
        try (var _ = new PointerScope()) {
            Bitmap same = new DiffPure(DiffPure.Space.LATENT, 0, 1, false, new Imitation())
                    .attack(List.of(picture), new Tools(Painted.gaussian(8, 8)), Painted.ENV)
                    .getFirst();
            assertEquals(0, Painted.largest(picture, same));
        }
    }

    @Test
    void aRowDoesNotDependOnTheOthers() {
        try (var _ = new PointerScope()) {
            Tools tools = new Tools(Painted.gaussian(8, 8));
            DiffPure attack = new DiffPure(DiffPure.Space.LATENT, 100, 2, false, new Imitation());
            List<Bitmap> pictures = List.of(Painted.noise(1, 8, 8), Painted.noise(2, 8, 8));
            List<Bitmap> both = attack.attack(pictures, tools, Painted.ENV);
            List<Bitmap> first = attack.attack(pictures.subList(0, 1), tools, Painted.ENV);
            assertEquals(0, Painted.largest(both.getFirst(), first.getFirst()));
            assertTrue(Painted.largest(pictures.getFirst(), first.getFirst()) > 0);
        }
    }

    @Test
    void pixelsNeedADenoiserOfPictures() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> Painted.attacked(new DiffPure(), Painted.noise(1, 8, 8)));
        assertEquals(
                "space of diffpure is PIXEL, expected LATENT, since there is no denoiser of pictures",
                refused.getMessage());
    }

    @Test
    void guidedPicturesStayNearer() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = model();
            Tensor x = Diffusion.signed(
                    Sampler.batch(List.of(Painted.smooth(5, SIDE, SIDE), Painted.smooth(6, SIDE, SIDE))));
            Tensor free = Regeneration.pixels(x, LINEAR, denoiser(model), 60, 1, Optional.empty(), Keyed.seed(4), 0);
            Tensor guided = Regeneration.pixels(x, LINEAR, denoiser(model), 60, 1, Optional.of(x), Keyed.seed(4), 0);
            float[] without = Tensors.floats(Regeneration.similarity(x, free));
            float[] with = Tensors.floats(Regeneration.similarity(x, guided));
            for (int n = 0; n < 2; n++) {
                assertTrue(with[n] > without[n], with[n] + " and " + without[n]);
            }
        }
    }

    @Test
    void theSimilarityOfTensorsIsThatOfPictures() {
        Bitmap one = Painted.smooth(7, 24, 20);
        Bitmap other = Painted.attacked(new Jpeg(30, Jpeg.Chroma.FULL, new Imitation()), one);
        try (var _ = new PointerScope()) {
            Tensor said = Regeneration.similarity(
                    Diffusion.signed(one.tensor().unsqueeze(0)),
                    Diffusion.signed(other.tensor().unsqueeze(0)));
            assertEquals(ImageMetrics.ssim(one, other), said.item_double(), 1e-3);
        }
    }
}
