package org.lethe.video.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.flow.Grey;
import org.lethe.video.flow.Measure;

class TadaTest {
    private static final Tada SMALL =
            new Tada(List.of(8, 8), List.of(2, 2), 2, new RankingLoss.Logistic(), 0.5, 0.1, 0.1, 3, 4, 1e-3);

    private static MotionClips data() {
        return new PlantedClips(12, 6, 16, 6, Texture.Kind.DRAWN, 0, 3).load(new DataFolders(List.of()));
    }

    private static Tensor drawn(Keyed key, long... shape) {
        long size = 1;
        for (long d : shape) {
            size *= d;
        }
        return Tensors.of(Initial.uniform(0, 1).of(key, 1, (int) size), shape);
    }

    /** The definition has weights of its own for each frame, W_t = α_t ⊙ W; scaling the inputs is the same and much cheaper. */
    @Test
    void calibratedInputsEqualCalibratedWeights() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            TadaNet net = new TadaNet(List.of(8, 16), List.of(2, 1), 2);
            net.draw(Keyed.seed(1), Workers.here());
            Tensor x = drawn(Keyed.seed(2), 10, 8, 6, 6); // two clips of five frames
            Tensor alpha = net.calibration("stages.0", x, 2, 5);
            assertEquals(1, alpha.min().item_float(), "at the start a calibration changes nothing");
            assertEquals(1, alpha.max().item_float());
            Initial.normal(0, 0.3).fill(net.parameters().tensor("stages.0.b.weight"), Keyed.seed(3), Workers.here());
            alpha = net.calibration("stages.0", x, 2, 5);
            assertTrue(alpha.sub(new Scalar(1.0)).abs().max().item_float() > 0.05);
            Tensor weight = net.parameters().tensor("stages.0.weight");
            for (int stride = 1; stride <= 2; stride++) {
                Tensor scaled = net.convolved(x.mul(alpha), "stages.0.weight", stride);
                for (int n = 0; n < 10; n++) {
                    Tensor own = torch.conv2d(
                            x.narrow(0, n, 1),
                            weight.mul(alpha.narrow(0, n, 1)),
                            new TensorOptional(),
                            new long[] {stride, stride},
                            new long[] {1, 1},
                            new long[] {1, 1},
                            1);
                    assertEquals(0, own.sub(scaled.narrow(0, n, 1)).abs().max().item_float(), 1e-5f);
                }
            }
        }
    }

    @Test
    void aHingeWithoutMarginIsContentWithConstantScores() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            float[] truth = {0, 1, 2, 2.05f};
            Tensor constant = Tensors.of(new float[] {5, 5, 5, 5}, 4);
            Tensor right = Tensors.of(new float[] {0, 1, 2, 3}, 4);
            Tensor wrong = Tensors.of(new float[] {3, 2, 1, 0}, 4);
            RankingLoss hinge = new RankingLoss.Hinge();
            assertEquals(0, hinge.of(constant, truth).item_float(), "the regression alone keeps scores apart");
            assertEquals(0, hinge.of(right, truth).item_float());
            assertEquals((1 + 2 + 3 + 1 + 2 + 1) / 6.0, hinge.of(wrong, truth).item_float(), 1e-6);
            RankingLoss logistic = new RankingLoss.Logistic(0.1);
            assertEquals(5 * Math.log(2) / 6, logistic.of(constant, truth).item_float(), 1e-6, "five pairs and a tie");
            double known = 0.1; // of the tie, a tenth of the square of 1
            for (double gap : new double[] {1, 2, 3, 1, 2}) {
                known += Math.log1p(Math.exp(-gap));
            }
            assertEquals(known / 6, logistic.of(right, truth).item_float(), 1e-6);
        }
    }

    @Test
    void trainingIsAFunctionOfItsSeedAndFilesKeepIt(@TempDir Path folder) throws IOException {
        MotionClips data = data();
        List<Clip> clips = data.test().stream().map(Labelled::clip).toList();
        MotionEstimator first = SMALL.train(data, Env.seeded(1));
        List<Measure.Score> scores = first.scores(clips);
        assertEquals(scores, SMALL.train(data, Env.seeded(1)).scores(clips));
        Path file = folder.resolve("e.safetensors");
        first.save(file, Map.of());
        assertEquals(scores, MotionEstimator.load(file).scores(clips));
        Safetensors.write(file, Map.of("x", Safetensors.Tensor.of(new float[] {1}, 1)), Map.of());
        assertThrows(LetheException.class, () -> MotionEstimator.load(file));
    }

    /** The clips that it is calibrated by have scores that are uniform from 1 to 10. */
    @Test
    void calibratedScoresAreUniform() {
        MotionClips data = data();
        MotionEstimator estimator = SMALL.train(data, Env.seeded(2));
        double[] object = estimator
                .scores(data.train().stream().map(Labelled::clip).toList())
                .stream()
                .mapToDouble(Measure.Score::object)
                .sorted()
                .toArray();
        for (int n = 0; n < 12; n++) {
            assertEquals(1 + 9 * (n + 0.5) / 12, object[n], 9.0 / 12, "clip " + n + " in order");
        }
    }

    @Test
    void variedClipsHaveTheSamePixelsElsewhere() {
        Clip clip = data().train().getFirst().clip();
        boolean changed = false;
        for (int n = 0; n < 8; n++) {
            Clip varied = Tada.varied(clip, Keyed.seed(n));
            assertEquals(clip.frames(), varied.frames());
            changed |= !Arrays.equals(clip.rgb(), varied.rgb());
            assertArrayEquals(varied.rgb(), Tada.varied(clip, Keyed.seed(n)).rgb());
        }
        assertTrue(changed);
    }

    /** As the paper says: without a margin the order alone is content with scores that fall together, and the regression keeps them apart. */
    @Test
    void scoresFallTogetherUnderAHingeAloneAndARegressionKeepsThemApart() {
        MotionClips data = new PlantedClips(48, 2, 16, 6, Texture.Kind.DRAWN, 0, 3).load(new DataFolders(List.of()));
        double alone = spread(data, 0);
        double held = spread(data, 0.5);
        assertTrue(alone < 0.25 * held, alone + " against " + held);
    }

    private static double spread(MotionClips data, double regression) {
        Tada tada = new Tada(List.of(8, 8), List.of(2, 2), 2, new RankingLoss.Hinge(), regression, 0, 0, 150, 16, 1e-2);
        float[] raw = tada.train(data, Env.seeded(1))
                .raw(data.train().stream().map(Labelled::clip).toList());
        double sum = 0;
        double squares = 0;
        for (int n = 0; n < raw.length; n += 2) {
            sum += raw[n];
            squares += raw[n] * raw[n];
        }
        double mean = 2 * sum / raw.length;
        return Math.sqrt(2 * squares / raw.length - mean * mean);
    }

    /** A pan is seen by a wandering window as its own motion less that of the window; every second frame moves twice as far. */
    @Test
    void pairsWithoutAnswersMoveAsTheySay() {
        Labelled one = new PlantedClips(2, 2, 32, 8, Texture.Kind.DRAWN, 0, 4)
                .load(new DataFolders(List.of()))
                .train()
                .getFirst();
        Clip still = new Clip(8, 32, 32, 8, new byte[8 * 32 * 32 * 3]);
        for (int n = 0; n < 8; n++) {
            System.arraycopy(one.clip().rgb(), 0, still.rgb(), n * 32 * 32 * 3, 32 * 32 * 3);
        }
        for (int seed = 0; seed < 20; seed++) {
            Tada.Pair pair = Tada.windows(still, Keyed.seed(seed));
            assertEquals(24, pair.other().width());
            Grey first = Grey.of(pair.one(), 0);
            assertArrayEquals(first.values(), Grey.of(pair.one(), 7).values(), "this window rests");
            Clip other = pair.other();
            int found = 0; // directions in which the next frame is the frame before, moved by a pixel
            for (int d = 0; d < 9; d++) {
                int right = d % 3 - 1;
                int down = d / 3 - 1;
                boolean same = true;
                for (int i = 0; i < 22 * 22; i++) {
                    int x = 1 + i % 22;
                    int y = 1 + i / 22;
                    same &= other.at(0, y, x, 0) == other.at(1, y - down, x - right, 0);
                }
                found += same ? 1 : 0;
                assertTrue(d != 4 || !same, "this window wanders");
            }
            assertEquals(1, found);
        }
        Tada.Pair skipped = Tada.skipped(one.clip());
        assertEquals(4, skipped.one().frames());
        assertArrayEquals(one.clip().frame(5).bytes(), skipped.one().frame(3).bytes());
        assertArrayEquals(one.clip().frame(6).bytes(), skipped.other().frame(3).bytes());
    }
}
