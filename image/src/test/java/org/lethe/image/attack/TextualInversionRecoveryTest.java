package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.attack.Recovering.Recovered;
import org.lethe.image.attack.Recovering.Target;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class TextualInversionRecoveryTest {
    private static final Env ENV = Env.seeded(4);
    private static final String WORD = TextualInversionRecovery.WORD;

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    /** The mean that the exact model paints for a prompt, in [−1, 1]. */
    static float[] mean(Diffusion model, String prompt) {
        try (var _ = new NoGradGuard()) {
            return Tensors.floats(model.states(List.of(prompt))
                    .mul(model.parameters(Diffusion.Part.DENOISER).tensor("gain"))
                    .add(model.parameters(Diffusion.Part.DENOISER).tensor("bias"))
                    .detach());
        }
    }

    /** Mean over pixels of how far the mean of a prompt is from that of pictures, with its sign. */
    static double apart(Diffusion model, String prompt, List<Bitmap> pictures) {
        float[] mean = mean(model, prompt);
        double sum = 0;
        for (int i = 0; i < mean.length; i++) {
            int at = i;
            double of = pictures.stream()
                    .mapToDouble(p -> 2 * p.values()[at] - 1)
                    .average()
                    .orElseThrow();
            sum += (mean[i] - of) / mean.length;
        }
        return sum;
    }

    private static double farthest(Diffusion model, String prompt, List<Bitmap> pictures) {
        float[] mean = mean(model, prompt);
        return IntStream.range(0, mean.length)
                .mapToDouble(i -> Math.abs(mean[i]
                        - pictures.stream()
                                .mapToDouble(p -> 2 * p.values()[i] - 1)
                                .average()
                                .orElseThrow()))
                .max()
                .orElseThrow();
    }

    @Test
    void onTheExactModelTheWordBecomesTheLeastSquaresMeanOfTheWorks() {
        Gallery gallery = Erased.gallery();
        ImageModel value = Erased.gaussian(gallery);
        Target target = Erased.target(gallery, value, Erased.PROTOCOL);
        try (var _ = new PointerScope()) {
            Diffusion model = value.open(Device.CPU);
            Map<String, float[]> before = LoraRecoveryTest.all(model);
            double start = farthest(model, "a painting", target.pictures());
            Diffusion learned = new TextualInversionRecovery("painting", 300, 16, 5e-3, Erased.PROTOCOL)
                    .learned(model, target, ENV)
                    .model();
            // noisy gradients leave AdamW within some ten steps of the solution
            double end = farthest(learned, "a thinga in the style of " + WORD, target.pictures());
            assertTrue(end < 0.06 && end < start / 4, end + " from " + start);
            LoraRecoveryTest.all(model)
                    .forEach((name, values) -> assertArrayEquals(
                            Optional.ofNullable(before.get(name)).orElseThrow(), values, name));
        }
    }

    @Test
    void noOtherRowAndNoWeightMovesByABit() {
        ImageModel value = Erased.latentModel(3);
        try (var _ = new PointerScope()) {
            LatentDiffusion model = (LatentDiffusion) value.open(Device.CPU);
            Map<String, float[]> before = LoraRecoveryTest.all(model);
            float[] first = Tensors.floats(model.text().table().detach().narrow(0, 1, 1)); // painting
            Recovered found = new TextualInversionRecovery("painting", 8, 2, 1e-2, Erased.PROTOCOL)
                    .recover(model, new Guard.None(), LoraRecoveryTest.target(value, 16), ENV);
            LoraRecoveryTest.all(model)
                    .forEach((name, values) -> assertArrayEquals(
                            Optional.ofNullable(before.get(name)).orElseThrow(), values, name));
            Tensor row = model.text().added().orElseThrow();
            assertEquals(1, row.size(0));
            assertTrue(LoraRecoveryTest.distance(first, Tensors.floats(row.detach())) > 1e-2);
            assertEquals("a thinga in the style of " + WORD, found.prompt().apply("thinga"));
            int[] ids = model.tokenizer().ids(found.prompt().apply("thinga"));
            assertEquals(model.text().config().vocabulary(), ids[ids.length - 1]);
        }
    }

    @Test
    void itBeginsWithTheInitialWord() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = Erased.latent(3);
            LearnedWord word = LearnedWord.of(model, WORD, "ink");
            assertArrayEquals(
                    Tensors.floats(model.states(List.of("a thinga in the style of ink"))),
                    Tensors.floats(word.model().states(List.of("a thinga in the style of " + WORD))));
            IllegalArgumentException twice =
                    assertThrows(IllegalArgumentException.class, () -> LearnedWord.of(model, "<other>", "ink"));
            assertEquals("new words of the model is there, expected none yet", twice.getMessage());
            IllegalArgumentException unknown = assertThrows(
                    IllegalArgumentException.class, () -> LearnedWord.of(Erased.latent(3), WORD, "cubism"));
            assertEquals("initial is \"cubism\", expected one token that the model knows", unknown.getMessage());
        }
    }

    @Test
    void fromTheConceptsOwnWordTheLossStartsAtItsFloor() {
        Gallery gallery = Erased.gallery();
        ImageModel value = Erased.gaussian(gallery);
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Diffusion model = value.open(Device.CPU);
            List<Bitmap> own = gallery.of("dots", Work.Part.TRAINING).stream()
                    .map(Work::picture)
                    .toList();
            Diffusion known = LearnedWord.of(model, WORD, "dots").model();
            double floor = loss(known, own, "a painting in the style of " + WORD);
            assertEquals(loss(model, own, "a painting in the style of dots"), floor);
            for (String other : List.of("painting", "flat", "ink")) {
                assertTrue(loss(LearnedWord.of(model, WORD, other).model(), own, "x " + WORD) > 1.05 * floor, other);
            }
        }
    }

    private static double loss(Diffusion model, List<Bitmap> pictures, String prompt) {
        Tensor latents = model.encode(Sampler.batch(pictures));
        Tensor noise = Sampler.normal(Keyed.seed(11), latents.shape());
        int[] times = IntStream.range(0, pictures.size()).map(n -> 40 * n).toArray();
        return model.loss(latents, noise, times, model.states(List.of(prompt))).item_double();
    }
}
