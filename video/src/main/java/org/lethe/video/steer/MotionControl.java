package org.lethe.video.steer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.image.Bitmap;
import org.lethe.image.Pictures;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.Ordering;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;
import org.lethe.video.model.Tada;

/**
 * Says how well clips obey the scores that are asked for: each score goes through 1, 3, 5, 7 and 9 while the other stays at 5, and the motion of the
 * clips is measured.
 *
 * <p>Each first frame is one from held-out clips, and has one noise for all its clips. {@code control} is Spearman's correlation of scores asked for and
 * motion measured, per image, averaged; {@code monotone} the share of images whose motion never falls by more than 5 % of its range; {@code cross} how much
 * the other motion grows with a score, as a share of what its own grows; {@code motion-ratio} the motion at (1, 1) as a share of that at (9, 9). Motion is
 * measured by a measure that no method learned from, unless it is told to.
 *
 * @param images first frames, each with 14 clips
 * @param measure of motion
 * @param minObject bar of the correlation for objects
 * @param minCamera bar of the correlation for the camera
 * @param maxCross bar of the larger of both cross effects
 * @param maxRatio bar of the motion at (1, 1) as a share of that at (9, 9)
 * @param second estimator that is trained on the same clips with a seed of its own, by which control and cross effect are measured once more, without a
 *     bar; absent for none
 */
@Named("motion-control")
public record MotionControl(
        int images,
        Measure measure,
        double minObject,
        double minCamera,
        double maxCross,
        double maxRatio,
        Optional<Tada> second)
        implements Audit<MotionClips, VideoModel> {
    private static final int[] LEVELS = {1, 3, 5, 7, 9};
    private static final int MIDDLE = 5;
    private static final double INVERSION = 0.05;
    private static final double FLAT = 1e-3; // pixels a frame and score: no growth
    private static final double MOST = 10; // of a cross effect, as that of a score that moves nothing

    public MotionControl {
        Check.require(images >= 2 && images <= 10_000, "images", images, "2 to 10,000");
        Check.require(Math.abs(minObject) <= 1, "minObject", minObject, "a correlation");
        Check.require(Math.abs(minCamera) <= 1, "minCamera", minCamera, "a correlation");
        Check.require(maxCross > 0, "maxCross", maxCross, "above 0");
        Check.require(maxRatio > 0 && maxRatio <= 1, "maxRatio", maxRatio, "above 0, at most 1");
    }

    /** 16 images, compensated flow alone, bars of 0.6, 0.8, 0.5 and 0.3. */
    public MotionControl() {
        this(16, Measure.COMPENSATED_FLOW, 0.6, 0.8, 0.5, 0.3, Optional.empty());
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<MotionClips, VideoModel> method) {
        return Steer.unless(this, request);
    }

    /** Clips of one image and what was measured. */
    private record Made(List<Measure.Score> asked, List<List<Clip>> clips, List<List<Measure.Score>> measured) {
        /** The motion of an image at a score. */
        Measure.Score at(int image, double object, double camera) {
            return measured.get(image).get(asked.indexOf(new Measure.Score(object, camera)));
        }
    }

    private static List<Measure.Score> asked(Steer request) {
        List<Measure.Score> asked = new ArrayList<>();
        for (int level : LEVELS) {
            asked.add(new Measure.Score(level, MIDDLE));
            if (level != MIDDLE) {
                asked.add(new Measure.Score(MIDDLE, level));
            }
        }
        for (int[] corner : new int[][] {{1, 1}, {9, 1}, {1, 9}, {9, 9}}) {
            asked.add(new Measure.Score(corner[0], corner[1]));
        }
        if (!asked.contains(request.asked())) {
            asked.add(request.asked());
        }
        return asked;
    }

    private Made made(Case<MotionClips, VideoModel> c, Env env) {
        Object key = List.of("motion control", images, measure, c.request(), env.seed());
        return c.after().derived(key, () -> made(c, c.after(), env));
    }

    private Made made(Case<MotionClips, VideoModel> c, VideoModel model, Env env) {
        List<Bitmap> first =
                first(c.data(), images, env.random("motion control").of("images"));
        List<Measure.Score> asked = asked((Steer) c.request());
        Keyed noise = env.random("motion control").of("noise");
        List<VideoModel.Shot> shots = new ArrayList<>();
        for (int n = 0; n < first.size(); n++) {
            for (Measure.Score score : asked) {
                shots.add(new VideoModel.Shot(first.get(n), score, noise.of(n)));
            }
        }
        List<Clip> clips = model.animate(shots, env);
        List<Measure.Score> measured = Scores.measured(measure, clips, env);
        return new Made(asked, byImage(clips, asked.size()), byImage(measured, asked.size()));
    }

    private static <T> List<List<T>> byImage(List<T> all, int each) {
        return IntStream.range(0, all.size() / each)
                .mapToObj(n -> all.subList(n * each, (n + 1) * each))
                .toList();
    }

    /** The same clips, with the scores of an estimator that no method knows. */
    private Optional<Made> estimated(Made made, Case<MotionClips, VideoModel> c, Env env) {
        return second.map(tada -> {
            MotionEstimator estimator = c.baseline()
                    .of(
                            List.of("second estimator", tada, env.seed()),
                            env,
                            e -> tada.train(
                                    c.data(),
                                    e.with(Keyed.seed(env.seed())
                                            .of("second estimator")
                                            .at(0))));
            List<Measure.Score> scores =
                    estimator.scores(made.clips.stream().flatMap(List::stream).toList());
            return new Made(made.asked, made.clips, byImage(scores, made.asked.size()));
        });
    }

    /** First frames of held-out clips. */
    static List<Bitmap> first(MotionClips data, int count, Keyed key) {
        List<Labelled> held = data.test();
        return IntStream.range(0, count)
                .mapToObj(n ->
                        held.get(Keyed.below(key.at(n), held.size())).clip().frame(0))
                .toList();
    }

    /** One of the two scores: how it is asked for, and what is measured of it and of the other. */
    private enum Side {
        OBJECT,
        CAMERA;

        double own(Measure.Score score) {
            return this == OBJECT ? score.object() : score.camera();
        }

        double other(Measure.Score score) {
            return this == OBJECT ? score.camera() : score.object();
        }

        Measure.Score at(Made made, int image, int level) {
            return this == OBJECT ? made.at(image, level, MIDDLE) : made.at(image, MIDDLE, level);
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static double[] curve(Made made, int image, Side side, boolean own) {
        return Arrays.stream(LEVELS)
                .mapToDouble(level -> {
                    Measure.Score measured = side.at(made, image, level);
                    return own ? side.own(measured) : side.other(measured);
                })
                .toArray();
    }

    private static double correlation(double[] curve) {
        return Ordering.spearman(Arrays.stream(LEVELS).asDoubleStream().toArray(), curve);
    }

    private static double slope(double[] curve) {
        double above = 0;
        double below = 0;
        for (int n = 0; n < LEVELS.length; n++) {
            above += (LEVELS[n] - MIDDLE) * curve[n];
            below += (double) (LEVELS[n] - MIDDLE) * (LEVELS[n] - MIDDLE);
        }
        return above / below;
    }

    private static boolean monotone(double[] curve) {
        double range = Arrays.stream(curve).max().orElseThrow()
                - Arrays.stream(curve).min().orElseThrow();
        for (int n = 1; n < curve.length; n++) {
            if (curve[n] < curve[n - 1] - INVERSION * range) {
                return false;
            }
        }
        return range > 0;
    }

    @Override
    public List<Finding> examine(Case<MotionClips, VideoModel> c, Env env) {
        Made made = made(c, env);
        Keyed draws = env.random("motion control").of("resamples");
        List<Finding> findings = new ArrayList<>();
        List<Finding> details = new ArrayList<>();
        for (Side side : Side.values()) {
            double[] control = each(n -> correlation(curve(made, n, side, true)));
            double[] own = each(n -> slope(curve(made, n, side, true)));
            double[] other = each(n -> slope(curve(made, n, side, false)));
            double least = side == Side.OBJECT ? minObject : minCamera;
            findings.add(judged("control-" + side.word(), mean(control, draws), Direction.HIGHER, least));
            findings.add(judged("cross-" + side.word(), cross(own, other, draws), Direction.LOWER, maxCross));
            details.add(finding(
                    "monotone-" + side.word(),
                    mean(each(n -> monotone(curve(made, n, side, true)) ? 1 : 0), draws),
                    Direction.HIGHER));
            details.add(finding("slope-" + side.word(), mean(own, draws), Direction.HIGHER));
        }
        double[] still = each(n -> total(made.at(n, 1, 1)));
        double[] lively = each(n -> total(made.at(n, 9, 9)));
        findings.add(judged(
                "motion-ratio",
                Sampled.of(
                        Statistics.RESAMPLES,
                        images,
                        draws,
                        times -> Math.min(MOST, weighted(still, times) / Math.max(FLAT, weighted(lively, times)))),
                Direction.LOWER,
                maxRatio));
        estimated(made, c, env).ifPresent(by -> {
            for (Side side : Side.values()) {
                details.add(finding(
                        "control-" + side.word() + "-estimated",
                        mean(each(n -> correlation(curve(by, n, side, true))), draws),
                        Direction.HIGHER));
                details.add(finding(
                        "cross-" + side.word() + "-estimated",
                        cross(
                                each(n -> slope(curve(by, n, side, true))),
                                each(n -> slope(curve(by, n, side, false))),
                                draws),
                        Direction.LOWER));
            }
        });
        details.add(finding("still-camera", mean(each(n -> made.at(n, 1, 1).camera()), draws), Direction.LOWER));
        Steer request = (Steer) c.request();
        details.add(finding(
                "object-at-request",
                mean(each(n -> made.at(n, request.object(), request.camera()).object()), draws),
                Direction.NONE));
        details.add(finding(
                "camera-at-request",
                mean(each(n -> made.at(n, request.object(), request.camera()).camera()), draws),
                Direction.NONE));
        findings.addAll(details);
        return findings;
    }

    private double[] each(IntToDoubleFunction value) {
        return IntStream.range(0, images).mapToDouble(value).toArray();
    }

    private static double total(Measure.Score score) {
        return score.object() + score.camera();
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

    private Sampled mean(double[] values, Keyed draws) {
        return Sampled.of(Statistics.RESAMPLES, values.length, draws, times -> weighted(values, times));
    }

    /** |growth of the other motion| / |growth of its own|; {@value #MOST} where its own does not grow. */
    private Sampled cross(double[] own, double[] other, Keyed draws) {
        return Sampled.of(Statistics.RESAMPLES, own.length, draws, times -> {
            double grows = weighted(own, times);
            return grows < FLAT ? MOST : Math.min(MOST, Math.abs(weighted(other, times)) / grows);
        });
    }

    private Finding finding(String name, Sampled measured, Direction direction) {
        return new Finding(name, measured.value(), images, direction).within(measured.interval());
    }

    private Finding judged(String name, Sampled measured, Direction direction, double bar) {
        boolean higher = direction == Direction.HIGHER;
        String words = (higher ? "at least " : "at most ") + bar;
        double low = measured.interval().low();
        double high = measured.interval().high();
        boolean met = higher ? low >= bar : high <= bar;
        boolean missed = higher ? high < bar : low > bar;
        return finding(name, measured, direction)
                .judged(
                        met || missed
                                ? Verdict.of(met, words)
                                : new Verdict.Undecided(
                                        words, "the interval crosses the bar; more images would decide"));
    }

    @Override
    public List<Picture> pictures(Case<MotionClips, VideoModel> c, Env env) {
        Made made = made(c, env);
        List<Picture> pictures = new ArrayList<>();
        List<Picture.Frame> strips = new ArrayList<>();
        for (int[] corner : new int[][] {{1, 1}, {9, 1}, {1, 9}, {9, 9}}) {
            Clip clip = made.clips.getFirst().get(made.asked.indexOf(new Measure.Score(corner[0], corner[1])));
            strips.add(
                    new Picture.Frame("object " + corner[0] + ", camera " + corner[1], Pictures.png(filmstrip(clip))));
        }
        pictures.add(
                new Picture.Strip("clips of one first frame", "frames from top to bottom, one noise for all", strips));
        for (Side side : Side.values()) {
            pictures.add(new Picture.Curve(
                    "motion for the score of the " + side.word(),
                    "score of the " + side.word() + ", the other at 5",
                    "pixels a frame",
                    "means over " + images + " images",
                    List.of(line(made, side, true), line(made, side, false))));
        }
        return pictures;
    }

    private Picture.Line line(Made made, Side side, boolean own) {
        List<Float> x = new ArrayList<>();
        List<Float> y = new ArrayList<>();
        for (int n = 0; n < LEVELS.length; n++) {
            int level = n;
            x.add((float) LEVELS[n]);
            y.add((float) Arrays.stream(each(i -> curve(made, i, side, own)[level]))
                    .average()
                    .orElseThrow());
        }
        Side other = side == Side.OBJECT ? Side.CAMERA : Side.OBJECT;
        return new Picture.Line((own ? side : other).word(), x, y, List.of(), List.of());
    }

    /** All frames of a clip below each other, with a line of white between, each pixel three times as large. */
    static Bitmap filmstrip(Clip clip) {
        int factor = Math.max(1, 96 / clip.width());
        int width = clip.width() * factor;
        int each = clip.height() * factor + factor;
        int height = each * clip.frames();
        float[] values = new float[3 * width * height];
        Arrays.fill(values, 1);
        for (int f = 0; f < clip.frames(); f++) {
            for (int y = 0; y < clip.height() * factor; y++) {
                for (int x = 0; x < width; x++) {
                    for (int ch = 0; ch < 3; ch++) {
                        values[ch * width * height + (f * each + y) * width + x] =
                                clip.at(f, y / factor, x / factor, ch) / 255f;
                    }
                }
            }
        }
        return new Bitmap(width, height, values);
    }

    @Override
    public String limits() {
        return "Motion is measured by one rule on small clips: a pass says that motion follows the scores, not that it looks natural.";
    }
}
