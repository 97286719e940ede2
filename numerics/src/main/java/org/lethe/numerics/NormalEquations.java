package org.lethe.numerics;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The normal equations of least squares over rows of a table: building them, and solving them by Cholesky.
 *
 * <p>Matrices are square, row by row, of side <em>stride</em>, a multiple of {@link Lanes#FLOATS}; of a symmetric matrix the
 * upper half counts, and what stands below is finite but meaningless. Places of a row beyond the dimensions hold zeros;
 * with anything positive on the diagonal there they stay zero in the solution.
 *
 * <p>Outer products are summed in tiles of 8 rows × 2 vectors, so that a tile of sums stays in registers while all rows
 * of the table pass. Every element is one chain of fused multiply-adds in the order of the rows. The factorisation
 * takes 4 rows at a time. In the solution, sums over lanes are trees of fixed shape. The scalar reference gives the
 * same bits.
 */
public final class NormalEquations {
    private static final int L = Lanes.FLOATS;

    private NormalEquations() {}

    /**
     * {@code into = base + weight Σ q qᵀ} over the rows q = {@code rows[from … to−1]} of a table, in the upper half.
     * {@code base} and {@code into} may be the same array.
     */
    public static void outer(
            float[] table, int stride, int[] rows, int from, int to, float weight, float[] base, float[] into) {
        for (int r = 0; r < stride; r += 8) {
            for (int c = r / L * L; c < stride; c += 2 * L) {
                if (!Lanes.VECTOR) {
                    int width = Math.min(2 * L, stride - c);
                    Scalar.outer(table, stride, rows, from, to, weight, base, into, r, c, width);
                } else if (c + L < stride) {
                    Vectors.outer2(table, stride, rows, from, to, weight, base, into, r, c);
                } else {
                    Vectors.outer1(table, stride, rows, from, to, weight, base, into, r, c);
                }
            }
        }
    }

    /** {@code into += Σ q} over the rows q = {@code rows[from … to−1]} of a table. */
    public static void sum(float[] table, int stride, int[] rows, int from, int to, float[] into) {
        if (Lanes.VECTOR) {
            Vectors.sum(table, stride, rows, from, to, into);
        } else {
            Scalar.sum(table, stride, rows, from, to, into);
        }
    }

    /**
     * Solves {@code a x = b} for a positive definite {@code a}; both {@code a} and {@code b} are used up.
     *
     * @return false where a pivot is not a positive finite number, and then {@code x} is not written
     */
    public static boolean solve(float[] a, int stride, float[] b, float[] x) {
        for (int j = 0; j < stride; j += 4) {
            for (int c = j / L * L; c < stride; c += L) {
                if (Lanes.VECTOR) {
                    Vectors.panel(a, stride, j, c);
                } else {
                    Scalar.panel(a, stride, j, c);
                }
            }
            for (int r = j; r < j + 4; r++) {
                for (int k = j; k < r; k++) {
                    subtract(a, r * stride, a, k * stride, a[k * stride + r], r / L * L, stride);
                }
                float pivot = a[r * stride + r];
                if (!(pivot > 0 && pivot < Float.POSITIVE_INFINITY)) {
                    return false;
                }
                float scale = (float) (1 / Math.sqrt(pivot));
                for (int c = r / L * L; c < stride; c++) {
                    a[r * stride + c] *= scale;
                }
            }
        }
        for (int k = 0; k < stride; k++) { // Uᵀ y = b, y in place of b
            float y = b[k] / a[k * stride + k];
            subtract(b, 0, a, k * stride, y, k / L * L, stride);
            b[k] = y;
        }
        backward(a, stride, b, x);
        return true;
    }

    /** U x = y: x is filled from its end, so the lanes before the diagonal meet zeros. */
    private static void backward(float[] a, int stride, float[] y, float[] x) {
        Arrays.fill(x, 0, stride, 0);
        for (int j = stride - 1; j >= 0; j--) {
            float dot = Lanes.VECTOR
                    ? Vectors.dot(a, j * stride, x, j / L * L, stride)
                    : Scalar.dot(a, j * stride, x, j / L * L, stride);
            x[j] = (y[j] - dot) / a[j * stride + j];
        }
    }

    /** {@code to[c] −= factor · from[c]} for c in [first, end). */
    private static void subtract(float[] to, int atTo, float[] from, int atFrom, float factor, int first, int end) {
        if (Lanes.VECTOR) {
            Vectors.subtract(to, atTo, from, atFrom, factor, first, end);
        } else {
            Scalar.subtract(to, atTo, from, atFrom, factor, first, end);
        }
    }

    /** Sixteen lanes at a time; loaded only where vectors run. */
    private static final class Vectors {
        private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;
        private static final VectorShuffle<Float> X8 = VectorShuffle.fromOp(S, i -> i ^ 8);
        private static final VectorShuffle<Float> X4 = VectorShuffle.fromOp(S, i -> i ^ 4);
        private static final VectorShuffle<Float> X2 = VectorShuffle.fromOp(S, i -> i ^ 2);
        private static final VectorShuffle<Float> X1 = VectorShuffle.fromOp(S, i -> i ^ 1);

        private Vectors() {}

        static void outer2(
                float[] table,
                int stride,
                int[] rows,
                int from,
                int to,
                float weight,
                float[] base,
                float[] into,
                int r,
                int c) {
            FloatVector a0 = FloatVector.zero(S), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
            FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0;
            for (int n = from; n < to; n++) {
                int q = rows[n] * stride;
                FloatVector v = FloatVector.fromArray(S, table, q + c);
                FloatVector w = FloatVector.fromArray(S, table, q + c + L);
                FloatVector e0 = FloatVector.broadcast(S, table[q + r]);
                a0 = e0.fma(v, a0);
                b0 = e0.fma(w, b0);
                FloatVector e1 = FloatVector.broadcast(S, table[q + r + 1]);
                a1 = e1.fma(v, a1);
                b1 = e1.fma(w, b1);
                FloatVector e2 = FloatVector.broadcast(S, table[q + r + 2]);
                a2 = e2.fma(v, a2);
                b2 = e2.fma(w, b2);
                FloatVector e3 = FloatVector.broadcast(S, table[q + r + 3]);
                a3 = e3.fma(v, a3);
                b3 = e3.fma(w, b3);
                FloatVector e4 = FloatVector.broadcast(S, table[q + r + 4]);
                a4 = e4.fma(v, a4);
                b4 = e4.fma(w, b4);
                FloatVector e5 = FloatVector.broadcast(S, table[q + r + 5]);
                a5 = e5.fma(v, a5);
                b5 = e5.fma(w, b5);
                FloatVector e6 = FloatVector.broadcast(S, table[q + r + 6]);
                a6 = e6.fma(v, a6);
                b6 = e6.fma(w, b6);
                FloatVector e7 = FloatVector.broadcast(S, table[q + r + 7]);
                a7 = e7.fma(v, a7);
                b7 = e7.fma(w, b7);
            }
            int at = r * stride + c;
            FloatVector s = FloatVector.broadcast(S, weight);
            a0.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b0.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
            at += stride;
            a1.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b1.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
            at += stride;
            a2.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b2.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
            at += stride;
            a3.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b3.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
            at += stride;
            a4.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b4.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
            at += stride;
            a5.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b5.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
            at += stride;
            a6.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b6.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
            at += stride;
            a7.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            b7.fma(s, FloatVector.fromArray(S, base, at + L)).intoArray(into, at + L);
        }

        static void outer1(
                float[] table,
                int stride,
                int[] rows,
                int from,
                int to,
                float weight,
                float[] base,
                float[] into,
                int r,
                int c) {
            FloatVector a0 = FloatVector.zero(S), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
            for (int n = from; n < to; n++) {
                int q = rows[n] * stride;
                FloatVector v = FloatVector.fromArray(S, table, q + c);
                a0 = FloatVector.broadcast(S, table[q + r]).fma(v, a0);
                a1 = FloatVector.broadcast(S, table[q + r + 1]).fma(v, a1);
                a2 = FloatVector.broadcast(S, table[q + r + 2]).fma(v, a2);
                a3 = FloatVector.broadcast(S, table[q + r + 3]).fma(v, a3);
                a4 = FloatVector.broadcast(S, table[q + r + 4]).fma(v, a4);
                a5 = FloatVector.broadcast(S, table[q + r + 5]).fma(v, a5);
                a6 = FloatVector.broadcast(S, table[q + r + 6]).fma(v, a6);
                a7 = FloatVector.broadcast(S, table[q + r + 7]).fma(v, a7);
            }
            int at = r * stride + c;
            FloatVector s = FloatVector.broadcast(S, weight);
            a0.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            at += stride;
            a1.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            at += stride;
            a2.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            at += stride;
            a3.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            at += stride;
            a4.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            at += stride;
            a5.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            at += stride;
            a6.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
            at += stride;
            a7.fma(s, FloatVector.fromArray(S, base, at)).intoArray(into, at);
        }

        static void sum(float[] table, int stride, int[] rows, int from, int to, float[] into) {
            for (int c = 0; c < stride; c += L) {
                FloatVector sum = FloatVector.fromArray(S, into, c);
                for (int n = from; n < to; n++) {
                    sum = sum.add(FloatVector.fromArray(S, table, rows[n] * stride + c));
                }
                sum.intoArray(into, c);
            }
        }

        /** Rows j … j+3, columns c … c+15: minus what the finished rows before j explain. */
        static void panel(float[] a, int stride, int j, int c) {
            FloatVector a0 = FloatVector.fromArray(S, a, j * stride + c);
            FloatVector a1 = FloatVector.fromArray(S, a, (j + 1) * stride + c);
            FloatVector a2 = FloatVector.fromArray(S, a, (j + 2) * stride + c);
            FloatVector a3 = FloatVector.fromArray(S, a, (j + 3) * stride + c);
            for (int k = 0; k < j; k++) {
                FloatVector v = FloatVector.fromArray(S, a, k * stride + c);
                int u = k * stride + j;
                a0 = FloatVector.broadcast(S, -a[u]).fma(v, a0);
                a1 = FloatVector.broadcast(S, -a[u + 1]).fma(v, a1);
                a2 = FloatVector.broadcast(S, -a[u + 2]).fma(v, a2);
                a3 = FloatVector.broadcast(S, -a[u + 3]).fma(v, a3);
            }
            a0.intoArray(a, j * stride + c);
            a1.intoArray(a, (j + 1) * stride + c);
            a2.intoArray(a, (j + 2) * stride + c);
            a3.intoArray(a, (j + 3) * stride + c);
        }

        static void subtract(float[] to, int atTo, float[] from, int atFrom, float factor, int first, int end) {
            for (int c = first; c < end; c += L) {
                FloatVector.broadcast(S, -factor)
                        .fma(FloatVector.fromArray(S, from, atFrom + c), FloatVector.fromArray(S, to, atTo + c))
                        .intoArray(to, atTo + c);
            }
        }

        static float dot(float[] a, int at, float[] x, int first, int end) {
            FloatVector v = FloatVector.zero(S);
            for (int c = first; c < end; c += L) {
                v = FloatVector.fromArray(S, a, at + c).fma(FloatVector.fromArray(S, x, c), v);
            }
            v = v.add(v.rearrange(X8));
            v = v.add(v.rearrange(X4));
            v = v.add(v.rearrange(X2));
            v = v.add(v.rearrange(X1));
            return v.lane(0);
        }
    }

    /** One number at a time, in the order of the lanes. */
    private static final class Scalar {
        private Scalar() {}

        static void outer(
                float[] table,
                int stride,
                int[] rows,
                int from,
                int to,
                float weight,
                float[] base,
                float[] into,
                int firstRow,
                int firstColumn,
                int width) {
            for (int r = firstRow; r < firstRow + 8; r++) {
                for (int c = firstColumn; c < firstColumn + width; c++) {
                    float sum = 0;
                    for (int n = from; n < to; n++) {
                        sum = Math.fma(table[rows[n] * stride + r], table[rows[n] * stride + c], sum);
                    }
                    into[r * stride + c] = Math.fma(sum, weight, base[r * stride + c]);
                }
            }
        }

        static void sum(float[] table, int stride, int[] rows, int from, int to, float[] into) {
            for (int c = 0; c < stride; c++) {
                for (int n = from; n < to; n++) {
                    into[c] += table[rows[n] * stride + c];
                }
            }
        }

        static void panel(float[] a, int stride, int j, int first) {
            for (int k = 0; k < j; k++) {
                for (int r = j; r < j + 4; r++) {
                    subtract(a, r * stride, a, k * stride, a[k * stride + r], first, first + L);
                }
            }
        }

        static void subtract(float[] to, int atTo, float[] from, int atFrom, float factor, int first, int end) {
            for (int c = first; c < end; c++) {
                to[atTo + c] = Math.fma(-factor, from[atFrom + c], to[atTo + c]);
            }
        }

        static float dot(float[] a, int at, float[] x, int first, int end) {
            float[] lanes = new float[L];
            for (int c = first; c < end; c++) {
                lanes[c % L] = Math.fma(a[at + c], x[c], lanes[c % L]);
            }
            for (int half = L / 2; half >= 1; half /= 2) {
                for (int l = 0; l < half; l++) {
                    lanes[l] += lanes[l + half];
                }
            }
            return lanes[0];
        }
    }
}
