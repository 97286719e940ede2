package org.lethe.numerics;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of matrix factorisation under Adam: dot products, a step of a row with a gradient, steps without one.
 *
 * <p>A table is a {@code float[]} of rows whose length, the <em>stride</em>, is a multiple of {@link Lanes#FLOATS}; unused
 * places at the end of a row hold zeros and keep them. Beside the parameters {@code w} a table has the first moment
 * {@code m} and the <em>root</em> {@code r} of Adam's second moment (Kingma and Ba 2015, algorithm 1): between gradients
 * the root decays by √β₂, so such a step takes no square root. One step numbered T is
 *
 * <pre>
 *   m ← β₁ m + (1−β₁) g      r ← √(β₂ r² + (1−β₂) g²)      w ← w − rate m / (root r + ε)
 *   rate = learning rate / (1−β₁^T)     root = 1 / √(1−β₂^T)
 * </pre>
 *
 * <p>Each loop is one small static method over plain arrays, so that no vector is ever an argument (it would be boxed), and
 * has a twin that walks the same 16 lanes in plain Java for the same bits.
 */
public final class FactorSteps {
    /** β₁, the decay of the first moment. */
    public static final float BETA1 = 0.9f;

    /** β₂, the decay of the second moment. */
    public static final float BETA2 = 0.999f;

    /** √β₂, the decay of the root of the second moment. */
    public static final float ROOT_BETA2 = (float) StrictMath.sqrt(0.999);

    /** ε, added to the denominator. */
    public static final float EPSILON = 1e-8f;

    private static final float NEW1 = 0.1f;
    private static final float NEW2 = 0.001f;
    private static final int L = Lanes.FLOATS;

    private FactorSteps() {}

    /** The length of a row in a table of so many dimensions. */
    public static int stride(int dims) {
        return (dims + L - 1) / L * L;
    }

    /** a·b over a stride. */
    public static float dot(float[] a, int atA, float[] b, int atB, int stride) {
        return Lanes.VECTOR ? Vectors.dot(a, atA, b, atB, stride) : Twins.dot(a, atA, b, atB, stride);
    }

    /** a·(b − c) over a stride; {@code b} and {@code c} are rows of one table. */
    public static float dotDifference(float[] a, int atA, float[] table, int atB, int atC, int stride) {
        return Lanes.VECTOR
                ? Vectors.dotDifference(a, atA, table, atB, atC, stride)
                : Twins.dotDifference(a, atA, table, atB, atC, stride);
    }

    /**
     * Steps of one row without a gradient: the one of {@code rates[from]} first, that of {@code rates[to−1]} last.
     */
    public static void idle(
            float[] w, float[] m, float[] r, int at, int stride, float[] rates, float[] roots, int from, int to) {
        if (Lanes.VECTOR) {
            Vectors.idle(w, m, r, at, stride, rates, roots, from, to);
        } else {
            Twins.idle(w, m, r, at, stride, rates, roots, from, to);
        }
    }

    /**
     * The step of a user's row: its gradient is Σ {@code coefs[2s]}·q(left[s]) + {@code coefs[2s+1]}·q(right[s]) over the
     * samples {@code from … to−1}, with {@code coefs} counted from {@code from}'s offset {@code base}. The row as it was is
     * written to {@code slots} first.
     */
    public static void stepUser(
            float[] w,
            float[] m,
            float[] r,
            int at,
            int stride,
            float[] slots,
            int slot,
            float[] q,
            int[] left,
            int[] right,
            float[] coefs,
            int base,
            int from,
            int to,
            float rate,
            float root) {
        if (Lanes.VECTOR) {
            Vectors.stepUser(w, m, r, at, stride, slots, slot, q, left, right, coefs, base, from, to, rate, root);
        } else {
            Twins.stepUser(w, m, r, at, stride, slots, slot, q, left, right, coefs, base, from, to, rate, root);
        }
    }

    /**
     * The step of an item's row: its gradient is Σ {@code coefs[e]}·slot({@code slotOf[e/2]}) over the entries e =
     * {@code entries[from … to−1]}.
     */
    public static void stepItem(
            float[] w,
            float[] m,
            float[] r,
            int at,
            int stride,
            float[] slots,
            int[] slotOf,
            int[] entries,
            float[] coefs,
            int from,
            int to,
            float rate,
            float root) {
        if (Lanes.VECTOR) {
            Vectors.stepItem(w, m, r, at, stride, slots, slotOf, entries, coefs, from, to, rate, root);
        } else {
            Twins.stepItem(w, m, r, at, stride, slots, slotOf, entries, coefs, from, to, rate, root);
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

        /** A tree of fixed shape: reduceLanes adds in another order before and after compilation. */
        private static float sum(FloatVector v) {
            v = v.add(v.rearrange(X8));
            v = v.add(v.rearrange(X4));
            v = v.add(v.rearrange(X2));
            v = v.add(v.rearrange(X1));
            return v.lane(0);
        }

        static float dot(float[] a, int atA, float[] b, int atB, int stride) {
            FloatVector sum = FloatVector.zero(S);
            for (int d = 0; d < stride; d += L) {
                sum = FloatVector.fromArray(S, a, atA + d).fma(FloatVector.fromArray(S, b, atB + d), sum);
            }
            return sum(sum);
        }

        static float dotDifference(float[] a, int atA, float[] table, int atB, int atC, int stride) {
            FloatVector sum = FloatVector.zero(S);
            for (int d = 0; d < stride; d += L) {
                FloatVector difference =
                        FloatVector.fromArray(S, table, atB + d).sub(FloatVector.fromArray(S, table, atC + d));
                sum = FloatVector.fromArray(S, a, atA + d).fma(difference, sum);
            }
            return sum(sum);
        }

        static void idle(
                float[] w, float[] m, float[] r, int at, int stride, float[] rates, float[] roots, int from, int to) {
            for (int d = at; d < at + stride; d += L) {
                FloatVector wd = FloatVector.fromArray(S, w, d);
                FloatVector md = FloatVector.fromArray(S, m, d);
                FloatVector rd = FloatVector.fromArray(S, r, d);
                for (int t = from; t < to; t++) {
                    md = md.mul(BETA1);
                    rd = rd.mul(ROOT_BETA2);
                    wd = wd.sub(md.mul(rates[t]).div(rd.mul(roots[t]).add(EPSILON)));
                }
                wd.intoArray(w, d);
                md.intoArray(m, d);
                rd.intoArray(r, d);
            }
        }

        static void stepUser(
                float[] w,
                float[] m,
                float[] r,
                int at,
                int stride,
                float[] slots,
                int slot,
                float[] q,
                int[] left,
                int[] right,
                float[] coefs,
                int base,
                int from,
                int to,
                float rate,
                float root) {
            for (int d = 0; d < stride; d += L) {
                FloatVector g = FloatVector.zero(S);
                for (int s = from; s < to; s++) {
                    int c = 2 * (s - base);
                    g = FloatVector.fromArray(S, q, left[s] * stride + d).fma(FloatVector.broadcast(S, coefs[c]), g);
                    g = FloatVector.fromArray(S, q, right[s] * stride + d)
                            .fma(FloatVector.broadcast(S, coefs[c + 1]), g);
                }
                FloatVector wd = FloatVector.fromArray(S, w, at + d);
                wd.intoArray(slots, slot + d);
                FloatVector md = g.fma(
                        FloatVector.broadcast(S, NEW1),
                        FloatVector.fromArray(S, m, at + d).mul(BETA1));
                FloatVector rd = FloatVector.fromArray(S, r, at + d);
                rd = g.mul(g)
                        .fma(FloatVector.broadcast(S, NEW2), rd.mul(rd).mul(BETA2))
                        .lanewise(VectorOperators.SQRT);
                wd.sub(md.mul(rate).div(rd.mul(root).add(EPSILON))).intoArray(w, at + d);
                md.intoArray(m, at + d);
                rd.intoArray(r, at + d);
            }
        }

        static void stepItem(
                float[] w,
                float[] m,
                float[] r,
                int at,
                int stride,
                float[] slots,
                int[] slotOf,
                int[] entries,
                float[] coefs,
                int from,
                int to,
                float rate,
                float root) {
            for (int d = 0; d < stride; d += L) {
                FloatVector g = FloatVector.zero(S);
                for (int n = from; n < to; n++) {
                    int e = entries[n];
                    g = FloatVector.fromArray(S, slots, slotOf[e >>> 1] * stride + d)
                            .fma(FloatVector.broadcast(S, coefs[e]), g);
                }
                FloatVector wd = FloatVector.fromArray(S, w, at + d);
                FloatVector md = g.fma(
                        FloatVector.broadcast(S, NEW1),
                        FloatVector.fromArray(S, m, at + d).mul(BETA1));
                FloatVector rd = FloatVector.fromArray(S, r, at + d);
                rd = g.mul(g)
                        .fma(FloatVector.broadcast(S, NEW2), rd.mul(rd).mul(BETA2))
                        .lanewise(VectorOperators.SQRT);
                wd.sub(md.mul(rate).div(rd.mul(root).add(EPSILON))).intoArray(w, at + d);
                md.intoArray(m, at + d);
                rd.intoArray(r, at + d);
            }
        }
    }

    /** One number at a time, in the order of the lanes. */
    private static final class Twins {
        private Twins() {}

        /** The tree of {@link Vectors#sum}: lane i with lane i xor 8, then 4, 2 and 1. */
        private static float sum(float[] lanes) {
            for (int half = L / 2; half >= 1; half /= 2) {
                for (int l = 0; l < half; l++) {
                    lanes[l] += lanes[l + half];
                }
            }
            return lanes[0];
        }

        static float dot(float[] a, int atA, float[] b, int atB, int stride) {
            float[] lanes = new float[L];
            for (int d = 0; d < stride; d++) {
                lanes[d % L] = Math.fma(a[atA + d], b[atB + d], lanes[d % L]);
            }
            return sum(lanes);
        }

        static float dotDifference(float[] a, int atA, float[] table, int atB, int atC, int stride) {
            float[] lanes = new float[L];
            for (int d = 0; d < stride; d++) {
                lanes[d % L] = Math.fma(a[atA + d], table[atB + d] - table[atC + d], lanes[d % L]);
            }
            return sum(lanes);
        }

        static void idle(
                float[] w, float[] m, float[] r, int at, int stride, float[] rates, float[] roots, int from, int to) {
            for (int d = at; d < at + stride; d++) {
                for (int t = from; t < to; t++) {
                    m[d] *= BETA1;
                    r[d] *= ROOT_BETA2;
                    w[d] -= m[d] * rates[t] / (r[d] * roots[t] + EPSILON);
                }
            }
        }

        private static void step(float[] w, float[] m, float[] r, int at, float g, float rate, float root) {
            m[at] = Math.fma(g, NEW1, m[at] * BETA1);
            r[at] = (float) Math.sqrt(Math.fma(g * g, NEW2, r[at] * r[at] * BETA2));
            w[at] -= m[at] * rate / (r[at] * root + EPSILON);
        }

        static void stepUser(
                float[] w,
                float[] m,
                float[] r,
                int at,
                int stride,
                float[] slots,
                int slot,
                float[] q,
                int[] left,
                int[] right,
                float[] coefs,
                int base,
                int from,
                int to,
                float rate,
                float root) {
            for (int d = 0; d < stride; d++) {
                float g = 0;
                for (int s = from; s < to; s++) {
                    g = Math.fma(q[left[s] * stride + d], coefs[2 * (s - base)], g);
                    g = Math.fma(q[right[s] * stride + d], coefs[2 * (s - base) + 1], g);
                }
                slots[slot + d] = w[at + d];
                step(w, m, r, at + d, g, rate, root);
            }
        }

        static void stepItem(
                float[] w,
                float[] m,
                float[] r,
                int at,
                int stride,
                float[] slots,
                int[] slotOf,
                int[] entries,
                float[] coefs,
                int from,
                int to,
                float rate,
                float root) {
            for (int d = 0; d < stride; d++) {
                float g = 0;
                for (int n = from; n < to; n++) {
                    int e = entries[n];
                    g = Math.fma(slots[slotOf[e >>> 1] * stride + d], coefs[e], g);
                }
                step(w, m, r, at + d, g, rate, root);
            }
        }
    }
}
