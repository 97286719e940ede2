package org.lethe.attack;

import java.util.HashMap;
import java.util.Map;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

/**
 * Ensembles of decision trees, by XGBoost: boosted trees, and a random forest.
 *
 * <p>Boosted: 50 rounds, depth 4, η = 0.5, λ = 1, histograms: the settings of the attribute unlearning literature.
 * Forest: 100 trees grown side by side, each on 63.2 % of the known samples (as in a bootstrap) and √width columns at
 * each node. A leaf holds the share of each class, up to a constant; the forest takes the mean over its trees. Each fit
 * uses one thread, so that its result is a function of the seed; attacks run side by side instead.
 *
 * <p>Only this class loads XGBoost's native library, and only when one of the two ensembles is used.
 */
final class TreeEnsembles {
    private TreeEnsembles() {}

    static float[] boosted(LabelledSamples known, float[] rows, Keyed random) {
        return guess(
                known, rows, 50, Map.of("max_depth", 4, "eta", 0.5, "lambda", 1, "alpha", 0, "max_bin", 256), random);
    }

    static float[] forest(LabelledSamples known, float[] rows, Keyed random) {
        return guess(
                known,
                rows,
                1,
                Map.of(
                        "num_parallel_tree", 100,
                        "eta", 1,
                        "lambda", 1e-5,
                        "max_depth", 8,
                        "max_bin", 32,
                        "subsample", 0.632,
                        "colsample_bynode", Math.max(1, Math.sqrt(known.width())) / known.width()),
                random);
    }

    private static float[] guess(
            LabelledSamples known, float[] rows, int rounds, Map<String, Object> settings, Keyed random) {
        int classes = known.classes();
        Map<String, Object> all = new HashMap<>(settings);
        all.put("tree_method", "hist");
        all.put("nthread", 1);
        all.put("verbosity", 0);
        all.put("seed", random.at(0) >>> 33);
        all.put("base_score", 0.5);
        if (classes == 2) {
            all.put("objective", "binary:logistic");
        } else {
            all.put("objective", "multi:softprob");
            all.put("num_class", classes);
        }
        float[] labels = new float[known.size()];
        for (int u = 0; u < labels.length; u++) {
            labels[u] = known.labels()[u];
        }
        int asked = rows.length / known.width();
        try {
            DMatrix learned = new DMatrix(known.rows(), known.size(), known.width(), Float.NaN);
            DMatrix questions = new DMatrix(rows, asked, known.width(), Float.NaN);
            try {
                learned.setLabel(labels);
                Booster booster = XGBoost.train(learned, all, rounds, Map.of(), null, null);
                try {
                    float[][] told = booster.predict(questions);
                    float[] guesses = new float[asked * classes];
                    for (int a = 0; a < asked; a++) {
                        for (int k = 0; k < classes; k++) {
                            guesses[a * classes + k] = classes > 2 ? told[a][k] : k == 1 ? told[a][0] : 1 - told[a][0];
                        }
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
                    "attackers boosted-trees and random-forest need XGBoost, whose native library does not load here"
                            + " (it exists for Linux, macOS and Windows on x86-64, Linux and macOS on arm64, and needs"
                            + " OpenMP: libgomp or libomp); install it, or leave both out of attackers",
                    e);
        }
    }
}
