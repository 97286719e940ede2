package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.image.Bitmap;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.attack.Recovering.Target;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.DiffusionLora;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.diffusion.Layers;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;

class LoraRecoveryTest {
    private static final LoraRecovery LORA = new LoraRecovery(2, 4, 6, 2, 1e-2, Erased.PROTOCOL);
    private static final String PROMPT = "a thinga in the style of dots";

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static float[] said(Diffusion model) {
        try (var _ = new NoGradGuard();
                var _ = new PointerScope()) {
            Tensor latents = Sampler.normal(Keyed.seed(9), 2, 4, 8, 8);
            return Tensors.floats(
                    model.noise(latents, new int[] {10, 700}, model.states(List.of(PROMPT, "a painting"))));
        }
    }

    private static List<Bitmap> works(int side) {
        return List.of(new Bitmap(side, side, filled(side, 0.2f)), new Bitmap(side, side, filled(side, 0.7f)));
    }

    private static float[] filled(int side, float value) {
        float[] values = new float[3 * side * side];
        Arrays.fill(values, value);
        return values;
    }

    static Target target(ImageModel model, int side) {
        List<Bitmap> pictures = works(side);
        return new Target(
                "dots",
                List.of(
                        new Work("1", pictures.get(0), "thinga", "dots", "", Work.Part.VALIDATION),
                        new Work("2", pictures.get(1), "thingb", "dots", "", Work.Part.VALIDATION)),
                Erased.CAPTIONS,
                model,
                Erased.PROTOCOL);
    }

    @Test
    void untrainedAdaptersChangeNoBit() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = Erased.latent(1);
            float[] before = said(model);
            Diffusion adapted = LORA.adapted(model, Keyed.seed(1)).model();
            assertTrue(model.unet().layers().adapter().isPresent());
            assertArrayEquals(before, said(adapted));
        }
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Diffusion exact = Erased.gaussian(Erased.gallery()).open(Device.CPU);
            float[] before = Tensors.floats(exact.states(List.of(PROMPT)));
            assertArrayEquals(
                    before,
                    Tensors.floats(LORA.adapted(exact, Keyed.seed(1)).model().states(List.of(PROMPT))));
        }
    }

    @Test
    void queriesKeysValuesAndOutputsOfAllAttentionAreTrainedAndNothingElse() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = Erased.latent(1);
            Map<String, Layers.Site> attention = new LinkedHashMap<>();
            model.unet().layers().sites().forEach((name, site) -> {
                if (name.contains("attn") && name.contains(".to_")) {
                    attention.put(name, site);
                }
            });
            assertTrue(
                    attention.size() >= 16 && attention.size() % 8 == 0,
                    attention.keySet().toString());
            LoraRecovery.Adapted adapted = LORA.adapted(model, Keyed.seed(1));
            assertEquals(2 * attention.size(), adapted.matrices().all().size());
            assertEquals(
                    attention.values().stream()
                            .mapToLong(site -> LORA.rank() * (site.inputs() + site.outputs()))
                            .sum(),
                    adapted.matrices().size());
            float[] down = new float[0];
            double squares = 0;
            int count = 0;
            for (Map.Entry<String, Tensor> e : adapted.matrices().all().entrySet()) {
                down = Tensors.floats(e.getValue().detach());
                if (e.getKey().endsWith("lora_A.weight")) {
                    for (float v : down) {
                        squares += v * v;
                        count++;
                    }
                } else {
                    assertArrayEquals(new float[down.length], down);
                }
            }
            // a deviation of 1/r; a chi-square of count is within 5 of its own deviations
            assertEquals(1, squares / count * LORA.rank() * LORA.rank(), 5 * Math.sqrt(2.0 / count));
        }
    }

    @Test
    void trainingMovesTheAdapterAloneAndMergedWeightsSayTheSame() {
        ImageModel value = Erased.latentModel(1);
        try (var _ = new PointerScope()) {
            LatentDiffusion model = (LatentDiffusion) value.open(Device.CPU);
            Map<String, float[]> weights = all(model);
            float[] before = said(model);
            LORA.recover(model, new Guard.None(), target(value, 16), Env.seeded(2));
            float[] adapted = said(model);
            assertTrue(distance(before, adapted) > 1e-3, "the adapter has learned nothing");
            all(model)
                    .forEach((name, values) -> assertArrayEquals(
                            Optional.ofNullable(weights.get(name)).orElseThrow(), values, name));

            DiffusionLora adapter = model.unet().layers().adapter().orElseThrow();
            adapter.merge(model.unet().layers());
            model.unet().layers().release();
            float[] merged = said(model);
            assertTrue(distance(adapted, merged) < 1e-5, "merged " + distance(adapted, merged));
            int moved = 0;
            for (Map.Entry<String, float[]> e : all(model).entrySet()) {
                float[] was = Optional.ofNullable(weights.get(e.getKey())).orElseThrow();
                if (distance(was, e.getValue()) > 0) {
                    moved++;
                    Tensor weight =
                            model.unet().layers().parameters().tensor(e.getKey().substring("DENOISER/".length()));
                    Tensor change = weight.detach().sub(Tensors.of(was, weight.shape()));
                    float[] singular = Tensors.floats(torch.linalg_svdvals(change));
                    assertTrue(singular[0] > 1e-4, e.getKey());
                    assertTrue(singular[LORA.rank()] < 1e-6 + 1e-4 * singular[0], e.getKey() + " has a higher rank");
                }
            }
            assertEquals(adapter.layers().size(), moved);
        }
    }

    @Test
    void onTheExactModelTheChangeOfTheLinearMapHasTheRank() {
        ImageModel value = Erased.gaussian(Erased.gallery());
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            GaussianDiffusion exact = (GaussianDiffusion) value.open(Device.CPU);
            LoraRecovery.Adapted adapted = LORA.adapted(exact, Keyed.seed(1));
            Initial.normal(0, 1).fill(adapted.matrices().tensor("up"), Keyed.seed(2), Workers.here());
            List<String> prompts = List.of("", PROMPT, "x in the style of flat", "x in the style of ink");
            Tensor change =
                    adapted.model().states(prompts).sub(exact.states(prompts)).squeeze(1);
            float[] singular = Tensors.floats(torch.linalg_svdvals(change));
            assertTrue(singular[1] > 1e-2 && singular[2] < 1e-4 * singular[0], Arrays.toString(singular));
        }
    }

    static Map<String, float[]> all(Diffusion model) {
        Map<String, float[]> all = new LinkedHashMap<>();
        for (Diffusion.Part part : Diffusion.Part.values()) {
            model.parameters(part)
                    .all()
                    .forEach((name, tensor) -> all.put(part + "/" + name, Tensors.floats(tensor.detach())));
        }
        return all;
    }

    static double distance(float[] a, float[] b) {
        double most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }
}
