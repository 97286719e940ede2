package org.lethe.video.flow;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;

/**
 * Gradient-boosted trees (XGBoost) that guess both motions from flow: the mean, the largest and the standard deviation over neighbouring frames
 * of nine numbers, which are the parts of the motion that a camera explains, what is left of it, the mean flow, the difference of frames, and
 * 1 − SSIM.
 *
 * <p>200 rounds of depth 4 with η = 0.05 on four fifths of the clips at a time; squared distance; one thread, so that the result is a function of the
 * seed.
 */
public final class FlowTrees {
    private static final int EACH = 9;
    private static final int FEATURES = 3 * EACH;
    private static final int ROUNDS = 200;

    private FlowTrees() {}

    /** The 27 numbers of each clip. */
    public static float[] features(List<Clip> clips, Env env) {
        float[] rows = new float[clips.size() * FEATURES];
        env.workers().each(clips.size(), n -> {
            float[] row = features(clips.get(n));
            System.arraycopy(row, 0, rows, n * FEATURES, FEATURES);
        });
        return rows;
    }

    private static float[] features(Clip clip) {
        int pairs = clip.frames() - 1;
        float[] row = new float[FEATURES];
        double[] squares = new double[EACH];
        for (int n = 0; n < pairs; n++) {
            double[] now = Measure.parts(clip, n);
            for (int k = 0; k < EACH; k++) {
                row[k] += (float) (now[k] / pairs);
                row[EACH + k] = n == 0 ? (float) now[k] : Math.max(row[EACH + k], (float) now[k]);
                squares[k] += now[k] * now[k] / pairs;
            }
        }
        for (int k = 0; k < EACH; k++) {
            row[2 * EACH + k] = (float) Math.sqrt(Math.max(0, squares[k] - (double) row[k] * row[k]));
        }
        return row;
    }

    /** Learns from clips with known motion, and guesses one of the motions of others. */
    public static double[] guess(
            float[] known, List<Labelled> clips, ToDoubleFunction<Labelled> motion, float[] asked, Env env) {
        float[] labels = new float[clips.size()];
        for (int n = 0; n < labels.length; n++) {
            labels[n] = (float) motion.applyAsDouble(clips.get(n));
        }
        Map<String, Object> settings = Map.of(
                "objective",
                "reg:squarederror",
                "max_depth",
                4,
                "eta",
                0.05,
                "subsample",
                0.8,
                "tree_method",
                "hist",
                "nthread",
                1,
                "verbosity",
                0,
                "seed",
                env.random("flow trees").at(0) >>> 33);
        try {
            DMatrix learned = new DMatrix(known, labels.length, FEATURES, Float.NaN);
            DMatrix questions = new DMatrix(asked, asked.length / FEATURES, FEATURES, Float.NaN);
            try {
                learned.setLabel(labels);
                Booster booster = XGBoost.train(learned, settings, ROUNDS, Map.of(), null, null);
                try {
                    float[][] told = booster.predict(questions);
                    double[] guesses = new double[told.length];
                    for (int n = 0; n < told.length; n++) {
                        guesses[n] = told[n][0];
                    }
                    return guesses;
                } finally {
                    booster.dispose();
                }
            } finally {
                learned.dispose();
                questions.dispose();
            }
        } catch (XGBoostError e) {
            throw new LetheException(LetheException.Code.NUMERIC, "XGBoost cannot go on: " + e.getMessage(), e);
        } catch (ExceptionInInitializerError | NoClassDefFoundError | UnsatisfiedLinkError e) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "boosted trees need XGBoost, whose native library does not load here (it needs OpenMP: libgomp or"
                            + " libomp); install it, or compare with trees: 0",
                    e);
        }
    }
}
