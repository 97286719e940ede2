package org.lethe.numerics;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of many rows with a small matrix, added to what is there: {@code C += A·B} and {@code C += Aᵀ·B}.
 *
 * <p>Matrices lie row by row without gaps; the columns of B and C are a multiple of {@link Lanes#FLOATS}. Every element
 * is a chain of fused multiply-adds by ascending inner index, so blocks, threads and the scalar reference give the same
 * bits.
 */
public final class MatrixProduct {
    private static final int L = Lanes.FLOATS;

    private MatrixProduct() {}

    /** {@code C += A·B} with A [rows, inner], B [inner, columns] and C [rows, columns], from offsets into arrays. */
    public static void add(
            float[] c, int atC, float[] a, int atA, float[] b, int atB, int rows, int inner, int columns) {
        product(c, atC, a, atA, inner, 1, b, atB, rows, inner, columns);
    }

    /** {@code C += Aᵀ·B} with A [inner, rows], B [inner, columns] and C [rows, columns], from offsets into arrays. */
    public static void addTransposed(
            float[] c, int atC, float[] a, int atA, float[] b, int atB, int rows, int inner, int columns) {
        product(c, atC, a, atA, 1, rows, b, atB, rows, inner, columns);
    }

    /** Element (r, p) of A, transposed or not, stands at {@code atA + r·byRow + p·byInner}. */
    private static void product(
            float[] c,
            int atC,
            float[] a,
            int atA,
            int byRow,
            int byInner,
            float[] b,
            int atB,
            int rows,
            int inner,
            int columns) {
        if (columns % L != 0) {
            throw new IllegalArgumentException("columns is " + columns + ", expected a multiple of " + L);
        }
        if (!Lanes.VECTOR) {
            plain(c, atC, a, atA, byRow, byInner, b, atB, rows, inner, columns);
            return;
        }
        int wide = columns / (2 * L) * 2 * L;
        int tall = rows / 4 * 4;
        for (int r = 0; r < tall; r += 4) {
            int row = atC + r * columns;
            for (int d = 0; d < wide; d += 2 * L) {
                Vectors.tile(c, row + d, a, atA + r * byRow, byRow, byInner, b, atB + d, inner, columns);
            }
        }
        int high = rows / 8 * 8;
        if (wide < columns) {
            for (int r = 0; r < high; r += 8) {
                int row = atC + r * columns + wide;
                Vectors.tower(c, row, a, atA + r * byRow, byRow, byInner, b, atB + wide, inner, columns);
            }
        }
        for (int r = 0; r < rows; r++) {
            for (int d = r < tall ? wide : 0; d < (r < high ? wide : columns); d += L) {
                Vectors.strip(c, atC + r * columns + d, a, atA + r * byRow, byInner, b, atB + d, inner, columns);
            }
        }
    }

    private static void plain(
            float[] c,
            int atC,
            float[] a,
            int atA,
            int byRow,
            int byInner,
            float[] b,
            int atB,
            int rows,
            int inner,
            int columns) {
        for (int r = 0; r < rows; r++) {
            for (int p = 0; p < inner; p++) {
                float factor = a[atA + r * byRow + p * byInner];
                for (int d = 0; d < columns; d++) {
                    int at = atC + r * columns + d;
                    c[at] = Math.fma(factor, b[atB + p * columns + d], c[at]);
                }
            }
        }
    }

    /** Sixteen lanes at a time; loaded only where vectors run. */
    private static final class Vectors {
        private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;

        private Vectors() {}

        /** Four rows by 32 columns: as many sums as keep both multipliers busy. */
        static void tile(
                float[] c,
                int atC,
                float[] a,
                int atA,
                int byRow,
                int byInner,
                float[] b,
                int atB,
                int inner,
                int columns) {
            int row1 = atC + columns;
            int row2 = row1 + columns;
            int row3 = row2 + columns;
            FloatVector c00 = FloatVector.fromArray(S, c, atC);
            FloatVector c01 = FloatVector.fromArray(S, c, atC + L);
            FloatVector c10 = FloatVector.fromArray(S, c, row1);
            FloatVector c11 = FloatVector.fromArray(S, c, row1 + L);
            FloatVector c20 = FloatVector.fromArray(S, c, row2);
            FloatVector c21 = FloatVector.fromArray(S, c, row2 + L);
            FloatVector c30 = FloatVector.fromArray(S, c, row3);
            FloatVector c31 = FloatVector.fromArray(S, c, row3 + L);
            for (int p = 0; p < inner; p++) {
                FloatVector left = FloatVector.fromArray(S, b, atB + p * columns);
                FloatVector right = FloatVector.fromArray(S, b, atB + p * columns + L);
                int at = atA + p * byInner;
                FloatVector factor = FloatVector.broadcast(S, a[at]);
                c00 = factor.fma(left, c00);
                c01 = factor.fma(right, c01);
                factor = FloatVector.broadcast(S, a[at + byRow]);
                c10 = factor.fma(left, c10);
                c11 = factor.fma(right, c11);
                factor = FloatVector.broadcast(S, a[at + 2 * byRow]);
                c20 = factor.fma(left, c20);
                c21 = factor.fma(right, c21);
                factor = FloatVector.broadcast(S, a[at + 3 * byRow]);
                c30 = factor.fma(left, c30);
                c31 = factor.fma(right, c31);
            }
            c00.intoArray(c, atC);
            c01.intoArray(c, atC + L);
            c10.intoArray(c, row1);
            c11.intoArray(c, row1 + L);
            c20.intoArray(c, row2);
            c21.intoArray(c, row2 + L);
            c30.intoArray(c, row3);
            c31.intoArray(c, row3 + L);
        }

        /** Eight rows by 16 columns. */
        static void tower(
                float[] c,
                int atC,
                float[] a,
                int atA,
                int byRow,
                int byInner,
                float[] b,
                int atB,
                int inner,
                int columns) {
            FloatVector c0 = FloatVector.fromArray(S, c, atC);
            FloatVector c1 = FloatVector.fromArray(S, c, atC + columns);
            FloatVector c2 = FloatVector.fromArray(S, c, atC + 2 * columns);
            FloatVector c3 = FloatVector.fromArray(S, c, atC + 3 * columns);
            FloatVector c4 = FloatVector.fromArray(S, c, atC + 4 * columns);
            FloatVector c5 = FloatVector.fromArray(S, c, atC + 5 * columns);
            FloatVector c6 = FloatVector.fromArray(S, c, atC + 6 * columns);
            FloatVector c7 = FloatVector.fromArray(S, c, atC + 7 * columns);
            for (int p = 0; p < inner; p++) {
                FloatVector row = FloatVector.fromArray(S, b, atB + p * columns);
                int at = atA + p * byInner;
                c0 = FloatVector.broadcast(S, a[at]).fma(row, c0);
                c1 = FloatVector.broadcast(S, a[at + byRow]).fma(row, c1);
                c2 = FloatVector.broadcast(S, a[at + 2 * byRow]).fma(row, c2);
                c3 = FloatVector.broadcast(S, a[at + 3 * byRow]).fma(row, c3);
                c4 = FloatVector.broadcast(S, a[at + 4 * byRow]).fma(row, c4);
                c5 = FloatVector.broadcast(S, a[at + 5 * byRow]).fma(row, c5);
                c6 = FloatVector.broadcast(S, a[at + 6 * byRow]).fma(row, c6);
                c7 = FloatVector.broadcast(S, a[at + 7 * byRow]).fma(row, c7);
            }
            c0.intoArray(c, atC);
            c1.intoArray(c, atC + columns);
            c2.intoArray(c, atC + 2 * columns);
            c3.intoArray(c, atC + 3 * columns);
            c4.intoArray(c, atC + 4 * columns);
            c5.intoArray(c, atC + 5 * columns);
            c6.intoArray(c, atC + 6 * columns);
            c7.intoArray(c, atC + 7 * columns);
        }

        /** One row by 16 columns. */
        static void strip(
                float[] c, int atC, float[] a, int atA, int byInner, float[] b, int atB, int inner, int columns) {
            FloatVector sum = FloatVector.fromArray(S, c, atC);
            for (int p = 0; p < inner; p++) {
                FloatVector row = FloatVector.fromArray(S, b, atB + p * columns);
                sum = FloatVector.broadcast(S, a[atA + p * byInner]).fma(row, sum);
            }
            sum.intoArray(c, atC);
        }
    }
}
