package org.lethe.transport;

import java.util.Arrays;

/** 2^−c for costs in units of ε / log₂e, applied to vectors that are given and wanted as logarithms to base 2. */
sealed interface LogKernel {
    /** Rows of the kernel. */
    int rows();

    /** Columns of the kernel. */
    int columns();

    /** {@code log₂ Σ_j 2^(v_j − c_ij)} for each i. */
    void logSums(double[] v, double[] into, Loop loop);

    /** Σ_ij c_ij 2^(u_i + v_j − c_ij). */
    double cost(double[] u, double[] v, Loop loop);

    /** The kernel with rows for columns. */
    LogKernel transposed();

    /** A whole matrix of costs, n × m: nm exponentials an application. */
    record Dense(double[] c, int rows, int columns, double[] ones) implements LogKernel {
        static Dense of(double[] cost, int n, int m, double factor) {
            double[] c = new double[n * m];
            Arrays.setAll(c, e -> cost[e] * factor);
            double[] ones = new double[m];
            Arrays.fill(ones, 1);
            return new Dense(c, n, m, ones);
        }

        @Override
        public LogKernel transposed() {
            double[] turned = new double[c.length];
            for (int e = 0; e < turned.length; e++) {
                turned[e % columns * rows + e / columns] = c[e];
            }
            return of(turned, columns, rows, 1);
        }

        @Override
        public void logSums(double[] v, double[] into, Loop loop) {
            loop.each(Cloud.parts(rows), part -> {
                double[] row = new double[columns];
                for (int i = part * Cloud.BLOCK; i < Math.min(rows, (part + 1) * Cloud.BLOCK); i++) {
                    double least = RowMinimum.of(c, i * columns, v, 0, columns);
                    if (least == Double.POSITIVE_INFINITY) {
                        into[i] = Double.NEGATIVE_INFINITY; // a line of the raster without mass
                        continue;
                    }
                    Rows.gibbs(1, least, 1, v, ones, c, i * columns, columns, row);
                    into[i] = Math.log(Support.sum(row)) * Entropic.LOG2_E - least;
                }
            });
        }

        @Override
        public double cost(double[] u, double[] v, Loop loop) {
            double[] sums = new double[rows];
            loop.each(Cloud.parts(rows), part -> {
                double[] row = new double[columns];
                for (int i = part * Cloud.BLOCK; i < Math.min(rows, (part + 1) * Cloud.BLOCK); i++) {
                    Rows.gibbs(1, u[i], 1, v, ones, c, i * columns, columns, row);
                    for (int j = 0; j < columns; j++) {
                        sums[i] += row[j] * c[i * columns + j];
                    }
                }
            });
            return Support.sum(sums);
        }
    }

    /**
     * The points of a raster by costs that are a sum over its two axes. The kernel is a product: an application is one
     * pass along columns and one along rows, hw (h + w) exponentials.
     *
     * @param down costs between rows of the raster, h × h, symmetric
     * @param across costs between its columns, w × w, symmetric
     */
    record Separable(Dense down, Dense across) implements LogKernel {
        @Override
        public int rows() {
            return down.rows * across.rows;
        }

        @Override
        public int columns() {
            return rows();
        }

        @Override
        public LogKernel transposed() {
            return this;
        }

        @Override
        public void logSums(double[] v, double[] into, Loop loop) {
            double[] half = turned(lines(across, v, loop), down.rows, across.rows);
            System.arraycopy(turned(lines(down, half, loop), across.rows, down.rows), 0, into, 0, into.length);
        }

        @Override
        public double cost(double[] u, double[] v, Loop loop) {
            int h = down.rows;
            int w = across.rows;
            double[] turnedU = turned(u, h, w);
            double[] alongRows = turned(lines(across, v, loop), h, w);
            double[] alongColumns = turned(lines(down, turned(v, h, w), loop), w, h);
            double[] sums = new double[h + w];
            loop.each(h + w, line -> {
                int at = line < w ? line * h : (line - w) * w;
                Dense axis = line < w ? down : across;
                double[] left = Arrays.copyOfRange(line < w ? turnedU : u, at, at + axis.rows);
                double[] right = Arrays.copyOfRange(line < w ? alongRows : alongColumns, at, at + axis.rows);
                sums[line] = axis.cost(left, right, Loop.HERE);
            });
            return Support.sum(sums);
        }

        /** Each line of a table through a kernel of its length. */
        private static double[] lines(Dense axis, double[] table, Loop loop) {
            int length = axis.rows;
            double[] summed = new double[table.length];
            loop.each(table.length / length, line -> {
                double[] own = new double[length];
                axis.logSums(Arrays.copyOfRange(table, line * length, (line + 1) * length), own, Loop.HERE);
                System.arraycopy(own, 0, summed, line * length, length);
            });
            return summed;
        }

        private static double[] turned(double[] table, int height, int width) {
            double[] turned = new double[table.length];
            for (int e = 0; e < turned.length; e++) {
                turned[e % width * height + e / width] = table[e];
            }
            return turned;
        }
    }
}
