package org.lethe.video.steer;

import java.util.List;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.image.ImageMetrics;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.model.MotionEstimator;

/**
 * Says how far clips are from real ones as a sample, and whether they are nearer than first frames that stand still.
 *
 * <p>Each held-out clip is made again from its first frame, under the scores that the shipped estimator gives it. {@code fvd-est} is the Fréchet distance
 * of the features of that estimator, brought to {@value #DIMS} dimensions by a fixed random map, between clips made and real ones; {@code
 * fvd-est-frozen} the same of first frames that stand still; {@code fvd-est-real} that of one half of the real clips to the other, which is what chance
 * alone gives for half as many. It is no FVD: values cannot be compared with those of the network I3D.
 *
 * @param clips held-out clips that are made again
 */
@Named("video-distance")
public record VideoDistance(int clips) implements Audit<MotionClips, VideoModel> {
    private static final int DIMS = 8;

    public VideoDistance {
        Check.require(clips >= 4 * DIMS && clips <= 10_000, "clips", clips, "32 to 10,000");
    }

    /** 256 clips. */
    public VideoDistance() {
        this(256);
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<MotionClips, VideoModel> method) {
        return Steer.unless(this, request);
    }

    @Override
    public List<Finding> examine(Case<MotionClips, VideoModel> c, Env env) {
        Reanimated again = Reanimated.of(c, clips, env);
        List<float[]> truth = features(again.real());
        double made = ImageMetrics.frechet(truth, features(again.made()));
        double frozen = ImageMetrics.frechet(
                truth, features(again.real().stream().map(VideoDistance::frozen).toList()));
        double chance = ImageMetrics.frechet(truth.subList(0, clips / 2), truth.subList(clips / 2, clips));
        String bar = "below that of first frames that stand still";
        Verdict verdict = Math.abs(made - frozen) > chance
                ? Verdict.of(made < frozen, bar)
                : new Verdict.Undecided(bar, "the two differ by less than the halves of the real clips");
        return List.of(
                new Finding("fvd-est", made, clips, Direction.LOWER).judged(verdict),
                new Finding("fvd-est-frozen", frozen, clips, Direction.NONE),
                new Finding("fvd-est-real", chance, clips / 2, Direction.NONE)); // resamples repeat rows: no interval
    }

    /** A clip whose first frame stands still. */
    static Clip frozen(Clip clip) {
        int each = 3 * clip.height() * clip.width();
        byte[] rgb = new byte[clip.rgb().length];
        for (int f = 0; f < clip.frames(); f++) {
            System.arraycopy(clip.rgb(), 0, rgb, f * each, each);
        }
        return new Clip(clip.frames(), clip.height(), clip.width(), clip.fps(), rgb);
    }

    /** Features of the estimator under a fixed random map. */
    private static List<float[]> features(List<Clip> clips) {
        Keyed map = Keyed.seed(1).of("features");
        return MotionEstimator.shipped().features(clips).stream()
                .map(row -> {
                    float[] few = new float[DIMS];
                    for (int d = 0; d < DIMS; d++) {
                        double sum = 0;
                        for (int i = 0; i < row.length; i++) {
                            sum += row[i] * Keyed.normal(map.at(d, i));
                        }
                        few[d] = (float) (sum / Math.sqrt(row.length));
                    }
                    return few;
                })
                .toList();
    }

    @Override
    public String limits() {
        return "Likeness to real clips is measured by features of a small estimator of motion, not by people.";
    }
}
