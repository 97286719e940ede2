package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class EsdTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static float[] constant(double value) {
        float[] all = new float[12];
        Arrays.fill(all, (float) value);
        return all;
    }

    static GaussianDiffusion gaussian(double nothing, double noto, double twemoji) {
        return new GaussianDiffusion(
                Map.of(
                        "", constant(nothing),
                        " in the style of noto", constant(noto),
                        " in the style of twemoji", constant(twemoji)),
                2,
                2,
                0.5,
                new NoiseSchedule());
    }

    /** What gain and bias make of the mean of a condition. */
    static double mean(GaussianDiffusion model, double state) {
        float gain = Tensors.floats(
                model.parameters(Diffusion.Part.DENOISER).tensor("gain").detach())[0];
        float bias = Tensors.floats(
                model.parameters(Diffusion.Part.DENOISER).tensor("bias").detach())[0];
        return gain * state + bias;
    }

    static Set<String> changed(Map<String, float[]> before, Map<String, float[]> after) {
        return before.keySet().stream()
                .filter(name -> !Arrays.equals(before.get(name), after.get(name)))
                .collect(Collectors.toSet());
    }

    @Test
    void theConceptBecomesItsMirrorImageAboutTheUnconditionalMean() {
        for (double eta : new double[] {1, 0.5}) {
            try (var _ = new PointerScope()) {
                GaussianDiffusion model = gaussian(0.1, 0.5, -0.2);
                new Esd(Trained.FULL, eta, 300, 0.02, 3, 5, false).edit(model, List.of(UceTest.NOTO), Env.seeded(1));
                assertEquals(0.1 - eta * 0.4, mean(model, 0.5), 0.01);
                assertTrue(Arrays.equals(model.means().get(" in the style of noto"), constant(0.5)));
            }
        }
    }

    @Test
    void aConceptThatIsNothingGivesNoUpdate() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = gaussian(0.3, 0.3, -0.2);
            Map<String, float[]> before = TinyLatent.values(model);
            new Esd(Trained.FULL, 1, 5, 0.1, 3, 5, false).edit(model, List.of(UceTest.NOTO), Env.seeded(1));
            assertEquals(Set.of(), changed(before, TinyLatent.values(model)));
        }
    }

    @Test
    void everyIndexHasItsOwnTrainingSteps() {
        Esd esd = new Esd();
        assertEquals(0, esd.time(0, 1000, 0));
        assertEquals(19, esd.time(0, 1000, -1));
        assertEquals(980, esd.time(49, 1000, 0));
        assertEquals(999, esd.time(49, 1000, -1));
    }

    @ParameterizedTest
    @EnumSource(value = Trained.class, mode = EnumSource.Mode.EXCLUDE, names = "EMBEDDING")
    void onlyTheNamedPartChanges(Trained part) {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(3);
            Map<String, float[]> before = TinyLatent.values(model);
            Esd esd = new Esd(part, 1, 2, 1e-2, 3, 4, false);
            esd.edit(model, List.of(), Env.seeded(1));
            assertEquals(Set.of(), changed(before, TinyLatent.values(model)));
            esd.edit(model, List.of(UceTest.NOTO), Env.seeded(1));
            Set<String> changed = changed(before, TinyLatent.values(model));
            Set<String> declared = model.parameters(Diffusion.Part.DENOISER).all().keySet().stream()
                    .filter(name -> esd.edits(Diffusion.Part.DENOISER, name))
                    .map(name -> "DENOISER " + name)
                    .collect(Collectors.toSet());
            assertEquals(declared, changed);
            assertFalse(declared.isEmpty());
            model.parameters(Diffusion.Part.DENOISER).all().forEach((name, t) -> assertFalse(t.requires_grad(), name));
        }
    }

    @Test
    void partsHaveTheNamesOfTheAuthors() {
        String cross = "mid_block.attentions.0.transformer_blocks.0.attn2.to_q.weight";
        String key = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight";
        String self = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight";
        String time = "time_embedding.linear_1.weight";
        String projected = "mid_block.resnets.0.time_emb_proj.weight";
        String out = "conv_out.weight";
        Map.of(
                        Trained.CROSS_ATTENTION, List.of(cross, key),
                        Trained.KEYS_AND_VALUES, List.of(key),
                        Trained.SELF_ATTENTION, List.of(self),
                        Trained.ATTENTION, List.of(cross, key, self),
                        Trained.NO_CROSS_ATTENTION, List.of(self, projected),
                        Trained.NO_TIME, List.of(cross, key, self, projected),
                        Trained.FULL, List.of(cross, key, self, time, projected, out),
                        Trained.EMBEDDING, List.<String>of())
                .forEach((part, names) -> assertEquals(
                        names,
                        List.of(cross, key, self, time, projected, out).stream()
                                .filter(part::ofDenoiser)
                                .toList(),
                        part.name()));
    }

    @Test
    void theSameSeedGivesTheSameBits() {
        List<float[]> found = new ArrayList<>();
        for (long seed : new long[] {1, 1, 2}) {
            try (var _ = new PointerScope()) {
                LatentDiffusion model = TinyLatent.drawn(3);
                new Esd(Trained.CROSS_ATTENTION, 1, 2, 1e-2, 3, 4, true)
                        .edit(model, List.of(UceTest.NOTO), Env.seeded(seed));
                found.add(Tensors.floats(model.parameters(Diffusion.Part.DENOISER)
                        .tensor("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight")
                        .detach()));
            }
        }
        assertArrayEquals(found.get(0), found.get(1));
        assertFalse(Arrays.equals(found.get(0), found.get(2)));
    }
}
