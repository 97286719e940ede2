package org.lethe.video.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.image.Sampler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;
import org.lethe.video.Clip;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.VideoModel.Injection;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.flow.Measure;

class GeneratorTest {
    private static final VideoTransformer.Shape SHAPE = new VideoTransformer.Shape(24, 2, 2, 8, 4, true);
    private static final VideoTransformer.Told NOTHING = told(Float.NaN, Float.NaN);

    @TempDir
    Path folder;

    @BeforeAll
    static void ready() {
        Devices.ready(Device.CPU);
    }

    private static VideoTransformer.Told told(float object, float camera) {
        return new VideoTransformer.Told(new float[] {object, object}, new float[] {camera, camera});
    }

    private static Tensor predicted(VideoTransformer network, VideoTransformer.Told told) {
        return network.predicted(
                Sampler.normal(Keyed.seed(1), 2, 4, 3, 8, 8),
                Sampler.normal(Keyed.seed(2), 2, 3, 8, 8),
                new float[] {0.3f, 0.8f},
                told);
    }

    private static VideoTransformer drawn(Optional<Injection> injection, boolean woken) {
        VideoTransformer network = new VideoTransformer(SHAPE, injection);
        network.draw(Keyed.seed(3), Workers.here());
        if (woken) {
            network.parameters()
                    .all()
                    .forEach((name, tensor) ->
                            Initial.normal(0, 0.2).fill(tensor, Keyed.seed(4).of(name), Workers.here()));
        }
        return network;
    }

    @Test
    void aNewNetworkPredictsThatNothingMoves() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor out = predicted(drawn(Optional.empty(), false), NOTHING);
            assertArrayEquals(new long[] {2, 4, 3, 8, 8}, out.shape());
            Tensor still = Sampler.normal(Keyed.seed(2), 2, 3, 8, 8).unsqueeze(1);
            assertEquals(0, out.sub(still).abs().max().item_float(), 1e-6f, "the last layer begins at zero");
        }
    }

    @Test
    void pixelsAreCarriedFromWhereTheirVelocitySaysTheyCame() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor first = Sampler.normal(Keyed.seed(2), 2, 3, 8, 8);
            float[] across = new float[2 * 4 * 2 * 8 * 8];
            for (int n = 0; n < across.length; n++) {
                across[n] = n / 64 % 2 == 0 ? 1 : 0; // one pixel a frame to the right, none down
            }
            Tensor carried = drawn(Optional.empty(), false).carried(first, Tensors.of(across, 2, 4, 2, 8, 8));
            for (int frame = 0; frame < 4; frame++) {
                Tensor moved = carried.select(1, frame).narrow(3, frame, 8L - frame);
                Tensor before = first.narrow(3, 0, 8L - frame);
                assertEquals(0, moved.sub(before).abs().max().item_float(), 1e-5f, "frame " + frame);
                Tensor edge = carried.select(1, frame).select(3, 0).sub(first.select(3, 0));
                assertEquals(0, edge.abs().max().item_float(), 1e-5f, "the edge fills what comes in");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Injection.class)
    void scoresChangeWhatIsPredictedOnceTheyAreLearned(Injection injection) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            VideoTransformer network = drawn(Optional.of(injection), true);
            Tensor calm = predicted(network, told(2, 3));
            assertEquals(0, predicted(network, told(2, 3)).sub(calm).abs().max().item_float());
            assertTrue(predicted(network, told(9, 3)).sub(calm).abs().max().item_float() > 1e-4);
            assertTrue(predicted(network, NOTHING).sub(calm).abs().max().item_float() > 1e-4);
            float swapped = predicted(network, told(3, 2)).sub(calm).abs().max().item_float();
            assertEquals(injection == Injection.MIXED, swapped < 1e-5, "one perceptron cannot tell 2, 3 from 3, 2");
        }
    }

    @Test
    void beingGivenScoresChangesNothingAtFirst() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            VideoTransformer plain = drawn(Optional.empty(), true);
            VideoTransformer scored = drawn(Optional.of(Injection.DECOUPLED), false);
            plain.parameters()
                    .all()
                    .forEach((name, tensor) -> scored.parameters().tensor(name).copy_(tensor));
            Tensor same = predicted(scored, told(9, 1));
            assertEquals(0, predicted(plain, NOTHING).sub(same).abs().max().item_float());
        }
    }

    @Test
    void bothPredictionsMakeTheCleanClipsOfAnExactField() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor clean = Sampler.normal(Keyed.seed(5), 2, 1, 1, 2, 2);
            Tensor noise = Sampler.normal(Keyed.seed(6), 2, 1, 1, 2, 2);
            for (Prediction prediction : List.of(new Prediction.RectifiedFlow(4), new Prediction.V(20))) {
                // all clips are one clip: the noise of what is seen is known
                Tensor made = prediction.made(noise, (noisy, time) -> {
                    double share = prediction.noise(time);
                    Tensor own = noisy.sub(clean.mul(new Scalar(prediction.signal(time))))
                            .div(new Scalar(share));
                    return prediction.target(clean, own, new float[] {(float) time, (float) time});
                });
                assertEquals(0, made.sub(clean).abs().max().item_float(), 1e-5, prediction.toString());
            }
        }
    }

    @Test
    void theTrueCleanClipsGiveTheTarget() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor clean = Sampler.normal(Keyed.seed(5), 2, 1, 1, 2, 2);
            Tensor noise = Sampler.normal(Keyed.seed(6), 2, 1, 1, 2, 2);
            float[] times = {0.2f, 1};
            for (Prediction prediction : List.of(new Prediction.RectifiedFlow(4), new Prediction.V(20))) {
                Tensor said = prediction.predicted(prediction.noised(clean, noise, times), clean, times);
                Tensor wrong = said.sub(prediction.target(clean, noise, times)).abs();
                assertEquals(0, wrong.max().item_float(), 1e-5, prediction.toString());
            }
        }
    }

    /** Errors of clips made of one normal value by the exact field of normal clips with deviation 0.5, whose flow is x(0) = 0.5 x(1). */
    private static double wrong(int steps, boolean heun, double shift) {
        double s = 0.5;
        Tensor made = new Prediction.RectifiedFlow(steps, heun, shift)
                .made(Tensors.of(new float[] {1}, 1, 1, 1, 1, 1), (x, t) -> {
                    double variance = (1 - t) * (1 - t) * s * s + t * t;
                    return x.mul(new Scalar((t - (1 - t) * s * s) / variance));
                });
        return Math.abs(made.item_float() - s);
    }

    @Test
    void theFlowOfNormalClipsIsFoundToTheOrderOfTheRule() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            for (double shift : new double[] {1, 2}) {
                double heun = wrong(10, true, shift) / wrong(20, true, shift);
                double euler = wrong(10, false, shift) / wrong(20, false, shift);
                assertTrue(heun > 3, "Heun's rule is of second order: " + heun);
                assertTrue(euler > 1.6 && euler < 2.6, "Euler's rule is of first order: " + euler);
            }
            assertTrue(wrong(200, true, 1) < 1e-4);
        }
    }

    @Test
    void aShiftMovesTimesForTrainingToTheNoise() {
        // normal draws above logit 0.9, and above logit 0.6923 where 4 t / (1 + 3 t) is 0.9
        assertEquals(0.0140, noisy(1), 0.006); // five deviations of a binomial draw
        assertEquals(0.2087, noisy(4), 0.021);
    }

    private static double noisy(double shift) {
        Prediction prediction = new Prediction.RectifiedFlow(1, true, shift);
        return IntStream.range(0, 10_000)
                        .filter(n -> prediction.drawn(Keyed.seed(11), n) > 0.9)
                        .count()
                / 1e4;
    }

    @Test
    void guidancePressesEachScoreByItself() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Generator.Telling telling = told -> Tensors.of(
                    new float[] {
                        (Float.isNaN(told.object()[0]) ? 0 : told.object()[0])
                                + (Float.isNaN(told.camera()[0]) ? 0 : 100 * told.camera()[0])
                    },
                    1);
            assertEquals(
                    302,
                    Generator.pressed(told(2, 3), new Measure.Score(1, 1), telling)
                            .item_float());
            assertEquals(
                    304,
                    Generator.pressed(told(2, 3), new Measure.Score(2, 1), telling)
                            .item_float());
            assertEquals(
                    902,
                    Generator.pressed(told(2, 3), new Measure.Score(1, 3), telling)
                            .item_float());
            assertEquals(
                    300,
                    Generator.pressed(told(2, 3), new Measure.Score(0, 1), telling)
                            .item_float());
        }
    }

    @Test
    void aScoreIsLeftOutInItsShareOfTheDraws() {
        Keyed key = Keyed.seed(9);
        long out = LongStream.range(0, 10_000)
                .filter(n -> Float.isNaN(Generator.told(5, 0.1, key.at(n))))
                .count();
        assertEquals(1000.0, (double) out, 150.0); // five deviations of a binomial draw
        assertEquals(5f, Generator.told(5, 0, key.at(0)));
    }

    @Test
    void everyTokenHasAPlaceOfItsOwn() {
        VideoTransformer.Shape shape = new VideoTransformer.Shape(96, 1, 1, 32, 8, true);
        float[] places = VideoTransformer.places(shape);
        assertEquals(256, shape.tokens());
        for (int axis = 0; axis < 3; axis++) {
            assertEquals(0, places[32 * axis], "sine of 0");
            assertEquals(1, places[32 * axis + 16], "cosine of 0");
        }
        // token 64 + 8 + 2: the second pair of frames, the second row, the third column
        assertEquals(Math.sin(1), places[74 * 96], 1e-6);
        assertEquals(Math.sin(1), places[74 * 96 + 32], 1e-6);
        assertEquals(Math.sin(2), places[74 * 96 + 64], 1e-6);
        assertEquals(
                256,
                IntStream.range(0, 256)
                        .mapToObj(n -> Arrays.toString(Arrays.copyOfRange(places, n * 96, (n + 1) * 96)))
                        .distinct()
                        .count());
    }

    @Test
    void decoupledScoresFillAHalfOfTheWidthEach() {
        try (var _ = new PointerScope()) {
            Map<String, Tensor> apart = new VideoTransformer(SHAPE, Optional.of(Injection.DECOUPLED))
                    .parameters()
                    .all();
            assertArrayEquals(
                    new long[] {12, 24},
                    Optional.ofNullable(apart.get("object.1.weight"))
                            .orElseThrow()
                            .shape());
            assertArrayEquals(
                    new long[] {12, 24},
                    Optional.ofNullable(apart.get("camera.1.weight"))
                            .orElseThrow()
                            .shape());
            Map<String, Tensor> together = new VideoTransformer(SHAPE, Optional.of(Injection.MIXED))
                    .parameters()
                    .all();
            assertArrayEquals(
                    new long[] {24, 24},
                    Optional.ofNullable(together.get("both.1.weight"))
                            .orElseThrow()
                            .shape());
            assertFalse(together.containsKey("object.1.weight"));
        }
    }

    @Test
    void aTrainedGeneratorIsKeptBitForBitAndObeysItsKey() throws IOException {
        MotionClips clips = new PlantedClips(12, 4, 16, 4, Texture.Kind.DRAWN, 0, 1).load(new DataFolders(List.of()));
        Env env = Env.seeded(7);
        MotionTransformer learner =
                new MotionTransformer(24, 2, 2, true, new Prediction.RectifiedFlow(2), 5, 4, 1e-3, true, 0.9);
        VideoModel base = learner.train(clips, env);
        List<Measure.Score> scores = clips.train().stream()
                .map(c -> new Measure.Score(1 + 3 * c.object(), 1 + 3 * c.camera()))
                .toList();
        VideoModel.Lesson lesson =
                new VideoModel.Lesson(Injection.DECOUPLED, 5, 4, 1e-2, 0.1, new Measure.Score(1.5, 2));
        VideoModel taught = base.taught(lesson, scores, clips, env);
        VideoModel.Shot shot =
                new VideoModel.Shot(clips.test().getFirst().clip().frame(0), new Measure.Score(9, 2), Keyed.seed(8));
        VideoModel.Shot other = new VideoModel.Shot(shot.first(), new Measure.Score(2, 9), Keyed.seed(8));
        Path file = folder.resolve("model.safetensors");
        taught.save(file, Map.of());
        VideoModel read = VideoModels.load(file);
        Clip once = taught.animate(List.of(shot), env).getFirst();
        List<Clip> both = read.animate(List.of(other, shot), env);
        assertArrayEquals(once.rgb(), both.getLast().rgb());
        assertFalse(Arrays.equals(both.getFirst().rgb(), both.getLast().rgb()), "scores change the clip");
        Clip first = clips.test().getFirst().clip();
        int each = 3 * 16 * 16;
        assertArrayEquals(
                Arrays.copyOf(first.rgb(), each),
                Arrays.copyOf(once.rgb(), each),
                "frame 0 is held at the first frame");
        String wrong = String.valueOf(assertThrows(
                        IllegalArgumentException.class, () -> taught.taught(lesson, scores.subList(0, 3), clips, env))
                .getMessage());
        assertTrue(wrong.contains("scores is 3, expected one for each of 12"), wrong);
    }

    @Test
    void aFileOfAnotherKindIsNamed() throws IOException {
        Path file = folder.resolve("estimator.safetensors");
        MotionEstimator.shipped().save(file, Map.of());
        String message =
                assertThrows(LetheException.class, () -> VideoModels.load(file)).getMessage();
        assertTrue(message.contains("expected motion-transformer or warp"), message);
    }
}
