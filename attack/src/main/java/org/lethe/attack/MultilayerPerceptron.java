package org.lethe.attack;

import java.util.Arrays;
import org.lethe.LetheException;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.numerics.MatrixProduct;

/**
 * A multilayer perceptron with one hidden layer of 100 rectified units, as scikit-learn's {@code MLPClassifier(alpha=1,
 * learning_rate_init=0.01, max_iter=500)} trains it: the attacker of the attribute unlearning literature.
 *
 * <p>Cross-entropy plus {@code α/(2·batch) · Σ w²} over the weights (not the biases), Adam, batches of 200 in a new
 * order each epoch, uniform initial values up to {@code √(6/(in + out))}. Training stops after 500 epochs, or when the
 * mean loss has not fallen by 10⁻⁴ for more than ten. Two classes share one logistic output; more classes have one each
 * under a softmax. Unlike in scikit-learn, numbers are floats, and the ε of Adam is added to the corrected root.
 *
 * <p>Plain Java: a step is a few million multiplications, where a call into a tensor library costs as much as it computes.
 * Blocks of 40 rows go through a layer at a time, few enough to stay in the first cache with what they became; units are
 * padded to 112, whole registers.
 */
final class MultilayerPerceptron {
    private static final int UNITS = 100;
    private static final int STRIDE = Lanes.padded(UNITS);
    private static final int BLOCK = 40;
    private static final int BATCH = 200;
    private static final int EPOCHS = 500;
    private static final int PATIENCE = 10;
    private static final double ALPHA = 1;
    private static final double LEARNING_RATE = 0.01;
    private static final double TOLERANCE = 1e-4;

    private final int width;
    private final int outs;
    private final float[] w; // [width + 1 + outs + 1, STRIDE]: inputs, hidden biases, outputs, output biases
    private final float[] g;
    private final float[] block; // [BLOCK, width]: rows as they come in
    private final float[] units = new float[BLOCK * STRIDE];
    private final float[] slopes = new float[BLOCK * STRIDE];
    private final float[] logits; // [BLOCK, outs], and then the slopes there

    private MultilayerPerceptron(int width, int classes, Keyed random) {
        this.width = width;
        outs = classes == 2 ? 1 : classes;
        if (outs > STRIDE) {
            throw new IllegalArgumentException("classes is " + classes + ", expected at most " + STRIDE);
        }
        w = new float[(width + 2 + outs) * STRIDE];
        g = new float[w.length];
        block = new float[BLOCK * width];
        logits = new float[BLOCK * outs];
        double hidden = Math.sqrt(6.0 / (width + UNITS));
        double out = Math.sqrt(6.0 / (UNITS + outs));
        for (int row = 0; row < width + 1 + outs; row++) {
            for (int h = 0; h < UNITS; h++) {
                w[row * STRIDE + h] = uniform(random.at(row, h), row <= width ? hidden : out);
            }
        }
        for (int o = 0; o < outs; o++) {
            w[(width + 1 + outs) * STRIDE + o] = uniform(random.at(width + 1 + outs, o), out);
        }
    }

    private static float uniform(long bits, double bound) {
        return (float) ((2 * Keyed.unit(bits) - 1) * bound);
    }

    static float[] guess(LabelledSamples known, float[] rows, Keyed random) {
        MultilayerPerceptron network = new MultilayerPerceptron(known.width(), known.classes(), random.of("initial"));
        network.train(known, random.of("order"));
        return network.guess(known, rows);
    }

    private void train(LabelledSamples known, Keyed random) {
        int n = known.size();
        int batch = Math.min(BATCH, n);
        float[] m = new float[w.length];
        float[] v = new float[w.length];
        float[] decay = new float[width + 2 + outs];
        long[] order = new long[n];
        double best = Double.POSITIVE_INFINITY;
        int idle = 0;
        long step = 0;
        for (int epoch = 0; epoch < EPOCHS && idle <= PATIENCE; epoch++) {
            Keyed draws = random.of(epoch);
            for (int u = 0; u < n; u++) {
                order[u] = draws.at(u) & 0xFFFFFFFF00000000L | u;
            }
            Arrays.sort(order);
            double loss = 0;
            for (int from = 0; from < n; from += batch) {
                int to = Math.min(n, from + batch);
                Arrays.fill(decay, (float) (ALPHA / (to - from)));
                decay[width] = 0;
                decay[width + 1 + outs] = 0;
                loss += 0.5 * ALPHA * weights() + gradient(known, order, from, to);
                step++;
                DenseAdam.step(
                        w,
                        m,
                        v,
                        g,
                        decay,
                        STRIDE,
                        0,
                        decay.length,
                        DenseAdam.rate(LEARNING_RATE, step),
                        DenseAdam.root(step));
            }
            loss /= n;
            if (!Double.isFinite(loss)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC, "attacker mlp: loss is " + loss + " in epoch " + epoch);
            }
            idle = loss > best - TOLERANCE ? idle + 1 : 0;
            best = Math.min(best, loss);
        }
    }

    /** The sum of squares of the weights. */
    private double weights() {
        return squares(0, width * STRIDE) + squares((width + 1) * STRIDE, (width + 1 + outs) * STRIDE);
    }

    private double squares(int from, int to) {
        float[] sums = new float[Lanes.FLOATS];
        for (int at = from; at < to; at += Lanes.FLOATS) {
            for (int l = 0; l < Lanes.FLOATS; l++) {
                sums[l] += w[at + l] * w[at + l];
            }
        }
        double sum = 0;
        for (float part : sums) {
            sum += part;
        }
        return sum;
    }

    /** Fills {@code g} with the mean gradient of a batch, the penalty left out; returns the sum of its losses. */
    private double gradient(LabelledSamples known, long[] order, int from, int to) {
        Arrays.fill(g, 0);
        double loss = 0;
        float scale = 1f / (to - from);
        int second = (width + 1) * STRIDE; // where the weights of outputs begin
        for (int at = from; at < to; at += BLOCK) {
            int rows = Math.min(BLOCK, to - at);
            for (int r = 0; r < rows; r++) {
                System.arraycopy(known.rows(), (int) order[at + r] * width, block, r * width, width);
            }
            forward(rows);
            for (int r = 0; r < rows; r++) {
                loss += error(r * outs, known.labels()[(int) order[at + r]], scale);
            }
            MatrixProduct.addTransposed(g, second, logits, 0, units, 0, outs, rows, STRIDE);
            Arrays.fill(slopes, 0, rows * STRIDE, 0);
            MatrixProduct.add(slopes, 0, logits, 0, w, second, rows, outs, STRIDE);
            for (int h = 0; h < rows * STRIDE; h++) {
                slopes[h] *=
                        Math.signum(units[h]); // units are 0 or more; a branch would be guessed wrong half the time
            }
            MatrixProduct.addTransposed(g, 0, block, 0, slopes, 0, width, rows, STRIDE);
            for (int r = 0; r < rows; r++) {
                sum(g, width * STRIDE, slopes, r * STRIDE, STRIDE);
                sum(g, second + outs * STRIDE, logits, r * outs, outs);
            }
        }
        return loss;
    }

    private static void sum(float[] into, int at, float[] row, int from, int length) {
        for (int i = 0; i < length; i++) {
            into[at + i] += row[from + i];
        }
    }

    /** The loss of the row whose logits begin at {@code at}; its slopes, times {@code scale}, take their place. */
    private double error(int at, int label, float scale) {
        if (outs == 1) {
            double z = logits[at];
            double small = Math.exp(-Math.abs(z));
            double p = 1 / (1 + Math.exp(-z));
            logits[at] = (float) (p - label) * scale;
            return Math.max(z, 0) - z * label + Math.log1p(small);
        }
        double largest = Double.NEGATIVE_INFINITY;
        for (int o = 0; o < outs; o++) {
            largest = Math.max(largest, logits[at + o]);
        }
        double sum = 0;
        for (int o = 0; o < outs; o++) {
            sum += Math.exp(logits[at + o] - largest);
        }
        double loss = largest + Math.log(sum) - logits[at + label];
        for (int o = 0; o < outs; o++) {
            double p = Math.exp(logits[at + o] - largest) / sum;
            logits[at + o] = (float) (p - (o == label ? 1 : 0)) * scale;
        }
        return loss;
    }

    /** Units and logits of the first rows of the block. */
    private void forward(int rows) {
        for (int r = 0; r < rows; r++) {
            System.arraycopy(w, width * STRIDE, units, r * STRIDE, STRIDE);
        }
        MatrixProduct.add(units, 0, block, 0, w, 0, rows, width, STRIDE);
        for (int h = 0; h < rows * STRIDE; h++) {
            units[h] = Math.max(units[h], 0);
        }
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outs; o++) {
                logits[r * outs + o] =
                        w[(width + 1 + outs) * STRIDE + o] + dot(units, r * STRIDE, w, (width + 1 + o) * STRIDE);
            }
        }
    }

    private static float dot(float[] units, int unit, float[] w, int from) {
        float a = 0; // four sums, so that one product need not wait for the one before
        float b = 0;
        float c = 0;
        float d = 0;
        for (int h = 0; h < STRIDE; h += 4) {
            a = Math.fma(units[unit + h], w[from + h], a);
            b = Math.fma(units[unit + h + 1], w[from + h + 1], b);
            c = Math.fma(units[unit + h + 2], w[from + h + 2], c);
            d = Math.fma(units[unit + h + 3], w[from + h + 3], d);
        }
        return a + b + (c + d);
    }

    private float[] guess(LabelledSamples known, float[] rows) {
        int n = rows.length / width;
        float[] guesses = new float[n * known.classes()];
        for (int at = 0; at < n; at += BLOCK) {
            int taken = Math.min(BLOCK, n - at);
            System.arraycopy(rows, at * width, block, 0, taken * width);
            forward(taken);
            for (int r = 0; r < taken; r++) {
                probabilities(r * outs, guesses, (at + r) * known.classes());
            }
        }
        return guesses;
    }

    /** Of the row whose logits begin at {@code from}. */
    private void probabilities(int from, float[] into, int at) {
        if (outs == 1) {
            into[at + 1] = (float) (1 / (1 + Math.exp(-logits[from])));
            into[at] = 1 - into[at + 1];
            return;
        }
        double largest = Double.NEGATIVE_INFINITY;
        for (int o = 0; o < outs; o++) {
            largest = Math.max(largest, logits[from + o]);
        }
        double sum = 0;
        for (int o = 0; o < outs; o++) {
            sum += Math.exp(logits[from + o] - largest);
        }
        for (int o = 0; o < outs; o++) {
            into[at + o] = (float) (Math.exp(logits[from + o] - largest) / sum);
        }
    }
}
