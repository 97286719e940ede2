package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.numerics.Keyed;
import org.lethe.transport.Gaussian;

class ImageMetricsTest {
    private static Bitmap grey(int level) {
        byte[] bytes = new byte[3 * 48 * 48];
        Arrays.fill(bytes, (byte) level);
        return Bitmap.of(bytes, 48, 48);
    }

    @Test
    void oneLevelApartIsAKnownNumberOfDecibels() {
        assertEquals(48.1308036086791, ImageMetrics.psnr(grey(100), grey(101)), 1e-11);
        assertEquals(Double.POSITIVE_INFINITY, ImageMetrics.psnr(grey(100), grey(100)));
        assertEquals(0, ImageMetrics.psnr(grey(0), grey(255)), 1e-12);
    }

    /** Thirty pairs of a picture and its decoding, against scikit-image. */
    @Test
    void pairsOfTheReferenceHaveItsNumbers() throws IOException {
        Path folder = Shared.of("images/jpeg-reference");
        int pairs = 0;
        List<String> lines = Files.readAllLines(folder.resolve("metrics.tsv"));
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split("\t", -1);
            String stem = cells[0].replace(".jpg", "");
            Bitmap original = Pictures.read(folder.resolve(stem.substring(0, stem.indexOf('-')) + ".png"));
            Bitmap decoded = Pictures.read(folder.resolve(stem + ".decoded.png"));
            assertEquals(Double.parseDouble(cells[2]), ImageMetrics.meanSquaredError(original, decoded), 1e-6, stem);
            assertEquals(Double.parseDouble(cells[3]), ImageMetrics.psnr(original, decoded), 1e-6, stem);
            assertEquals(Double.parseDouble(cells[4]), ImageMetrics.ssim(original, decoded), 1e-6, stem);
            assertEquals(Double.parseDouble(cells[5]), ImageMetrics.ssimUniform(original, decoded), 1e-6, stem);
            pairs++;
        }
        assertEquals(30, pairs);
    }

    @ParameterizedTest
    @CsvSource({
        "chelsea, 10, .389820", "chelsea, 50, .583976", "chelsea, 90, .764804",
        "coffee, 10, .417975", "coffee, 50, .629208", "coffee, 90, .783122",
        "astronaut, 10, .396444", "astronaut, 50, .592683", "astronaut, 90, .767542"
    })
    void informationKeptIsThatOfTheReference(String name, int quality, double expected) throws IOException {
        Path folder = Shared.of("images/jpeg-reference");
        Bitmap original = Pictures.read(folder.resolve(name + ".png"));
        Bitmap decoded = Pictures.read(folder.resolve(name + "-q" + quality + "-444.decoded.png"));
        assertEquals(expected, ImageMetrics.vif(original, decoded), 1e-6);
        assertEquals(1, ImageMetrics.vif(original, original), 1e-9);
    }

    @Test
    void frechetDistanceOfMomentsIsAKnownNumber() {
        Gaussian one = new Gaussian(new double[] {0, 0}, new double[] {2, .5, .5, 1});
        Gaussian other = new Gaussian(new double[] {1, -1}, new double[] {1, 0, 0, 3});
        assertEquals(2.8088528704428817, one.squaredDistance(other), 1e-9);
    }

    @Test
    void frechetDistanceOfSamplesIsThatOfTheirMoments() {
        List<float[]> one = new ArrayList<>();
        List<float[]> moved = new ArrayList<>();
        for (int n = 0; n < 200; n++) {
            float[] row = new float[3];
            float[] shifted = new float[3];
            for (int i = 0; i < 3; i++) {
                row[i] = (float) Keyed.normal(Keyed.seed(4).at(n, i));
                shifted[i] = row[i] + i;
            }
            one.add(row);
            moved.add(shifted);
        }
        assertEquals(0, ImageMetrics.frechet(one, one), 1e-9);
        assertEquals(5, ImageMetrics.frechet(one, moved), 1e-5); // 0² + 1² + 2²
        IllegalArgumentException few =
                assertThrows(IllegalArgumentException.class, () -> ImageMetrics.frechet(one.subList(0, 3), one));
        assertEquals("rows of one is 3, expected more than the 3 features", few.getMessage());
    }

    @Test
    void similarityIsOneForEqualPicturesAndSymmetric() throws IOException {
        Path folder = Shared.of("images/jpeg-reference");
        Bitmap a = Pictures.read(folder.resolve("coffee.png"));
        Bitmap b = Pictures.read(folder.resolve("astronaut.png"));
        assertEquals(1, ImageMetrics.ssim(a, a), 1e-12);
        assertEquals(ImageMetrics.ssim(a, b), ImageMetrics.ssim(b, a), 1e-12);
        assertTrue(ImageMetrics.ssim(a, b) < 0.5);
        IllegalArgumentException size =
                assertThrows(IllegalArgumentException.class, () -> ImageMetrics.psnr(a, a.crop(0, 0, 9, 9)));
        assertEquals("size of the other picture is 9 x 9, expected 128 x 128", size.getMessage());
    }
}
