package org.lethe.bench;

import java.util.List;
import java.util.Optional;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.torch.Devices;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.model.MotionEstimator;
import org.lethe.video.model.MotionTransformer;
import org.lethe.video.model.Prediction;

/**
 * Clips per second of the estimator of motion that comes with Lethe, and seconds of a step of the generator at 16 clips of 8 x 32 x 32, on one thread.
 */
public final class VideoSpeed {
    private static final int STEPS = 40;

    private VideoSpeed() {}

    public static void main(String[] args) {
        Devices.ready(Device.CPU);
        for (int[] shape : List.of(new int[] {8, 32}, new int[] {16, 64})) {
            List<Clip> clips = clips(96, shape[1], shape[0]).train().stream()
                    .map(Labelled::clip)
                    .toList();
            MotionEstimator estimator = MotionEstimator.shipped();
            estimator.features(clips);
            long from = System.nanoTime();
            estimator.features(clips);
            System.out.printf(
                    "estimator, %d x %d x %d: %.0f clips/s%n",
                    shape[0], shape[1], shape[1], clips.size() / seconds(from));
        }
        MotionClips data = clips(64, 32, 8);
        train(2, data);
        double few = train(2, data);
        System.out.printf("generator: %.3f s a step of 16 clips%n", (train(2 + STEPS, data) - few) / STEPS);
    }

    private static double train(int steps, MotionClips data) {
        long from = System.nanoTime();
        new MotionTransformer(96, 4, 4, true, new Prediction.RectifiedFlow(10, true, 2), steps, 16, 1e-3, false, 0.99)
                .train(data, Env.seeded(1));
        return seconds(from);
    }

    private static MotionClips clips(int count, int size, int frames) {
        return new PlantedClips(count, 2, size, frames, Texture.Kind.DRAWN, 0, 1)
                .load(DataFolders.usual(Optional.empty()));
    }

    private static double seconds(long from) {
        return (System.nanoTime() - from) / 1e9;
    }
}
