package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.image.Bitmap;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class ProjectedGradientTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static float[] matrix(int rows, int columns, long seed) {
        float[] a = new float[rows * columns];
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) Keyed.normal(Keyed.seed(seed).at(i));
        }
        return a;
    }

    private static float[] run(ProjectedGradient pgd, Tensor original, ProjectedGradient.Objective objective) {
        ProjectedGradient.Box box = pgd.box(original, Optional.empty());
        Tensor now = box.start(Keyed.seed(3), 0);
        pgd.descend(box, now, objective, 0, pgd.steps(), Progress.NONE.begin("", 0));
        return Tensors.floats(now.sub(original).contiguous());
    }

    /** E(x) = A x and J = g · A x end at ε sign(−Aᵀ g), away from the ends of the range. */
    @Test
    void aLinearObjectiveEndsInACorner() {
        try (var _ = new PointerScope()) {
            LinearDiffusion model = LinearDiffusion.of(matrix(12, 48, 1), new float[12], 2, 2);
            Tensor g = Tensors.of(matrix(1, 12, 2), 12, 1);
            Tensor original = ProjectedGradient.tensor(model, Small.pictures(2, 4, 4, 60, 190));
            float[] change = run(
                    new ProjectedGradient(16, 2, 8, false),
                    original,
                    (x, _) -> model.encode(x).flatten(1, -1).matmul(g).sum(new long[] {1}));
            float[] slope = Tensors.floats(model.a().t().matmul(g));
            for (int i = 0; i < change.length; i++) {
                assertEquals(-16 / 255.0 * Math.signum(slope[i % 48]), change[i], 1e-6);
            }
        }
    }

    /** E(x) = a x and a target y end within a step of (y − a x)/a, or at ε. */
    @ParameterizedTest
    @CsvSource({"2.0, 1.1", "2.0, 0.95", "-0.5, -0.2", "3.0, 9.0", "1.0, 0.5"})
    void aQuadraticObjectiveEndsWithinAStepOfItsMinimum(double a, double y) {
        try (var _ = new PointerScope()) {
            Tensor original =
                    torch.full(new long[] {1, 3, 1, 1}, new Scalar(0.5)).to(ScalarType.Float);
            float[] change = run(
                    new ProjectedGradient(16, 0.7, 60, true),
                    original,
                    (x, _) -> ProjectedGradient.squares(x.mul(new Scalar(a)).sub(new Scalar(y))));
            double end = Math.clamp((y - a * 0.5) / a, -16 / 255.0, 16 / 255.0);
            for (float c : change) {
                assertEquals(end, c, 0.7 / 255 + 1e-6);
            }
        }
    }

    @Test
    void aBallKeepsItsLength() {
        try (var _ = new PointerScope()) {
            Tensor original =
                    torch.full(new long[] {2, 3, 8, 8}, new Scalar(0.5)).to(ScalarType.Float);
            Tensor g = Tensors.of(matrix(1, 192, 7), 1, 3, 8, 8);
            ProjectedGradient pgd = new ProjectedGradient(4, 1, 20, true, false, ProjectedGradient.Norm.L2);
            float[] change =
                    run(pgd, original, (x, _) -> x.mul(g).flatten(1, -1).sum(new long[] {1}));
            double radius = 4 / 255.0 * Math.sqrt(192);
            double length = 0;
            for (int i = 0; i < 192; i++) {
                length += change[i] * change[i];
            }
            assertEquals(radius, Math.sqrt(length), 1e-5);
            double along = 0; // a linear objective ends at −radius g/‖g‖
            for (int i = 0; i < 192; i++) {
                along -= change[i] * Tensors.floats(g.div(g.norm()))[i];
            }
            assertEquals(radius, along, 1e-3 * radius);
        }
    }

    @Test
    void stepsShrinkToAHundredth() {
        try (var _ = new PointerScope()) {
            Tensor original =
                    torch.full(new long[] {1, 3, 1, 1}, new Scalar(0.5)).to(ScalarType.Float);
            ProjectedGradient pgd = new ProjectedGradient(255, 10, 10, false, true, ProjectedGradient.Norm.LINF);
            float[] change = run(pgd, original, (x, _) -> x.flatten(1, -1).sum(new long[] {1}));
            double path =
                    IntStream.range(0, 10).mapToDouble(i -> 10 - 9.9 * i / 10).sum() / 255;
            assertEquals(-path, change[0], 1e-6);
        }
    }

    @Test
    void whatIsNotFiniteStopsAtItsStep() {
        try (var _ = new PointerScope()) {
            Tensor original =
                    torch.full(new long[] {1, 3, 1, 1}, new Scalar(0.5)).to(ScalarType.Float);
            LetheException e = assertThrows(
                    LetheException.class,
                    () -> run(
                            new ProjectedGradient(16, 1, 3, false),
                            original,
                            (x, i) -> ProjectedGradient.squares(x.mul(new Scalar(i == 2 ? Double.NaN : 1)))));
            assertTrue(e.getMessage().contains("NaN at step 2"), e.getMessage());
        }
    }

    static Stream<Obfuscation> methods() {
        return Stream.of(
                new AdvDm(5, 1, 8, 1, true),
                new Mist(Mist.Mode.FUSED, 5, 1, 8, 1e4, false, true),
                new PhotoGuard(
                        PhotoGuard.Attack.ENCODER,
                        PhotoGuard.Target.ZERO,
                        5.9,
                        2,
                        8,
                        PhotoGuard.Norm.LINF,
                        1,
                        2,
                        .5,
                        2),
                new PhotoGuard(
                        PhotoGuard.Attack.DIFFUSION,
                        PhotoGuard.Target.ZERO,
                        5,
                        2,
                        3,
                        PhotoGuard.Norm.LINF,
                        2,
                        2,
                        .5,
                        2),
                new AntiDreamBooth(AntiDreamBooth.Form.ASPL, 5, 1, 2, 1, 4, 1e-3, true, 1, 2, "sks"),
                new AntiDreamBooth(AntiDreamBooth.Form.FSMG, 5, 1, 2, 1, 4, 1e-3, true, 1, 2, "sks"),
                new RandomSigns(5));
    }

    /** Also for pictures at the ends of the range: the change is at most ε, on levels, and something changes. */
    @ParameterizedTest
    @MethodSource("methods")
    void noChangeIsBeyondEpsilon(Obfuscation method) {
        try (var _ = new PointerScope()) {
            List<Diffusion> models = List.of(Small.gaussian(8, 0.5, 0.1), Small.latent(ScalarType.Float));
            for (Diffusion model : models) {
                List<Bitmap> before = Small.pictures(3, 8, 8, 0, 255);
                List<Bitmap> after = method.protect(model, Small.task(before), Env.seeded(1));
                for (int n = 0; n < 3; n++) {
                    int change = Small.change(before.get(n), after.get(n));
                    assertTrue(change >= 3 && change <= 5, method + ": " + change);
                }
                List<Bitmap> again = method.protect(model, Small.task(before), Env.seeded(1));
                assertArrayEquals(after.get(2).values(), again.get(2).values());
            }
        }
    }

    /** Dark parts of a mask stay, light ones change. */
    @ParameterizedTest
    @MethodSource("methods")
    void aMaskKeepsWhatIsDark(Obfuscation method) {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 0.5, 0.1);
            List<Bitmap> before = Small.pictures(2, 8, 8, 60, 190);
            float[] mask = new float[192];
            for (int i = 0; i < 192; i++) {
                mask[i] = i % 8 < 4 ? 1 : 0;
            }
            List<Bitmap> masks = List.of(new Bitmap(8, 8, mask), new Bitmap(8, 8, new float[192]));
            List<Bitmap> after = method.protect(
                    model,
                    new Obfuscation.Task(before, "a painting", List.of(), masks, Optional.empty()),
                    Env.seeded(1));
            assertArrayEquals(before.get(1).values(), after.get(1).values());
            int changed = 0;
            for (int i = 0; i < 192; i++) {
                if (i % 8 < 4) {
                    changed += before.getFirst().values()[i] == after.getFirst().values()[i] ? 0 : 1;
                } else {
                    assertEquals(before.getFirst().values()[i], after.getFirst().values()[i]);
                }
            }
            assertTrue(changed > 60, method + ": " + changed);
        }
    }

    static Stream<Obfuscation> without() {
        return Stream.of(
                new AdvDm(0, 1, 8, 1, true),
                new AdvDm(5, 1, 0, 1, true),
                new Mist(Mist.Mode.FUSED, 0, 1, 8, 1e4, false, true),
                new Mist(Mist.Mode.FUSED, 5, 1, 0, 1e4, false, true),
                new Glaze(.05, 30, .2, 0, Glaze.Distance.DSSIM, "", .5),
                new PhotoGuard(
                        PhotoGuard.Attack.ENCODER, PhotoGuard.Target.ZERO, 0, 2, 8, PhotoGuard.Norm.LINF, 1, 2, .5, 2),
                new PhotoGuard(
                        PhotoGuard.Attack.ENCODER, PhotoGuard.Target.ZERO, 5, 2, 0, PhotoGuard.Norm.L2, 1, 2, .5, 2),
                new AntiDreamBooth(AntiDreamBooth.Form.ASPL, 0, 1, 2, 1, 4, 1e-3, true, 1, 2, "sks"),
                new AntiDreamBooth(AntiDreamBooth.Form.ASPL, 5, 1, 0, 1, 4, 1e-3, true, 1, 2, "sks"),
                new RandomSigns(0));
    }

    /** Even for a picture that is not on levels. */
    @ParameterizedTest
    @MethodSource("without")
    void withoutBudgetOrStepsEveryBitStays(Obfuscation method) {
        try (var _ = new PointerScope()) {
            List<Bitmap> before = List.of(new Bitmap(8, 8, Small.filled(192, 0.3)));
            List<Bitmap> after = method.protect(Small.gaussian(8, 0.5, 0.1), Small.task(before), Env.seeded(1));
            assertArrayEquals(before.getFirst().values(), after.getFirst().values());
        }
    }

    /** A picture's protection does not depend on what else is protected. */
    @Test
    void aPictureIsProtectedAsIfItWereAlone() {
        try (var _ = new PointerScope()) {
            Diffusion model = Small.gaussian(8, 0.5, 0.1);
            List<Bitmap> before = Small.pictures(3, 8, 8, 60, 190);
            for (Obfuscation method : List.of(new AdvDm(), new Mist(), new PhotoGuard(), new RandomSigns())) {
                List<Bitmap> all = method.protect(model, Small.task(before), Env.seeded(1));
                List<Bitmap> first = method.protect(model, Small.task(before.subList(0, 1)), Env.seeded(1));
                assertArrayEquals(all.getFirst().values(), first.getFirst().values(), method.toString());
            }
        }
    }

    @Test
    void roundingIsTowardsTheOriginal() {
        float[] before = {
            100 / 255f, 100 / 255f, 100 / 255f, 0, 1, 100.4f / 255, 100.4f / 255, 100.4f / 255, 0.3f, 0, 0, 0
        };
        float[] after = {
            103.9f / 255,
            96.1f / 255,
            104f / 255,
            .5f / 255,
            254.5f / 255,
            104.4f / 255,
            100.6f / 255,
            96.4f / 255,
            0.3f,
            0,
            0,
            0
        };
        Bitmap made = PixelLevels.published(new Bitmap(2, 2, before), after, 4);
        float[] levels = new float[12];
        for (int i = 0; i < 12; i++) {
            levels[i] = made.values()[i] * 255;
        }
        assertArrayEquals(new float[] {103, 97, 104, 0, 255, 104, 100, 97, 77, 0, 0, 0}, levels, 1e-4f);
        // no level lies within a tenth of 100.4: it keeps its value
        Bitmap kept = PixelLevels.published(
                new Bitmap(1, 1, new float[] {100.4f / 255, 0, 0}), new float[] {100.45f / 255, 0, 0}, 0.1);
        assertEquals(100.4f / 255, kept.values()[0]);
    }
}
