package org.lethe.transport;

import java.util.Arrays;
import org.lethe.numerics.Exp2;
import org.lethe.numerics.Lanes;

/**
 * The inner loops of Sinkhorn over costs in units of ε / log₂e, in one of two precisions.
 *
 * <p>Rows are padded to whole vectors with targets that receive nothing. Blocks of 64 rows have their own column sums.
 * These are added in the order of the blocks, so the bits do not depend on the threads.
 */
abstract sealed class Sweep {
    static final int BLOCK = 64;

    final int n;
    final int m;
    final int width;
    final int block; // rows in one
    final int blocks;

    private Sweep(int n, int m, int block) {
        this.block = block;
        this.n = n;
        this.m = m;
        width = Lanes.padded(m);
        blocks = (n + block - 1) / block;
    }

    final void requireOneArray() {
        if ((long) n * width >= Integer.MAX_VALUE) {
            throw new IllegalArgumentException("the cost matrix is too large for one array");
        }
    }

    /** A sum outside this range, upwards or downwards, is done again with its maximum. */
    abstract double safe();

    /** The largest b / a for which a sweep's exponentials cannot overflow. */
    abstract double largestRatio();

    /** Costs for the sweeps that follow, times {@code factor}. */
    abstract void load(Costs costs, double factor, Loop loop);

    abstract void columns(double[] h);

    abstract double at(int i, int j);

    /** min_j (c_ij − h_j): with this f the largest term of the row is 1. */
    abstract double lift(int i);

    abstract void clear(int block);

    /** Σ_j 2^(h_j + f − c_ij), the terms kept for {@link #add}. */
    abstract double row(int i, double f);

    /** Adds the kept terms, times a weight, to the column sums of the row's block. */
    abstract void add(int i, double weight);

    abstract double column(int block, int j);

    /** In doubles, over costs that are kept or made again. */
    abstract static sealed class InDoubles extends Sweep {
        final double[] h;
        private final double[][] terms;
        private final double[][] sums;

        private InDoubles(int n, int m, int block) {
            super(n, m, block);
            h = new double[width];
            Arrays.fill(h, Double.NEGATIVE_INFINITY);
            terms = new double[blocks][width + Lanes.DOUBLES];
            sums = new double[blocks][width];
        }

        /** An array that holds the costs of a row, until the next row of its block is asked for. */
        abstract double[] costs(int i);

        /** Where they begin in it. */
        abstract int start(int i);

        @Override
        final double safe() {
            return 1e-250;
        }

        @Override
        final double largestRatio() {
            return 0x1p1000;
        }

        @Override
        final void columns(double[] values) {
            System.arraycopy(values, 0, h, 0, m);
        }

        @Override
        final double lift(int i) {
            return RowMinimum.of(costs(i), start(i), h, 0, m);
        }

        @Override
        final void clear(int block) {
            Arrays.fill(sums[block], 0);
        }

        @Override
        final double row(int i, double f) {
            double[] kept = terms[i / block];
            double[] c = costs(i);
            if (Lanes.VECTOR) {
                SweepVector.terms(c, start(i), h, f, kept, width);
            } else {
                terms(c, start(i), h, f, kept, width);
            }
            return tree(kept, width);
        }

        @Override
        final void add(int i, double weight) {
            if (Lanes.VECTOR) {
                SweepVector.add(sums[i / block], weight, terms[i / block], width);
            } else {
                add(sums[i / block], weight, terms[i / block], width);
            }
        }

        @Override
        final double column(int block, int j) {
            return sums[block][j];
        }

        /** The terms of a row, and after them their sums by lane. */
        static void terms(double[] c, int from, double[] h, double f, double[] into, int width) {
            Arrays.fill(into, width, width + Lanes.DOUBLES, 0);
            for (int j = 0; j < width; j++) {
                into[j] = Exp2.of(h[j] + f - c[from + j]);
                into[width + j % Lanes.DOUBLES] += into[j];
            }
        }

        static void add(double[] sums, double weight, double[] terms, int width) {
            for (int j = 0; j < width; j++) {
                sums[j] = Math.fma(terms[j], weight, sums[j]);
            }
        }

        static double tree(double[] x, int at) {
            return ((x[at] + x[at + 4]) + (x[at + 2] + x[at + 6]))
                    + ((x[at + 1] + x[at + 5]) + (x[at + 3] + x[at + 7]));
        }
    }

    /** In doubles, by a matrix of costs. */
    static final class Doubles extends InDoubles {
        private final double[] c;

        Doubles(int n, int m) {
            super(n, m, BLOCK);
            requireOneArray();
            c = new double[n * width];
        }

        @Override
        void load(Costs costs, double factor, Loop loop) {
            loop.each(blocks, part -> {
                double[] scratch = new double[width];
                for (int i = part * BLOCK; i < Math.min(n, (part + 1) * BLOCK); i++) {
                    double[] cost = costs.row(i, scratch);
                    int from = costs.start(i);
                    for (int j = 0; j < m; j++) {
                        c[i * width + j] = cost[from + j] * factor;
                    }
                }
            });
        }

        @Override
        double at(int i, int j) {
            return c[i * width + j];
        }

        @Override
        double[] costs(int i) {
            return c;
        }

        @Override
        int start(int i) {
            return i * width;
        }
    }

    /** In doubles, by squared distances that are made again in each sweep: O((n + m) d) numbers and 32 rows of sums. */
    static final class Streamed extends InDoubles {
        private final Costs.Squared costs;
        private final double[][] rows; // distances of one row of each block
        private double[] x = {};
        private double[] y = {}; // [dims, width]
        private double factor;

        Streamed(Costs.Squared costs) {
            super(costs.rows(), costs.columns(), costs.block());
            this.costs = costs;
            rows = new double[blocks][width];
        }

        @Override
        void load(Costs same, double newFactor, Loop loop) {
            factor = newFactor;
            double scale = Math.sqrt(factor);
            x = costs.x().points().clone();
            for (int e = 0; e < x.length; e++) {
                x[e] *= scale;
            }
            y = costs.y().turned(width, scale);
        }

        @Override
        double at(int i, int j) {
            return costs.at(i, j) * factor;
        }

        @Override
        double[] costs(int i) {
            int dims = costs.x().dims();
            double[] row = rows[i / block];
            Rows.squaredDistances(x, i * dims, dims, y, width, row);
            return row;
        }

        @Override
        int start(int i) {
            return 0;
        }
    }

    /**
     * In floats, with the exponentials kept from sweep to sweep: each row has its terms at the potentials of some earlier
     * sweep, and what potentials have moved since multiplies them. A row is done again once a potential has moved by 2^20,
     * so no term that counts can have been lost below the range of floats (the stabilised kernel of Schmitzer 2019).
     */
    static final class Floats extends Sweep {
        private static final double FAR = 20;

        private final float[] c;
        private final float[] k; // the kept terms
        private final float[] h; // the targets' part of them
        private final float[] now; // and what it is in this sweep
        private final float[] v; // 2^(now − h)
        private final double[] kept;
        private final double[] rowKept; // the sources' part
        private final int[] age; // the generation of h at which a row was kept
        private final double[] scale; // 2^(f − rowKept) of the last sum
        private final float[][] lanes;
        private final float[][] sums;
        private int generation;

        Floats(int n, int m) {
            super(n, m, BLOCK);
            requireOneArray();
            c = new float[n * width];
            k = new float[n * width];
            h = new float[width];
            now = new float[width];
            v = new float[width];
            Arrays.fill(h, Float.NEGATIVE_INFINITY);
            kept = new double[m];
            rowKept = new double[n];
            age = new int[n];
            scale = new double[n];
            lanes = new float[blocks][width + Lanes.FLOATS];
            sums = new float[blocks][width];
        }

        @Override
        double safe() {
            return 1e-25;
        }

        @Override
        double largestRatio() {
            return 0x1p60;
        }

        @Override
        void load(Costs costs, double factor, Loop loop) {
            generation = 0;
            Arrays.fill(age, 0);
            loop.each(blocks, part -> {
                double[] scratch = new double[width];
                for (int i = part * BLOCK; i < Math.min(n, (part + 1) * BLOCK); i++) {
                    double[] cost = costs.row(i, scratch);
                    int from = costs.start(i);
                    for (int j = 0; j < m; j++) {
                        c[i * width + j] = (float) (cost[from + j] * factor);
                    }
                }
            });
        }

        @Override
        void columns(double[] values) {
            boolean far = generation == 0;
            for (int j = 0; j < m && !far; j++) {
                far = Math.abs(values[j] - kept[j]) > FAR;
            }
            if (far) {
                generation++;
                System.arraycopy(values, 0, kept, 0, m);
            }
            for (int j = 0; j < m; j++) {
                h[j] = (float) kept[j];
                now[j] = (float) values[j];
                v[j] = (float) Exp2.of(values[j] - kept[j]);
            }
        }

        @Override
        double at(int i, int j) {
            return c[i * width + j];
        }

        @Override
        double lift(int i) {
            float least = Float.POSITIVE_INFINITY;
            for (int j = 0; j < m; j++) {
                least = Math.min(least, c[i * width + j] - now[j]);
            }
            return least;
        }

        @Override
        void clear(int block) {
            Arrays.fill(sums[block], 0);
        }

        @Override
        double row(int i, double f) {
            float[] lane = lanes[i / BLOCK];
            if (age[i] != generation || Math.abs(f - rowKept[i]) > FAR) {
                age[i] = generation;
                rowKept[i] = f;
                if (Lanes.VECTOR) {
                    SweepVector.terms(c, i * width, h, (float) f, lane, width);
                } else {
                    terms(c, i * width, h, (float) f, lane, width);
                }
                System.arraycopy(lane, 0, k, i * width, width);
            }
            if (Lanes.VECTOR) {
                SweepVector.dot(k, i * width, v, lane, width);
            } else {
                dot(k, i * width, v, lane, width);
            }
            scale[i] = Exp2.of(f - rowKept[i]);
            return tree(lane, 0) * scale[i];
        }

        @Override
        void add(int i, double weight) {
            float w = (float) (weight * scale[i]);
            if (Lanes.VECTOR) {
                SweepVector.add(sums[i / BLOCK], w, k, i * width, width);
            } else {
                add(sums[i / BLOCK], w, k, i * width, width);
            }
        }

        @Override
        double column(int block, int j) {
            return (double) sums[block][j] * v[j];
        }

        static void terms(float[] c, int from, float[] h, float f, float[] into, int width) {
            for (int j = 0; j < width; j++) {
                into[j] = Exp2.of(h[j] + f - c[from + j]);
            }
        }

        static void dot(float[] k, int from, float[] v, float[] into, int width) {
            float[] lanes = new float[4 * Lanes.FLOATS];
            int four = width - width % lanes.length;
            for (int j = 0; j < width; j++) {
                int lane = j < four ? j % lanes.length : j % Lanes.FLOATS;
                lanes[lane] = Math.fma(k[from + j], v[j], lanes[lane]);
            }
            for (int l = 0; l < Lanes.FLOATS; l++) {
                into[l] = (lanes[l] + lanes[l + 16]) + (lanes[l + 32] + lanes[l + 48]);
            }
        }

        static void add(float[] sums, float weight, float[] k, int from, int width) {
            for (int j = 0; j < width; j++) {
                sums[j] = Math.fma(k[from + j], weight, sums[j]);
            }
        }

        static double tree(float[] x, int at) {
            double sum = 0;
            for (int l = 0; l < Lanes.FLOATS; l++) {
                sum += x[at + l];
            }
            return sum;
        }
    }
}
