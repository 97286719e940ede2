package org.lethe.federated.balance;

import java.util.Arrays;
import org.lethe.federated.Loss;
import org.lethe.federated.Server;
import org.lethe.numerics.Keyed;

/**
 * How many records of a client have a score nearest to each of the bins, by stratum and group; with noise where asked for.
 *
 * @param fairness what the strata are
 * @param groups how many groups there are
 * @param bins how many bins from 0 to 1
 * @param noise standard deviation of the normal noise that this client adds to every number; 0 for none
 * @param key of the noise in this round
 */
record Histogram(BalanceSites.Fairness fairness, int groups, int bins, double noise, long key)
        implements Server.Statistic<double[]> {
    @Override
    public double[] at(Loss.Place place) {
        double[] counts = new double[fairness.strata() * groups * bins];
        float[] scores = place.scores();
        for (int i = 0; i < scores.length; i++) {
            int stratum = fairness.stratum(place.label(i));
            if (stratum >= 0 && place.group(i) >= 0) {
                counts[(stratum * groups + place.group(i)) * bins + bin(scores[i])]++;
            }
        }
        if (noise > 0) {
            Keyed own = new Keyed(key).of(place.client());
            for (int k = 0; k < counts.length; k++) {
                counts[k] += noise * Keyed.normal(own.at(k));
            }
        }
        return counts;
    }

    private int bin(float score) {
        return (int) Math.rint((double) score * (bins - 1));
    }

    /** The sum of two histograms. */
    static double[] plus(double[] left, double[] right) {
        double[] sum = left.clone();
        for (int k = 0; k < sum.length; k++) {
            sum[k] += right[k];
        }
        return sum;
    }

    /** A summed histogram by group: {@code [group][bin]} of one stratum. */
    double[][] of(double[] sum, int stratum) {
        double[][] parts = new double[groups][];
        for (int g = 0; g < groups; g++) {
            parts[g] = Arrays.copyOfRange(sum, (stratum * groups + g) * bins, (stratum * groups + g + 1) * bins);
        }
        return parts;
    }

    /**
     * The nearest histogram whose distribution function rises and stays at or above 0 (pool adjacent violators on the running
     * sum): what is left of noise is no negative number of people.
     */
    static double[] repaired(double[] noisy) {
        int n = noisy.length;
        double[] level = new double[n];
        int[] width = new int[n];
        int blocks = 0;
        double sum = 0;
        for (double count : noisy) {
            sum += count;
            level[blocks] = sum;
            width[blocks++] = 1;
            while (blocks > 1 && level[blocks - 2] > level[blocks - 1]) {
                int w = width[blocks - 2] + width[blocks - 1];
                level[blocks - 2] = (level[blocks - 2] * width[blocks - 2] + level[blocks - 1] * width[blocks - 1]) / w;
                width[blocks - 2] = w;
                blocks--;
            }
        }
        double[] counts = new double[n];
        double before = 0;
        int at = 0;
        for (int b = 0; b < blocks; b++) {
            double here = Math.max(0, level[b]);
            counts[at] = here - before;
            before = here;
            at += width[b];
        }
        return counts;
    }
}
