package org.lethe.recsys.backbone;

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

    private static final long NEAR = 16L << 20;
    private static final int LINE = 16; // floats of a line of cache

    final int dims;
    final int stride;
    final int rows;
    final float[] w;
    final float[] m;
    final float[] r;
    float fetched; // nobody needs it, but the compiler must think so
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

    /** Whether the table and its moments are too large for caches that are near. */
    boolean isFar() {
        return 3L * Float.BYTES * w.length > NEAR;
    }

    /**
     * Reads a little of the rows {@code next[from … to−1]} so that they lie in a near cache when they step: reads that nothing waits
     * for overlap, where those of a step come one after the other.
     */
    void fetch(int[] next, int from, int to) {
        float read = 0;
        for (int n = from; n < to; n++) {
            int row = next[n];
            int last = (row + 1) * stride - 1;
            for (int d = row * stride; d < last; d += LINE) {
                read += w[d] + m[d] + r[d];
            }
            read += w[last] + m[last] + r[last] + touched[row] + current[row];
        }
        fetched = read;
    }

    /** Makes a row what it is after {@code step} steps, so that it can be read. */
    void catchUp(int row, int step, AdamRates rates) {
        int from = current[row];
        if (rates.leaps(from, step)) {
            rates.leap(this, row * stride, step - from);
            current[row] = step;
            return;
        }
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

    /**
     * Bias-corrected rates by step, counted from a checkpoint: index t belongs to step t + 1 after it. In the two-node form
     * also the quadrature of every gap that ends at the present step.
     *
     * <p>A gap of g idle steps after step T moves a weight by m Σ_s a_s / (ρ_s r + ε), with a_s = rate β₁^s and ρ_s = root
     * β₂^(s/2) at step T + s. As ρ varies by about 1 %, the Gauss rule of two nodes with the same four moments Σ a ρ^j, j = 0 …
     * 3, replaces the sum; moments of all gaps come from one backward recurrence. Early steps, where the bias factors
     * change fast, and gaps above {@value #LONGEST} are looped.
     */
    static final class AdamRates {
        private static final int LONGEST = 256;
        private static final int EARLY = 100;
        private static final double BETA1 = 0.9;
        private static final double ROOT_BETA2 = StrictMath.sqrt(0.999);

        private final double learningRate;
        private final long base;
        private final boolean twoNode;
        private final float[][] nodes; // by gap: weight, root, weight, root, decay of m, decay of r
        private int target = -1;
        float[] rates = new float[0];
        float[] roots = new float[0];

        AdamRates(double learningRate, long base, boolean twoNode) {
            this.learningRate = learningRate;
            this.base = base;
            this.twoNode = twoNode;
            nodes = new float[twoNode ? LONGEST + 1 : 0][6];
        }

        /** Makes sure that the rates of the first {@code steps} steps are there. */
        void reach(int steps) {
            int known = rates.length;
            if (steps > known) {
                int size = Math.max(steps, 2 * known);
                rates = Arrays.copyOf(rates, size);
                roots = Arrays.copyOf(roots, size);
                for (int t = known; t < size; t++) {
                    double step = base + t + 1.0;
                    rates[t] = (float) (learningRate / (1 - StrictMath.pow(BETA1, step)));
                    roots[t] = (float) (1 / StrictMath.sqrt(1 - StrictMath.pow(0.999, step)));
                }
            }
        }

        /** Prepares the gaps that end after {@code step} steps. */
        void aim(int step) {
            if (!twoNode) {
                return;
            }
            target = step;
            double mu0 = 0;
            double mu1 = 0;
            double mu2 = 0;
            double mu3 = 0;
            double decay1 = 1;
            double decay2 = 1;
            for (int gap = 1; gap <= Math.min(LONGEST, step) && base + step - gap > EARLY; gap++) {
                double a = rates[step - gap];
                double rho = roots[step - gap];
                decay1 *= BETA1;
                decay2 *= ROOT_BETA2;
                mu0 = BETA1 * (a + mu0);
                mu1 = BETA1 * ROOT_BETA2 * (a * rho + mu1);
                mu2 = BETA1 * 0.999 * (a * rho * rho + mu2);
                mu3 = BETA1 * 0.999 * ROOT_BETA2 * (a * rho * rho * rho + mu3);
                if (gap == 1) {
                    continue;
                }
                double mean = mu1 / mu0;
                double variance = mu2 / mu0 - mean * mean;
                double skew = mu3 / mu0 - 3 * mean * mu2 / mu0 + 2 * mean * mean * mean;
                double b = skew / variance;
                double half = Math.sqrt(b * b + 4 * variance) / 2;
                double high = b / 2 + half;
                double low = b / 2 - half;
                float[] node = nodes[gap];
                node[0] = (float) (mu0 * -low / (2 * half));
                node[1] = (float) (mean + high);
                node[2] = (float) (mu0 * high / (2 * half));
                node[3] = (float) (mean + low);
                node[4] = (float) decay1;
                node[5] = (float) decay2;
            }
        }

        private boolean leaps(int from, int to) {
            return twoNode && to == target && to - from >= 2 && to - from <= LONGEST && base + from > EARLY;
        }

        private void leap(AdamTable table, int at, int gap) {
            float[] n = nodes[gap];
            FactorSteps.leap(table.w, table.m, table.r, at, table.stride, n[0], n[1], n[2], n[3], n[4], n[5]);
        }
    }
}
