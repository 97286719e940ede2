package org.lethe.video.steer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;
import org.lethe.video.data.Clips;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;

/**
 * Scores the motion of objects and of the camera in clips: films, animated GIF, and folders of either or of numbered pictures.
 *
 * <p>Flow is given in pixels a frame of a screen whose shorter side is 32, at about 8 frames a second, whatever the clip has; 1 means that
 * the picture moves by a thirty-second of its side in an eighth of a second. The score of objects is the mean of the tenth of the motion
 * that the camera explains least. A long clip is scored in windows of 8 frames that are spread over it. A trained estimator gives scores
 * from 1 to 10 instead.
 *
 * @param clips files and folders
 * @param measure ssim and frame-difference and flow, one number for both motions; or compensated-flow or tracked-points, which tell them apart
 * @param estimator file of a trained estimator, in place of the measure
 * @param windows most windows that are scored in a clip
 * @param fps frames a second at which motion is measured, about; a clip without enough frames for that is measured at more
 */
@Named("video motion")
public record ScoreMotion(
        @Argument List<Path> clips, Measure measure, Optional<Path> estimator, int windows, double fps)
        implements Tool<ScoreMotion.Result> {
    private static final int FRAMES = 8;
    private static final int SHORT_SIDE = 64;
    private static final int ESTIMATED_SIDE = 32;

    public ScoreMotion {
        clips = List.copyOf(clips);
        Check.require(windows >= 1, "windows", windows, "at least 1");
        Check.require(fps > 0 && fps <= 1000, "fps", fps, "above 0, at most 1,000");
    }

    /** Compensated flow at 8 frames a second in at most 30 windows; the clips are still to be named. */
    public ScoreMotion() {
        this(List.of(), Measure.COMPENSATED_FLOW, Optional.empty(), 30, 8);
    }

    /**
     * One clip.
     *
     * @param clip its file or folder
     * @param frames at a constant rate
     * @param seconds its length
     * @param object score of the objects
     * @param camera score of the camera
     * @param freeze motion of the second half over that of the first, where the clip has two windows and its first half moves: below 0.5 it
     *     freezes
     */
    public record Scored(
            Path clip, int frames, double seconds, double object, double camera, Optional<Double> freeze) {}

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
            out.printf(
                    Locale.ROOT,
                    "%-" + width + "s %7s %8s %8s %8s %8s%n",
                    "clip",
                    "frames",
                    "seconds",
                    "object",
                    "camera",
                    "freeze");
            for (Scored c : clips) {
                out.printf(
                        Locale.ROOT,
                        "%-" + width + "s %7d %8.2f %8.3f %8.3f %8s%n",
                        c.clip,
                        c.frames,
                        c.seconds,
                        c.object,
                        c.camera,
                        c.freeze.map(f -> String.format(Locale.ROOT, "%.2f", f)).orElse("-"));
            }
            for (Failed f : failed) {
                out.println("not scored: " + f.reason);
            }
        }
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
        Optional<MotionEstimator> trained =
                estimator.isPresent() ? Optional.of(MotionEstimator.load(estimator.get())) : Optional.empty();
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
        String scale = trained.isPresent()
                ? "from 1 to 10 by " + estimator.get()
                : switch (measure) {
                    case SSIM -> "1 - SSIM";
                    case FEATURE_DIFFERENCE -> "1 - cosine of edges";
                    case FRAME_DIFFERENCE -> "levels of 255";
                    case FLOW, COMPENSATED_FLOW, TRACKED_POINTS ->
                        "pixels a frame of a screen of 32, at about " + fps + " frames a second";
                };
        return new Result(scale, List.copyOf(scored), List.copyOf(failed));
    }

    private Scored scored(Path path, Optional<MotionEstimator> trained) throws IOException {
        Clip clip = Clips.read(path, trained.isPresent() ? ESTIMATED_SIDE : SHORT_SIDE);
        int least = trained.isPresent() ? 4 : 2;
        if (clip.frames() < least) {
            throw BrokenClip.whole(
                    path,
                    "has too few frames, " + clip.frames() + ", expected at least " + least
                            + ", as motion lies between frames");
        }
        int step = Math.min((int) Math.round(clip.fps() / fps), (clip.frames() - 1) / (least - 1));
        Clip sampled = clip.every(Math.max(1, step));
        List<Clip> parts = parts(sampled);
        List<Measure.Score> scores = trained.isPresent()
                ? trained.get().scores(parts)
                : parts.stream().map(measure::of).toList();
        double object =
                scores.stream().mapToDouble(Measure.Score::object).average().orElseThrow();
        double camera =
                scores.stream().mapToDouble(Measure.Score::camera).average().orElseThrow();
        return new Scored(path, clip.frames(), clip.frames() / clip.fps(), object, camera, freeze(scores));
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

    private static Optional<Double> freeze(List<Measure.Score> scores) {
        int half = scores.size() / 2;
        if (half == 0) {
            return Optional.empty();
        }
        double first = 0;
        double second = 0;
        for (int n = 0; n < half; n++) {
            first += scores.get(n).object() + scores.get(n).camera();
            Measure.Score late = scores.get(scores.size() - 1 - n);
            second += late.object() + late.camera();
        }
        return first < 1e-6 ? Optional.empty() : Optional.of(second / first);
    }
}
