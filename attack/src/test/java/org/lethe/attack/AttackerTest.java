package org.lethe.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

/** Attackers against scikit-learn 1.2.1 on one made-up table: 800 rows learned, 200 asked. */
final class AttackerTest {
    private static final int WIDTH = 16;
    private static final double[][] ROWS = rows();

    private static double[][] rows() {
        double[][] rows = new double[1_000][WIDTH];
        for (int at = 0; at < 1_000 * WIDTH; at++) {
            double v = StrictMath.sin((at + 1) * 12.9898) * 43758.5453;
            rows[at / WIDTH][at % WIDTH] = (v - Math.floor(v) - 0.5) * 4;
        }
        return rows;
    }

    private static int label(int row, int classes) {
        double[] x = ROWS[row];
        double s = x[0] * x[1] + x[2] + 0.5 * x[3];
        return classes == 2 ? (s > 0 ? 1 : 0) : s < -0.8 ? 0 : s < 0.8 ? 1 : 2;
    }

    /** Balanced accuracy, and the mean probability of the true class. */
    private record Score(double accuracy, double probability) {}

    private static Score score(Attacker attacker, int classes, int seeds) {
        float[] known = new float[800 * WIDTH];
        float[] asked = new float[200 * WIDTH];
        int[] labels = new int[800];
        for (int u = 0; u < 1_000; u++) {
            for (int d = 0; d < WIDTH; d++) {
                if (u < 800) {
                    known[u * WIDTH + d] = (float) ROWS[u][d];
                } else {
                    asked[(u - 800) * WIDTH + d] = (float) ROWS[u][d];
                }
            }
            if (u < 800) {
                labels[u] = label(u, classes);
            }
        }
        double accuracy = 0;
        double probability = 0;
        for (int seed = 0; seed < seeds; seed++) {
            float[] guesses =
                    attacker.guess(new LabelledSamples(known, WIDTH, labels, classes), asked, Keyed.seed(seed));
            int[] right = new int[classes];
            int[] all = new int[classes];
            for (int a = 0; a < 200; a++) {
                int is = label(800 + a, classes);
                int best = 0;
                for (int k = 1; k < classes; k++) {
                    best = guesses[a * classes + k] > guesses[a * classes + best] ? k : best;
                }
                all[is]++;
                right[is] += best == is ? 1 : 0;
                probability += guesses[a * classes + is] / 200 / seeds;
            }
            for (int k = 0; k < classes; k++) {
                accuracy += (double) right[k] / all[k] / classes / seeds;
            }
        }
        return new Score(accuracy, probability);
    }

    /** MLPClassifier((100,), alpha=1, learning_rate_init=0.01, max_iter=500), ten seeds: sd 0.004 and 0.010 a seed. */
    @Test
    void theNetworkIsThatOfScikitLearn() {
        Score two = score(Attacker.MLP, 2, 5);
        assertEquals(0.9405, two.accuracy(), 0.012);
        assertEquals(0.9030, two.probability(), 0.006);
        Score three = score(Attacker.MLP, 3, 5);
        assertEquals(0.8868, three.accuracy(), 0.025);
        assertEquals(0.8023, three.probability(), 0.015);
    }

    /** KNeighborsClassifier(15): no chance in it. */
    @Test
    void theNearestAreThoseOfScikitLearn() {
        Score two = score(Attacker.KNN, 2, 1);
        assertEquals(0.85176636, two.accuracy(), 1e-6);
        assertEquals(0.65266667, two.probability(), 1e-5);
        Score three = score(Attacker.KNN, 3, 1);
        assertEquals(0.56926258, three.accuracy(), 1e-6);
        assertEquals(0.46033333, three.probability(), 1e-5);
    }

    /** OneVsRestClassifier(LogisticRegression(C=1)) on standardised columns: no chance in it. */
    @Test
    void theRegressionIsThatOfScikitLearn() {
        Score two = score(Attacker.LOGISTIC, 2, 1);
        assertEquals(0.78512646, two.accuracy(), 1e-6);
        assertEquals(0.67656778, two.probability(), 1e-5);
        Score three = score(Attacker.LOGISTIC, 3, 1);
        assertEquals(0.56915692, three.accuracy(), 1e-6);
        assertEquals(0.46760411, three.probability(), 1e-5);
    }

    /** RandomForestClassifier(100), five seeds: sd 0.010 and 0.015 a seed; ours is shallower, so the band is wider. */
    @Test
    void theForestGuessesLikeThatOfScikitLearn() {
        assertEquals(0.8009, score(Attacker.RANDOM_FOREST, 2, 3).accuracy(), 0.05);
        assertEquals(0.6352, score(Attacker.RANDOM_FOREST, 3, 3).accuracy(), 0.06);
    }
}
