package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.hipparchus.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Guard;
import org.lethe.image.Mark;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

class GaussianShadingTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static GaussianShading.Secret secret(GaussianShading.Shape shape, int seed) {
        boolean[] message = new boolean[shape.bits()];
        for (int b = 0; b < message.length; b++) {
            message[b] = Keyed.seed(seed).of("message").at(b) < 0;
        }
        return new GaussianShading.Secret(
                shape, GaussianShading.bytes(Keyed.seed(seed).of("key"), 32), message, Map.of());
    }

    private static byte[] nonce(int n) {
        return GaussianShading.bytes(Keyed.seed(3).of("nonce").of(n), 12);
    }

    @Test
    void chaCha20IsThatOfRfc8439() {
        byte[] key = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        byte[] block = ChaCha20.encrypt(key, HexFormat.of().parseHex("000000090000004a00000000"), 1, new byte[64]);
        assertEquals(
                "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
                        + "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
                HexFormat.of().formatHex(block));
        String text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                + "sunscreen would be it.";
        byte[] sealed = ChaCha20.encrypt(
                key, HexFormat.of().parseHex("000000000000004a00000000"), 1, text.getBytes(StandardCharsets.US_ASCII));
        assertEquals(
                "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b"
                        + "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8"
                        + "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736"
                        + "5af90bbf74a35be6b40b8eedf2785e42874d",
                HexFormat.of().formatHex(sealed));
    }

    @Test
    void noiseWithAMessageIsNormal() {
        GaussianShading.Secret secret = secret(new GaussianShading.Shape(4, 64, 64, 1, 8, 1), 1);
        double[] all = new double[5 * 4 * 64 * 64];
        for (int n = 0; n < 5; n++) {
            float[] noise = secret.noise(nonce(n), Keyed.seed(4).of(n));
            for (int i = 0; i < noise.length; i++) {
                all[n * noise.length + i] = noise[i];
            }
        }
        double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new NormalDistribution(), all);
        assertTrue(p > .001, "KS p " + p);
        assertEquals(0, Arrays.stream(all).average().orElseThrow(), 4 / Math.sqrt(all.length));
        assertEquals(1, Arrays.stream(all).map(x -> x * x).average().orElseThrow(), 4 * Math.sqrt(2.0 / all.length));
    }

    @ParameterizedTest
    @CsvSource({"4, 64, 64, 1, 8, 1, 256", "4, 16, 16, 1, 4, 1, 64", "3, 16, 16, 3, 2, 1, 64", "4, 16, 16, 2, 4, 3, 96"
    })
    void everyBitIsReadWithoutAnAttack(int channels, int height, int width, int fc, int fhw, int l, int bits) {
        GaussianShading.Secret secret = secret(new GaussianShading.Shape(channels, height, width, fc, fhw, l), 1);
        assertEquals(bits, secret.shape().bits());
        for (int n = 0; n < 4; n++) {
            assertEquals(
                    bits, secret.matches(secret.noise(nonce(n), Keyed.seed(4).of(n)), nonce(n)));
        }
    }

    @Test
    void anotherKeyOrNonceReadsHalfOfTheBits() {
        GaussianShading.Shape shape = new GaussianShading.Shape(4, 16, 16, 1, 4, 1);
        GaussianShading.Secret secret = secret(shape, 1);
        GaussianShading.Secret other =
                new GaussianShading.Secret(shape, secret(shape, 2).key(), secret.message(), Map.of());
        int trials = 40;
        double wrongKey = 0;
        double wrongNonce = 0;
        for (int n = 0; n < trials; n++) {
            float[] noise = secret.noise(nonce(n), Keyed.seed(4).of(n));
            wrongKey += other.matches(noise, nonce(n)) / (64.0 * trials);
            wrongNonce += secret.matches(noise, nonce(n + 1)) / (64.0 * trials);
        }
        double sd = .5 / Math.sqrt(64.0 * trials);
        assertEquals(.5, wrongKey, 4 * sd);
        assertEquals(.5, wrongNonce, 4 * sd);
    }

    @ParameterizedTest
    @CsvSource({".5, .1476, 0.9999", "1, .25, .9999", "2, .3524, .99194"})
    void noiseFlipsSignsByTheArcOfItsRatio(double sigma, double flipped, double voted) {
        assertEquals(flipped, Math.atan(sigma) / Math.PI, 5e-5);
        GaussianShading.Shape shape = new GaussianShading.Shape(4, 64, 64, 1, 8, 1);
        GaussianShading.Secret secret = secret(shape, 1);
        GaussianShading.Shape single = new GaussianShading.Shape(4, 64, 64, 1, 1, 1);
        GaussianShading.Secret uncopied = secret(single, 1);
        double matches = 0;
        int trials = 8;
        float[] noisy = noisy(uncopied.noise(nonce(0), Keyed.seed(4)), sigma, 0);
        double flips = 1 - uncopied.matches(noisy, nonce(0)) / (double) single.bits();
        assertEquals(flipped, flips, 4 * Math.sqrt(flipped * (1 - flipped) / single.bits()));
        for (int n = 0; n < trials; n++) {
            matches += secret.matches(noisy(secret.noise(nonce(n), Keyed.seed(4).of(n)), sigma, n), nonce(n));
        }
        double accuracy = matches / (256 * trials);
        assertEquals(voted, accuracy, 4 * Math.sqrt(Math.max(voted * (1 - voted), 1e-4) / (256 * trials)));
    }

    private static float[] noisy(float[] noise, double sigma, int n) {
        float[] noisy = noise.clone();
        for (int i = 0; i < noisy.length; i++) {
            noisy[i] += (float) (sigma * Keyed.normal(Keyed.seed(8).of(n).at(i)));
        }
        return noisy;
    }

    @Test
    void turningByARightAngleDestroysTheMessage() {
        GaussianShading.Secret secret = secret(new GaussianShading.Shape(4, 16, 16, 1, 4, 1), 1);
        double matches = 0;
        for (int n = 0; n < 20; n++) {
            float[] noise = secret.noise(nonce(n), Keyed.seed(4).of(n));
            float[] turned = new float[noise.length];
            for (int i = 0; i < noise.length; i++) {
                int c = i / 256;
                int y = i / 16 % 16;
                int x = i % 16;
                turned[c * 256 + x * 16 + 15 - y] = noise[i];
            }
            matches += secret.matches(turned, nonce(n)) / (64.0 * 20);
        }
        assertEquals(.5, matches, 4 * .5 / Math.sqrt(64 * 20));
    }

    @Test
    void generatedPicturesAreFoundUnderTheirOwnNonce() {
        GaussianShading method = new GaussianShading(1, 0, 1, GaussianShading.Nonces.FRESH, 20, 1, 3);
        try (var _ = new PointerScope()) {
            Diffusion model = TierZero.model();
            Env env = Env.seeded(1);
            List<String> prompts = IntStream.range(0, 6).mapToObj(_ -> "").toList();
            List<String> names = IntStream.range(0, 6).mapToObj(n -> "p" + n).toList();
            Mark key = method.key(model, 16, 16, env);
            Generative.Marked marked = method.paint(model, new Guard.None(), key, prompts, names, 16, 16, env);
            assertEquals(
                    6,
                    marked.mark().words().entrySet().stream()
                            .filter(e -> e.getKey().startsWith("nonce."))
                            .map(Map.Entry::getValue)
                            .distinct()
                            .count());
            for (Detector.Detection found : Detectors.of(marked.mark(), model).detect(marked.pictures())) {
                assertTrue(found.bitAccuracy().orElseThrow() > .95, found.toString());
                assertTrue(found.pValue().orElseThrow() < 1e-6, found.toString());
            }
            List<Bitmap> plain =
                    method.sampler().pictures(model, new Guard.None(), prompts, 16, 16, env.random("other"));
            for (Detector.Detection found : Detectors.of(marked.mark(), model).detect(plain)) {
                assertTrue(found.pValue().orElseThrow() > 1e-4, found.toString());
            }
            Map<String, String> words = new TreeMap<>(marked.mark().words());
            words.put("key", "00".repeat(32));
            Mark wrong = new Mark("gaussian-shading", words, Map.of());
            for (Detector.Detection found : Detectors.of(wrong, model).detect(marked.pictures())) {
                assertTrue(found.pValue().orElseThrow() > 1e-4, found.toString());
            }
            assertThrows(IllegalArgumentException.class, () -> Detectors.of(key, model));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> method.start(model, marked.mark(), "p0", 16, 16, env),
                    "a nonce is never used twice");
        }
    }

    @Test
    void aSharedNonceGivesAllPicturesTheSameSigns() {
        GaussianShading.Secret secret = secret(new GaussianShading.Shape(4, 16, 16, 1, 4, 1), 1);
        float[] one = secret.noise(nonce(0), Keyed.seed(4).of(1));
        float[] other = secret.noise(nonce(0), Keyed.seed(4).of(2));
        float[] fresh = secret.noise(nonce(1), Keyed.seed(4).of(2));
        int same = 0;
        int freshly = 0;
        for (int i = 0; i < one.length; i++) {
            same += one[i] > 0 == other[i] > 0 ? 1 : 0;
            freshly += one[i] > 0 == fresh[i] > 0 ? 1 : 0;
        }
        assertEquals(one.length, same);
        assertEquals(.5, freshly / (double) one.length, .07);
        assertFalse(Arrays.equals(one, other));
    }

    @Test
    void factorsThatDoNotFitSayWhatDoes() {
        assertTrue(String.valueOf(assertThrows(
                                IllegalArgumentException.class, () -> new GaussianShading.Shape(4, 16, 16, 3, 4, 1))
                        .getMessage())
                .contains("channelFactor is 3, expected a divisor of the 4 channels"));
        assertThrows(IllegalArgumentException.class, () -> new GaussianShading.Shape(4, 16, 16, 1, 5, 1));
        assertThrows(
                IllegalArgumentException.class, () -> ChaCha20.encrypt(new byte[31], new byte[12], 0, new byte[1]));
        assertThrows(IllegalArgumentException.class, () -> ChaCha20.encrypt(new byte[32], new byte[8], 0, new byte[1]));
        assertArrayEquals(new byte[0], ChaCha20.encrypt(new byte[32], new byte[12], 0, new byte[0]));
    }
}
