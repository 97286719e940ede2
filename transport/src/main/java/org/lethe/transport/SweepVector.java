package org.lethe.transport;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.lethe.numerics.Exp2Vector;

/** The loops of {@link Sweep} by vectors, bit for bit; loaded only where the vector module is present. */
final class SweepVector {
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_512;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;

    private SweepVector() {}

    static void terms(double[] c, int from, double[] h, double f, double[] into, int width) {
        DoubleVector sum = DoubleVector.zero(DOUBLES);
        for (int j = 0; j < width; j += 8) {
            DoubleVector x =
                    DoubleVector.fromArray(DOUBLES, h, j).add(f).sub(DoubleVector.fromArray(DOUBLES, c, from + j));
            DoubleVector e = Exp2Vector.of(x);
            e.intoArray(into, j);
            sum = sum.add(e);
        }
        sum.intoArray(into, width);
    }

    static void add(double[] sums, double weight, double[] terms, int width) {
        DoubleVector w = DoubleVector.broadcast(DOUBLES, weight);
        for (int j = 0; j < width; j += 8) {
            DoubleVector.fromArray(DOUBLES, terms, j)
                    .fma(w, DoubleVector.fromArray(DOUBLES, sums, j))
                    .intoArray(sums, j);
        }
    }

    static void terms(float[] c, int from, float[] h, float f, float[] into, int width) {
        for (int j = 0; j < width; j += 16) {
            FloatVector x = FloatVector.fromArray(FLOATS, h, j).add(f).sub(FloatVector.fromArray(FLOATS, c, from + j));
            Exp2Vector.of(x).intoArray(into, j);
        }
    }

    static void dot(float[] k, int from, float[] v, float[] into, int width) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int j = 0;
        for (; j <= width - 64; j += 64) {
            s0 = FloatVector.fromArray(FLOATS, k, from + j).fma(FloatVector.fromArray(FLOATS, v, j), s0);
            s1 = FloatVector.fromArray(FLOATS, k, from + j + 16).fma(FloatVector.fromArray(FLOATS, v, j + 16), s1);
            s2 = FloatVector.fromArray(FLOATS, k, from + j + 32).fma(FloatVector.fromArray(FLOATS, v, j + 32), s2);
            s3 = FloatVector.fromArray(FLOATS, k, from + j + 48).fma(FloatVector.fromArray(FLOATS, v, j + 48), s3);
        }
        for (; j < width; j += 16) {
            s0 = FloatVector.fromArray(FLOATS, k, from + j).fma(FloatVector.fromArray(FLOATS, v, j), s0);
        }
        s0.add(s1).add(s2.add(s3)).intoArray(into, 0);
    }

    static void add(float[] sums, float weight, float[] k, int from, int width) {
        FloatVector w = FloatVector.broadcast(FLOATS, weight);
        for (int j = 0; j < width; j += 16) {
            FloatVector.fromArray(FLOATS, k, from + j)
                    .fma(w, FloatVector.fromArray(FLOATS, sums, j))
                    .intoArray(sums, j);
        }
    }
}
