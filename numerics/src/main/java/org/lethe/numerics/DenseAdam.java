package org.lethe.numerics;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adam (Kingma and Ba 2015, algorithm 1) on whole tables of which every element has a gradient.
 *
 * <p>{@code m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − rate·m / (root·√v + ε)} with {@code rate = lr/(1−β₁^t)} and
 * {@code root = 1/√(1−β₂^t)}. Elements are independent, so the scalar reference and any number of threads give the same
 * bits.
 */
public final class DenseAdam {
    private static final int L = Lanes.FLOATS;
    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.999f;
    private static final float NEW1 = 0.1f;
    private static final float NEW2 = 0.001f;
    private static final float EPSILON = 1e-8f;

    private DenseAdam() {}

    /** The bias-corrected rate of step t, counted from 1. */
    public static float rate(double learningRate, long t) {
        return (float) (learningRate / (1 - StrictMath.pow(0.9, t)));
    }

    /** The bias correction of the root of the second moment at step t, counted from 1. */
    public static float root(long t) {
        return (float) (1 / StrictMath.sqrt(1 - StrictMath.pow(0.999, t)));
    }

    /**
     * A step of the rows {@code from … to−1}; the gradient of row r is {@code g[r] + decay[r]·w[r]}. The stride is a
     * multiple of {@link Lanes#FLOATS}.
     */
    public static void step(
            float[] w,
            float[] m,
            float[] v,
            float[] g,
            float[] decay,
            int stride,
            int from,
            int to,
            float rate,
            float root) {
        if (Lanes.VECTOR) {
            Vectors.step(w, m, v, g, decay, stride, from, to, rate, root);
            return;
        }
        for (int row = from; row < to; row++) {
            for (int at = row * stride; at < (row + 1) * stride; at++) {
                float slope = Math.fma(w[at], decay[row], g[at]);
                m[at] = Math.fma(slope, NEW1, m[at] * BETA1);
                v[at] = Math.fma(slope * slope, NEW2, v[at] * BETA2);
                w[at] -= m[at] * rate / ((float) Math.sqrt(v[at]) * root + EPSILON);
            }
        }
    }

    /** Sixteen lanes at a time; loaded only where vectors run. */
    private static final class Vectors {
        private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;

        private Vectors() {}

        static void step(
                float[] w,
                float[] m,
                float[] v,
                float[] g,
                float[] decay,
                int stride,
                int from,
                int to,
                float rate,
                float root) {
            FloatVector new1 = FloatVector.broadcast(S, NEW1);
            FloatVector new2 = FloatVector.broadcast(S, NEW2);
            for (int row = from; row < to; row++) {
                FloatVector pull = FloatVector.broadcast(S, decay[row]);
                for (int at = row * stride; at < (row + 1) * stride; at += L) {
                    FloatVector old = FloatVector.fromArray(S, w, at);
                    FloatVector slope = old.fma(pull, FloatVector.fromArray(S, g, at));
                    FloatVector first =
                            slope.fma(new1, FloatVector.fromArray(S, m, at).mul(BETA1));
                    FloatVector second = slope.mul(slope)
                            .fma(new2, FloatVector.fromArray(S, v, at).mul(BETA2));
                    first.intoArray(m, at);
                    second.intoArray(v, at);
                    old.sub(first.mul(rate)
                                    .div(second.lanewise(VectorOperators.SQRT)
                                            .mul(root)
                                            .add(EPSILON)))
                            .intoArray(w, at);
                }
            }
        }
    }
}
