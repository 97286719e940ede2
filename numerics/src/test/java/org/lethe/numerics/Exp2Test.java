package org.lethe.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class Exp2Test {
    private static final int POINTS = 1 << 18;

    @Test
    void errorsAreOfTheOrderOfRounding() {
        for (int i = 0; i < POINTS; i++) {
            double x = -1021 + 2043.0 * i / POINTS;
            assertEquals(1, Exp2.of(x) / StrictMath.pow(2, x), 1e-15, "2^" + x);
            float y = (float) (-125.9 + 252.8 * i / POINTS);
            assertEquals(1, Exp2.of(y) / StrictMath.pow(2, y), 1.2e-7, "2^" + y);
        }
    }

    @Test
    void wholePowersAreExactAndLowArgumentsVanish() {
        for (int n = -1022; n < 1023; n++) {
            assertEquals(Math.scalb(1.0, n), Exp2.of((double) n), 0);
        }
        for (int n = -126; n < 127; n++) {
            assertEquals(Math.scalb(1f, n), Exp2.of((float) n), 0);
        }
        assertEquals(Double.MIN_NORMAL, Exp2.of(Double.NEGATIVE_INFINITY), 0);
        assertEquals(Float.MIN_NORMAL, Exp2.of(-1e30f), 0);
        assertTrue(Double.isNaN(Exp2.of(Double.NaN)) && Float.isNaN(Exp2.of(Float.NaN)));
    }

    @Test
    void vectorsHaveTheBitsOfTheScalarReference() {
        Assumptions.assumeTrue(Lanes.VECTOR, Lanes.OBSTACLE);
        double[] x = new double[8];
        double[] e = new double[8];
        float[] y = new float[16];
        float[] s = new float[16];
        Keyed random = Keyed.seed(1).of("exp2");
        for (int i = 0; i < POINTS; i += 16) {
            for (int l = 0; l < 16; l++) {
                double u = Keyed.unit(random.at(i + l));
                x[l & 7] = -1100 + 2100 * u;
                y[l] = (float) (-140 + 260 * u);
            }
            Exp2Vector.of(DoubleVector.fromArray(DoubleVector.SPECIES_512, x, 0))
                    .intoArray(e, 0);
            Exp2Vector.of(FloatVector.fromArray(FloatVector.SPECIES_512, y, 0)).intoArray(s, 0);
            for (int l = 0; l < 16; l++) {
                assertEquals(Exp2.of(x[l & 7]), e[l & 7], 0);
                assertEquals(Exp2.of(y[l]), s[l], 0);
            }
        }
    }
}
