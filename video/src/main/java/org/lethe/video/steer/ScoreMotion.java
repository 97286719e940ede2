package org.lethe.video.steer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;
import org.lethe.video.data.Clips;
import org.lethe.video.flow.CameraMotion;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;

/**
 * Scores the motion of objects and of the camera in clips: films, animated GIF, and folders of either or of numbered pictures.
 *
 * <p>The estimator that comes with Lethe gives both scores from 1, still, to 10, the liveliest; the scale is the one that {@code video animate}
 * takes. A measure made by hand can take its place. Motion is measured at about 8 frames a second, whatever the clip has, in windows of 8
 * frames that are spread over it. A film of more than two minutes is read at its windows alone, so damage between them is not seen.
 *
 * @param clips files and folders
 * @param measure in place of the estimator: ssim and frame-difference and flow, one number for both motions; or compensated-flow or
 *     tracked-points, which tell them apart, in pixels a frame of a screen whose shorter side is 32
 * @param estimator file of another trained estimator
 * @param windows most windows that are scored in a clip
 * @param fps frames a second at which motion is measured, about; a clip without enough frames for that is measured at more
 */
@Named("video motion")
public record ScoreMotion(
        @Argument List<Path> clips, Optional<Measure> measure, Optional<Path> estimator, int windows, double fps)
        implements Tool.Reporting<ScoreMotion.Result> {
    private static final int FRAMES = 8;
    private static final int SHORT_SIDE = 64;
    private static final int ESTIMATED_SIDE = 32;
    private static final double LONG = 120; // seconds
    private static final double FROZEN = 0.5;

    public ScoreMotion {
        clips = List.copyOf(clips);
        Check.require(windows >= 1 && windows <= 10_000, "windows", windows, "1 to 10,000");
        Check.require(fps > 0 && fps <= 1000, "fps", fps, "above 0, at most 1,000");
        Check.require(
                measure.isEmpty() || estimator.isEmpty(),
                "measure",
                measure.map(Enum::name).orElse(""),
                "none where an estimator is named");
    }

    /** The estimator that comes with Lethe, at 8 frames a second in at most 30 windows; the clips are still to be named. */
    public ScoreMotion() {
        this(List.of(), Optional.empty(), Optional.empty(), 30, 8);
    }

    /**
     * One clip.
     *
     * @param clip its file or folder
     * @param frames at a constant rate; of a long film as many as its length says
     * @param seconds its length
     * @param object score of the objects
     * @param camera score of the camera
     * @param move what the camera does in most windows
     * @param firstHalf object and camera of the windows of the first half, where there are two or more
     * @param secondHalf those of the second
     * @param freeze motion of the second half over that of the first, where its first half moves: below 0.5 it freezes
     */
    public record Scored(
            Path clip,
            int frames,
            double seconds,
            double object,
            double camera,
            CameraMotion move,
            Optional<Measure.Score> firstHalf,
            Optional<Measure.Score> secondHalf,
            Optional<Double> freeze) {
        /** Whether the second half has less than half the motion of the first. */
        public boolean freezes() {
            return freeze.isPresent() && freeze.get() < FROZEN;
        }
    }

    /**
     * A clip that could not be scored.
     *
     * @param clip its file or folder
     * @param reason what is wrong with it
     * @param frame the frame at which it is broken, from 0, where there is one
     */
    public record Failed(Path clip, String reason, Optional<Integer> frame) {}

    /**
     * The scores.
     *
     * @param scale unit of the scores
     * @param clips those that were scored
     * @param failed those that could not be
     */
    public record Result(String scale, List<Scored> clips, List<Failed> failed) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            int width = clips.stream()
                    .mapToInt(c -> c.clip.toString().length())
                    .max()
                    .orElse(4);
            out.printf(Locale.ROOT, "scores: %s%n%n", scale);
            String form = "%-" + width + "s %7s %8s %8s %8s  %-10s %s%n";
            out.printf(
                    Locale.ROOT, form, "clip", "frames", "seconds", "object", "camera", "camera is", "2nd half / 1st");
            for (Scored c : clips) {
                out.printf(
                        Locale.ROOT,
                        form,
                        c.clip,
                        c.frames,
                        two(c.seconds),
                        two(c.object),
                        two(c.camera),
                        c.move.words(),
                        c.freeze.map(Result::two).orElse("-") + (c.freezes() ? " freezes" : ""));
            }
            if (!failed.isEmpty()) {
                out.println();
            }
            for (Failed f : failed) {
                out.println("not scored: " + f.reason);
            }
        }

        private static String two(double value) {
            return String.format(Locale.ROOT, "%.2f", value);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        if (clips.isEmpty()) {
            throw new LetheException(LetheException.Code.STUDY, "no clip is named, expected files or folders");
        }
        List<Path> all = new ArrayList<>();
        for (Path path : clips) {
            if (Files.isDirectory(path) && !Clips.isSequence(path)) {
                all.addAll(Clips.inFolder(path));
            } else {
                all.add(path);
            }
        }
        if (all.isEmpty()) {
            throw new LetheException(LetheException.Code.DATA, clips + ": there is no clip in these folders");
        }
        Optional<MotionEstimator> trained = trained();
        List<Scored> scored = new ArrayList<>();
        List<Failed> failed = new ArrayList<>();
        try (Progress.Step bar = env.progress().begin("clips", all.size())) {
            for (Path path : all) {
                try {
                    scored.add(scored(path, trained));
                } catch (BrokenClip broken) {
                    failed.add(new Failed(path, broken.getMessage(), broken.frame()));
                } catch (LetheException refused) {
                    failed.add(new Failed(path, refused.getMessage(), Optional.empty()));
                }
                bar.advance(1);
            }
        }
        if (scored.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    String.join("\n", failed.stream().map(Failed::reason).toList()));
        }
        return new Result(scale(), List.copyOf(scored), List.copyOf(failed));
    }

    /** The same with a page: every clip by its two scores, and what the scale means in pixels. */
    @Override
    public Result report(Env env, Path folder) throws IOException {
        Result result = run(env);
        MotionPage.write(folder, result, trained());
        return result;
    }

    private Optional<MotionEstimator> trained() throws IOException {
        if (measure.isPresent()) {
            return Optional.empty();
        }
        return Optional.of(estimator.isPresent() ? MotionEstimator.load(estimator.get()) : MotionEstimator.shipped());
    }

    private String scale() {
        if (measure.isEmpty()) {
            return "from 1 to 10 by "
                    + estimator.map(Path::toString).orElse("the estimator that comes with Lethe")
                    + ", at about " + fps + " frames a second";
        }
        return switch (measure.get()) {
            case SSIM -> "1 - SSIM";
            case FEATURE_DIFFERENCE -> "1 - cosine of edges";
            case FRAME_DIFFERENCE -> "levels of 255";
            case FLOW, COMPENSATED_FLOW, TRACKED_POINTS ->
                "pixels a frame of a screen of 32, at about " + fps + " frames a second";
        };
    }

    private Scored scored(Path path, Optional<MotionEstimator> trained) throws IOException {
        Optional<Clips.Windows> film = Clips.windows(path, SHORT_SIDE, windows, FRAMES, fps, LONG);
        if (film.isPresent()) {
            double seconds = film.get().seconds();
            return scored(
                    path,
                    (int) Math.round(seconds * film.get().fps()),
                    seconds,
                    film.get().parts(),
                    trained);
        }
        Clip clip = Clips.read(path, SHORT_SIDE);
        int least = trained.isPresent() ? 4 : 2;
        if (clip.frames() < least) {
            throw BrokenClip.whole(
                    path,
                    "has too few frames, " + clip.frames() + ", expected at least " + least
                            + ", as motion lies between frames");
        }
        int step = Math.min((int) Math.round(clip.fps() / fps), (clip.frames() - 1) / (least - 1));
        return scored(path, clip.frames(), clip.frames() / clip.fps(), parts(clip.every(Math.max(1, step))), trained);
    }

    private Scored scored(Path path, int frames, double seconds, List<Clip> parts, Optional<MotionEstimator> trained) {
        List<Measure.Score> scores = trained.isPresent()
                ? trained.get().scores(parts.stream().map(ScoreMotion::small).toList())
                : parts.stream().map(measure.orElseThrow()::of).toList();
        Measure.Score whole = mean(scores);
        int half = scores.size() / 2;
        Optional<Measure.Score> first = half == 0 ? Optional.empty() : Optional.of(mean(scores.subList(0, half)));
        Optional<Measure.Score> second =
                half == 0 ? Optional.empty() : Optional.of(mean(scores.subList(scores.size() - half, scores.size())));
        double rest = trained.isPresent() ? 2 : 0; // the sum of both scores of a clip in which nothing moves
        Optional<Double> freeze = first.filter(f -> f.object() + f.camera() - rest > 1e-6)
                .map(f -> (second.orElseThrow().object() + second.orElseThrow().camera() - rest)
                        / (f.object() + f.camera() - rest));
        return new Scored(path, frames, seconds, whole.object(), whole.camera(), move(parts), first, second, freeze);
    }

    /** A window in the size that the estimator learned from. */
    private static Clip small(Clip part) {
        int shorter = Math.min(part.width(), part.height());
        return shorter <= ESTIMATED_SIDE
                ? part
                : part.shrunk((int) Math.round((double) part.height() * ESTIMATED_SIDE / shorter), (int)
                        Math.round((double) part.width() * ESTIMATED_SIDE / shorter));
    }

    private static Measure.Score mean(List<Measure.Score> scores) {
        return new Measure.Score(
                scores.stream().mapToDouble(Measure.Score::object).average().orElseThrow(),
                scores.stream().mapToDouble(Measure.Score::camera).average().orElseThrow());
    }

    /** What the camera does in most windows; of equals the first that is listed. */
    private static CameraMotion move(List<Clip> parts) {
        Map<CameraMotion, Integer> counts = new EnumMap<>(CameraMotion.class);
        parts.forEach(part -> counts.merge(CameraMotion.of(part), 1, Integer::sum));
        return Arrays.stream(CameraMotion.values())
                .max(Comparator.comparingInt((CameraMotion m) -> counts.getOrDefault(m, 0))
                        .thenComparing(Comparator.reverseOrder()))
                .orElseThrow();
    }

    /** Windows one after another, or as many as are allowed, spread evenly. */
    private List<Clip> parts(Clip clip) {
        int length = Math.min(FRAMES, clip.frames());
        int count = Math.min(windows, Math.max(1, (clip.frames() - 1) / Math.max(1, length - 1)));
        List<Clip> parts = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            int from = count == 1 ? 0 : (int) ((long) n * (clip.frames() - length) / (count - 1));
            parts.add(clip.part(from, length));
        }
        return parts;
    }
}
