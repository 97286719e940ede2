package org.lethe.transport;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.lethe.numerics.Lanes;

/** The least {@code cost − price} of a row: the whole work of pricing. A minimum has the same bits in any order. */
final class RowMinimum {
    private RowMinimum() {}

    /** min over j in [0, m) of {@code cost[from + j] − prices[at + j]}. */
    static double of(double[] cost, int from, double[] prices, int at, int m) {
        return Lanes.VECTOR ? Kernel.of(cost, from, prices, at, m) : plain(cost, from, prices, at, 0, m);
    }

    /** The first j with that least value. */
    static int indexOf(double least, double[] cost, int from, double[] prices, int at) {
        int j = 0;
        while (cost[from + j] - prices[at + j] != least) {
            j++;
        }
        return j;
    }

    static double plain(double[] cost, int from, double[] prices, int at, int start, int m) {
        double least = Double.POSITIVE_INFINITY;
        for (int j = start; j < m; j++) {
            least = Math.min(least, cost[from + j] - prices[at + j]);
        }
        return least;
    }

    /** Loaded only where the vector module is present. */
    private static final class Kernel {
        private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_512;

        static double of(double[] cost, int from, double[] prices, int at, int m) {
            DoubleVector one = DoubleVector.broadcast(SPECIES, Double.POSITIVE_INFINITY);
            DoubleVector two = one;
            int j = 0;
            for (; j <= m - 16; j += 16) {
                one = one.min(DoubleVector.fromArray(SPECIES, cost, from + j)
                        .sub(DoubleVector.fromArray(SPECIES, prices, at + j)));
                two = two.min(DoubleVector.fromArray(SPECIES, cost, from + j + 8)
                        .sub(DoubleVector.fromArray(SPECIES, prices, at + j + 8)));
            }
            double least = one.min(two).reduceLanes(VectorOperators.MIN);
            return Math.min(least, plain(cost, from, prices, at, j, m));
        }
    }
}
