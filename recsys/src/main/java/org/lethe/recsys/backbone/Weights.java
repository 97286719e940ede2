package org.lethe.recsys.backbone;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;

/**
 * The matrices of a network in training, in one array under Adam. libtorch is lent copies, step by step, and gives their
 * gradients back: all that training is lies in arrays of ours, and no tensor outlives a step.
 */
final class Weights {
    /**
     * A matrix of a network.
     *
     * @param name by which it is saved
     * @param rows outputs
     * @param columns inputs; 1 for a bias
     * @param initial how it starts
     */
    record Matrix(String name, int rows, int columns, Initial initial) {
        /** The weights of a dense layer. */
        static Matrix layer(String name, int outputs, int inputs) {
            return new Matrix(name, outputs, inputs, Initial.XAVIER_UNIFORM);
        }

        /** A bias, zero at first. */
        static Matrix bias(String name, int outputs) {
            return new Matrix(name, outputs, 1, Initial.ZERO);
        }

        int size() {
            return rows * columns;
        }

        /** Values as a tensor, {@code [rows, columns]} or for a bias {@code [rows]}. */
        Tensor of(float[] values) {
            return Tensors.of(values, shape());
        }

        long[] shape() {
            return columns == 1 ? new long[] {rows} : new long[] {rows, columns};
        }
    }

    private final List<Matrix> matrices;
    private final float[] w;
    private final float[] m;
    private final float[] v;
    private final float[] gradient;
    private final float[] decay;
    private final double learningRate;
    private long steps;

    /** Goes on from a {@link #state}. */
    Weights(List<Matrix> matrices, double learningRate, float[][] state, long steps) {
        this(matrices, learningRate, 0, state, steps);
    }

    private Weights(List<Matrix> matrices, double learningRate, double weightDecay, float[][] state, long steps) {
        this.matrices = matrices;
        decay = new float[] {(float) weightDecay};
        this.learningRate = learningRate;
        this.steps = steps;
        w = state[0].clone();
        m = state[1].clone();
        v = state[2].clone();
        gradient = new float[w.length];
    }

    /** Seeded initial weights: each depends on (seed, matrix, place). */
    Weights(List<Matrix> matrices, double learningRate, Keyed key) {
        this(matrices, learningRate, 0, key);
    }

    /** The same with a weight decay, which adds {@code weightDecay · w} to every gradient. */
    Weights(List<Matrix> matrices, double learningRate, double weightDecay, Keyed key) {
        this(matrices, learningRate, weightDecay, new float[3][padded(matrices)], 0);
        int at = 0;
        for (Matrix matrix : matrices) {
            float[] values = matrix.initial.of(key.of(matrix.name), matrix.rows, matrix.columns);
            System.arraycopy(values, 0, w, at, values.length);
            at += values.length;
        }
    }

    private static int padded(List<Matrix> matrices) {
        int size = matrices.stream().mapToInt(Matrix::size).sum();
        return Lanes.padded(size);
    }

    /** Weights and both moments, copied: all that training needs to go on. */
    float[][] state() {
        return new float[][] {w.clone(), m.clone(), v.clone()};
    }

    /** The values of each matrix, copied. */
    float[][] values() {
        return parted(w);
    }

    /** The first moment of each matrix, copied; for tests. */
    float[][] moments() {
        return parted(m);
    }

    private float[][] parted(float[] all) {
        float[][] parts = new float[matrices.size()][];
        int at = 0;
        for (int n = 0; n < parts.length; n++) {
            parts[n] = Arrays.copyOfRange(all, at, at + matrices.get(n).size());
            at += parts[n].length;
        }
        return parts;
    }

    /** Each matrix as a tensor that gathers its gradient. */
    Tensor[] leaves(Device device) {
        Tensor[] leaves = new Tensor[matrices.size()];
        int at = 0;
        for (int n = 0; n < leaves.length; n++) {
            Matrix matrix = matrices.get(n);
            leaves[n] = Devices.on(Tensors.part(w, at, matrix.shape()), device).requires_grad_(true);
            at += matrix.size();
        }
        return leaves;
    }

    /** Each matrix as a tensor. */
    static Tensor[] tensors(List<Matrix> matrices, float[][] values, Device device) {
        Tensor[] tensors = new Tensor[values.length];
        Arrays.setAll(tensors, n -> Devices.on(matrices.get(n).of(values[n]), device));
        return tensors;
    }

    /** A step of Adam by the gradients that the leaves have gathered; a leaf without one has the gradient zero. */
    void step(Tensor[] leaves) {
        int at = 0;
        for (int n = 0; n < leaves.length; n++) {
            Tensor own = leaves[n].grad();
            int size = matrices.get(n).size();
            if (own.defined()) {
                Tensors.read(own, gradient, at);
            } else {
                Arrays.fill(gradient, at, at + size, 0);
            }
            at += size;
        }
        step();
    }

    /** A step of Adam by the gradient of each matrix. */
    void step(float[][] gradients) {
        int at = 0;
        for (float[] own : gradients) {
            System.arraycopy(own, 0, gradient, at, own.length);
            at += own.length;
        }
        step();
    }

    private void step() {
        steps++;
        DenseAdam.step(
                w, m, v, gradient, decay, w.length, 0, 1, DenseAdam.rate(learningRate, steps), DenseAdam.root(steps));
    }

    /** Adds matrices to what is written to a file. */
    static void save(List<Matrix> matrices, float[][] values, Map<String, Safetensors.Tensor> into) {
        for (int n = 0; n < values.length; n++) {
            Matrix matrix = matrices.get(n);
            into.put(matrix.name, Safetensors.Tensor.of(values[n], matrix.shape()));
        }
    }

    /** Reads matrices, each of which must be there in its shape, under its name after a prefix. */
    static float[][] load(List<Matrix> matrices, Safetensors file, String prefix) {
        float[][] values = new float[matrices.size()][];
        for (int n = 0; n < values.length; n++) {
            file.require(prefix + matrices.get(n).name, matrices.get(n).shape());
            values[n] = file.floats(prefix + matrices.get(n).name);
        }
        return values;
    }

    /** A dimension that a file tells of, as the size of something that is not empty. */
    static int size(Path file, long dimension) {
        if (dimension < 1 || dimension > Integer.MAX_VALUE) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": a tensor has " + dimension + " columns or rows, expected at least 1");
        }
        return (int) dimension;
    }
}
