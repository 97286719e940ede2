package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Sampler;
import org.lethe.numerics.Keyed;

class VaeRegenerationTest {
    private static VaeRegeneration step(double step) {
        return new VaeRegeneration(step, VaeRegeneration.Autoencoder.PUBLIC, new Removal());
    }

    @Test
    void theDistortionGrowsWithTheStep() {
        Bitmap picture = Painted.smooth(1, 16, 16);
        try (var _ = new PointerScope()) {
            Tools tools = new Tools(Painted.gaussian(16, 16));
            double last = -1;
            for (double step : new double[] {0, 0.1, 0.25, 0.5, 1}) {
                Bitmap made =
                        step(step).attack(List.of(picture), tools, Painted.ENV).getFirst();
                double error = ImageMetrics.meanSquaredError(picture, made);
                assertTrue(error > last, step + ": " + error);
                assertTrue(step > 0 || error == 0, "an exact autoencoder without rounding loses nothing");
                last = error;
            }
        }
    }

    @Test
    void roundingAddsATwelfthOfTheSquaredStep() {
        try (var _ = new PointerScope()) {
            Tensor latents = Sampler.normal(Keyed.seed(2), 1, 4, 64, 64);
            double variance =
                    step(0.25).rounded(latents).sub(latents).square().mean().item_double();
            assertEquals(0.25 * 0.25 / 12, variance, 0.25 * 0.25 / 12 * 0.05);
        }
    }

    @Test
    void aSecondModelIsAskedForByName() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> Painted.attacked(new VaeRegeneration(), Painted.noise(1, 4, 4)));
        assertEquals(
                "autoencoder of vae-regeneration is OTHER, expected PUBLIC, since there is no second model",
                refused.getMessage());
    }
}
