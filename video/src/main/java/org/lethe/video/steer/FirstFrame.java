package org.lethe.video.steer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
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
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.image.ImageMetrics;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.video.Clip;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;

/**
 * Says whether clips stay true to their first frame: they begin with it, keep its background, stand still when that is asked for, do not freeze half-way,
 * and move as evenly as real ones.
 *
 * <p>Each held-out clip is made again from its first frame, under the scores that the shipped estimator gives it. {@code drift} is the motion of the camera
 * at scores (1, 1), in pixels a frame of a screen of 32; {@code freeze} the motion of the second half over that of the first; {@code background-consistency}
 * the mean cosine of the colours in the four corners with those of the first frame and of the frame before; {@code motion-smoothness} and {@code
 * dynamic-degree-fb} are VBench's with Farnebäck's flow, the latter under the scores of the request. The same of the real clips ends in {@code -real}.
 *
 * @param clips held-out clips that are made again
 * @param minPsnr bar of the likeness of frame 0 and the first frame, in dB
 * @param maxDrift bar of the motion of the camera where no motion is asked for
 */
@Named("first-frame")
public record FirstFrame(int clips, double minPsnr, double maxDrift) implements Audit<MotionClips, VideoModel> {
    private static final double MOST_PSNR = 99; // of equal pictures
    private static final int SMALLEST_WINDOW = 11; // pixels, of structural similarity
    private static final double STILL = 0.05; // pixels a frame
    private static final double FROZEN = 0.5;
    private static final double BOLTS = 2;
    private static final int LEVELS = 4; // of each colour in a histogram

    public FirstFrame {
        Check.require(clips >= 2 && clips <= 10_000, "clips", clips, "2 to 10,000");
        Check.require(minPsnr > 0 && minPsnr <= MOST_PSNR, "minPsnr", minPsnr, "above 0, at most 99");
        Check.require(maxDrift > 0, "maxDrift", maxDrift, "above 0");
    }

    /** 32 clips, 25 dB, 0.15 pixels a frame. */
    public FirstFrame() {
        this(32, 25, 0.15);
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
        Keyed draws = env.random("first frame").of("resamples");
        Reanimated again = Reanimated.of(c, clips, env);
        List<Clip> real = again.real();
        List<Clip> made = again.made();
        List<Clip> asked = Reanimated.animated(c.after(), real, _ -> ((Steer) c.request()).asked(), env);
        List<Clip> still = Reanimated.animated(c.after(), real, _ -> new Measure.Score(1, 1), env);
        List<Finding> findings = new ArrayList<>();
        Sampled psnr = Reanimated.mean(
                pairs(n -> Math.min(
                        MOST_PSNR,
                        ImageMetrics.psnr(real.get(n).frame(0), made.get(n).frame(0)))),
                draws);
        findings.add(finding("first-frame-psnr", psnr, Direction.HIGHER)
                .in("dB")
                .judged(verdict(psnr, minPsnr, Double.POSITIVE_INFINITY, "at least " + minPsnr)));
        Sampled drift = Reanimated.mean(
                Scores.measured(Measure.COMPENSATED_FLOW, still, env).stream()
                        .mapToDouble(Measure.Score::camera)
                        .toArray(),
                draws);
        findings.add(finding("drift", drift, Direction.LOWER)
                .judged(verdict(drift, Double.NEGATIVE_INFINITY, maxDrift, "at most " + maxDrift)));
        Sampled freeze = Reanimated.mean(freeze(made, env), draws);
        findings.add(finding("freeze", freeze, Direction.NONE)
                .judged(verdict(freeze, FROZEN, BOLTS, "from " + FROZEN + " to " + BOLTS)));
        findings.add(finding("freeze-real", Reanimated.mean(freeze(real, env), draws), Direction.NONE));
        if (Math.min(real.getFirst().width(), real.getFirst().height()) >= SMALLEST_WINDOW) {
            findings.add(finding(
                    "first-frame-ssim",
                    Reanimated.mean(
                            pairs(n -> ImageMetrics.ssim(
                                    real.get(n).frame(0), made.get(n).frame(0))),
                            draws),
                    Direction.HIGHER));
        }
        both(findings, "background-consistency", made, real, FirstFrame::background, Direction.HIGHER, draws, env);
        both(findings, "motion-smoothness", made, real, Smoothness::motion, Direction.HIGHER, draws, env);
        both(
                findings,
                "dynamic-degree-fb",
                asked,
                real,
                clip -> Smoothness.dynamic(clip) ? 1 : 0,
                Direction.NONE,
                draws,
                env);
        return findings;
    }

    private void both(
            List<Finding> into,
            String name,
            List<Clip> made,
            List<Clip> real,
            ToDoubleFunction<Clip> of,
            Direction direction,
            Keyed draws,
            Env env) {
        into.add(finding(name, Reanimated.mean(each(made, of, env), draws), direction));
        into.add(finding(name + "-real", Reanimated.mean(each(real, of, env), draws), Direction.NONE));
    }

    private static double[] each(List<Clip> clips, ToDoubleFunction<Clip> of, Env env) {
        double[] values = new double[clips.size()];
        env.workers().each(values.length, n -> values[n] = of.applyAsDouble(clips.get(n)));
        return values;
    }

    private double[] pairs(IntToDoubleFunction of) {
        return IntStream.range(0, clips).mapToDouble(of).toArray();
    }

    private static Verdict verdict(Sampled measured, double least, double most, String bar) {
        double low = measured.interval().low();
        double high = measured.interval().high();
        if (high < least || low > most) {
            return new Verdict.Fail(bar);
        }
        return low >= least && high <= most
                ? new Verdict.Pass(bar)
                : new Verdict.Undecided(bar, "the interval crosses the bar; more clips would decide");
    }

    /** Motion of the second half over that of the first; 1 where both stand still. */
    private static double[] freeze(List<Clip> clips, Env env) {
        int half = clips.getFirst().frames() / 2;
        List<Measure.Score> early = Scores.measured(
                Measure.FLOW, clips.stream().map(c -> c.part(0, half)).toList(), env);
        List<Measure.Score> late = Scores.measured(
                Measure.FLOW,
                clips.stream().map(c -> c.part(c.frames() - half, half)).toList(),
                env);
        return IntStream.range(0, clips.size())
                .mapToDouble(n -> (late.get(n).object() + STILL) / (early.get(n).object() + STILL))
                .toArray();
    }

    /** The mean of the cosines of each frame's background with that of the first frame and of the frame before. */
    private static double background(Clip clip) {
        double[] first = corners(clip, 0);
        double[] before = first;
        double sum = 0;
        for (int f = 1; f < clip.frames(); f++) {
            double[] now = corners(clip, f);
            sum += (cosine(now, first) + cosine(now, before)) / 2;
            before = now;
        }
        return clip.frames() == 1 ? 1 : sum / (clip.frames() - 1);
    }

    /** How often each colour is in each corner, a quarter of the side wide and high. */
    private static double[] corners(Clip clip, int frame) {
        int wide = Math.max(1, clip.width() / 4);
        int high = Math.max(1, clip.height() / 4);
        int colours = LEVELS * LEVELS * LEVELS;
        double[] counts = new double[4 * colours];
        for (int corner = 0; corner < 4; corner++) {
            for (int i = 0; i < wide * high; i++) {
                int x = corner % 2 == 0 ? i % wide : clip.width() - 1 - i % wide;
                int y = corner / 2 == 0 ? i / wide : clip.height() - 1 - i / wide;
                int colour = 0;
                for (int channel = 0; channel < 3; channel++) {
                    colour = colour * LEVELS + clip.at(frame, y, x, channel) * LEVELS / 256;
                }
                counts[corner * colours + colour]++;
            }
        }
        return counts;
    }

    private static double cosine(double[] a, double[] b) {
        double together = 0;
        double one = 0;
        double other = 0;
        for (int i = 0; i < a.length; i++) {
            together += a[i] * b[i];
            one += a[i] * a[i];
            other += b[i] * b[i];
        }
        return together / Math.sqrt(one * other);
    }

    private Finding finding(String name, Sampled measured, Direction direction) {
        return new Finding(name, measured.value(), clips, direction).within(measured.interval());
    }

    @Override
    public String limits() {
        return "Clips are compared with held-out ones of small made-up worlds; whether they look natural is for people to say.";
    }
}
