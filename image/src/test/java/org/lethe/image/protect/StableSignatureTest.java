package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Gallery;
import org.lethe.image.ImageMetrics;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class StableSignatureTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @Test
    void whitenedOutputsAreIndependentAndFair() {
        int bits = 6;
        int rows = 500;
        float[] outputs = new float[rows * bits];
        for (int i = 0; i < outputs.length; i++) { // mixed, of unequal variance, off zero
            int row = i / bits;
            outputs[i] = (float) (3
                    + (1 + i % bits) * Keyed.normal(Keyed.seed(1).at(i))
                    + 2 * Keyed.normal(Keyed.seed(2).at(row)));
        }
        StableSignature.Whitening whitening = StableSignature.Whitening.of(outputs, bits);
        double[][] white = new double[rows][bits];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < bits; i++) {
                for (int j = 0; j < bits; j++) {
                    white[row][i] += (double) whitening.map()[i * bits + j]
                            * (outputs[row * bits + j] - whitening.mean()[j]);
                }
            }
        }
        for (int i = 0; i < bits; i++) {
            int bit = i;
            assertEquals(
                    0, Arrays.stream(white).mapToDouble(w -> w[bit]).average().orElseThrow(), 1e-5);
            double positive = Arrays.stream(white).filter(w -> w[bit] > 0).count() / (double) rows;
            assertEquals(.5, positive, 4 * .5 / Math.sqrt(rows));
            for (int j = 0; j < bits; j++) {
                int other = j;
                double product = Arrays.stream(white)
                        .mapToDouble(w -> w[bit] * w[other])
                        .average()
                        .orElseThrow();
                assertEquals(i == j ? 1 : 0, product, 1e-5);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> StableSignature.Whitening.of(new float[36], 6));
    }

    @Test
    void theDecoderLearnsToSignAndTheRestStays() {
        StableSignature method = new StableSignature(4, 60, 3e-3, 16, 2, .15, 80, 3e-3, .2, 4, 1);
        Env env = Env.seeded(2);
        ImageModel model = TierOne.model();
        Gallery data = TierZero.gallery(16);
        ImageModel signed = method.fulfil(model, new MarkPictures(6), new Gaussian(), data, env);
        ImageModel.Published published = signed.published().orElseThrow();
        Mark mark = published.mark().orElseThrow();
        assertTrue(published.twins());
        try (var _ = new PointerScope()) {
            Diffusion before = model.open(Device.CPU);
            Diffusion after = signed.open(Device.CPU);
            for (Diffusion.Part part : Diffusion.Part.values()) {
                before.parameters(part).all().forEach((name, tensor) -> {
                    boolean same = tensor.equal(after.parameters(part).tensor(name));
                    if (name.startsWith("decoder.") || name.startsWith("post_quant")) {
                        return;
                    }
                    assertTrue(same, part + " " + name + " changed");
                });
            }
            assertFalse(before.parameters(Diffusion.Part.AUTOENCODER)
                    .tensor("decoder.conv_out.weight")
                    .equal(after.parameters(Diffusion.Part.AUTOENCODER).tensor("decoder.conv_out.weight")));
            double accuracy =
                    Detectors.of(mark, after)
                            .detect(published.shown().stream()
                                    .map(Work::picture)
                                    .toList())
                            .stream()
                            .mapToDouble(d -> d.bitAccuracy().orElseThrow())
                            .average()
                            .orElseThrow();
            // pictures of the training part decoded by it, which is what it learned
            List<Double> lessons = Detectors.of(mark, after)
                    .detect(Sampler.bitmaps(after.decode(after.encode(Sampler.batch(
                            data.works().stream().limit(12).map(Work::picture).toList())))))
                    .stream()
                    .map(d -> d.bitAccuracy().orElseThrow())
                    .collect(Collectors.toList());
            double psnr = ImageMetrics.psnr(
                    published.original().getFirst().picture(),
                    published.shown().getFirst().picture());
            System.out.println("stable-signature: shown " + accuracy + ", lessons " + lessons + ", PSNR " + psnr);
            assertTrue(
                    lessons.stream().mapToDouble(d -> d).average().orElseThrow() >= .95,
                    "bit accuracy of lessons " + lessons);
            for (Detector.Detection found : Detectors.of(mark, after)
                    .detect(published.original().stream().map(Work::picture).toList())) {
                assertEquals(
                        new BitTest(4)
                                .pValue((int) Math.round(4 * found.bitAccuracy().orElseThrow())),
                        found.pValue().orElseThrow());
            }
        }
    }

    @Test
    void anExactModelHasNoDecoderThatCouldLearn() {
        StableSignature method = new StableSignature();
        assertEquals(
                "stable-signature fine-tunes the decoder of a model, and gaussian has none that could learn",
                method.unsuited(new MarkPictures(), new Gaussian()).orElseThrow());
    }

    @Test
    void networksComeBackFromAMarkUnchanged() {
        ConvNet.Shape shape = new ConvNet.Shape(3, 8, 2, 5, 2);
        try (var _ = new PointerScope()) {
            ConvNet net = ConvNet.drawn(shape, Keyed.seed(1), Device.CPU);
            Mark mark = new Mark("stable-signature", Map.of(), net.saved("x."));
            Tensor in = Sampler.normal(Keyed.seed(2), 2, 3, 12, 12);
            assertArrayEquals(
                    Tensors.floats(net.of(in)),
                    Tensors.floats(ConvNet.of(shape, mark, "x.", Device.CPU).of(in)));
        }
    }
}
