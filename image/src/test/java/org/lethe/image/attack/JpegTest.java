package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Pictures;
import org.lethe.image.Sampler;
import org.lethe.image.Shared;
import org.lethe.numerics.Keyed;

class JpegTest {
    private static Jpeg jpeg(int quality, Jpeg.Chroma chroma) {
        return new Jpeg(quality, chroma, new Imitation());
    }

    private static double[] transformed(double[] block) {
        double[] c = Jpeg.transform();
        double[] said = new double[64];
        for (int k = 0; k < 8; k++) {
            for (int l = 0; l < 8; l++) {
                for (int i = 0; i < 64; i++) {
                    said[8 * k + l] += c[8 * k + i / 8] * block[i] * c[8 * l + i % 8];
                }
            }
        }
        return said;
    }

    @Test
    void theTransformIsOrthonormal() {
        double[] c = Jpeg.transform();
        for (int k = 0; k < 8; k++) {
            for (int l = 0; l < 8; l++) {
                double sum = 0;
                for (int n = 0; n < 8; n++) {
                    sum += c[8 * k + n] * c[8 * l + n];
                }
                assertEquals(k == l ? 1 : 0, sum, 1e-15);
            }
        }
    }

    @Test
    void knownBlocksHaveKnownCoefficients() {
        double[] delta = new double[64];
        delta[0] = 1;
        double[] said = transformed(delta);
        assertEquals(0.125, said[0], 1e-12);
        assertEquals(0.17337998, said[1], 1e-8);
        assertEquals(0.24048494, said[9], 1e-8);
        double[] ramp = new double[64];
        for (int i = 0; i < 64; i++) {
            ramp[i] = i - 128;
        }
        said = transformed(ramp);
        assertEquals(-772, said[0], 1e-9);
        assertEquals(-18.22164119, said[1], 1e-8);
        assertEquals(-145.77312947, said[8], 1e-8);
    }

    @Test
    void tablesAreScaledAsTheJpegGroupScalesThem() {
        assertEquals(80, Jpeg.table(true, 10)[0]);
        assertEquals(32, Jpeg.table(true, 25)[0]);
        assertEquals(16, Jpeg.table(true, 50)[0]);
        assertEquals(8, Jpeg.table(true, 75)[0]);
        assertEquals(3, Jpeg.table(true, 90)[0]);
        assertEquals(255, Jpeg.table(false, 10)[63]);
        assertTrue(Arrays.stream(Jpeg.table(true, 100)).allMatch(step -> step == 1));
    }

    @Test
    void lossesAreThoseOfLibjpeg() throws IOException {
        Path folder = Shared.of("images/jpeg-reference");
        int seen = 0;
        for (String line : Files.readAllLines(folder.resolve("metrics.tsv"))) {
            String[] fields = line.split("\t");
            if (!fields[0].endsWith(".jpg")) {
                continue;
            }
            String[] name = fields[0].replace(".jpg", "").split("-");
            boolean full = name[2].equals("444");
            Bitmap original = Pictures.read(folder.resolve(name[0] + ".png"));
            Jpeg attack = jpeg(Integer.parseInt(name[1].substring(1)), full ? Jpeg.Chroma.FULL : Jpeg.Chroma.HALVED);
            double psnr = ImageMetrics.psnr(original, Painted.attacked(attack, original));
            // libjpeg's transform is in whole numbers; halved colour also depends on how it rounds its means
            assertEquals(Double.parseDouble(fields[3]), psnr, full ? 0.05 : 0.08, fields[0]);
            seen++;
        }
        assertEquals(30, seen);
    }

    @Test
    void aSecondEncodingHardlyChangesAnything() {
        Bitmap once = Painted.attacked(jpeg(50, Jpeg.Chroma.FULL), Painted.smooth(1, 64, 48));
        byte[] first = once.bytes();
        byte[] second = Painted.attacked(jpeg(50, Jpeg.Chroma.FULL), once).bytes();
        int same = 0;
        for (int i = 0; i < first.length; i++) {
            same += Math.abs((first[i] & 255) - (second[i] & 255)) <= 1 ? 1 : 0;
        }
        assertTrue(same > 0.99 * first.length, same + " of " + first.length);
    }

    @Test
    void lowerQualityLosesMore() {
        Bitmap picture = Painted.noise(2, 40, 24);
        double last = Double.POSITIVE_INFINITY;
        for (int quality : new int[] {95, 75, 50, 25, 10}) {
            double psnr = ImageMetrics.psnr(picture, Painted.attacked(jpeg(quality, Jpeg.Chroma.HALVED), picture));
            assertTrue(psnr < last, quality + ": " + psnr);
            last = psnr;
        }
    }

    @Test
    void aPictureOfAnySizeKeepsItAndGreyStaysGrey() {
        Bitmap grey = Painted.constant(128, 128, 128, 19, 5);
        assertEquals(0, Painted.largest(grey, Painted.attacked(new Jpeg(), grey)));
    }

    @Test
    void theDifferentiableFormHasTheGradientOfItsValue() {
        try (var _ = new PointerScope()) {
            Tensor x = Sampler.batch(List.of(Painted.smooth(3, 16, 16))).to(ScalarType.Double);
            Tensor direction = Sampler.normal(Keyed.seed(1), x.shape()).to(ScalarType.Double);
            for (Jpeg.Chroma chroma : Jpeg.Chroma.values()) {
                Tensor leaf = x.clone().requires_grad_(true);
                Tensor value = weighed(Jpeg.differentiable(leaf, 60, chroma));
                double slope = torch.grad(new TensorVector(value), new TensorVector(leaf))
                        .get(0)
                        .mul(direction)
                        .sum()
                        .item_double();
                double h = 1e-7;
                double up = weighed(Jpeg.differentiable(x.add(direction, new Scalar(h)), 60, chroma))
                        .item_double();
                double down = weighed(Jpeg.differentiable(x.sub(direction, new Scalar(h)), 60, chroma))
                        .item_double();
                assertEquals((up - down) / (2 * h), slope, 1e-4 * Math.abs(slope));
            }
        }
    }

    @Test
    void theDifferentiableFormIsNearTheRoundedOne() {
        Bitmap picture = Painted.smooth(4, 32, 32);
        try (var _ = new PointerScope()) {
            Bitmap soft = Bitmap.of(Jpeg.differentiable(picture.tensor().unsqueeze(0), 75, Jpeg.Chroma.FULL));
            Bitmap hard = Painted.attacked(jpeg(75, Jpeg.Chroma.FULL), picture);
            assertTrue(ImageMetrics.psnr(soft, hard) > ImageMetrics.psnr(picture, hard));
        }
    }

    private static Tensor weighed(Tensor pictures) {
        return pictures.mul(Sampler.normal(Keyed.seed(2), pictures.shape()).to(ScalarType.Double))
                .sum();
    }
}
