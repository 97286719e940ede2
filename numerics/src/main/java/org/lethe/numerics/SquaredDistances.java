package org.lethe.numerics;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Squared Euclidean distances from many rows to many points.
 *
 * <p>Every element is a sum by ascending dimension, each square rounded before it is added, so blocks, threads and the
 * scalar reference give the same bits.
 */
public final class SquaredDistances {
    private static final int L = Lanes.FLOATS;

    private SquaredDistances() {}

    /**
     * Overwrites {@code distances} [rows, points] with the distances between the rows of A [rows, width], from {@code
     * atA} on, and the points. Points lie dimension by dimension, [width, points]; their number is a multiple of {@link
     * Lanes#FLOATS}.
     */
    public static void of(float[] distances, float[] a, int atA, float[] byDimension, int rows, int width, int points) {
        of(distances, a, atA, byDimension, rows, width, points, 0);
    }

    /** The same from a point on, whose number is a multiple of {@link Lanes#FLOATS} too; the distances to those before stay. */
    public static void of(
            float[] distances, float[] a, int atA, float[] byDimension, int rows, int width, int points, int from) {
        if (points % L != 0 || from % L != 0) {
            throw new IllegalArgumentException(
                    "points and from are " + points + " and " + from + ", expected multiples of " + L);
        }
        if (!Lanes.VECTOR) {
            plain(distances, a, atA, byDimension, rows, width, points, from);
            return;
        }
        int tall = rows / 8 * 8;
        for (int p = from; p < points; p += L) {
            for (int r = 0; r < tall; r += 8) {
                Vectors.tower(distances, r * points + p, a, atA + r * width, byDimension, p, width, points);
            }
            for (int r = tall; r < rows; r++) {
                Vectors.strip(distances, r * points + p, a, atA + r * width, byDimension, p, width, points);
            }
        }
    }

    private static void plain(
            float[] distances, float[] a, int atA, float[] byDimension, int rows, int width, int points, int from) {
        for (int r = 0; r < rows; r++) {
            for (int p = from; p < points; p++) {
                float sum = 0;
                for (int d = 0; d < width; d++) {
                    float away = byDimension[d * points + p] - a[atA + r * width + d];
                    sum += away * away;
                }
                distances[r * points + p] = sum;
            }
        }
    }

    /** Sixteen lanes at a time; loaded only where vectors run. */
    private static final class Vectors {
        private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;

        private Vectors() {}

        /** Eight rows by 16 points. */
        static void tower(
                float[] distances, int at, float[] a, int atA, float[] byDimension, int p, int width, int points) {
            FloatVector s0 = FloatVector.zero(S);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            FloatVector s4 = s0;
            FloatVector s5 = s0;
            FloatVector s6 = s0;
            FloatVector s7 = s0;
            for (int d = 0; d < width; d++) {
                FloatVector x = FloatVector.fromArray(S, byDimension, p + d * points);
                int from = atA + d;
                s0 = more(s0, x, a[from]);
                s1 = more(s1, x, a[from + width]);
                s2 = more(s2, x, a[from + 2 * width]);
                s3 = more(s3, x, a[from + 3 * width]);
                s4 = more(s4, x, a[from + 4 * width]);
                s5 = more(s5, x, a[from + 5 * width]);
                s6 = more(s6, x, a[from + 6 * width]);
                s7 = more(s7, x, a[from + 7 * width]);
            }
            s0.intoArray(distances, at);
            s1.intoArray(distances, at + points);
            s2.intoArray(distances, at + 2 * points);
            s3.intoArray(distances, at + 3 * points);
            s4.intoArray(distances, at + 4 * points);
            s5.intoArray(distances, at + 5 * points);
            s6.intoArray(distances, at + 6 * points);
            s7.intoArray(distances, at + 7 * points);
        }

        /** One row by 16 points. */
        static void strip(
                float[] distances, int at, float[] a, int atA, float[] byDimension, int p, int width, int points) {
            FloatVector sum = FloatVector.zero(S);
            for (int d = 0; d < width; d++) {
                sum = more(sum, FloatVector.fromArray(S, byDimension, p + d * points), a[atA + d]);
            }
            sum.intoArray(distances, at);
        }

        private static FloatVector more(FloatVector sum, FloatVector x, float value) {
            FloatVector away = x.sub(FloatVector.broadcast(S, value));
            return sum.add(away.mul(away));
        }
    }
}
