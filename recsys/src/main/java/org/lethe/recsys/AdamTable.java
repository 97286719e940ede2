package org.lethe.recsys;

import java.util.Arrays;
import org.lethe.numerics.FactorSteps;

/**
 * A table of parameters under Adam, whose rows make up the steps they missed when they are needed.
 *
 * <p>Dense Adam moves a row with every step, with a gradient or without. A row without one is moved by its decaying first
 * moment alone, and nobody reads it meanwhile, so the missed steps can wait and be made up in one go with the very same
 * float operations: equal bits. {@value #CUT} steps after its last gradient the first moment has decayed to 1.4e-6 of
 * itself; in every form the row then rests (first moment zero, root of the second one decayed by a power on waking).
 */
final class AdamTable {
    /** Steps without a gradient after which a row rests. */
    static final int CUT = 128;

    final int dims;
    final int stride;
    final int rows;
    final float[] w;
    final float[] m;
    final float[] r;
    private final boolean fresh; // no moments from a checkpoint
    private final int[] touched; // the step of the last gradient, counted from the checkpoint
    private final int[] current; // the last step that the row has made

    /** From packed rows and, where the state holds them, packed moments. */
    AdamTable(int dims, float[] parameters, float[][] state) {
        this.dims = dims;
        stride = FactorSteps.stride(dims);
        rows = parameters.length / dims;
        w = padded(parameters);
        fresh = state.length == 0;
        m = fresh ? new float[rows * stride] : padded(state[0]);
        r = fresh ? new float[rows * stride] : padded(state[1]);
        touched = new int[rows];
        current = new int[rows];
    }

    private float[] padded(float[] packed) {
        float[] padded = new float[rows * stride];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(packed, row * dims, padded, row * stride, dims);
        }
        return padded;
    }

    private float[] packed(float[] padded) {
        float[] packed = new float[rows * dims];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(padded, row * stride, packed, row * dims, dims);
        }
        return packed;
    }

    /** Makes a row what it is after {@code step} steps, so that it can be read. */
    void catchUp(int row, int step, AdamRates rates) {
        int from = current[row];
        int to = Math.min(step, touched[row] + CUT);
        if (from < to) {
            if (!fresh || touched[row] > 0) { // a row that never saw a gradient does not move
                FactorSteps.idle(w, m, r, row * stride, stride, rates.rates, rates.roots, from, to);
            }
            current[row] = to;
        }
    }

    /** Takes a row that was caught up to {@code step} one step further, with a gradient. */
    void step(int row, int step, float[] gradient, AdamRates rates) {
        int at = row * stride;
        if (current[row] < step) {
            rest(m, r, at, step - current[row]);
        }
        FactorSteps.step(w, m, r, at, stride, gradient, rates.rates[step], rates.roots[step]);
        touched[row] = step + 1;
        current[row] = step + 1;
    }

    private void rest(float[] moment, float[] root, int at, int steps) {
        float decay = (float) StrictMath.pow(FactorSteps.ROOT_BETA2, steps);
        for (int d = at; d < at + stride; d++) {
            moment[d] = 0;
            root[d] *= decay;
        }
    }

    /** Makes every row readable. */
    void catchUpAll(int step, AdamRates rates) {
        for (int row = 0; row < rows; row++) {
            catchUp(row, step, rates);
        }
    }

    /** The parameters without padding: the table itself is never handed out. */
    float[] parameters() {
        return packed(w);
    }

    /** Both moments without padding, of a table that was caught up. */
    float[][] moments(int step) {
        float[] moment = m.clone();
        float[] root = r.clone();
        for (int row = 0; row < rows; row++) {
            if (current[row] < step) {
                rest(moment, root, row * stride, step - current[row]);
            }
        }
        return new float[][] {packed(moment), packed(root)};
    }

    /** Bias-corrected rates by step, counted from a checkpoint: index t belongs to step t + 1 after it. */
    static final class AdamRates {
        private final double learningRate;
        private final long base;
        float[] rates = new float[0];
        float[] roots = new float[0];

        AdamRates(double learningRate, long base) {
            this.learningRate = learningRate;
            this.base = base;
        }

        /** Makes sure that the rates of the first {@code steps} steps are there. */
        void reach(int steps) {
            int known = rates.length;
            if (steps > known) {
                rates = Arrays.copyOf(rates, steps);
                roots = Arrays.copyOf(roots, steps);
                for (int t = known; t < steps; t++) {
                    double step = base + t + 1.0;
                    rates[t] = (float) (learningRate / (1 - StrictMath.pow(0.9, step)));
                    roots[t] = (float) (1 / StrictMath.sqrt(1 - StrictMath.pow(0.999, step)));
                }
            }
        }
    }
}
