package org.lethe.video.steer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.function.ToDoubleFunction;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.Ordering;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.flow.FlowTrees;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;

/**
 * Compares measures of motion on clips whose motion is known: how well each orders them, and how much of the other motion leaks in.
 *
 * <p>Every measure made by hand, boosted trees that learn from flow, and the estimator, on the same clips held out and the same 4,000 pairs.
 * Intervals are of 95 %, over 200 resamples of the clips.
 *
 * @param clips with known motion
 * @param estimator file of a trained estimator, in place of the one that comes with Lethe
 * @param trees clips that the boosted trees learn from; 0 leaves them out
 * @param data folder that is searched for textures first
 */
@Named("video compare-measures")
public record CompareMeasures(PlantedClips clips, Optional<Path> estimator, int trees, Optional<Path> data)
        implements Tool<CompareMeasures.Result> {
    private static final double CLEAR = 0.3;
    private static final int PAIRS = 4000;
    private static final int RESAMPLES = 200;

    public CompareMeasures {
        Check.require(trees == 0 || (trees >= 10 && trees <= 100_000), "trees", trees, "0, or 10 to 100,000");
    }

    /** 600 clips held out on drawn surfaces, and trees that learn from 1,200. */
    public CompareMeasures() {
        this(new PlantedClips(), Optional.empty(), 1200, Optional.empty());
    }

    @Override
    public List<?> entries() {
        return List.of(new PlantedClips());
    }

    /**
     * A number with its interval.
     *
     * @param value as measured
     * @param low lower end
     * @param high upper end
     */
    public record Bounded(double value, double low, double high) {
        private String words() {
            return String.format(Locale.ROOT, "%.3f (%.3f-%.3f)", value, low, high);
        }
    }

    /**
     * A measure.
     *
     * @param measure its name
     * @param objectAccuracy share of pairs at least 0.3 apart that the score of objects orders rightly
     * @param cameraAccuracy the same of the camera
     * @param objectLeak size of the rank correlation of the score of objects with the motion of the camera
     * @param cameraLeak the other way round
     */
    public record Row(
            String measure, Bounded objectAccuracy, Bounded cameraAccuracy, double objectLeak, double cameraLeak) {}

    /**
     * The table.
     *
     * @param held clips held out
     * @param rows measures
     */
    public record Result(int held, List<Row> rows) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println(held + " clips held out; order of pairs 0.3 apart, with intervals of 95 %");
            out.println();
            String form = "%-20s %-22s %-22s %8s %8s%n";
            out.printf(Locale.ROOT, form, "", "object", "camera", "leak o", "leak c");
            for (Row row : rows) {
                out.printf(
                        Locale.ROOT,
                        form,
                        row.measure,
                        row.objectAccuracy.words(),
                        row.cameraAccuracy.words(),
                        String.format(Locale.ROOT, "%.3f", row.objectLeak),
                        String.format(Locale.ROOT, "%.3f", row.cameraLeak));
            }
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.WORKERS);
    }

    @Override
    public Result run(Env env) throws IOException {
        MotionEstimator trained =
                estimator.isPresent() ? MotionEstimator.load(estimator.get()) : MotionEstimator.shipped();
        PlantedClips needed = new PlantedClips(
                Math.max(2, trees),
                clips.test(),
                clips.size(),
                clips.frames(),
                clips.textures(),
                clips.labelNoise(),
                clips.seed());
        MotionClips loaded = needed.load(DataFolders.usual(data));
        List<Labelled> held = loaded.test();
        List<Clip> pictures = held.stream().map(Labelled::clip).toList();
        List<Row> rows = new ArrayList<>();
        try (Progress.Step bar = env.progress().begin("measures", Measure.values().length + 2)) {
            for (Measure measure : Measure.values()) {
                String name = measure.name().toLowerCase(Locale.ROOT).replace('_', '-');
                rows.add(row(name, Scores.measured(measure, pictures, env), held, env));
                bar.advance(1);
            }
            if (trees > 0) {
                rows.add(row("boosted-trees", trees(loaded, pictures, env), held, env));
            }
            bar.advance(1);
            rows.add(row("estimator", trained.scores(pictures), held, env));
            bar.advance(1);
        }
        return new Result(held.size(), List.copyOf(rows));
    }

    private static List<Measure.Score> trees(MotionClips loaded, List<Clip> pictures, Env env) {
        float[] known =
                FlowTrees.features(loaded.train().stream().map(Labelled::clip).toList(), env);
        float[] asked = FlowTrees.features(pictures, env);
        double[] object = FlowTrees.guess(known, loaded.train(), Labelled::object, asked, env);
        double[] camera = FlowTrees.guess(known, loaded.train(), Labelled::camera, asked, env);
        List<Measure.Score> scores = new ArrayList<>();
        for (int n = 0; n < object.length; n++) {
            scores.add(new Measure.Score(object[n], camera[n]));
        }
        return scores;
    }

    private static Row row(String name, List<Measure.Score> scores, List<Labelled> held, Env env) {
        double[] object = scores.stream().mapToDouble(Measure.Score::object).toArray();
        double[] camera = scores.stream().mapToDouble(Measure.Score::camera).toArray();
        return new Row(
                name,
                accuracy(object, held, Labelled::object, env),
                accuracy(camera, held, Labelled::camera, env),
                leak(object, held, Labelled::camera),
                leak(camera, held, Labelled::object));
    }

    private static double leak(double[] scores, List<Labelled> held, ToDoubleFunction<Labelled> other) {
        return Math.abs(
                Ordering.spearman(scores, held.stream().mapToDouble(other).toArray()));
    }

    private static Bounded accuracy(double[] scores, List<Labelled> held, ToDoubleFunction<Labelled> known, Env env) {
        double[] truths = held.stream().mapToDouble(known).toArray();
        Keyed key = env.random("pairs");
        int[][] pairs = new int[PAIRS][];
        for (int n = 0; n < PAIRS; n++) {
            pairs[n] = new int[] {
                Keyed.below(key.of("first").at(n), scores.length),
                Keyed.below(key.of("second").at(n), scores.length)
            };
        }
        int[][] clear = Arrays.stream(pairs)
                .filter(p -> Math.abs(truths[p[0]] - truths[p[1]]) > CLEAR)
                .toArray(int[][]::new);
        Check.require(clear.length > 0, "pairs", PAIRS, "enough that one has a gap above " + CLEAR);
        Resampling.Sampled sampled = Resampling.Sampled.of(
                RESAMPLES, scores.length, env.random("resamples"), times -> right(scores, truths, clear, times));
        return new Bounded(
                sampled.value(), sampled.interval().low(), sampled.interval().high());
    }

    private static double right(double[] scores, double[] truths, int[][] pairs, IntUnaryOperator times) {
        double right = 0;
        double all = 0;
        for (int[] pair : pairs) {
            double weight = (double) times.applyAsInt(pair[0]) * times.applyAsInt(pair[1]);
            double product = (truths[pair[0]] - truths[pair[1]]) * (scores[pair[0]] - scores[pair[1]]);
            right += weight * (product > 0 ? 1 : product == 0 ? 0.5 : 0);
            all += weight;
        }
        return right / all;
    }
}
