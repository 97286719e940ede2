package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Perceptual;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/** Known answers of each obfuscation on models of which everything is known. */
class ObfuscationTest {
    private static final Env ENV = Env.seeded(1);

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static double latent(Diffusion model, Bitmap picture) {
        try (var _ = new PointerScope()) {
            return model.posterior(Sampler.batch(List.of(picture)))
                    .mean()
                    .norm()
                    .item_double();
        }
    }

    /** An identity encoder to [0, 1] and offsets of each value. */
    private static LinearDiffusion identity(int side, float[] offsets) {
        int size = 3 * side * side;
        float[] a = new float[size * size];
        for (int i = 0; i < size; i++) {
            a[i * size + i] = 1;
        }
        return LinearDiffusion.of(a, offsets, side, side);
    }

    /** E over n of (n − ε)² is (ᾱ s²/D)² + ᾱ (1 − ᾱ)(x − μ)²/D² in each coordinate. */
    @Test
    void theLossOfDiffusionIsThatOfItsClosedForm() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = Small.gaussian(4, 0.5, 0.2);
            Tensor clean =
                    torch.full(new long[] {400, 3, 4, 4}, new Scalar(0.8)).to(ScalarType.Float);
            for (int t : new int[] {100, 500, 900}) {
                int[] times = new int[400];
                Arrays.fill(times, t);
                Tensor noise = Sampler.normal(Keyed.seed(t), 400, 3, 4, 4);
                double bar = model.schedule().alphaBars()[t];
                double d = bar * 0.25 + 1 - bar;
                double expected = Math.pow(bar * 0.25 / d, 2) + bar * (1 - bar) * Math.pow(0.8 - 0.2, 2) / (d * d);
                double said = model.loss(clean, noise, times, model.states(List.of("")))
                        .item_double();
                assertEquals(expected, said, 0.02 * expected);
            }
        }
    }

    /** Ascent moves away from μ and ends at ε sign(x − μ); μ = 0 is level 127.5. */
    @Test
    void advDmMovesAwayFromTheMean() {
        try (var _ = new PointerScope()) {
            GaussianDiffusion model = Small.gaussian(8, 0.1, 0);
            List<Bitmap> before = new ArrayList<>(Small.pictures(2, 8, 8, 30, 95));
            before.addAll(Small.pictures(2, 8, 8, 160, 225));
            List<Bitmap> after = new AdvDm(16, 1, 60, 1, false).protect(model, Small.task(before), ENV);
            for (int n = 0; n < 4; n++) {
                for (int i = 0; i < 192; i++) {
                    float moved = (after.get(n).values()[i] - before.get(n).values()[i]) * 255;
                    assertEquals(n < 2 ? -16 : 16, moved, 1e-3);
                }
            }
            List<Bitmap> control = new RandomSigns(16).protect(model, Small.task(before), ENV);
            assertEquals(16, Small.change(before.getFirst(), control.getFirst()));
            double clean = Small.loss(model, before, "a painting", 40);
            double random = Small.loss(model, control, "a painting", 40);
            double raised = Small.loss(model, after, "a painting", 40);
            assertTrue(raised - clean > 5 * (random - clean), clean + " " + random + " " + raised);
        }
    }

    @Test
    void mistIsTexturalWithoutWeightAndSemanticWithMuch() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 0.5, 0.1);
            Obfuscation.Task task = Small.task(Small.pictures(2, 8, 8, 60, 190));
            Mist textural = new Mist(Mist.Mode.TEXTURAL, 16, 1, 20, 1e4, false, true);
            Mist semantic = new Mist(Mist.Mode.SEMANTIC, 16, 1, 20, 1e4, false, true);
            float[] texture = textural.protect(model, task, ENV).getFirst().values();
            float[] meaning = semantic.protect(model, task, ENV).getFirst().values();
            assertArrayEquals(
                    texture,
                    new Mist(Mist.Mode.FUSED, 16, 1, 20, 0, false, true)
                            .protect(model, task, ENV)
                            .getFirst()
                            .values());
            assertArrayEquals(
                    meaning,
                    new Mist(Mist.Mode.FUSED, 16, 1, 20, 1e13, false, true)
                            .protect(model, task, ENV)
                            .getFirst()
                            .values());
            int differ = 0;
            for (int i = 0; i < texture.length; i++) {
                differ += texture[i] == meaning[i] ? 0 : 1;
            }
            assertTrue(differ > 50);
        }
    }

    /** With E(x) = 2x − 1 the textural mode moves every value towards the text by ε, or to it. */
    @Test
    void mistMovesTowardsTheText() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 0.5, 0.1);
            List<Bitmap> before = Small.pictures(1, 8, 8, 60, 190);
            float[] after = new Mist(Mist.Mode.TEXTURAL, 16, 1, 40, 1e4, false, true)
                    .protect(model, Small.task(before), ENV)
                    .getFirst()
                    .values();
            float[] text = TiledText.picture(8, 8).values();
            int dark = 0;
            for (int i = 0; i < after.length; i++) {
                dark += text[i] == 0 ? 1 : 0;
                assertEquals(
                        text[i] == 0 ? -16 : 16, (after[i] - before.getFirst().values()[i]) * 255, 1e-3);
            }
            assertTrue(dark > 40 && dark < 150, "dark values of the text: " + dark);
        }
    }

    /** For E(x) = x + b the length falls until every value has moved by ε against its sign. */
    @Test
    void photoGuardShortensTheLatent() {
        try (var _ = new PointerScope()) {
            float[] offsets = new float[48];
            for (int i = 0; i < 48; i++) {
                offsets[i] = i % 2 == 0 ? 1 : -2;
            }
            LinearDiffusion model = identity(4, offsets);
            List<Bitmap> before = Small.pictures(1, 4, 4, 60, 190);
            double length = latent(model, before.getFirst());
            for (int steps : new int[] {5, 20, 100}) {
                Bitmap after = photoGuard(steps, PhotoGuard.Norm.LINF, 7.65)
                        .protect(model, Small.task(before), ENV)
                        .getFirst();
                double now = latent(model, after);
                assertTrue(now < length, steps + " steps: " + now + ", before " + length);
                if (steps == 100) {
                    for (int i = 0; i < 48; i++) {
                        assertEquals(
                                i % 2 == 0 ? -7 : 7,
                                (after.values()[i] - before.getFirst().values()[i]) * 255,
                                1e-3);
                    }
                }
            }
            Bitmap ball = photoGuard(50, PhotoGuard.Norm.L2, 4)
                    .protect(model, Small.task(before), ENV)
                    .getFirst();
            double squares = 0;
            for (int i = 0; i < 48; i++) {
                squares += Math.pow((ball.values()[i] - before.getFirst().values()[i]) * 255, 2);
            }
            assertTrue(Math.sqrt(squares / 48) <= 4 + 1e-6 && latent(model, ball) < length);
        }
    }

    private static PhotoGuard photoGuard(int steps, PhotoGuard.Norm norm, double epsilon) {
        return new PhotoGuard(
                PhotoGuard.Attack.ENCODER, PhotoGuard.Target.ZERO, epsilon, 2.55, steps, norm, 1, 4, 0.5, 7.5);
    }

    @Test
    void theDiffusionAttackDrawsRunsTowardsGrey() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 1, 0);
            List<Bitmap> before = Small.pictures(1, 8, 8, 180, 230);
            List<Bitmap> after = new PhotoGuard(
                            PhotoGuard.Attack.DIFFUSION,
                            PhotoGuard.Target.ZERO,
                            16,
                            4,
                            10,
                            PhotoGuard.Norm.LINF,
                            3,
                            4,
                            0.3,
                            1)
                    .protect(model, Small.task(before), ENV);
            ShortRun run = new ShortRun(model, "a painting", 10, 4, 0.3, 1, Keyed.seed(77), 0);
            double was = run.of(Sampler.batch(before), 0).item_double();
            double is = run.of(Sampler.batch(after), 0).item_double();
            assertTrue(is < 0.97 * was, was + " to " + is);
        }
    }

    private static Obfuscation.Task styled(List<Bitmap> pictures, List<Bitmap> others) {
        return new Obfuscation.Task(
                pictures,
                "a painting",
                others,
                List.of(),
                Optional.of(() -> (a, b) -> ProjectedGradient.squares(a.sub(b))));
    }

    /** Within a large budget features are matched; without one nothing may change. */
    @Test
    void glazeMatchesFeaturesWithinItsBudget() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 0.5, 0.1);
            List<Bitmap> before = Small.pictures(2, 8, 8, 60, 120);
            List<Bitmap> others = Small.pictures(2, 8, 8, 130, 180);
            Glaze free = new Glaze(900, 30, 2, 300, Glaze.Distance.PDIST, "", 0.5);
            Bitmap after = free.protect(model, styled(before, others), ENV).get(1);
            for (int i = 0; i < 192; i++) {
                assertEquals(others.get(1).values()[i] * 255, after.values()[i] * 255, 1.5);
            }
            Glaze bound = new Glaze(0, 1e9, 0.1, 100, Glaze.Distance.PDIST, "", 0.5);
            assertTrue(Small.change(
                            before.getFirst(),
                            bound.protect(model, styled(before, others), ENV).getFirst())
                    <= 1);
            Glaze some = new Glaze(0.5, 1, 0.25, 300, Glaze.Distance.PDIST, "", 0.5);
            Bitmap near = some.protect(model, styled(before, others), ENV).getFirst();
            double squares = 0;
            for (int i = 0; i < 192; i++) {
                squares += Math.pow(near.values()[i] - before.getFirst().values()[i], 2);
            }
            assertTrue(squares > 0.3 && squares < 0.7, "distance " + squares + " at a budget of 0.5");
        }
    }

    /** Below the budget the penalty has no gradient; above it has its weight. */
    @Test
    void thePenaltyOfGlazeBeginsAtTheBudget() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(4, 0.5, 0.1);
            Tensor original = Sampler.batch(Small.pictures(1, 4, 4, 60, 190));
            Perceptual looks = (a, b) -> ProjectedGradient.squares(a.sub(b));
            Tensor now = original.add(new Scalar(0.1)).detach();
            Tensor target = model.encode(now).detach();
            double distance = looks.distance(now, original).item_double();
            for (double budget : new double[] {distance * 1.01, distance * 0.99}) {
                Tensor at = now.detach().requires_grad_(true);
                Glaze glaze = new Glaze(budget, 7, 1, 1, Glaze.Distance.PDIST, "", 0.5);
                Tensor slope = Slope.of(
                        () -> glaze.loss(model, looks, original, at, target).sum(), at, 0);
                assertEquals(budget > distance ? 0 : 7 * 2 * 0.1, Tensors.floats(slope)[5], 1e-5);
            }
        }
    }

    @Test
    void glazeSaysWhatItLacksAndMakesWorksOver() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.latent(ScalarType.Float);
            List<Bitmap> before = Small.pictures(1, 16, 16, 60, 190);
            LetheException judge =
                    assertThrows(LetheException.class, () -> new Glaze().protect(model, Small.task(before), ENV));
            assertTrue(judge.getMessage().contains("distance: dssim"), judge.getMessage());
            LetheException style = assertThrows(
                    LetheException.class,
                    () -> new Glaze(.05, 30, 1, 5, Glaze.Distance.DSSIM, "", .5)
                            .protect(model, Small.task(before), ENV));
            assertTrue(style.getMessage().contains("style: a cubist painting"), style.getMessage());
            Bitmap after = new Glaze(.05, 30, 1, 5, Glaze.Distance.DSSIM, "a cubist painting", .1)
                    .protect(model, Small.task(before), ENV)
                    .getFirst();
            assertTrue(Small.change(before.getFirst(), after) > 1);
        }
    }

    @Test
    void structuralDistanceIsThatOfTheMetric() {
        try (var _ = new PointerScope()) {
            List<Bitmap> one = Small.pictures(2, 20, 14, 0, 255);
            List<Bitmap> other = new RandomSigns(30).protect(identity(1, new float[3]), Small.task(one), ENV);
            float[] said = Tensors.floats(new StructuralDistance().distance(Sampler.batch(one), Sampler.batch(other)));
            for (int n = 0; n < 2; n++) {
                assertEquals((1 - ImageMetrics.ssim(one.get(n), other.get(n))) / 2, said[n], 1e-5);
            }
        }
    }

    /** Without learning both forms are AdvDM under the prompt of DreamBooth, bit for bit. */
    @Test
    void antiDreamBoothWithoutLearningIsAdvDm() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 0.5, 0.4);
            List<Bitmap> before = Small.pictures(3, 8, 8, 60, 190);
            float[] plain = new AdvDm(6, 0.6, 12, 1, false)
                    .protect(model, new Obfuscation.Task(before, "a painting in the style of sks"), ENV)
                    .get(2)
                    .values();
            for (AntiDreamBooth.Form form : AntiDreamBooth.Form.values()) {
                float[] own = new AntiDreamBooth(form, 6, 0.6, 4, 2, 3, 0, true, 1, 2, "sks")
                        .protect(model, Small.task(before), ENV)
                        .get(2)
                        .values();
                assertArrayEquals(plain, own, form.toString());
            }
        }
    }

    /** Neither works nor model change; what is made is harder for a surrogate that learned the clean works. */
    @Test
    void antiDreamBoothRaisesTheLossOfWhoLearned() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 0.3, 0.4);
            List<Bitmap> before = Small.pictures(3, 8, 8, 60, 120);
            float[] first = before.getFirst().values().clone();
            Map<String, Integer> digest = Small.digest(model);
            AntiDreamBooth aspl = new AntiDreamBooth(AntiDreamBooth.Form.ASPL, 8, 1, 5, 3, 6, 1e-2, true, 1, 4, "sks");
            List<Bitmap> after = aspl.protect(model, Small.task(before), ENV);
            assertEquals(digest, Small.digest(model));
            assertArrayEquals(first, before.getFirst().values());
            Diffusion surrogate = model.copy();
            String prompt = "a painting in the style of sks";
            new FineTuning(15, 1, 1e-2, true, 0)
                    .train(surrogate, FineTuning.Lessons.of(before, prompt), FineTuning.Lessons.NONE, ENV);
            assertNotEquals(digest, Small.digest(surrogate));
            double clean = Small.loss(surrogate, before, prompt, 60);
            double raised = Small.loss(surrogate, after, prompt, 60);
            assertTrue(raised > clean, clean + " to " + raised);
            List<Bitmap> other = new AntiDreamBooth(AntiDreamBooth.Form.FSMG, 8, 1, 5, 3, 6, 1e-2, true, 1, 4, "sks")
                    .protect(model, Small.task(before), ENV);
            assertTrue(Small.loss(surrogate, other, prompt, 60) > clean);
        }
    }

    @Test
    void settingsAreChecked() {
        assertEquals(
                "epsilon is -1.0, expected 0 to 255",
                assertThrows(IllegalArgumentException.class, () -> new AdvDm(-1, 1, 1, 1, false))
                        .getMessage());
        assertEquals(
                "masks is 1, expected none, or one for each of the 2 pictures",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Obfuscation.Task(
                                        Small.pictures(2, 4, 4, 0, 255),
                                        "a painting",
                                        List.of(),
                                        Small.pictures(1, 4, 4, 0, 255),
                                        Optional.empty()))
                        .getMessage());
    }
}
