package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.laws.Growth;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class ForgetMeNotTest {
    private static final int[] NOTO = {7}; // where "noto" stands behind the beginning and six words

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static Sanitisation.Concept shown() {
        float[] values = new float[3 * 16 * 16];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 7 / 7f;
        }
        return new Sanitisation.Concept(
                UceTest.NOTO.concept(),
                UceTest.NOTO.words(),
                UceTest.NOTO.anchor(),
                UceTest.NOTO.subjects(),
                UceTest.NOTO.kept(),
                List.of(new Bitmap(16, 16, values)),
                List.of("red apple"));
    }

    private static ForgetMeNot with(Trained part, int steps, double rate, int inversion, boolean end) {
        return new ForgetMeNot(part, steps, rate, inversion, 1e-2, 4, ForgetMeNot.Template.STYLE, end, true);
    }

    private static Map<String, Tensor> attention(LatentDiffusion model, String prompt) {
        Tensor latents = Sampler.normal(Keyed.seed(4), 1, 4, 8, 8);
        return model.attention(latents, new int[] {300}, model.states(List.of(prompt)));
    }

    @Test
    void probabilitiesAreThoseOfTheDenoiserAndChangeNothing() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            Map<String, Tensor> seen = attention(model, UceTest.NOTO.concept());
            assertEquals(
                    Set.of(
                            "down_blocks.1.attentions.0.transformer_blocks.0.attn2",
                            "mid_block.attentions.0.transformer_blocks.0.attn2",
                            "up_blocks.0.attentions.0.transformer_blocks.0.attn2",
                            "up_blocks.0.attentions.1.transformer_blocks.0.attn2"),
                    seen.keySet());
            seen.forEach((name, p) -> {
                assertArrayEquals(new long[] {1, 2, 16, 14}, p.shape(), name); // rows, heads, places, tokens
                assertEquals(1, p.sum(3).min().item_double(), 1e-5);
                assertEquals(1, p.sum(3).max().item_double(), 1e-5);
                assertTrue(p.min().item_double() >= 0);
            });
            Tensor latents = Sampler.normal(Keyed.seed(4), 1, 4, 8, 8);
            Tensor states = model.states(List.of("a"));
            assertArrayEquals(
                    Tensors.floats(model.noise(latents, new int[] {3}, states)),
                    Tensors.floats(model.noise(latents, new int[] {3}, states, new AblatingConcepts.StillBeginning())));
        }
    }

    @Test
    void keysOfZeroLookEverywhereAlike() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            model.parameters(Diffusion.Part.DENOISER).all().forEach((name, tensor) -> {
                if (name.endsWith("attn2.to_k.weight")) {
                    tensor.zero_();
                }
            });
            Map<String, Tensor> seen = attention(model, UceTest.NOTO.concept());
            double entries = 4 * 2 * 16; // layers, heads, places
            double one = ForgetMeNot.looking(seen, NOTO).item_double();
            assertEquals(Math.sqrt(entries) / 14, one, 1e-5);
            double three = ForgetMeNot.looking(seen, new int[] {7, 8, 9}).item_double();
            assertEquals(Math.sqrt(3 * entries) / 14, three, 1e-5);
        }
    }

    @Test
    void aLayersOwnValuesHaveNoGradient() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            model.parameters(Diffusion.Part.DENOISER).train(_ -> true);
            String layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn2"; // the first that is passed
            Map<String, Tensor> seen = attention(model, UceTest.NOTO.concept());
            Tensor own = Optional.ofNullable(seen.get(layer)).orElseThrow();
            ForgetMeNot.looking(Map.of(layer, own), NOTO).backward();
            assertFalse(gradient(model, layer + ".to_v.weight").defined());
            assertTrue(gradient(model, layer + ".to_k.weight").abs().max().item_double() > 0);
            assertTrue(gradient(model, layer + ".to_q.weight").abs().max().item_double() > 0);
        }
    }

    private static Tensor gradient(LatentDiffusion model, String name) {
        return model.parameters(Diffusion.Part.DENOISER).tensor(name).grad();
    }

    private static double looked(LatentDiffusion model, String prompt, int... positions) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            return ForgetMeNot.looking(attention(model, prompt), positions).item_double();
        }
    }

    @Test
    void theDenoiserLooksAwayFromTheConceptMoreThanFromOthers() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            String other = "a painting in the style of twemoji";
            double before = looked(model, UceTest.NOTO.concept(), NOTO);
            double otherBefore = looked(model, other, NOTO);
            double last = before;
            for (int steps : new int[] {10, 40}) {
                LatentDiffusion edited = model.copy();
                with(Trained.CROSS_ATTENTION, steps, 5e-3, 0, false).edit(edited, List.of(shown()), Env.seeded(1));
                double now = looked(edited, UceTest.NOTO.concept(), NOTO);
                assertTrue(now < last, last + " " + now);
                last = now;
                double otherNow = looked(edited, other, NOTO);
                assertTrue(
                        Math.abs(otherNow - otherBefore) / otherBefore < (before - now) / before,
                        before + " " + now + ", " + otherBefore + " " + otherNow);
            }
            assertTrue(last < 0.7 * before, before + " " + last);
        }
    }

    @Test
    void onlyTheNamedPartChangesAndNewTokensAreThrownAway() {
        for (Trained part : List.of(Trained.CROSS_ATTENTION, Trained.FULL)) {
            try (var _ = new PointerScope()) {
                LatentDiffusion model = TinyLatent.drawn(1);
                Map<String, float[]> before = TinyLatent.values(model);
                ForgetMeNot method = with(part, 2, 1e-2, 3, true);
                method.edit(model, List.of(), Env.seeded(1));
                assertEquals(Set.of(), EsdTest.changed(before, TinyLatent.values(model)));
                method.edit(model, List.of(shown()), Env.seeded(1));
                Set<String> changed = EsdTest.changed(before, TinyLatent.values(model));
                Set<String> declared = model.parameters(Diffusion.Part.DENOISER).all().keySet().stream()
                        .filter(name -> method.edits(Diffusion.Part.DENOISER, name))
                        .map(name -> "DENOISER " + name)
                        .collect(Collectors.toSet());
                assertTrue(declared.containsAll(changed), changed.toString());
                assertTrue(changed.contains("DENOISER mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"));
                // what lies behind the last probabilities has no gradient
                assertFalse(changed.contains("DENOISER conv_out.weight"));
                assertTrue(model.text().added().isEmpty());
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameBitsAndNoMemoryIsLeft() {
        try (var _ = new PointerScope()) {
            LatentDiffusion one = TinyLatent.drawn(1);
            LatentDiffusion other = TinyLatent.drawn(1);
            with(Trained.FULL, 3, 1e-2, 4, false).edit(one, List.of(shown()), Env.seeded(1));
            with(Trained.FULL, 3, 1e-2, 4, false).edit(other, List.of(shown()), Env.seeded(1));
            assertEquals(Set.of(), EsdTest.changed(TinyLatent.values(one), TinyLatent.values(other)));
            long grown = Growth.least(
                    Pointer::physicalBytes,
                    () -> with(Trained.FULL, 20, 1e-3, 20, false).edit(one, List.of(shown()), Env.seeded(1)));
            // a step makes some 1 MB of tensors, of which none may stay
            assertTrue(grown < 16L << 20, grown + " bytes");
        }
    }

    @Test
    void whatIsMissingIsSaid() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            LetheException wrong = assertThrows(
                    LetheException.class, () -> new ForgetMeNot().edit(model, List.of(UceTest.NOTO), Env.seeded(1)));
            assertTrue(
                    wrong.getMessage()
                            .startsWith("forget-me-not learns from pictures of \"a painting in the style of noto\""),
                    wrong.getMessage());
            // without pictures it works on an empty latent
            new ForgetMeNot(Trained.FULL, 1, 1e-3, 0, 1e-3, 4, ForgetMeNot.Template.STYLE, false, false)
                    .edit(model, List.of(UceTest.NOTO), Env.seeded(1));
        }
        assertEquals(
                Optional.of("forget-me-not steers cross-attention, and the learner gaussian has a closed form and no"
                        + " attention"),
                new ForgetMeNot().unsuited(new EraseConcept(), new Gaussian()));
        assertEquals(
                Optional.of("uce edits keys and values of cross-attention, and the learner gaussian has a closed form"
                        + " and no such layers"),
                new Uce().unsuited(new EraseConcept(), new Gaussian()));
        assertTrue(new Esd().unsuited(new EraseConcept(), new Gaussian()).isPresent());
        assertEquals(
                Optional.empty(),
                new Esd(Trained.FULL, 1, 10, 0.01, 3, 10, false).unsuited(new EraseConcept(), new Gaussian()));
        assertEquals(
                Optional.of("esd erases a concept, expected the request erase-concept"),
                new Esd().unsuited(new ProtectWorks(), new Gaussian()));
    }
}
