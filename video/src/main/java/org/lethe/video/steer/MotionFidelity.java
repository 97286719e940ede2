package org.lethe.video.steer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import org.lethe.statistics.Statistics;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;

/**
 * Says whether clips are still good clips: they begin with their first frame, are as smooth as real ones, do not freeze, and are like real ones as a
 * sample.
 *
 * <p>Each held-out clip is made again from its first frame, under the scores that the shipped estimator gives it. {@code fvd-est} is the Fréchet distance
 * of the features of that estimator, brought to {@value #DIMS} dimensions by a fixed random map, between clips made and real ones; {@code
 * fvd-est-frozen} the same of first frames that stand still, {@code fvd-est-real} of one half of the real clips to the other. It is no FVD: values cannot be
 * compared with those of the network I3D.
 *
 * @param clips held-out clips that are made again
 * @param minPsnr bar of the likeness of frame 0 and the first frame, in dB
 */
@Named("motion-fidelity")
public record MotionFidelity(int clips, double minPsnr) implements Audit<MotionClips, VideoModel> {
    private static final int DIMS = 8;
    private static final double MOST_PSNR = 99; // of equal pictures
    private static final double STILL = 0.05; // pixels a frame

    public MotionFidelity {
        Check.require(clips >= 4 * DIMS && clips <= 10_000, "clips", clips, "32 to 10,000");
        Check.require(minPsnr > 0 && minPsnr <= MOST_PSNR, "minPsnr", minPsnr, "above 0, at most 99");
    }

    /** 64 clips and 25 dB. */
    public MotionFidelity() {
        this(64, 25);
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<MotionClips, VideoModel> method) {
        return request instanceof Steer
                ? Optional.empty()
                : Optional.of("motion-fidelity looks at requests to steer, not " + Named.Of.name(request));
    }

    @Override
    public List<Finding> examine(Case<MotionClips, VideoModel> c, Env env) {
        Keyed key = env.random("motion fidelity");
        List<Labelled> held = c.data().test();
        List<Clip> real = IntStream.range(0, clips)
                .mapToObj(n -> held.get(Keyed.below(key.of("clips").at(n), held.size()))
                        .clip())
                .toList();
        List<Measure.Score> scores = MotionEstimator.shipped().scores(real);
        List<VideoModel.Shot> shots = IntStream.range(0, clips)
                .mapToObj(n -> new VideoModel.Shot(
                        real.get(n).frame(0), scores.get(n), key.of("noise").of(n)))
                .toList();
        List<Clip> made = c.after().animate(shots, env);
        double[] psnr = IntStream.range(0, clips)
                .mapToDouble(n -> Math.min(
                        MOST_PSNR,
                        ImageMetrics.psnr(real.get(n).frame(0), made.get(n).frame(0))))
                .toArray();
        List<Finding> findings = new ArrayList<>();
        Sampled first = mean(psnr, key.of("resamples"));
        String bar = "at least " + minPsnr;
        findings.add(finding("first-frame-psnr", first, Direction.HIGHER)
                .in("dB")
                .judged(
                        first.interval().low() >= minPsnr || first.interval().high() < minPsnr
                                ? Verdict.of(first.value() >= minPsnr, bar)
                                : new Verdict.Undecided(bar, "the interval crosses the bar; more clips would decide")));
        findings.add(finding("smoothness", mean(smoothness(made), key.of("resamples")), Direction.HIGHER));
        findings.add(finding("smoothness-real", mean(smoothness(real), key.of("resamples")), Direction.NONE));
        findings.add(finding("freeze", mean(freeze(made, env), key.of("resamples")), Direction.HIGHER));
        findings.add(finding("freeze-real", mean(freeze(real, env), key.of("resamples")), Direction.NONE));
        List<float[]> truth = features(real);
        List<Clip> frozen = real.stream().map(MotionFidelity::frozen).toList();
        findings.add(new Finding("fvd-est", ImageMetrics.frechet(truth, features(made)), clips, Direction.LOWER));
        findings.add(
                new Finding("fvd-est-frozen", ImageMetrics.frechet(truth, features(frozen)), clips, Direction.NONE));
        findings.add(new Finding(
                "fvd-est-real",
                ImageMetrics.frechet(truth.subList(0, clips / 2), truth.subList(clips / 2, clips)),
                clips,
                Direction.NONE));
        return findings;
    }

    private static Clip frozen(Clip clip) {
        int each = 3 * clip.height() * clip.width();
        byte[] rgb = new byte[clip.rgb().length];
        for (int f = 0; f < clip.frames(); f++) {
            System.arraycopy(clip.rgb(), 0, rgb, f * each, each);
        }
        return new Clip(clip.frames(), clip.height(), clip.width(), clip.fps(), rgb);
    }

    /** 1 less the mean difference of every second frame from the mean of its neighbours, as a share of 255. */
    private static double[] smoothness(List<Clip> clips) {
        return clips.stream()
                .mapToDouble(clip -> {
                    int each = 3 * clip.height() * clip.width();
                    double sum = 0;
                    int count = 0;
                    for (int f = 1; f + 1 < clip.frames(); f += 2) {
                        for (int i = 0; i < each; i++) {
                            double middle = (value(clip, f - 1, each, i) + value(clip, f + 1, each, i)) / 2.0;
                            sum += Math.abs(value(clip, f, each, i) - middle);
                            count++;
                        }
                    }
                    return 1 - sum / count / 255;
                })
                .toArray();
    }

    private static int value(Clip clip, int frame, int each, int at) {
        return clip.rgb()[frame * each + at] & 0xFF;
    }

    /** Motion of the second half over that of the first; 1 where both stand still. Below 0.5 a clip freezes. */
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

    private Finding finding(String name, Sampled measured, Direction direction) {
        return new Finding(name, measured.value(), clips, direction).within(measured.interval());
    }

    private static Sampled mean(double[] values, Keyed draws) {
        return Sampled.of(Statistics.RESAMPLES, values.length, draws, times -> {
            double sum = 0;
            double count = 0;
            for (int n = 0; n < values.length; n++) {
                sum += times.applyAsInt(n) * values[n];
                count += times.applyAsInt(n);
            }
            return sum / count;
        });
    }

    @Override
    public String limits() {
        return "Likeness to real clips is measured on small made-up worlds by features of a small estimator, not by people.";
    }
}
