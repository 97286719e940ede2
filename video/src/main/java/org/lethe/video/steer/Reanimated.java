package org.lethe.video.steer;

import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.lethe.Case;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;

/**
 * Held-out clips and what a model makes of their first frames, under the scores that the shipped estimator gives them.
 *
 * @param real held-out clips
 * @param made one for each
 */
record Reanimated(List<Clip> real, List<Clip> made) {
    /** So many, chosen by the seed; the model makes them once for all audits. */
    static Reanimated of(Case<MotionClips, VideoModel> c, int clips, Env env) {
        VideoModel model = c.after();
        return model.derived(List.of("held-out clips again", clips, env.seed()), () -> {
            Keyed key = env.random("held-out clips again");
            List<Labelled> held = c.data().test();
            List<Clip> real = IntStream.range(0, clips)
                    .mapToObj(n -> held.get(Keyed.below(key.of("clips").at(n), held.size()))
                            .clip())
                    .toList();
            List<Measure.Score> scores = MotionEstimator.shipped().scores(real);
            return new Reanimated(real, animated(model, real, scores::get, env));
        });
    }

    /** The scores of a clip by its number. */
    interface Asked {
        /** Those that are asked for. */
        Measure.Score of(int clip);
    }

    /** Clips of the first frames of some. */
    static List<Clip> animated(VideoModel model, List<Clip> from, Asked asked, Env env) {
        Keyed noise = env.random("held-out clips again").of("noise");
        return model.animate(
                IntStream.range(0, from.size())
                        .mapToObj(n -> new VideoModel.Shot(from.get(n).frame(0), asked.of(n), noise.of(n)))
                        .toList(),
                env);
    }

    /** The mean with its interval over clips. */
    static Sampled mean(double[] values, Keyed draws) {
        return Sampled.of(
                Statistics.RESAMPLES, values.length, draws, (IntUnaryOperator times) -> weighted(values, times));
    }

    private static double weighted(double[] values, IntUnaryOperator times) {
        double sum = 0;
        double count = 0;
        for (int n = 0; n < values.length; n++) {
            sum += times.applyAsInt(n) * values[n];
            count += times.applyAsInt(n);
        }
        return sum / count;
    }
}
