package org.lethe.recsys.hide;

import java.util.Arrays;
import org.lethe.LetheException;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;

/**
 * A network of one hidden layer of 100 rectified units, as scikit-learn's {@code MLPClassifier(alpha=1,
 * learning_rate_init=0.01, max_iter=500)} trains it: the attacker of the attribute unlearning literature.
 *
 * <p>Cross-entropy plus {@code α/(2·batch) · Σ w²} over the weights (not the biases), Adam, batches of 200 in a new order
 * each epoch, uniform initial values up to {@code √(6/(in + out))}; it ends after 500 epochs, or when the mean loss has not
 * fallen by 10⁻⁴ for more than ten. Two classes share one logistic output, more have one each under a softmax. Unlike there,
 * numbers are floats and the ε of Adam stands beside the corrected root.
 *
 * <p>Plain Java: a step is a few million multiplications, where a call into a tensor library costs as much as it computes.
 * Four rows go through a layer at a time, so that a weight is fetched once for four; units are padded to 112, whole registers.
 */
final class Perceptron {
    private static final int UNITS = 100;
    private static final int STRIDE = (UNITS + Lanes.FLOATS - 1) / Lanes.FLOATS * Lanes.FLOATS;
    private static final int BLOCK = 4;
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
    private final float[][] units = new float[BLOCK][STRIDE];
    private final float[][] slopes = new float[BLOCK][STRIDE];
    private final float[] row = new float[STRIDE];
    private final float[][] logits;

    private Perceptron(int width, int classes, Keyed random) {
        this.width = width;
        outs = classes == 2 ? 1 : classes;
        if (outs > STRIDE) {
            throw new IllegalArgumentException("classes is " + classes + ", expected at most " + STRIDE);
        }
        w = new float[(width + 2 + outs) * STRIDE];
        g = new float[w.length];
        logits = new float[BLOCK][outs];
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

    static float[] guess(Attacker.Known known, float[] rows, Keyed random) {
        Perceptron network = new Perceptron(known.width(), known.classes(), random.of("initial"));
        network.train(known, random.of("order"));
        return network.guess(known, rows);
    }

    private void train(Attacker.Known known, Keyed random) {
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
    private double gradient(Attacker.Known known, long[] order, int from, int to) {
        Arrays.fill(g, 0);
        double loss = 0;
        float scale = 1f / (to - from);
        int[] at = new int[BLOCK];
        for (int block = from; block < to; block += BLOCK) {
            int rows = Math.min(BLOCK, to - block);
            for (int r = 0; r < BLOCK; r++) {
                at[r] = (int) order[Math.min(block + r, to - 1)] * width;
            }
            forward(known.rows(), at);
            for (int r = 0; r < BLOCK; r++) {
                Arrays.fill(slopes[r], 0);
                if (r < rows) {
                    loss += backward(r, known.labels()[(int) order[block + r]], scale);
                }
            }
            for (int i = 0; i < width; i++) {
                addFour(
                        g,
                        i * STRIDE,
                        known.rows()[at[0] + i],
                        known.rows()[at[1] + i],
                        known.rows()[at[2] + i],
                        known.rows()[at[3] + i]);
            }
            addFour(g, width * STRIDE, 1, 1, 1, 1);
        }
        return loss;
    }

    /** The loss of one row of the block; its slopes at the hidden units go to {@code slopes}, those of the outputs to g. */
    private double backward(int r, int label, float scale) {
        double loss;
        float[] error = logits[r];
        if (outs == 1) {
            double z = error[0];
            double p = 1 / (1 + Math.exp(-z));
            loss = Math.max(z, 0) - z * label + Math.log1p(Math.exp(-Math.abs(z)));
            error[0] = (float) (p - label) * scale;
        } else {
            double largest = Double.NEGATIVE_INFINITY;
            for (float z : error) {
                largest = Math.max(largest, z);
            }
            double sum = 0;
            for (float z : error) {
                sum += Math.exp(z - largest);
            }
            loss = largest + Math.log(sum) - error[label];
            for (int o = 0; o < outs; o++) {
                double p = Math.exp(error[o] - largest) / sum;
                error[o] = (float) (p - (o == label ? 1 : 0)) * scale;
            }
        }
        float[] hidden = units[r];
        float[] slope = slopes[r];
        for (int o = 0; o < outs; o++) {
            float e = error[o];
            int at = (width + 1 + o) * STRIDE;
            System.arraycopy(g, at, row, 0, STRIDE);
            add(row, e, hidden);
            System.arraycopy(row, 0, g, at, STRIDE);
            System.arraycopy(w, at, row, 0, STRIDE);
            add(slope, e, row);
            g[(width + 1 + outs) * STRIDE + o] += e;
        }
        for (int h = 0; h < STRIDE; h++) {
            slope[h] = hidden[h] > 0 ? slope[h] : 0;
        }
        return loss;
    }

    /** Units and logits of four rows that begin at {@code at}. */
    private void forward(float[] rows, int[] at) {
        for (float[] unit : units) {
            System.arraycopy(w, width * STRIDE, unit, 0, STRIDE);
        }
        for (int i = 0; i < width; i++) {
            System.arraycopy(w, i * STRIDE, row, 0, STRIDE);
            for (int r = 0; r < BLOCK; r++) {
                add(units[r], rows[at[r] + i], row);
            }
        }
        for (int r = 0; r < BLOCK; r++) {
            float[] unit = units[r];
            for (int h = 0; h < STRIDE; h++) {
                unit[h] = Math.max(unit[h], 0);
            }
            for (int o = 0; o < outs; o++) {
                logits[r][o] = w[(width + 1 + outs) * STRIDE + o] + dot(unit, w, (width + 1 + o) * STRIDE);
            }
        }
    }

    private static float dot(float[] unit, float[] w, int from) {
        float a = 0; // four sums, so that one product need not wait for the one before
        float b = 0;
        float c = 0;
        float d = 0;
        for (int h = 0; h < STRIDE; h += 4) {
            a = Math.fma(unit[h], w[from + h], a);
            b = Math.fma(unit[h + 1], w[from + h + 1], b);
            c = Math.fma(unit[h + 2], w[from + h + 2], c);
            d = Math.fma(unit[h + 3], w[from + h + 3], d);
        }
        return a + b + (c + d);
    }

    /** {@code into += x · row}: the same index into both, or the compiler makes no vectors of it. */
    private static void add(float[] into, float x, float[] row) {
        for (int h = 0; h < STRIDE; h++) {
            into[h] = Math.fma(x, row[h], into[h]);
        }
    }

    private void addFour(float[] into, int from, float x, float y, float z, float t) {
        System.arraycopy(into, from, row, 0, STRIDE);
        add(row, x, slopes[0]);
        add(row, y, slopes[1]);
        add(row, z, slopes[2]);
        add(row, t, slopes[3]);
        System.arraycopy(row, 0, into, from, STRIDE);
    }

    private float[] guess(Attacker.Known known, float[] rows) {
        int n = rows.length / width;
        float[] guesses = new float[n * known.classes()];
        int[] at = new int[BLOCK];
        for (int block = 0; block < n; block += BLOCK) {
            for (int r = 0; r < BLOCK; r++) {
                at[r] = Math.min(block + r, n - 1) * width;
            }
            forward(rows, at);
            for (int r = 0; r < Math.min(BLOCK, n - block); r++) {
                probabilities(logits[r], guesses, (block + r) * known.classes());
            }
        }
        return guesses;
    }

    private void probabilities(float[] z, float[] into, int at) {
        if (outs == 1) {
            into[at + 1] = (float) (1 / (1 + Math.exp(-z[0])));
            into[at] = 1 - into[at + 1];
            return;
        }
        double largest = Double.NEGATIVE_INFINITY;
        for (float value : z) {
            largest = Math.max(largest, value);
        }
        double sum = 0;
        for (float value : z) {
            sum += Math.exp(value - largest);
        }
        for (int o = 0; o < outs; o++) {
            into[at + o] = (float) (Math.exp(z[o] - largest) / sum);
        }
    }
}
