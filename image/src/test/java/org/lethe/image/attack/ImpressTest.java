package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.lethe.Finding;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.ChangedDiffusion;
import org.lethe.image.diffusion.Diffusion;

/** On an autoencoder that knows grey alone: an orthogonal projection, whose fixed points are pictures without colour. */
class ImpressTest {
    /** A model whose autoencoder forgets colour; the rest is that of grey normal pictures. */
    private record Colourless(Diffusion rest) implements ChangedDiffusion {
        @Override
        public AutoencoderKl.Posterior posterior(Tensor pictures) {
            return rest.posterior(pictures.mean(new long[] {1}, true, new ScalarTypeOptional())
                    .expand(pictures.shape()));
        }

        @Override
        public Diffusion copy() {
            return new Colourless(rest.copy());
        }
    }

    private static Impress impress(int steps, double rate, double weight, double tolerance, double noise) {
        return new Impress(steps, rate, weight, tolerance, noise, Impress.Distance.PIXEL, new Imitation());
    }

    private static Tools tools() {
        return new Tools(new Colourless(Painted.gaussian(8, 8)));
    }

    private static List<Double> losses(Impress impress, Tensor signed) {
        List<Double> losses = new ArrayList<>();
        impress.moved(
                tools().model(),
                signed,
                signed,
                (a, b) -> a.sub(b).square().mean(1, 2, 3).sqrt(),
                losses);
        return losses;
    }

    @Test
    void withoutADistanceTheReconstructionBecomesPerfect() {
        try (var _ = new PointerScope()) {
            Bitmap picture = Painted.noise(1, 8, 8);
            double before = Impress.reconstructionErrors(tools().model(), List.of(picture))[0];
            Bitmap made = impress(400, 0.01, 0, 0, 0)
                    .attack(List.of(picture), tools(), Painted.ENV)
                    .getFirst();
            double after = Impress.reconstructionErrors(tools().model(), List.of(made))[0];
            assertTrue(before > 0.1 && after < 1e-4, before + " to " + after);
        }
    }

    @Test
    void smallStepsLowerTheObjectiveEachTime() {
        try (var _ = new PointerScope()) {
            Tensor signed = Diffusion.signed(Painted.noise(2, 8, 8).tensor().unsqueeze(0));
            List<Double> losses = losses(impress(60, 1e-3, 0, 0, 0), signed);
            for (int n = 1; n < losses.size(); n++) {
                assertTrue(losses.get(n) < losses.get(n - 1), "step " + n);
            }
        }
    }

    @Test
    void aLargeToleranceIsNone() {
        try (var _ = new PointerScope()) {
            List<Bitmap> pictures = List.of(Painted.noise(3, 8, 8));
            Bitmap loose = impress(20, 0.01, 10, 5, 0.1)
                    .attack(pictures, tools(), Painted.ENV)
                    .getFirst();
            Bitmap free = impress(20, 0.01, 0, 0, 0.1)
                    .attack(pictures, tools(), Painted.ENV)
                    .getFirst();
            Bitmap tight = impress(20, 0.01, 10, 0, 0.1)
                    .attack(pictures, tools(), Painted.ENV)
                    .getFirst();
            assertArrayEquals(free.values(), loose.values());
            assertTrue(Painted.largest(free, tight) > 0);
        }
    }

    @Test
    void aFixedPointStaysWithoutLoss() {
        try (var _ = new PointerScope()) {
            Bitmap grey = Painted.constant(40, 40, 40, 8, 8);
            Tensor signed = Diffusion.signed(grey.tensor().unsqueeze(0));
            assertEquals(0, losses(impress(1, 0.01, 1, 0.1, 0), signed).getFirst(), 1e-12);
            Bitmap made = impress(50, 1e-3, 1, 0.1, 0)
                    .attack(List.of(grey), tools(), Painted.ENV)
                    .getFirst();
            assertEquals(0, Painted.largest(grey, made));
        }
    }

    @Test
    void theReconstructionTellsProtectedFromCleanWorks() {
        List<Work> clean = new ArrayList<>();
        List<Work> changed = new ArrayList<>();
        for (int n = 0; n < 5; n++) {
            Work work =
                    new Work("w" + n, Painted.constant(20 * n, 20 * n, 20 * n, 8, 8), "", "style", "", Work.Part.TEST);
            clean.add(work);
            changed.add(work.with(Painted.constant(20 * n + 5, 20 * n, 20 * n, 8, 8)));
        }
        try (var _ = new PointerScope()) {
            Finding told = new Impress()
                    .more(new ImageModel.Published(clean, changed, true, Optional.empty()), tools())
                    .getFirst();
            assertEquals("reconstruction-auc", told.name());
            assertEquals(1, told.value());
            Finding same = new Impress()
                    .more(new ImageModel.Published(clean, clean, true, Optional.empty()), tools())
                    .getFirst();
            assertEquals(0.5, same.value());
        }
    }

    @Test
    void aPerceptualNetworkIsAskedForByName() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> Painted.attacked(new Impress(), Painted.noise(1, 4, 4)));
        assertEquals(
                "distance of impress is PERCEPTUAL, expected PIXEL, since there is no perceptual network",
                refused.getMessage());
    }
}
