package org.lethe.recsys.hide;

import java.util.Arrays;
import org.lethe.LetheException;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.numerics.MatrixProduct;

/**
 * The opponent of adversarial training: a network with one rectified hidden layer and a softmax that guesses classes from
 * embeddings.
 *
 * <p>It trains one batch at a time and gives the gradient of its loss with respect to the embeddings. Weights and biases
 * start uniform up to {@code 1/√in}. It is plain Java, because a batch takes a few microseconds. Layers are padded to whole
 * vector registers, and the padding stays 0.
 */
final class Discriminator {
    private final int classes;
    private final double learningRate;
    private final Layer hidden;
    private final Layer output;
    private long steps;

    Discriminator(int width, int units, int classes, double learningRate, Keyed random) {
        this.classes = classes;
        this.learningRate = learningRate;
        hidden = new Layer(width, units, Lanes.padded(units), 1 / Math.sqrt(width), random.of("hidden"));
        output = new Layer(
                Lanes.padded(units), classes, Lanes.padded(classes), 1 / Math.sqrt(units), random.of("output"));
        Arrays.fill(output.w, units * output.columns, output.ins * output.columns, 0); // units of the padding
    }

    /** {@code bias + x·W}; the bias is the last row. */
    private static final class Layer {
        final int ins;
        final int columns;
        final float[] w; // [ins + 1, columns]
        final float[] first;
        final float[] second;
        final float[] gradient;

        Layer(int ins, int outs, int columns, double bound, Keyed random) {
            this.ins = ins;
            this.columns = columns;
            w = new float[(ins + 1) * columns];
            first = new float[w.length];
            second = new float[w.length];
            gradient = new float[w.length];
            for (int row = 0; row <= ins; row++) {
                for (int o = 0; o < outs; o++) {
                    w[row * columns + o] = (float) ((2 * Keyed.unit(random.at(row, o)) - 1) * bound);
                }
            }
        }

        /** The outputs, {@code [count, columns]}. */
        float[] out(float[] in, int count) {
            float[] out = new float[count * columns];
            for (int n = 0; n < count; n++) {
                System.arraycopy(w, ins * columns, out, n * columns, columns);
            }
            MatrixProduct.add(out, 0, in, 0, w, 0, count, ins, columns);
            return out;
        }

        /** Stores the gradient of the weights; returns that of the inputs, {@code [count, padded ins]}. */
        float[] back(float[] in, float[] slopes, int count) {
            Arrays.fill(gradient, 0);
            MatrixProduct.addTransposed(gradient, 0, in, 0, slopes, 0, ins, count, columns);
            for (int at = 0; at < slopes.length; at++) {
                gradient[ins * columns + at % columns] += slopes[at];
            }
            int wide = Lanes.padded(ins);
            float[] turned = new float[columns * wide];
            for (int i = 0; i < ins; i++) {
                for (int o = 0; o < columns; o++) {
                    turned[o * wide + i] = w[i * columns + o];
                }
            }
            float[] back = new float[count * wide];
            MatrixProduct.add(back, 0, slopes, 0, turned, 0, count, columns, wide);
            return back;
        }

        void step(float rate, float root) {
            DenseAdam.step(w, first, second, gradient, new float[ins + 1], columns, 0, ins + 1, rate, root);
        }
    }

    /**
     * The mean over rows of {@code weights[label]} times the cross-entropy; rows with label −1 are ignored. Adds {@code scale} times
     * its gradient with respect to the rows, {@code [count, width]}, and keeps that of the weights for {@link #step}.
     */
    double differentiate(float[] rows, int[] labels, double[] weights, double scale, float[] gradient) {
        int count = labels.length;
        int labelled = (int) Arrays.stream(labels).filter(k -> k >= 0).count();
        float[] units = hidden.out(rows, count);
        for (int at = 0; at < units.length; at++) {
            units[at] = Math.max(units[at], 0);
        }
        float[] slopes = output.out(units, count); // logits, to be replaced by their slopes
        double loss = 0;
        for (int n = 0; n < count; n++) {
            double share = labels[n] < 0 ? 0 : weights[labels[n]] / labelled;
            loss += share == 0 ? 0 : share * entropy(slopes, n * output.columns, labels[n]);
            for (int o = 0; o < output.columns; o++) {
                slopes[n * output.columns + o] *= (float) share;
            }
        }
        if (!Double.isFinite(loss)) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    "adversarial: the discriminator's loss at step " + (steps + 1) + " is " + loss
                            + "; a smaller reversal or learningRate may help");
        }
        float[] ofUnits = output.back(units, slopes, count);
        for (int at = 0; at < units.length; at++) {
            ofUnits[at] = units[at] > 0 ? ofUnits[at] : 0;
        }
        float[] ofRows = hidden.back(rows, ofUnits, count);
        int wide = Lanes.padded(hidden.ins);
        for (int n = 0; n < count; n++) {
            for (int d = 0; d < hidden.ins; d++) {
                gradient[n * hidden.ins + d] += (float) (scale * ofRows[n * wide + d]);
            }
        }
        return loss;
    }

    /** Replaces the logits of a row by the gradient of its cross-entropy, and returns the cross-entropy. */
    private double entropy(float[] logits, int at, int label) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < classes; k++) {
            largest = Math.max(largest, logits[at + k]);
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            sum += StrictMath.exp(logits[at + k] - largest);
        }
        double loss = largest + StrictMath.log(sum) - logits[at + label];
        for (int k = 0; k < classes; k++) {
            logits[at + k] = (float) (StrictMath.exp(logits[at + k] - largest) / sum - (k == label ? 1 : 0));
        }
        return loss;
    }

    /** One step of Adam on the last differentiated loss. */
    void step() {
        steps++;
        float rate = DenseAdam.rate(learningRate, steps);
        float root = DenseAdam.root(steps);
        hidden.step(rate, root);
        output.step(rate, root);
    }
}
