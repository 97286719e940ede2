package org.lethe.attack;

import org.lethe.numerics.Keyed;
import org.lethe.statistics.LogisticRegression;

/**
 * A classifier that learns from samples with known classes and guesses the classes of others.
 *
 * <p>The first two are those of the attribute unlearning literature. The others are ours, since a defence that holds
 * against two attackers may fail against a third. The guesses depend on the samples and the key alone, whatever else
 * runs.
 */
public enum Attacker {
    /** One hidden layer, see {@link MultilayerPerceptron}. */
    MLP,
    /** 50 boosted trees of depth 4, see {@link TreeEnsembles}. */
    BOOSTED_TREES,
    /** Logistic regression with a ridge of 1; for more than two classes, one against the rest. */
    LOGISTIC,
    /** The labels of the 15 nearest samples, see {@link KNearestNeighbours}. */
    KNN,
    /** 100 trees, each on a resample, see {@link TreeEnsembles}. */
    RANDOM_FOREST;

    /** Whether a fit is short, so that it runs last and fills the gaps that long fits leave. */
    boolean quick() {
        return this == LOGISTIC || this == KNN;
    }

    /**
     * The probability of each class for other samples, {@code [m, classes]}.
     *
     * @param known samples of every class, none of unknown class
     * @param rows features of the others, {@code [m, known.width()]}
     */
    float[] guess(LabelledSamples known, float[] rows, Keyed random) {
        return switch (this) {
            case MLP -> MultilayerPerceptron.guess(known, rows, random);
            case BOOSTED_TREES -> TreeEnsembles.boosted(known, rows, random);
            case LOGISTIC -> logistic(known, rows);
            case KNN -> KNearestNeighbours.guess(known, rows);
            case RANDOM_FOREST -> TreeEnsembles.forest(known, rows, random);
        };
    }

    private static float[] logistic(LabelledSamples known, float[] rows) {
        int n = rows.length / known.width();
        double[][] x = doubles(known.rows(), known.width());
        double[][] asked = doubles(rows, known.width());
        float[] guesses = new float[n * known.classes()];
        for (int k = known.classes() == 2 ? 1 : 0; k < known.classes(); k++) {
            boolean[] member = new boolean[known.size()];
            for (int u = 0; u < member.length; u++) {
                member[u] = known.labels()[u] == k;
            }
            LogisticRegression model = LogisticRegression.fit(x, member);
            for (int u = 0; u < n; u++) {
                guesses[u * known.classes() + k] = (float) LogisticRegression.sigmoid(model.logOdds(asked[u]));
            }
        }
        for (int at = 0; at < guesses.length; at += known.classes()) {
            if (known.classes() == 2) {
                guesses[at] = 1 - guesses[at + 1];
            } else {
                double sum = 0;
                for (int k = 0; k < known.classes(); k++) {
                    sum += guesses[at + k];
                }
                for (int k = 0; k < known.classes(); k++) {
                    guesses[at + k] /= (float) sum;
                }
            }
        }
        return guesses;
    }

    private static double[][] doubles(float[] rows, int width) {
        double[][] doubles = new double[rows.length / width][width];
        for (int n = 0; n < rows.length; n++) {
            doubles[n / width][n % width] = rows[n];
        }
        return doubles;
    }
}
