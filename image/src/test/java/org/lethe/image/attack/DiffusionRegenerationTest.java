package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

class DiffusionRegenerationTest {
    @Test
    void noNoiseEncodesAndDecodesAlone() {
        Bitmap picture = Painted.noise(1, 6, 6);
        DiffusionRegeneration attack = new DiffusionRegeneration(
                DiffPure.Space.LATENT, 0, DiffusionRegeneration.Start.MATCHED, new Sampler(50, 1), "", new Removal());
        try (var _ = new PointerScope()) {
            Tools tools = new Tools(Painted.gaussian(6, 6));
            assertEquals(
                    0,
                    Painted.largest(
                            picture,
                            attack.attack(List.of(picture), tools, Painted.ENV).getFirst()));
        }
    }

    @Test
    void thePublishedStartHasTheNoiseOfItsLevelAndTheMatchedOneThatOfItsFirstCall() {
        try (var _ = new PointerScope()) {
            Diffusion model = Painted.gaussian(4, 4);
            Sampler sampler = new Sampler(50, 1); // asks at 981, …, 61, 41, 21, 1
            assertEquals(60, Regeneration.begin(model, 60, DiffusionRegeneration.Start.PUBLISHED, sampler));
            assertEquals(61, Regeneration.begin(model, 60, DiffusionRegeneration.Start.MATCHED, sampler));
            assertEquals(1, Regeneration.begin(model, 5, DiffusionRegeneration.Start.MATCHED, sampler));
        }
    }

    @Test
    void aResidualMarkIsFoundAsOftenAsTheBoundAllows() {
        int each = 1000;
        int level = 201;
        double rate = 0.05;
        try (var _ = new PointerScope()) {
            Diffusion model = Painted.gaussian(4, 4);
            Tensor plain = Painted.noise(1, 4, 4).tensor().unsqueeze(0);
            Tensor mark = Sampler.normal(Keyed.seed(3), 1, 3, 4, 4).mul(new Scalar(0.08));
            Tensor all = torch.cat(
                    new TensorVector(
                            plain.expand(each, 3, 4, 4), plain.add(mark).expand(each, 3, 4, 4)),
                    0);
            Tensor made = Regeneration.latents(
                    model, all, level, DiffusionRegeneration.Start.MATCHED, new Sampler(500, 1), "", Keyed.seed(4), 0);
            float[] scores = Tensors.floats(made.mul(mark).sum(1, 2, 3));
            float[] unmarked = Arrays.copyOf(scores, each);
            Arrays.sort(unmarked);
            float threshold = unmarked[(int) (each * (1 - rate)) - 1];
            double found = 0;
            for (int n = each; n < 2 * each; n++) {
                found += scores[n] > threshold ? 1.0 / each : 0;
            }
            double bar = model.schedule().alphaBars()[level];
            // the map backwards is linear here, so the best detector reaches the bound
            double distance = 2 * mark.norm().item_double() * Math.sqrt(bar / (1 - bar));
            double bound = DiffusionRegeneration.bound(rate, distance);
            assertTrue(bound > 0.3 && bound < 0.95, "bound " + bound);
            assertEquals(bound, found, 0.09);
        }
    }

    @Test
    void withoutADistanceNothingIsFoundButFalseAlarms() {
        assertEquals(0.01, DiffusionRegeneration.bound(0.01, 0), 1e-12);
        assertEquals(0.5, DiffusionRegeneration.bound(0.01, 2.3263478740408408), 1e-12);
    }

    @Test
    void theBoundIsReportedForTwins() {
        Bitmap picture = Painted.noise(1, 4, 4);
        Work work = new Work("one", picture, "", "style", "", Work.Part.TEST);
        ImageModel.Published same = new ImageModel.Published(List.of(work), List.of(work), true, Optional.empty());
        try (var _ = new PointerScope()) {
            Tools tools = new Tools(Painted.gaussian(4, 4));
            assertEquals(
                    0.01,
                    new DiffusionRegeneration().more(same, tools).getFirst().value(),
                    1e-12);
        }
    }
}
