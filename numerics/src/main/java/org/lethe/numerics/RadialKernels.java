package org.lethe.numerics;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The mixture of five radial kernels of the maximum mean discrepancy, {@code k(D) = Σ_{i=0..4} exp(−D / (bw·2^i))} of a squared
 * distance D.
 *
 * <p>One exponential a pair: with {@code e = exp(−D/(16 bw))} the kernels are e, e², e⁴, e⁸, e¹⁶. The scalar reference
 * gives the same bits.
 */
public final class RadialKernels {
    private static final double LOG2E = 1 / Math.log(2);

    private RadialKernels() {}

    /** {@code Σ k(D)} over {@code n} squared distances from {@code at} on, in doubles. */
    public static double sum(float[] distances, int at, int n, double bandwidth) {
        double scale = -LOG2E / (16 * bandwidth);
        double[] lanes = new double[Lanes.DOUBLES];
        int done = 0;
        if (Lanes.VECTOR) {
            done = n / Lanes.DOUBLES * Lanes.DOUBLES;
            Vectors.sum(distances, at, done, scale, lanes);
        }
        for (int p = done; p < n; p++) {
            double e = Exp2.of(scale * distances[at + p]);
            double e2 = e * e;
            double e4 = e2 * e2;
            double e8 = e4 * e4;
            lanes[p % Lanes.DOUBLES] += e + e2 + e4 + e8 + e8 * e8;
        }
        double sum = 0;
        for (double lane : lanes) {
            sum += lane;
        }
        return sum;
    }

    /**
     * Overwrites squared distances, {@code points} of them from {@code at} on, a multiple of {@link Lanes#FLOATS}, by
     * {@code −share · bw · k'(D)}: the weights with which a row is drawn to those points. In floats, relative error about 1e-6, in
     * tails more.
     */
    public static void slopes(float[] distances, int at, int points, double bandwidth, float share) {
        if (points % Lanes.FLOATS != 0) {
            throw new IllegalArgumentException("points is " + points + ", expected a multiple of " + Lanes.FLOATS);
        }
        float scale = (float) (-LOG2E / (16 * bandwidth));
        if (Lanes.VECTOR) {
            Vectors.slopes(distances, at, points, scale, share);
            return;
        }
        for (int p = at; p < at + points; p++) {
            float e = Exp2.of(scale * distances[p]);
            float e2 = e * e;
            float e4 = e2 * e2;
            float e8 = e4 * e4;
            distances[p] = share * (e / 16 + e2 / 8 + e4 / 4 + e8 / 2 + e8 * e8);
        }
    }

    /** Sixteen lanes at a time; loaded only where vectors run. */
    private static final class Vectors {
        private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;

        private static final VectorSpecies<Float> HALF = FloatVector.SPECIES_256;
        private static final VectorSpecies<Double> D = DoubleVector.SPECIES_512;

        private Vectors() {}

        static void sum(float[] distances, int at, int n, double scale, double[] lanes) {
            DoubleVector sum = DoubleVector.zero(D);
            for (int p = at; p < at + n; p += Lanes.DOUBLES) {
                DoubleVector distance = (DoubleVector)
                        FloatVector.fromArray(HALF, distances, p).convertShape(VectorOperators.F2D, D, 0);
                DoubleVector e = Exp2Vector.of(distance.mul(scale));
                DoubleVector e2 = e.mul(e);
                DoubleVector e4 = e2.mul(e2);
                DoubleVector e8 = e4.mul(e4);
                sum = sum.add(e.add(e2).add(e4).add(e8).add(e8.mul(e8)));
            }
            sum.intoArray(lanes, 0);
        }

        static void slopes(float[] distances, int at, int points, float scale, float share) {
            for (int p = at; p < at + points; p += Lanes.FLOATS) {
                FloatVector e =
                        Exp2Vector.of(FloatVector.fromArray(S, distances, p).mul(scale));
                FloatVector e2 = e.mul(e);
                FloatVector e4 = e2.mul(e2);
                FloatVector e8 = e4.mul(e4);
                e.mul(1f / 16)
                        .add(e2.mul(1f / 8))
                        .add(e4.mul(1f / 4))
                        .add(e8.mul(1f / 2))
                        .add(e8.mul(e8))
                        .mul(share)
                        .intoArray(distances, p);
            }
        }
    }
}
