package org.lethe.video.steer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;

/** Where the scores of clips for training come from. All are brought to the scale from 1 to 10 by their ranks among those clips. */
public enum Scores {
    /** The shipped estimator, as published. */
    ESTIMATOR,
    /** The known motion itself. */
    ORACLE,
    /** Dissimilarity of neighbouring frames, 1 − SSIM: one number for both motions. */
    SSIM,
    /** Difference of the orientations of edges in neighbouring frames: one number for both motions. */
    FEATURE_DIFFERENCE,
    /** Mean length of the flow: one number for both motions. */
    FLOW,
    /** Flow without that of the camera, and that of the camera. */
    COMPENSATED_FLOW,
    /** Five for every clip: no scores at all. */
    FIXED,
    /** The known motion of another clip: a control, which must not steer. */
    SHUFFLED;

    /** A score from 1 to 10 for each clip for training. */
    List<Measure.Score> of(MotionClips data, Env env) {
        List<Labelled> train = data.train();
        List<Clip> clips = train.stream().map(Labelled::clip).toList();
        return switch (this) {
            case ESTIMATOR -> MotionEstimator.shipped().scores(clips);
            case ORACLE -> ranked(known(train));
            case SSIM -> ranked(measured(Measure.SSIM, clips, env));
            case FEATURE_DIFFERENCE -> ranked(measured(Measure.FEATURE_DIFFERENCE, clips, env));
            case FLOW -> ranked(measured(Measure.FLOW, clips, env));
            case COMPENSATED_FLOW -> ranked(measured(Measure.COMPENSATED_FLOW, clips, env));
            case FIXED -> clips.stream().map(_ -> new Measure.Score(5, 5)).toList();
            case SHUFFLED -> {
                List<Measure.Score> scores = ranked(known(train));
                Keyed key = env.random("shuffled scores");
                yield IntStream.range(0, scores.size())
                        .boxed()
                        .sorted(Comparator.comparingLong((Integer n) -> key.at(n))
                                .thenComparing(n -> n))
                        .map(scores::get)
                        .toList();
            }
        };
    }

    private static List<Measure.Score> known(List<Labelled> clips) {
        return clips.stream()
                .map(l -> new Measure.Score(l.object(), l.camera()))
                .toList();
    }

    static List<Measure.Score> measured(Measure measure, List<Clip> clips, Env env) {
        Measure.Score[] scores = new Measure.Score[clips.size()];
        env.workers().each(scores.length, n -> scores[n] = measure.of(clips.get(n)));
        return List.of(scores);
    }

    private static List<Measure.Score> ranked(List<Measure.Score> scores) {
        double[] object = ranks(scores, Measure.Score::object);
        double[] camera = ranks(scores, Measure.Score::camera);
        List<Measure.Score> ranked = new ArrayList<>();
        for (int n = 0; n < object.length; n++) {
            ranked.add(new Measure.Score(object[n], camera[n]));
        }
        return ranked;
    }

    /** From 1 for the smallest to 10 for the largest; equal ones have one rank. */
    private static double[] ranks(List<Measure.Score> scores, ToDoubleFunction<Measure.Score> which) {
        double[] values = scores.stream().mapToDouble(which).toArray();
        double[] ascending = values.clone();
        Arrays.sort(ascending);
        double[] ranks = new double[values.length];
        for (int n = 0; n < values.length; n++) {
            int at = Arrays.binarySearch(ascending, values[n]);
            int low = at;
            int high = at;
            while (low > 0 && ascending[low - 1] == values[n]) {
                low--;
            }
            while (high + 1 < values.length && ascending[high + 1] == values[n]) {
                high++;
            }
            ranks[n] = 1 + 9 * (low + high) / 2.0 / Math.max(1, values.length - 1);
        }
        return ranks;
    }
}
