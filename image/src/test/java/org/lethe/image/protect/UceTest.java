package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class UceTest {
    static final Sanitisation.Concept NOTO = new Sanitisation.Concept(
            "a painting in the style of noto",
            "in the style of noto",
            "a painting",
            List.of("red apple", "blue house"),
            List.of("a painting in the style of twemoji"),
            List.of(),
            List.of());

    private static final String MAP = "mid_block.attentions.0.transformer_blocks.0.attn2.to_v.weight";

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static Tensor rows(double[]... rows) {
        float[] all = new float[rows.length * rows[0].length];
        for (int r = 0; r < rows.length; r++) {
            for (int c = 0; c < rows[r].length; c++) {
                all[r * rows[r].length + c] = (float) rows[r][c];
            }
        }
        return Tensors.of(all, rows.length, rows[0].length).to(ScalarType.Double);
    }

    private static Tensor only(Map<String, Tensor> edited) {
        return edited.values().iterator().next();
    }

    private static Uce scales(double erase, double regularisation) {
        return new Uce(Uce.Technique.REPLACE, erase, Optional.empty(), regularisation, true, true);
    }

    private static double apart(Tensor one, Tensor other) {
        return one.sub(other).abs().max().item_double();
    }

    @Test
    void theSmallExampleIsSolvedExactly() {
        try (var _ = new PointerScope()) {
            Tensor old = rows(new double[] {1, 0}, new double[] {0, 1}, new double[] {1, 1});
            var pair = new Uce.Pair(rows(new double[] {1, 0}), rows(new double[] {0, 1}));
            Tensor found = only(new Uce().edited(Map.of("w", old), List.of(pair), rows(new double[] {1, 1}), 0.5));
            double[] expected = {3 / 7.0, 2 / 7.0, 4 / 7.0, 5 / 7.0, 1, 1};
            for (int n = 0; n < 6; n++) {
                assertEquals(expected[n], found.flatten().get(n).item_double(), 1e-14);
            }
        }
    }

    @Test
    void theNormalEquationsHold() {
        try (var _ = new PointerScope()) {
            Keyed key = Keyed.seed(3);
            Map<String, Tensor> old = new LinkedHashMap<>();
            old.put("k", Sampler.normal(key.of("k"), 5, 9).to(ScalarType.Double));
            old.put("v", Sampler.normal(key.of("v"), 7, 9).to(ScalarType.Double));
            List<Uce.Pair> pairs = List.of(
                    new Uce.Pair(
                            Sampler.normal(key.of("a"), 3, 9).to(ScalarType.Double),
                            Sampler.normal(key.of("b"), 3, 9).to(ScalarType.Double)),
                    new Uce.Pair(
                            Sampler.normal(key.of("c"), 2, 9).to(ScalarType.Double),
                            Sampler.normal(key.of("d"), 2, 9).to(ScalarType.Double)));
            Tensor kept = Sampler.normal(key.of("kept"), 4, 9).to(ScalarType.Double);
            double eta = 2;
            double rho = 0.3;
            double lambda = 0.5;
            Map<String, Tensor> edited = scales(eta, lambda).edited(old, pairs, kept, rho);
            edited.forEach((name, w) -> {
                Tensor before = Optional.ofNullable(old.get(name)).orElseThrow();
                Tensor left = w.sub(before).mul(new Scalar(lambda));
                for (Uce.Pair pair : pairs) {
                    Tensor error = w.matmul(pair.old().t())
                            .sub(before.matmul(pair.guide().t()));
                    left = left.add(error.matmul(pair.old()).mul(new Scalar(eta)));
                }
                Tensor moved = w.sub(before).matmul(kept.t());
                left = left.add(moved.matmul(kept).mul(new Scalar(rho)));
                assertTrue(
                        left.abs().max().item_double() < 1e-10 * w.abs().max().item_double(), name);
                assertTrue(apart(w, before) > 0.1);
            });
        }
    }

    @Test
    void withoutRegularisationEveryTokenIsMappedAsAsked() {
        try (var _ = new PointerScope()) {
            Keyed key = Keyed.seed(4);
            Tensor old = Sampler.normal(key.of("w"), 6, 8).to(ScalarType.Double);
            Tensor concept = Sampler.normal(key.of("k"), 2, 8).to(ScalarType.Double);
            Tensor guide = Sampler.normal(key.of("g"), 2, 8).to(ScalarType.Double);
            Tensor kept = Sampler.normal(key.of("p"), 3, 8).to(ScalarType.Double);
            Tensor found =
                    only(scales(1, 1e-10).edited(Map.of("w", old), List.of(new Uce.Pair(concept, guide)), kept, 1));
            assertEquals(0, apart(found.matmul(concept.t()), old.matmul(guide.t())), 1e-7);
            assertEquals(0, apart(found.matmul(kept.t()), old.matmul(kept.t())), 1e-7);
        }
    }

    @Test
    void theTensorFormLeavesNoShareOfTheConcept() {
        try (var _ = new PointerScope()) {
            Keyed key = Keyed.seed(5);
            Tensor old = Sampler.normal(key.of("w"), 6, 8).to(ScalarType.Double);
            Tensor concept = Sampler.normal(key.of("k"), 3, 8).to(ScalarType.Double);
            Tensor guide = Sampler.normal(key.of("g"), 3, 8).to(ScalarType.Double);
            Tensor nothing = rows(new double[8]);
            Uce tensor = new Uce(Uce.Technique.TENSOR, 1, Optional.empty(), 1e-10, true, true);
            Tensor found = only(tensor.edited(Map.of("w", old), List.of(new Uce.Pair(concept, guide)), nothing, 0));
            Tensor before = concept.matmul(old.t());
            Tensor now = concept.matmul(found.t());
            assertEquals(0, before.mul(now).sum().item_double(), 1e-6);
            // what is taken away is along what the concept was mapped to
            Tensor taken = guide.matmul(old.t()).sub(now);
            double cosine = taken.mul(before).sum().item_double()
                    / (taken.norm().item_double() * before.norm().item_double());
            assertEquals(1, Math.abs(cosine), 1e-7);
        }
    }

    @Test
    void nothingAskedLeavesEveryBit() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(1);
            Map<String, float[]> before = TinyLatent.values(model);
            var itself = new Sanitisation.Concept(
                    NOTO.concept(), NOTO.words(), NOTO.concept(), List.of(), NOTO.kept(), List.of(), List.of());
            new Uce().edit(model, List.of(itself), Env.seeded(1));
            scales(0, 0.5).edit(model, List.of(NOTO), Env.seeded(1));
            new Uce().edit(model, List.of(), Env.seeded(1));
            TinyLatent.values(model).forEach((name, now) -> assertArrayEquals(before.get(name), now, name));
        }
    }

    @Test
    void theConceptIsMappedTowardsItsGuideAndKeptPromptsStay() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = TinyLatent.drawn(2);
            LatentDiffusion before = model.copy();
            scales(100, 0.5).edit(model, List.of(NOTO), Env.seeded(1));
            Tensor now = model.parameters(Diffusion.Part.DENOISER).tensor(MAP);
            Tensor old = before.parameters(Diffusion.Part.DENOISER).tensor(MAP);
            // the last word stands at 7 of "begin a painting in the style of noto end", at 2 of "begin a painting end"
            Tensor noto = model.states(List.of(NOTO.concept())).select(0, 0).select(0, 7);
            Tensor painting = model.states(List.of(NOTO.anchor())).select(0, 0).select(0, 2);
            double first = apart(old.mv(noto), old.mv(painting));
            double then = apart(now.mv(noto), old.mv(painting));
            assertTrue(then < 0.3 * first, first + " " + then);
            double[] moved = new double[2]; // of what a kept prompt is mapped to
            for (int n = 0; n < 2; n++) {
                LatentDiffusion other = before.copy();
                new Uce(Uce.Technique.REPLACE, 1, Optional.of(10.0 * n), 0.5, true, true)
                        .edit(other, List.of(NOTO), Env.seeded(1));
                Tensor kept = model.states(NOTO.kept()).select(0, 0);
                Tensor its = other.parameters(Diffusion.Part.DENOISER).tensor(MAP);
                moved[n] = apart(kept.matmul(its.t()), kept.matmul(old.t()));
            }
            assertTrue(moved[1] < 0.3 * moved[0], moved[0] + " " + moved[1]);
        }
    }

    @Test
    void wrongSettingsAreRefused() {
        assertEquals(
                "regularisation is 0.0, expected a finite number above 0",
                assertThrows(IllegalArgumentException.class, () -> scales(1, 0)).getMessage());
        assertEquals(
                "values is false, expected true where keys is false, or nothing is edited",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Uce(Uce.Technique.REPLACE, 1, Optional.empty(), 1, false, false))
                        .getMessage());
    }
}
