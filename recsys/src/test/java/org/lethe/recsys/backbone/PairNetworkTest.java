package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;

/** GMF and DMF against their formulas, written out in doubles. */
class PairNetworkTest {
    private static final int DIMS = 4;
    private static final Interactions TRAIN = Samples.interactions(12, 10, 0.3, 1);
    private static final Interactions NONE = TRAIN.where((u, i) -> false);

    @Test
    void oneStepOfGmfFollowsTheGradientOfItsFormula() {
        Gmf settings = new Gmf()
                .withDims(DIMS)
                .withNegatives(2)
                .withEpochs(1)
                .withBatch(1000)
                .withInitialSd(0.7)
                .withPatience(0);
        Gmf.Course course = Gmf.Course.fresh(settings, TRAIN, Env.seeded(4));
        check(course, course.weights, course::userMoments, (p, q, w) -> {
            double sum = w[1][0];
            for (int d = 0; d < DIMS; d++) {
                sum += w[0][d] * p[d] * q[d];
            }
            return 1 / (1 + Math.exp(-sum));
        });
    }

    @Test
    void oneStepOfDmfFollowsTheGradientOfItsFormula() {
        PairNetwork network = new Dmf.Network(DIMS, List.of(8, 12));
        PairCourse.Settings settings = new PairCourse.Settings(1000, 2, 1e-3, 0.7);
        Split data = new Split(TRAIN, NONE, NONE);
        PairCourse course = new PairCourse(network, DIMS, settings, UserLoss.NONE, data, Env.seeded(4));
        check(course, course.weights, course::userMoments, (p, q, w) -> {
            double[] a = layer(layer(p, w[0], w[1]), w[2], w[3]);
            double[] b = layer(layer(q, w[4], w[5]), w[6], w[7]);
            double dot = 0;
            double aa = 0;
            double bb = 0;
            for (int d = 0; d < 12; d++) {
                dot += a[d] * b[d];
                aa += a[d] * a[d];
                bb += b[d] * b[d];
            }
            double cosine = dot / Math.max(1e-12, Math.sqrt(aa)) / Math.max(1e-12, Math.sqrt(bb));
            return Math.clamp(cosine, 1e-6, 1 - 1e-6);
        });
    }

    @Test
    void oneStepOfPmfFollowsTheGradientOfItsFormula() {
        PairCourse.Settings settings = new PairCourse.Settings(1000, 2, 1e-3, 0.7);
        Split data = new Split(TRAIN, NONE, NONE);
        PairCourse course = new PairCourse(new Pmf.Network(DIMS), DIMS, settings, UserLoss.NONE, data, Env.seeded(4));
        check(course, course.weights, course::userMoments, (p, q, w) -> {
            double sum = 0;
            for (int d = 0; d < DIMS; d++) {
                sum += p[d] * q[d];
            }
            return 1 / (1 + Math.exp(-sum));
        });
    }

    @Test
    void weightDecayAddsItsShareToTheGradientOfEveryRow() {
        Split data = new Split(TRAIN, NONE, NONE);
        PairNetwork network = new Pmf.Network(DIMS);
        float[][] moments = new float[2][];
        for (int n = 0; n < 2; n++) {
            PairCourse.Settings settings = new PairCourse.Settings(1000, 2, 1e-3, 0.7, n * 0.5, false);
            PairCourse course = new PairCourse(network, DIMS, settings, UserLoss.NONE, data, Env.seeded(4));
            course.epoch(0);
            moments[n] = course.userMoments();
        }
        float[] initial = Training.initial(TRAIN, Env.seeded(4), DIMS, 0.7).userRows();
        for (int n = 0; n < initial.length; n++) {
            assertEquals(moments[0][n] + 0.1 * 0.5 * initial[n], moments[1][n], 1e-6, "place " + n);
        }
    }

    /** The probability that a pair is one that was taken. */
    private interface Formula {
        double of(double[] p, double[] q, float[][] w);
    }

    /** The loss before one step is that of the formula, and what Adam takes in is its slope by central differences. */
    private static void check(
            Training.Course<?> course, Weights weights, Supplier<float[]> userMoments, Formula formula) {
        Env env = Env.seeded(4);
        Batches batches = new Batches(TRAIN, 1000, 2);
        batches.plan(env.random("interactions").of(0));
        Embeddings rows = Training.initial(TRAIN, env, DIMS, 0.7);
        float[][] w = weights.values();
        assertEquals(loss(rows, w, batches, formula), course.epoch(0), 1e-5);
        float[] moment = userMoments.get();
        for (int n = 0; n < moment.length; n++) {
            assertEquals(slope(rows.userRows(), n, rows, w, batches, formula), 10 * moment[n], 1e-4, "user place " + n);
        }
        for (int m = 0; m < w.length; m++) {
            float[] of = weights.moments()[m];
            for (int n = 0; n < of.length; n++) {
                assertEquals(slope(w[m], n, rows, w, batches, formula), 10 * of[n], 1e-4, "matrix " + m + " " + n);
            }
        }
    }

    private static double slope(
            float[] values, int place, Embeddings rows, float[][] w, Batches batches, Formula formula) {
        float value = values[place];
        values[place] = value + 1e-5f;
        double up = values[place];
        double above = loss(rows, w, batches, formula);
        values[place] = value - 1e-5f;
        double slope = (above - loss(rows, w, batches, formula)) / (up - values[place]);
        values[place] = value;
        return slope;
    }

    private static double loss(Embeddings rows, float[][] w, Batches batches, Formula formula) {
        double sum = 0;
        for (int s = 0; s < batches.size(); s++) {
            double[] p = row(rows.userRows(), batches.users[s]);
            sum -= Math.log(formula.of(p, row(rows.itemRows(), batches.positives[s]), w));
            for (int d = 0; d < 2; d++) {
                sum -= Math.log(1 - formula.of(p, row(rows.itemRows(), batches.negatives[2 * s + d]), w));
            }
        }
        return sum / (3 * batches.size());
    }

    private static double[] row(float[] table, int row) {
        double[] values = new double[DIMS];
        for (int d = 0; d < DIMS; d++) {
            values[d] = table[row * DIMS + d];
        }
        return values;
    }

    /** A dense layer with a rectifier. */
    static double[] layer(double[] in, float[] weight, float[] bias) {
        double[] out = dense(in, weight, bias);
        for (int r = 0; r < out.length; r++) {
            out[r] = Math.max(0, out[r]);
        }
        return out;
    }

    /** A dense layer. */
    static double[] dense(double[] in, float[] weight, float[] bias) {
        double[] out = new double[bias.length];
        for (int r = 0; r < out.length; r++) {
            out[r] = bias[r];
            for (int c = 0; c < in.length; c++) {
                out[r] += weight[r * in.length + c] * in[c];
            }
        }
        return out;
    }
}
