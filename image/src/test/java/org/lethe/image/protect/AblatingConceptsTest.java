package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class AblatingConceptsTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static AblatingConcepts with(
            AblatingConcepts.Objective objective, Trained part, int steps, double rate, double decay, double prior) {
        return new AblatingConcepts(objective, part, steps, 4, rate, decay, 8, 4, 3, 2, prior);
    }

    private static AblatingConcepts model(Trained part, int steps, double rate) {
        return with(AblatingConcepts.Objective.MODEL, part, steps, rate, 0, 0);
    }

    private static Sanitisation.Concept to(String anchor) {
        return new Sanitisation.Concept(
                UceTest.NOTO.concept(), UceTest.NOTO.words(), anchor, List.of(), List.of(), List.of(), List.of());
    }

    private static float[] mean(GaussianDiffusion model, String name) {
        return Optional.ofNullable(model.means().get(name)).orElseThrow();
    }

    @Test
    void theConceptTakesTheMeanOfItsAnchorAndOthersStay() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = EsdTest.gaussian(0.1, 0.5, -0.2);
            float[] nothing = mean(model, "");
            float[] other = mean(model, " in the style of twemoji");
            model(Trained.EMBEDDING, 250, 0.02).edit(model, List.of(to("a painting")), Env.seeded(1));
            assertArrayEquals(nothing, mean(model, ""));
            assertArrayEquals(other, mean(model, " in the style of twemoji"));
            for (float value : mean(model, " in the style of noto")) {
                assertEquals(0.1, value, 0.01);
            }
            assertEquals(0.5, EsdTest.mean(model, 0.5), 0); // the denoiser is as it was
        }
    }

    @Test
    void sharedParametersMeetWhereConceptAndAnchorAreOne() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = EsdTest.gaussian(0.1, 0.5, -0.2);
            model(Trained.FULL, 200, 0.05).edit(model, List.of(to("a painting")), Env.seeded(1));
            assertEquals(EsdTest.mean(model, 0.1), EsdTest.mean(model, 0.5), 0.02);
        }
    }

    @Test
    void noiseBasedAblationLearnsTheAnchorsPicturesUnderTheConcept() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = EsdTest.gaussian(-0.3, 0.5, 0.5);
            with(AblatingConcepts.Objective.NOISE, Trained.EMBEDDING, 300, 0.02, 0, 0)
                    .edit(model, List.of(to("a painting")), Env.seeded(1));
            double mean = 0;
            for (float value : mean(model, " in the style of noto")) {
                mean += value / 12;
            }
            // the mean of 8 pictures of deviation 0.5 that were painted for the anchor, with guidance 2 towards itself
            assertEquals(-0.3, mean, 0.15);
        }
    }

    @Test
    void anAnchorThatIsTheConceptChangesNothing() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            Map<String, float[]> before = TinyLatent.values(model);
            model(Trained.CROSS_ATTENTION, 2, 1e-2).edit(model, List.of(to(UceTest.NOTO.concept())), Env.seeded(1));
            assertEquals(Set.of(), EsdTest.changed(before, TinyLatent.values(model)));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Trained.class,
            names = {"KEYS_AND_VALUES", "ATTENTION", "FULL", "EMBEDDING"})
    void onlyTheNamedPartChanges(Trained part) {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            Map<String, float[]> before = TinyLatent.values(model);
            AblatingConcepts method = with(AblatingConcepts.Objective.MODEL, part, 2, 1e-2, 0.01, 1);
            method.edit(model, List.of(), Env.seeded(1));
            assertEquals(Set.of(), EsdTest.changed(before, TinyLatent.values(model)));
            method.edit(model, List.of(UceTest.NOTO), Env.seeded(1));
            Map<String, float[]> after = TinyLatent.values(model);
            Set<String> declared = Arrays.stream(Diffusion.Part.values())
                    .flatMap(p -> model.parameters(p).all().keySet().stream()
                            .filter(name -> method.edits(p, name))
                            .map(name -> p + " " + name))
                    .collect(Collectors.toSet());
            assertEquals(declared, EsdTest.changed(before, after));
            if (part == Trained.EMBEDDING) {
                String table = "TEXT text_model.embeddings.token_embedding.weight";
                float[] old = Optional.ofNullable(before.get(table)).orElseThrow();
                float[] now = Optional.ofNullable(after.get(table)).orElseThrow();
                int noto = TinyLatent.WORDS.indexOf("noto");
                for (int i = 0; i < old.length; i++) {
                    assertEquals(i / 12 == noto, old[i] != now[i], "row " + i / 12);
                }
            }
        }
    }

    @Test
    void theFirstTokenGivesNoGradientToKeysAndValues() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            Tensor latents = Sampler.normal(Keyed.seed(2), 1, 4, 8, 8);
            int[] time = {500};
            // a text of which only the first token has a state at all
            Tensor states = model.states(List.of("a painting")).detach();
            Tensor first = states.clone();
            first.narrow(1, 1, states.size(1) - 1).zero_();
            String value = "mid_block.attentions.0.transformer_blocks.0.attn2.to_v.weight";
            Tensor weight = model.parameters(Diffusion.Part.DENOISER).tensor(value);
            weight.requires_grad_(true);
            model.noise(latents, time, first, new AblatingConcepts.StillBeginning())
                    .square()
                    .sum()
                    .backward();
            assertEquals(0, weight.grad().abs().max().item_double());
            weight.mutable_grad().reset();
            model.noise(latents, time, first).square().sum().backward();
            assertTrue(weight.grad().abs().max().item_double() > 0);
            assertArrayEquals(
                    Tensors.floats(model.noise(latents, time, states).detach()),
                    Tensors.floats(model.noise(latents, time, states, new AblatingConcepts.StillBeginning())
                            .detach()),
                    1e-5f);
        }
    }

    @Test
    void whatCannotBeDoneIsSaid() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            LetheException wrong = assertThrows(
                    LetheException.class,
                    () -> model(Trained.FULL, 1, 1e-2).edit(model, List.of(to(" ")), Env.seeded(1)));
            assertTrue(
                    wrong.getMessage().startsWith("ablating-concepts puts an anchor in the place of"),
                    wrong.getMessage());
            var same = to(UceTest.NOTO.concept());
            wrong = assertThrows(
                    LetheException.class,
                    () -> model(Trained.EMBEDDING, 1, 1e-2).edit(model, List.of(same), Env.seeded(1)));
            assertTrue(wrong.getMessage().contains("has no word of its own"), wrong.getMessage());
            GaussianDiffusion gaussian = EsdTest.gaussian(0, 1, 2);
            wrong = assertThrows(
                    LetheException.class, () -> new Uce().edit(gaussian, List.of(UceTest.NOTO), Env.seeded(1)));
            assertEquals(
                    "uce edits keys and values of cross-attention, of which this model has none", wrong.getMessage());
        }
    }
}
