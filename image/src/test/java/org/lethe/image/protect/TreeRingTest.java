package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.hipparchus.distribution.continuous.UniformRealDistribution;
import org.hipparchus.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

class TreeRingTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static FourierKey key(TreeRing.Form form, TreeRing.Pattern pattern, int side, int radius, int seed) {
        return FourierKey.drawn(
                form, pattern, 0, side, side, radius, Keyed.seed(seed).of("key"));
    }

    private static double[] pValues(FourierKey key, int trials) {
        double[] p = new double[trials];
        for (int from = 0; from < trials; from += 100) {
            try (var _ = new PointerScope()) {
                Tensor noise = Sampler.normal(Keyed.seed(11).of("null").of(from), 100, 1, key.height(), key.width());
                List<FourierKey.Reading> readings = key.read(noise);
                for (int n = 0; n < 100; n++) {
                    p[from + n] = readings.get(n).pValue();
                }
            }
        }
        return p;
    }

    private static double below(double[] p, double level) {
        return Arrays.stream(p).filter(x -> x < level).count() / (double) p.length;
    }

    @ParameterizedTest
    @CsvSource({"64, 10, 158", "32, 8, 98", "16, 4, 24", "16, 5, 40", "8, 2, 6", "8, 3, 14"})
    void placesInTheOpenHalfPlane(int side, int radius, int count) {
        assertEquals(count, FourierKey.count(TreeRing.Form.CALIBRATED, side, side, radius));
    }

    @ParameterizedTest
    @EnumSource(TreeRing.Pattern.class)
    void theCalibratedTestIsUniformOnNoise(TreeRing.Pattern pattern) {
        double[] p = pValues(key(TreeRing.Form.CALIBRATED, pattern, 16, 4, 3), 1000);
        double ks = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new UniformRealDistribution(0, 1), p);
        assertTrue(ks > .001, pattern + ": KS p " + ks);
        assertEquals(.05, below(p, .05), .03);
        assertEquals(.01, below(p, .01), .013);
    }

    @Test
    void theReferenceTestIsNotUniformOnNoise() {
        double[] p = pValues(key(TreeRing.Form.REFERENCE, TreeRing.Pattern.RING, 64, 10, 3), 400);
        double[] own = pValues(key(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RING, 64, 10, 3), 400);
        assertTrue(below(p, .05) < .04, "P(p < .05) is " + below(p, .05));
        double ks = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new UniformRealDistribution(0, 1), own);
        assertTrue(ks > .001, "KS p of the calibrated test is " + ks);
    }

    @Test
    void aSymmetricKeyIsFoundExactlyAndAReferenceKeyIsNot() {
        try (var _ = new PointerScope()) {
            Tensor noise = Sampler.normal(Keyed.seed(5), 2, 1, 64, 64);
            FourierKey calibrated = key(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RANDOM, 64, 10, 3);
            FourierKey reference = key(TreeRing.Form.REFERENCE, TreeRing.Pattern.RING, 64, 10, 3);
            FourierKey.Reading own = calibrated.read(calibrated.inject(noise)).getFirst();
            FourierKey.Reading published =
                    reference.read(reference.inject(noise)).getFirst();
            double without = reference.read(noise).getFirst().distance();
            assertTrue(own.distance() < 1e-4, "distance " + own.distance() + " of coefficients of about 64");
            assertTrue(own.pValue() < 1e-80 && published.pValue() < 1e-40, own + " " + published);
            assertTrue(
                    published.distance() > .3 * without && published.distance() < .8 * without,
                    published.distance() + " of " + without);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TreeRing.Pattern.class,
            names = {"RING", "RANDOM"})
    void aKeyWithTheEnergyOfNoiseKeepsTheVariance(TreeRing.Pattern pattern) {
        FourierKey key = key(TreeRing.Form.CALIBRATED, pattern, 64, 10, 3);
        double energy = 0;
        for (float v : key.values()) {
            energy += v * (double) v;
        }
        assertEquals(158.0 * 64 * 64, energy, 1);
        try (var _ = new PointerScope()) {
            Tensor marked = key.inject(Sampler.normal(Keyed.seed(5), 8, 2, 64, 64));
            assertEquals(1, marked.narrow(1, 0, 1).var(false).item_double(), .02);
            assertEquals(0, marked.narrow(1, 0, 1).mean().item_double(), .02);
        }
    }

    @Test
    void otherChannelsStayAndTheMarkIsLinear() {
        try (var _ = new PointerScope()) {
            FourierKey key =
                    FourierKey.drawn(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RING, 1, 16, 16, 4, Keyed.seed(1));
            Tensor noise = Sampler.normal(Keyed.seed(5), 2, 3, 16, 16);
            Tensor marked = key.inject(noise);
            assertTrue(marked.narrow(1, 0, 1).equal(noise.narrow(1, 0, 1)));
            assertTrue(marked.narrow(1, 2, 1).equal(noise.narrow(1, 2, 1)));
            assertTrue(key.inject(marked).sub(marked).abs().max().item_double() < 1e-5, "twice is once");
        }
    }

    @Test
    void turningByARightAngleLeavesRingsAndNotRandomPlaces() {
        try (var _ = new PointerScope()) {
            for (TreeRing.Pattern pattern : List.of(TreeRing.Pattern.RING, TreeRing.Pattern.RANDOM)) {
                FourierKey key = key(TreeRing.Form.CALIBRATED, pattern, 16, 4, 3);
                Tensor marked = key.inject(Sampler.normal(Keyed.seed(5), 1, 1, 16, 16));
                // about the centre that the transform turns about: pixel 0 stays, n becomes −n
                Tensor turned = marked.rot90(1, 2, 3).roll(new long[] {1}, 2);
                double p = key.read(turned).getFirst().pValue();
                assertEquals(pattern == TreeRing.Pattern.RING, p < 1e-6, pattern + " " + p);
            }
        }
    }

    @Test
    void anotherKeyFindsNothing() {
        double[] p = new double[200];
        for (int n = 0; n < p.length; n++) {
            try (var _ = new PointerScope()) {
                FourierKey own = key(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RANDOM, 16, 4, n);
                FourierKey other = key(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RANDOM, 16, 4, n + 1000);
                Tensor marked = own.inject(Sampler.normal(Keyed.seed(n), 1, 1, 16, 16));
                p[n] = other.read(marked).getFirst().pValue();
            }
        }
        assertTrue(below(p, .01) < .06, "P(p < .01) is " + below(p, .01));
    }

    @Test
    void generatedPicturesAreFoundAndOthersAreNot() {
        TreeRing method = new TreeRing(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RING, 0, 5, 20, 1, 5);
        try (var _ = new PointerScope()) {
            Diffusion model = TierZero.model();
            Env env = Env.seeded(1);
            Mark mark = method.key(model, 16, 16, env);
            List<String> prompts = IntStream.range(0, 40).mapToObj(_ -> "").toList();
            List<String> names = IntStream.range(0, 40).mapToObj(n -> "p" + n).toList();
            List<Bitmap> marked = method.paint(model, new Guard.None(), mark, prompts, names, 16, 16, env)
                    .pictures();
            List<Bitmap> plain =
                    method.sampler().pictures(model, new Guard.None(), prompts, 16, 16, env.random("other"));
            double worst = Detectors.of(mark, model).detect(marked).stream()
                    .mapToDouble(Detector.Detection::score)
                    .min()
                    .orElseThrow();
            double best = Detectors.of(mark, model).detect(plain).stream()
                    .mapToDouble(Detector.Detection::score)
                    .max()
                    .orElseThrow();
            assertTrue(worst > best, "marked from " + worst + ", not marked up to " + best);
            Mark wrong = method.key(model, 16, 16, Env.seeded(2));
            assertTrue(Detectors.of(wrong, model).detect(plain).stream()
                            .mapToDouble(d -> d.pValue().orElseThrow())
                            .filter(p -> p < .01)
                            .count()
                    <= 4);
        }
    }

    @Test
    void theRequestPublishesAsManyMarkedAsUnmarked() {
        Env env = Env.seeded(1);
        Gaussian learner = new Gaussian();
        ImageModel model = learner.train(TierZero.gallery(16), env);
        TreeRing method = new TreeRing();
        ImageModel marked = method.fulfil(model, new MarkPictures(5), learner, TierZero.gallery(16), env);
        ImageModel.Published published = marked.published().orElseThrow();
        assertEquals(5, published.shown().size());
        assertEquals(5, published.original().size());
        assertTrue(!published.twins());
        assertSame(model.weights(), marked.weights());
        assertEquals("tree-ring", published.mark().orElseThrow().method());
        ImageModel again = method.fulfil(model, new MarkPictures(5), learner, TierZero.gallery(16), env);
        assertTrue(Arrays.equals(
                published.shown().getLast().picture().values(),
                again.published().orElseThrow().shown().getLast().picture().values()));
        assertTrue(method.unsuited(new ProtectWorks(), learner).orElseThrow().startsWith("tree-ring "));
    }

    @Test
    void settingsThatDoNotFitTheLatentSayWhatDoes() {
        try (var _ = new PointerScope()) {
            TreeRing wide = new TreeRing(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RING, 0, 8, 10, 1, 0);
            TreeRing fourth = new TreeRing(TreeRing.Form.CALIBRATED, TreeRing.Pattern.RING, 3, 0, 10, 1, 0);
            assertTrue(String.valueOf(assertThrows(
                                    IllegalArgumentException.class,
                                    () -> wide.key(TierZero.model(), 16, 16, Env.seeded(1)))
                            .getMessage())
                    .contains("radius is 8, expected at least 1 and below half"));
            assertTrue(String.valueOf(assertThrows(
                                    IllegalArgumentException.class,
                                    () -> fourth.key(TierZero.model(), 16, 16, Env.seeded(1)))
                            .getMessage())
                    .contains("channel is 3, expected 0 to 2"));
        }
        Mark unknown = new Mark("unknown", Map.of(), Map.of());
        Mark empty = new Mark("tree-ring", Map.of(), Map.of());
        try (var _ = new PointerScope()) {
            Diffusion model = TierZero.model();
            assertThrows(IllegalArgumentException.class, () -> Detectors.of(unknown, model));
            assertThrows(IllegalArgumentException.class, () -> Detectors.of(empty, model));
        }
    }
}
