package org.lethe.numerics;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of matrix factorisation under Adam: dot products, a step of a row with a gradient, steps without one.
 *
 * <p>A table is a {@code float[]} of rows whose length, the <em>stride</em>, is a multiple of {@link Lanes#FLOATS};
 * unused places at the end of a row hold zeros and keep them. Beside the parameters {@code w} a table has the first
 * moment {@code m} and the <em>root</em> {@code r} of Adam's second moment (Kingma and Ba 2015, algorithm 1). Between
 * gradients the root decays by √β₂, so such a step needs no square root. One step numbered T is
 *
 * <pre>
 *   m ← β₁ m + (1−β₁) g      r ← √(β₂ r² + (1−β₂) g²)      w ← w − rate m / (root r + ε)
 *   rate = learning rate / (1−β₁^T)     root = 1 / √(1−β₂^T)
 * </pre>
 *
 * <p>Each loop is one small static method over plain arrays, because a vector passed as an argument would be boxed. Its
 * scalar reference walks the same 16 lanes in plain Java for the same bits.
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
    private static final int WIDE = 4 * L;

    private FactorSteps() {}

    /** The length of a row in a table of so many dimensions. */
    public static int stride(int dims) {
        return Lanes.padded(dims);
    }

    /** a·b over a stride. */
    public static float dot(float[] a, int atA, float[] b, int atB, int stride) {
        return Lanes.VECTOR ? Vectors.dot(a, atA, b, atB, stride) : Scalar.dot(a, atA, b, atB, stride);
    }

    /** a·(b − c) over a stride; {@code b} and {@code c} are rows of one table. */
    public static float dotDifference(float[] a, int atA, float[] table, int atB, int atC, int stride) {
        return Lanes.VECTOR
                ? Vectors.dotDifference(a, atA, table, atB, atC, stride)
                : Scalar.dotDifference(a, atA, table, atB, atC, stride);
    }

    /**
     * Steps of one row without a gradient: the one of {@code rates[from]} first, that of {@code rates[to−1]} last.
     */
    public static void idle(
            float[] w, float[] m, float[] r, int at, int stride, float[] rates, float[] roots, int from, int to) {
        if (Lanes.VECTOR) {
            Vectors.idle(w, m, r, at, stride, rates, roots, from, to);
        } else {
            Scalar.idle(w, m, r, at, stride, rates, roots, from, to);
        }
    }

    /**
     * Many steps of one row without a gradient at once, by two nodes: {@code w ← w − m (w₁/(r₁ r + ε) + w₂/(r₂ r + ε))}, then the
     * moments decay by factors. One division costs as much for two hundred steps as for two.
     */
    public static void leap(
            float[] w,
            float[] m,
            float[] r,
            int at,
            int stride,
            float weight1,
            float root1,
            float weight2,
            float root2,
            float decay1,
            float decay2) {
        if (Lanes.VECTOR) {
            Vectors.leap(w, m, r, at, stride, weight1, root1, weight2, root2, decay1, decay2);
        } else {
            Scalar.leap(w, m, r, at, stride, weight1, root1, weight2, root2, decay1, decay2);
        }
    }

    /** The step of one row with the gradient {@code g[0 … stride)}. */
    public static void step(float[] w, float[] m, float[] r, int at, int stride, float[] g, float rate, float root) {
        if (Lanes.VECTOR) {
            Vectors.step(w, m, r, at, stride, g, rate, root);
        } else {
            Scalar.step(w, m, r, at, stride, g, rate, root);
        }
    }

    /**
     * The gradient of a user's row: Σ {@code coefs[2(s−base)]}·q(left[s]) + {@code coefs[2(s−base)+1]}·q(right[s]) over the
     * samples {@code from … to−1}, in their order.
     */
    public static void gradientOfUser(
            float[] g, int stride, float[] q, int[] left, int[] right, float[] coefs, int base, int from, int to) {
        if (Lanes.VECTOR) {
            int wide = stride / WIDE * WIDE;
            for (int d = 0; d < wide; d += WIDE) {
                Vectors.gradientOfUser4(g, d, stride, q, left, right, coefs, base, from, to);
            }
            for (int d = wide; d < stride; d += L) {
                Vectors.gradientOfUser1(g, d, stride, q, left, right, coefs, base, from, to);
            }
        } else {
            Scalar.gradientOfUser(g, stride, q, left, right, coefs, base, from, to);
        }
    }

    /**
     * The gradient of an item's row: Σ {@code coefs[e]}·slots({@code slotOf[e/2]}) over the entries e =
     * {@code entries[from … to−1]}, in their order.
     */
    public static void gradientOfItem(
            float[] g, int stride, float[] slots, int[] slotOf, int[] entries, float[] coefs, int from, int to) {
        if (Lanes.VECTOR) {
            int wide = stride / WIDE * WIDE;
            for (int d = 0; d < wide; d += WIDE) {
                Vectors.gradientOfItem4(g, d, stride, slots, slotOf, entries, coefs, from, to);
            }
            for (int d = wide; d < stride; d += L) {
                Vectors.gradientOfItem1(g, d, stride, slots, slotOf, entries, coefs, from, to);
            }
        } else {
            Scalar.gradientOfItem(g, stride, slots, slotOf, entries, coefs, from, to);
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

        static void leap(
                float[] w,
                float[] m,
                float[] r,
                int at,
                int stride,
                float weight1,
                float root1,
                float weight2,
                float root2,
                float decay1,
                float decay2) {
            for (int d = at; d < at + stride; d += L) {
                FloatVector md = FloatVector.fromArray(S, m, d);
                FloatVector rd = FloatVector.fromArray(S, r, d);
                FloatVector one =
                        FloatVector.broadcast(S, weight1).div(rd.mul(root1).add(EPSILON));
                FloatVector two =
                        FloatVector.broadcast(S, weight2).div(rd.mul(root2).add(EPSILON));
                FloatVector.fromArray(S, w, d).sub(md.mul(one.add(two))).intoArray(w, d);
                md.mul(decay1).intoArray(m, d);
                rd.mul(decay2).intoArray(r, d);
            }
        }

        static void step(float[] w, float[] m, float[] r, int at, int stride, float[] g, float rate, float root) {
            for (int d = 0; d < stride; d += L) {
                FloatVector gd = FloatVector.fromArray(S, g, d);
                FloatVector md = FloatVector.fromArray(S, m, at + d);
                md = gd.fma(FloatVector.broadcast(S, NEW1), md.mul(BETA1));
                FloatVector rd = FloatVector.fromArray(S, r, at + d);
                rd = gd.mul(gd)
                        .fma(FloatVector.broadcast(S, NEW2), rd.mul(rd).mul(BETA2))
                        .lanewise(VectorOperators.SQRT);
                FloatVector wd = FloatVector.fromArray(S, w, at + d);
                wd.sub(md.mul(rate).div(rd.mul(root).add(EPSILON))).intoArray(w, at + d);
                md.intoArray(m, at + d);
                rd.intoArray(r, at + d);
            }
        }

        static void gradientOfUser4(
                float[] g,
                int d,
                int stride,
                float[] q,
                int[] left,
                int[] right,
                float[] coefs,
                int base,
                int from,
                int to) {
            FloatVector g0 = FloatVector.zero(S);
            FloatVector g1 = FloatVector.zero(S);
            FloatVector g2 = FloatVector.zero(S);
            FloatVector g3 = FloatVector.zero(S);
            for (int s = from; s < to; s++) {
                int a = left[s] * stride + d;
                FloatVector c = FloatVector.broadcast(S, coefs[2 * (s - base)]);
                g0 = FloatVector.fromArray(S, q, a).fma(c, g0);
                g1 = FloatVector.fromArray(S, q, a + 16).fma(c, g1);
                g2 = FloatVector.fromArray(S, q, a + 32).fma(c, g2);
                g3 = FloatVector.fromArray(S, q, a + 48).fma(c, g3);
                int b = right[s] * stride + d;
                FloatVector e = FloatVector.broadcast(S, coefs[2 * (s - base) + 1]);
                g0 = FloatVector.fromArray(S, q, b).fma(e, g0);
                g1 = FloatVector.fromArray(S, q, b + 16).fma(e, g1);
                g2 = FloatVector.fromArray(S, q, b + 32).fma(e, g2);
                g3 = FloatVector.fromArray(S, q, b + 48).fma(e, g3);
            }
            g0.intoArray(g, d);
            g1.intoArray(g, d + 16);
            g2.intoArray(g, d + 32);
            g3.intoArray(g, d + 48);
        }

        static void gradientOfUser1(
                float[] g,
                int d,
                int stride,
                float[] q,
                int[] left,
                int[] right,
                float[] coefs,
                int base,
                int from,
                int to) {
            FloatVector g0 = FloatVector.zero(S);
            for (int s = from; s < to; s++) {
                int a = left[s] * stride + d;
                FloatVector c = FloatVector.broadcast(S, coefs[2 * (s - base)]);
                g0 = FloatVector.fromArray(S, q, a).fma(c, g0);
                int b = right[s] * stride + d;
                FloatVector e = FloatVector.broadcast(S, coefs[2 * (s - base) + 1]);
                g0 = FloatVector.fromArray(S, q, b).fma(e, g0);
            }
            g0.intoArray(g, d);
        }

        static void gradientOfItem4(
                float[] g,
                int d,
                int stride,
                float[] slots,
                int[] slotOf,
                int[] entries,
                float[] coefs,
                int from,
                int to) {
            FloatVector g0 = FloatVector.zero(S);
            FloatVector g1 = FloatVector.zero(S);
            FloatVector g2 = FloatVector.zero(S);
            FloatVector g3 = FloatVector.zero(S);
            for (int n = from; n < to; n++) {
                int e = entries[n];
                int a = slotOf[e >>> 1] * stride + d;
                FloatVector c = FloatVector.broadcast(S, coefs[e]);
                g0 = FloatVector.fromArray(S, slots, a).fma(c, g0);
                g1 = FloatVector.fromArray(S, slots, a + 16).fma(c, g1);
                g2 = FloatVector.fromArray(S, slots, a + 32).fma(c, g2);
                g3 = FloatVector.fromArray(S, slots, a + 48).fma(c, g3);
            }
            g0.intoArray(g, d);
            g1.intoArray(g, d + 16);
            g2.intoArray(g, d + 32);
            g3.intoArray(g, d + 48);
        }

        static void gradientOfItem1(
                float[] g,
                int d,
                int stride,
                float[] slots,
                int[] slotOf,
                int[] entries,
                float[] coefs,
                int from,
                int to) {
            FloatVector g0 = FloatVector.zero(S);
            for (int n = from; n < to; n++) {
                int e = entries[n];
                int a = slotOf[e >>> 1] * stride + d;
                FloatVector c = FloatVector.broadcast(S, coefs[e]);
                g0 = FloatVector.fromArray(S, slots, a).fma(c, g0);
            }
            g0.intoArray(g, d);
        }
    }

    /** One number at a time, in the order of the lanes. */
    private static final class Scalar {
        private Scalar() {}

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

        static void leap(
                float[] w,
                float[] m,
                float[] r,
                int at,
                int stride,
                float weight1,
                float root1,
                float weight2,
                float root2,
                float decay1,
                float decay2) {
            for (int d = at; d < at + stride; d++) {
                w[d] -= m[d] * (weight1 / (r[d] * root1 + EPSILON) + weight2 / (r[d] * root2 + EPSILON));
                m[d] *= decay1;
                r[d] *= decay2;
            }
        }

        static void step(float[] w, float[] m, float[] r, int at, int stride, float[] g, float rate, float root) {
            for (int d = 0; d < stride; d++) {
                int k = at + d;
                m[k] = Math.fma(g[d], NEW1, m[k] * BETA1);
                r[k] = (float) Math.sqrt(Math.fma(g[d] * g[d], NEW2, r[k] * r[k] * BETA2));
                w[k] -= m[k] * rate / (r[k] * root + EPSILON);
            }
        }

        static void gradientOfUser(
                float[] g, int stride, float[] q, int[] left, int[] right, float[] coefs, int base, int from, int to) {
            Arrays.fill(g, 0, stride, 0);
            for (int s = from; s < to; s++) {
                float c = coefs[2 * (s - base)];
                float e = coefs[2 * (s - base) + 1];
                for (int d = 0; d < stride; d++) {
                    g[d] = Math.fma(q[right[s] * stride + d], e, Math.fma(q[left[s] * stride + d], c, g[d]));
                }
            }
        }

        static void gradientOfItem(
                float[] g, int stride, float[] slots, int[] slotOf, int[] entries, float[] coefs, int from, int to) {
            Arrays.fill(g, 0, stride, 0);
            for (int n = from; n < to; n++) {
                int e = entries[n];
                for (int d = 0; d < stride; d++) {
                    g[d] = Math.fma(slots[slotOf[e >>> 1] * stride + d], coefs[e], g[d]);
                }
            }
        }
    }
}
