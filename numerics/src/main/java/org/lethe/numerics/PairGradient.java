package org.lethe.numerics;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The margin of a triple of rows, {@code x = p·(i − j)}, and what its loss adds to the gradient of the three.
 *
 * <p>The sum over lanes is a tree of fixed shape, so that interpreted, compiled and plain runs give the same bits.
 */
public final class PairGradient {
    private static final int L = Lanes.FLOATS;

    private PairGradient() {}

    /** {@code rows[p]·(rows[i] − rows[j])}, by offsets into one table. */
    public static float margin(float[] rows, int p, int i, int j, int stride) {
        return Lanes.VECTOR ? Vectors.margin(rows, p, i, j, stride) : Scalar.margin(rows, p, i, j, stride);
    }

    /** Adds {@code slope} = dLoss/dMargin times the gradient of the margin to the rows of {@code g} at the same offsets. */
    public static void add(float[] rows, float[] g, int p, int i, int j, int stride, float slope) {
        if (Lanes.VECTOR) {
            Vectors.add(rows, g, p, i, j, stride, slope);
        } else {
            Scalar.add(rows, g, p, i, j, stride, slope);
        }
    }

    /** Adds {@code slope} = dLoss/dScore times the gradient of {@code rows[p]·rows[i]} to the rows of {@code g}. */
    public static void add(float[] rows, float[] g, int p, int i, int stride, float slope) {
        if (Lanes.VECTOR) {
            Vectors.add(rows, g, p, i, stride, slope);
        } else {
            Scalar.add(rows, g, p, i, stride, slope);
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

        static float margin(float[] rows, int p, int i, int j, int stride) {
            FloatVector v = FloatVector.zero(S);
            for (int d = 0; d < stride; d += L) {
                v = FloatVector.fromArray(S, rows, p + d)
                        .fma(FloatVector.fromArray(S, rows, i + d).sub(FloatVector.fromArray(S, rows, j + d)), v);
            }
            v = v.add(v.rearrange(X8));
            v = v.add(v.rearrange(X4));
            v = v.add(v.rearrange(X2));
            v = v.add(v.rearrange(X1));
            return v.lane(0);
        }

        static void add(float[] rows, float[] g, int p, int i, int j, int stride, float slope) {
            FloatVector s = FloatVector.broadcast(S, slope);
            FloatVector minus = FloatVector.broadcast(S, -slope);
            for (int d = 0; d < stride; d += L) {
                FloatVector vp = FloatVector.fromArray(S, rows, p + d);
                FloatVector difference =
                        FloatVector.fromArray(S, rows, i + d).sub(FloatVector.fromArray(S, rows, j + d));
                s.fma(difference, FloatVector.fromArray(S, g, p + d)).intoArray(g, p + d);
                s.fma(vp, FloatVector.fromArray(S, g, i + d)).intoArray(g, i + d);
                minus.fma(vp, FloatVector.fromArray(S, g, j + d)).intoArray(g, j + d);
            }
        }

        static void add(float[] rows, float[] g, int p, int i, int stride, float slope) {
            FloatVector s = FloatVector.broadcast(S, slope);
            for (int d = 0; d < stride; d += L) {
                FloatVector vp = FloatVector.fromArray(S, rows, p + d);
                FloatVector vi = FloatVector.fromArray(S, rows, i + d);
                s.fma(vi, FloatVector.fromArray(S, g, p + d)).intoArray(g, p + d);
                s.fma(vp, FloatVector.fromArray(S, g, i + d)).intoArray(g, i + d);
            }
        }
    }

    /** One number at a time, in the order of the lanes. */
    private static final class Scalar {
        private Scalar() {}

        static float margin(float[] rows, int p, int i, int j, int stride) {
            float[] lanes = new float[L];
            for (int d = 0; d < stride; d++) {
                lanes[d % L] = Math.fma(rows[p + d], rows[i + d] - rows[j + d], lanes[d % L]);
            }
            for (int half = L / 2; half >= 1; half /= 2) {
                for (int l = 0; l < half; l++) {
                    lanes[l] += lanes[l + half];
                }
            }
            return lanes[0];
        }

        static void add(float[] rows, float[] g, int p, int i, int j, int stride, float slope) {
            for (int d = 0; d < stride; d++) {
                g[p + d] = Math.fma(slope, rows[i + d] - rows[j + d], g[p + d]);
                g[i + d] = Math.fma(slope, rows[p + d], g[i + d]);
                g[j + d] = Math.fma(-slope, rows[p + d], g[j + d]);
            }
        }

        static void add(float[] rows, float[] g, int p, int i, int stride, float slope) {
            for (int d = 0; d < stride; d++) {
                g[p + d] = Math.fma(slope, rows[i + d], g[p + d]);
                g[i + d] = Math.fma(slope, rows[p + d], g[i + d]);
            }
        }
    }
}
