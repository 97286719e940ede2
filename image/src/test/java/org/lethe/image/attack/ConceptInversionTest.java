package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.attack.Recovering.Target;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;

class ConceptInversionTest {
    private static final Env ENV = Env.seeded(4);
    private static final String WORD = TextualInversionRecovery.WORD;
    private static final String CONCEPT = "a painting in the style of dots";
    private static final Guard.Safe MEDIUM = new Guard.Safe(CONCEPT, 10, 1000, 0.01, 0.3, 0.4);

    /** All prompts with the concept's name have one state in the exact model, and this guard spares what says just the same. */
    private static final Guard.Safe NEIGHBOUR =
            new Guard.Safe("a painting in the style of flat", 0, 1000, 0.01, 0.3, 0.4);

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @Test
    void withoutAGuardItIsTextualInversion() {
        ImageModel value = Erased.latentModel(3);
        try (var _ = new PointerScope()) {
            LatentDiffusion one = (LatentDiffusion) value.open(Device.CPU);
            LatentDiffusion other = (LatentDiffusion) value.open(Device.CPU);
            Target target = LoraRecoveryTest.target(value, 16);
            new ConceptInversion("painting", 5, 2, 1e-2, 90, 16, Erased.PROTOCOL)
                    .recover(one, new Guard.None(), target, ENV);
            new TextualInversionRecovery("painting", 5, 2, 1e-2, Erased.PROTOCOL)
                    .recover(other, new Guard.None(), target, ENV);
            assertArrayEquals(
                    Tensors.floats(one.text().added().orElseThrow().detach()),
                    Tensors.floats(other.text().added().orElseThrow().detach()));
        }
    }

    private static ConceptInversion attack(int steps, Protocol protocol) {
        return new ConceptInversion("painting", steps, 2, 2e-2, 90, 16, protocol);
    }

    private static float[] solved(Guard guard, double guidance, int steps) {
        Gallery gallery = Erased.gallery();
        ImageModel value = Erased.gaussian(gallery);
        Target target = Erased.target(gallery, value, new Protocol(8, true, 12, 5, guidance, 0.5));
        try (var _ = new PointerScope()) {
            LearnedWord word = LearnedWord.of(value.open(Device.CPU), WORD, "painting");
            attack(steps, target.protocol()).train(word, guard, target, ENV);
            return TextualInversionRecoveryTest.mean(word.model(), WORD);
        }
    }

    private static float[] mean(String prompt) {
        try (var _ = new PointerScope()) {
            return TextualInversionRecoveryTest.mean(
                    Erased.gaussian(Erased.gallery()).open(Device.CPU), prompt);
        }
    }

    /** The mean that the guarded sampler needs to end where the free one does. */
    private static float[] needed(double w) {
        float[] concept = mean(CONCEPT);
        float[] empty = mean("");
        float[] needed = new float[concept.length];
        for (int i = 0; i < needed.length; i++) {
            needed[i] = (float) (concept[i] + (empty[i] + w * (concept[i] - empty[i]) - concept[i]) / w);
        }
        return needed;
    }

    @Test
    void underANegativePromptTheMeanThatCancelsItHasNoLoss() {
        Gallery gallery = Erased.gallery();
        ImageModel value = Erased.gaussian(gallery);
        assertTrue(
                LoraRecoveryTest.distance(needed(1), mean(CONCEPT)) < 1e-6,
                "without guidance it is the concept itself");
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            for (double w : new double[] {1, 3, 7.5}) {
                Target target = Erased.target(gallery, value, new Protocol(8, true, 12, 5, w, 0.5));
                LearnedWord word = LearnedWord.of(value.open(Device.CPU), WORD, "dots");
                Training.Objective<List<Tensor>> objective =
                        attack(1, target.protocol()).objective(word, new Guard.Avoid(CONCEPT), target);
                double named = objective.loss(List.of(), Keyed.seed(2)).item_double();
                word.vector().copy_(Tensors.of(needed(w), word.vector().shape()));
                for (int key = 0; key < 5; key++) {
                    double loss = objective.loss(List.of(), Keyed.seed(key)).item_double();
                    assertTrue(loss < 1e-6, loss + " with w = " + w);
                }
                assertEquals(w > 1, named > 1e-4, named + " by the concept's own name with w = " + w);
            }
        }
    }

    @Test
    void underANegativePromptTheWordGetsThere() {
        float[] needed = needed(3);
        float[] found = solved(new Guard.Avoid(CONCEPT), 3, 200);
        double start = LoraRecoveryTest.distance(needed, mean(""));
        double end = LoraRecoveryTest.distance(needed, found);
        assertTrue(end < 0.1 * start, end + " from " + start);
    }

    @Test
    void underSafeGuidanceTheWordLeadsNearerToTheConceptThanItsOwnName() {
        float[] found = solved(NEIGHBOUR, 3, 120);
        Gallery gallery = Erased.gallery();
        double named;
        double learned;
        try (var _ = new PointerScope()) {
            Diffusion model = Erased.gaussian(gallery).open(Device.CPU);
            named = gap(model, CONCEPT);
            LearnedWord word = LearnedWord.of(model, WORD, "painting");
            word.vector().copy_(Tensors.of(found, word.vector().shape()));
            learned = gap(word.model(), "a thinga " + WORD);
        }
        assertTrue(learned < 0.7 * named, learned + " by the learned word, " + named + " by the name");
    }

    /** How far what the guarded sampler ends with is from what the free one ends with for the concept. */
    private static double gap(Diffusion model, String prompt) {
        Sampler sampler = new Sampler(25, 3);
        try (var _ = new NoGradGuard()) {
            Tensor start = Sampler.normal(Keyed.seed(1), 4, 3, Erased.SIDE, Erased.SIDE);
            Tensor guarded = sampler.latents(model, NEIGHBOUR, start, model.states(List.of(prompt)));
            Tensor free = sampler.latents(model, new Guard.None(), start, model.states(List.of(CONCEPT)));
            return guarded.sub(free).square().mean().item_double();
        }
    }

    @Test
    void timesFallWithinAWindowAndAreMoreThanTheWarmUp() {
        ConceptInversion attack = new ConceptInversion("painting", 1, 1, 1e-3, 90, 16, Erased.PROTOCOL);
        boolean[] last = new boolean[4];
        for (int n = 0; n < 200; n++) {
            int[] times = attack.times(MEDIUM, 1000, Keyed.seed(n));
            assertEquals(16, times.length);
            for (int i = 1; i < times.length; i++) {
                assertTrue(times[i] < times[i - 1], Arrays.toString(times));
            }
            assertTrue(times[15] >= 0 && times[0] <= times[15] + 90 && times[0] < 1000, Arrays.toString(times));
            last[times[15] * 4 / 1000] = true;
        }
        assertArrayEquals(new boolean[] {true, true, true, true}, last);
        assertEquals(31, attack.times(new Guard.Safe(CONCEPT, 30, 20, 0, 0, 0), 1000, Keyed.seed(1)).length);
        assertEquals(1, attack.times(new Guard.Avoid(CONCEPT), 1000, Keyed.seed(1)).length);
        assertEquals(10, attack.times(MEDIUM, 10, Keyed.seed(1)).length);
    }

    @Test
    void aGuardedLatentModelKeepsEveryWeight() {
        ImageModel value = Erased.latentModel(3);
        try (var _ = new PointerScope()) {
            LatentDiffusion model = (LatentDiffusion) value.open(Device.CPU);
            Map<String, float[]> before = LoraRecoveryTest.all(model);
            new ConceptInversion("painting", 2, 2, 1e-2, 30, 3, Erased.PROTOCOL)
                    .recover(
                            model,
                            new Guard.Safe(CONCEPT, 1, 1000, 0.01, 0.3, 0.4),
                            LoraRecoveryTest.target(value, 16),
                            ENV);
            LoraRecoveryTest.all(model)
                    .forEach((name, values) -> assertArrayEquals(
                            Optional.ofNullable(before.get(name)).orElseThrow(), values, name));
            assertTrue(LoraRecoveryTest.distance(
                            Tensors.floats(model.text().table().detach().narrow(0, 1, 1)),
                            Tensors.floats(model.text().added().orElseThrow().detach()))
                    > 1e-3);
        }
    }
}
