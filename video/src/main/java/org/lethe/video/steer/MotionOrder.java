package org.lethe.video.steer;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.lethe.numerics.Keyed;
import org.lethe.video.Labelled;
import org.lethe.video.Ordering;
import org.lethe.video.flow.Measure;

/**
 * How well scores order clips whose motion is known.
 *
 * @param objectAccuracy share of pairs that the score of objects orders rightly, of pairs more than 0.3 apart
 * @param cameraAccuracy the same of the camera
 * @param objectAccuracyOfAll of all pairs
 * @param cameraAccuracyOfAll of all pairs
 * @param objectCorrelation Spearman's, of the score of objects with their motion
 * @param cameraCorrelation the same of the camera
 * @param objectLeak size of the correlation of the score of objects with the motion of the camera; 0 is best
 * @param cameraLeak the other way round
 */
public record MotionOrder(
        double objectAccuracy,
        double cameraAccuracy,
        double objectAccuracyOfAll,
        double cameraAccuracyOfAll,
        double objectCorrelation,
        double cameraCorrelation,
        double objectLeak,
        double cameraLeak) {
    private static final double CLEAR = 0.3;
    private static final int PAIRS = 4000;

    /** Over 4,000 pairs by chance. */
    public static MotionOrder of(List<Measure.Score> scores, List<Labelled> clips, Keyed key) {
        double[] object = scores.stream().mapToDouble(Measure.Score::object).toArray();
        double[] camera = scores.stream().mapToDouble(Measure.Score::camera).toArray();
        double[] objects = clips.stream().mapToDouble(Labelled::object).toArray();
        double[] cameras = clips.stream().mapToDouble(Labelled::camera).toArray();
        return new MotionOrder(
                Ordering.pairAccuracy(object, objects, CLEAR, PAIRS, key),
                Ordering.pairAccuracy(camera, cameras, CLEAR, PAIRS, key),
                Ordering.pairAccuracy(object, objects, 0, PAIRS, key),
                Ordering.pairAccuracy(camera, cameras, 0, PAIRS, key),
                Ordering.spearman(object, objects),
                Ordering.spearman(camera, cameras),
                Math.abs(Ordering.spearman(object, cameras)),
                Math.abs(Ordering.spearman(camera, objects)));
    }

    void print(PrintWriter out) {
        out.printf(Locale.ROOT, "%-28s %8s %8s%n", "", "object", "camera");
        row(out, "order of pairs 0.3 apart", objectAccuracy, cameraAccuracy);
        row(out, "order of all pairs", objectAccuracyOfAll, cameraAccuracyOfAll);
        row(out, "rank correlation", objectCorrelation, cameraCorrelation);
        row(out, "leak of the other motion", objectLeak, cameraLeak);
    }

    private static void row(PrintWriter out, String name, double object, double camera) {
        out.printf(Locale.ROOT, "%-28s %8.3f %8.3f%n", name, object, camera);
    }
}
