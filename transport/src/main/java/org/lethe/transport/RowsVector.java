package org.lethe.transport;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;
import org.lethe.numerics.Exp2Vector;

/** The loops of {@link Rows} by vectors, bit for bit; loaded only where the vector module is present. */
final class RowsVector {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_512;

    private RowsVector() {}

    static void squaredDistances(double[] points, int from, int dims, double[] columns, int width, double[] into) {
        int j = 0;
        for (; j <= width - 32; j += 32) {
            DoubleVector s0 = DoubleVector.zero(SPECIES);
            DoubleVector s1 = s0;
            DoubleVector s2 = s0;
            DoubleVector s3 = s0;
            for (int k = 0; k < dims; k++) {
                DoubleVector x = DoubleVector.broadcast(SPECIES, points[from + k]);
                int at = k * width + j;
                DoubleVector d0 = x.sub(DoubleVector.fromArray(SPECIES, columns, at));
                DoubleVector d1 = x.sub(DoubleVector.fromArray(SPECIES, columns, at + 8));
                DoubleVector d2 = x.sub(DoubleVector.fromArray(SPECIES, columns, at + 16));
                DoubleVector d3 = x.sub(DoubleVector.fromArray(SPECIES, columns, at + 24));
                s0 = d0.fma(d0, s0);
                s1 = d1.fma(d1, s1);
                s2 = d2.fma(d2, s2);
                s3 = d3.fma(d3, s3);
            }
            s0.intoArray(into, j);
            s1.intoArray(into, j + 8);
            s2.intoArray(into, j + 16);
            s3.intoArray(into, j + 24);
        }
        for (; j < width; j += 8) {
            DoubleVector s = DoubleVector.zero(SPECIES);
            for (int k = 0; k < dims; k++) {
                DoubleVector d = DoubleVector.broadcast(SPECIES, points[from + k])
                        .sub(DoubleVector.fromArray(SPECIES, columns, k * width + j));
                s = d.fma(d, s);
            }
            s.intoArray(into, j);
        }
    }

    static int gibbs(
            double scale,
            double f,
            double rate,
            double[] g,
            double[] b,
            double[] cost,
            int from,
            int m,
            double[] into) {
        int j = 0;
        for (; j <= m - 8; j += 8) {
            DoubleVector x = DoubleVector.broadcast(SPECIES, f)
                    .add(DoubleVector.fromArray(SPECIES, g, j))
                    .sub(DoubleVector.fromArray(SPECIES, cost, from + j))
                    .mul(rate)
                    .min(1022);
            Exp2Vector.of(x)
                    .mul(DoubleVector.fromArray(SPECIES, b, j).mul(scale))
                    .intoArray(into, j);
        }
        return j;
    }

    static int add(double weight, double[] x, int from, double[] into, int at, int length) {
        DoubleVector w = DoubleVector.broadcast(SPECIES, weight);
        int k = 0;
        for (; k <= length - 8; k += 8) {
            DoubleVector.fromArray(SPECIES, x, from + k)
                    .fma(w, DoubleVector.fromArray(SPECIES, into, at + k))
                    .intoArray(into, at + k);
        }
        return k;
    }

    static int dot(double[] x, int from, double[] y, int at, int m, double[] lanes) {
        DoubleVector sum = DoubleVector.zero(SPECIES);
        int j = 0;
        for (; j <= m - 8; j += 8) {
            sum = DoubleVector.fromArray(SPECIES, x, from + j).fma(DoubleVector.fromArray(SPECIES, y, at + j), sum);
        }
        sum.intoArray(lanes, 0);
        return j;
    }

    /** Four columns of a plan times sixteen columns of a table, over all rows. */
    static void mix(double[] plan, int m, int s, double[] y, int d, int k, int n, double scale, double[] into) {
        DoubleVector a0 = DoubleVector.zero(SPECIES);
        DoubleVector a1 = a0;
        DoubleVector b0 = a0;
        DoubleVector b1 = a0;
        DoubleVector c0 = a0;
        DoubleVector c1 = a0;
        DoubleVector d0 = a0;
        DoubleVector d1 = a0;
        for (int i = 0; i < n; i++) {
            DoubleVector y0 = DoubleVector.fromArray(SPECIES, y, i * d + k);
            DoubleVector y1 = DoubleVector.fromArray(SPECIES, y, i * d + k + 8);
            int at = i * m + s;
            DoubleVector p = DoubleVector.broadcast(SPECIES, plan[at]);
            a0 = y0.fma(p, a0);
            a1 = y1.fma(p, a1);
            p = DoubleVector.broadcast(SPECIES, plan[at + 1]);
            b0 = y0.fma(p, b0);
            b1 = y1.fma(p, b1);
            p = DoubleVector.broadcast(SPECIES, plan[at + 2]);
            c0 = y0.fma(p, c0);
            c1 = y1.fma(p, c1);
            p = DoubleVector.broadcast(SPECIES, plan[at + 3]);
            d0 = y0.fma(p, d0);
            d1 = y1.fma(p, d1);
        }
        put(a0, a1, scale, into, s * d + k);
        put(b0, b1, scale, into, (s + 1) * d + k);
        put(c0, c1, scale, into, (s + 2) * d + k);
        put(d0, d1, scale, into, (s + 3) * d + k);
    }

    private static void put(DoubleVector low, DoubleVector high, double scale, double[] into, int at) {
        DoubleVector by = DoubleVector.broadcast(SPECIES, scale);
        low.fma(by, DoubleVector.fromArray(SPECIES, into, at)).intoArray(into, at);
        high.fma(by, DoubleVector.fromArray(SPECIES, into, at + 8)).intoArray(into, at + 8);
    }
}
