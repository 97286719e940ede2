package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.attack.Recovering.Recovered;
import org.lethe.image.attack.Recovering.Target;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.torch.Devices;

class DreamBoothRecoveryTest {
    private static final Env ENV = Env.seeded(4);

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static void same(Map<String, float[]> expected, Map<String, float[]> found) {
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, values) ->
                assertArrayEquals(values, Optional.ofNullable(found.get(name)).orElseThrow(), name));
    }

    @Test
    void withoutAPriorItIsPlainFineTuningUnderTheRareWord() {
        ImageModel value = Erased.latentModel(2);
        Target target = LoraRecoveryTest.target(value, 16);
        FineTuning tuning = new FineTuning(3, 2, 1e-3, true, 0);
        try (var _ = new PointerScope()) {
            Diffusion attacked = value.open(Device.CPU);
            Recovered found = new DreamBoothRecovery("sks", 4, tuning, Erased.PROTOCOL)
                    .recover(attacked, new Guard.None(), target, ENV);
            Diffusion plain = value.open(Device.CPU);
            tuning.train(
                    plain,
                    new FineTuning.Lessons(target.pictures(), target.prompts("sks")),
                    FineTuning.Lessons.NONE,
                    ENV);
            same(LoraRecoveryTest.all(plain), LoraRecoveryTest.all(attacked));
            assertEquals("a thinga in the style of sks", found.prompt().apply("thinga"));
            // opened again it is the model that was protected
            same(
                    LoraRecoveryTest.all(Erased.latentModel(2).open(Device.CPU)),
                    LoraRecoveryTest.all(value.open(Device.CPU)));
            assertTrue(LoraRecoveryTest.all(attacked).entrySet().stream()
                    .anyMatch(e -> e.getKey().startsWith("TEXT/")
                            && LoraRecoveryTest.distance(
                                            e.getValue(),
                                            Optional.ofNullable(LoraRecoveryTest.all(value.open(Device.CPU))
                                                            .get(e.getKey()))
                                                    .orElseThrow())
                                    > 0));
        }
    }

    @Test
    void aPriorOfItsOwnWorksOnlyScalesTheLoss() {
        // where class pictures are the works, both terms are estimates of one loss: the prompt's state ends in the same
        // place
        Gallery gallery = Erased.gallery();
        ImageModel value = Erased.gaussian(gallery);
        Target target = Erased.target(gallery, value, Erased.PROTOCOL);
        FineTuning.Lessons lessons = FineTuning.Lessons.of(target.pictures(), "a painting in the style of sks");
        double alone = end(value, lessons, FineTuning.Lessons.NONE, 0);
        double twice = end(value, lessons, lessons, 1);
        assertEquals(0, alone, 0.02);
        assertEquals(0, twice, 0.02);
    }

    private static double end(ImageModel value, FineTuning.Lessons own, FineTuning.Lessons prior, double weight) {
        try (var _ = new PointerScope()) {
            Diffusion model = value.open(Device.CPU);
            new FineTuning(150, 8, 1e-2, false, weight).train(model, own, prior, ENV);
            // bias moves the mean of every prompt to that of the works, up to the steps of AdamW
            return TextualInversionRecoveryTest.apart(model, "a painting in the style of sks", own.pictures());
        }
    }

    @Test
    void thePriorHoldsBackWhatTheModelPaintsWithoutTheWord() {
        Gallery gallery = Erased.gallery();
        ImageModel value = Erased.gaussian(gallery);
        Target target = Erased.target(gallery, value, Erased.PROTOCOL);
        double free = moved(value, target, 0);
        double held = moved(value, target, 4);
        assertTrue(held < 0.8 * free, held + " with a prior, " + free + " without");
    }

    private static double moved(ImageModel value, Target target, double weight) {
        try (var _ = new PointerScope()) {
            Diffusion model = value.open(Device.CPU);
            float[] was = TextualInversionRecoveryTest.mean(model, "a painting");
            new DreamBoothRecovery("sks", 16, new FineTuning(60, 4, 1e-2, false, weight), Erased.PROTOCOL)
                    .recover(model, new Guard.None(), target, ENV);
            float[] is = TextualInversionRecoveryTest.mean(model, "a painting");
            double sum = 0;
            for (int i = 0; i < was.length; i++) {
                sum += Math.abs(is[i] - was[i]) / was.length;
            }
            return sum;
        }
    }
}
