package org.lethe.recsys.hide;

import java.util.Arrays;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.lethe.attack.LabelledSamples;

/**
 * The spread of user embeddings: a defence that moves all users to one point hides everything, but the model is useless.
 *
 * @param trace trace of the covariance: the sum of the variances of the dimensions
 * @param effectiveRank {@code exp(−Σ p log p)} with p the eigenvalues of the covariance over their sum (Roy and Vetterli
 *     2007, on the covariance): the number of directions that matter; 0 if all embeddings are equal
 */
record RowShape(double trace, double effectiveRank) {
    private static final int ENOUGH = 50_000; // rows; more move neither number by a per cent
    private static final int BINS = 50;

    /** The spread of {@code [users, width]} embeddings, of an even sample of at most 50,000. Cost: users · width² + width³. */
    static RowShape of(float[] rows, int width) {
        int users = rows.length / width;
        int stride = (users + ENOUGH - 1) / ENOUGH;
        int n = 0;
        double[] mean = new double[width];
        for (int u = 0; u < users; u += stride) {
            n++;
            for (int d = 0; d < width; d++) {
                mean[d] += rows[u * width + d];
            }
        }
        for (int d = 0; d < width; d++) {
            mean[d] /= n;
        }
        double[][] covariance = new double[width][width];
        double[] x = new double[width];
        for (int u = 0; u < users; u += stride) {
            for (int d = 0; d < width; d++) {
                x[d] = rows[u * width + d] - mean[d];
            }
            for (int d = 0; d < width; d++) {
                double[] sums = covariance[d];
                double value = x[d] / n;
                for (int e = 0; e <= d; e++) {
                    sums[e] += value * x[e];
                }
            }
        }
        double trace = 0;
        for (int d = 0; d < width; d++) {
            trace += covariance[d][d];
            for (int e = 0; e < d; e++) {
                covariance[e][d] = covariance[d][e];
            }
        }
        return new RowShape(trace, trace > 0 ? effectiveRank(covariance, trace) : 0);
    }

    /** Adds the mean eigenvalue to all first, because the iteration does not converge among many zeros. */
    private static double effectiveRank(double[][] covariance, double trace) {
        double mean = 1.0 / covariance.length;
        for (int e = 0; e < covariance.length; e++) {
            for (int d = 0; d < covariance.length; d++) {
                covariance[e][d] = covariance[e][d] / trace + (d == e ? mean : 0);
            }
        }
        double entropy = 0;
        for (double raised :
                new EigenDecompositionSymmetric(new Array2DRowRealMatrix(covariance, false)).getEigenvalues()) {
            double p = raised - mean;
            entropy -= p > 0 ? p * Math.log(p) : 0;
        }
        return Math.exp(entropy);
    }

    /**
     * The mean over columns of the Jensen-Shannon divergence between the classes' histograms of 50 bins over the range of
     * all (raid, section 4), over its largest value, the logarithm of the number of classes. It is 0 for equal histograms and 1
     * for disjoint ones. It is above 0 for finite classes; compare it with shuffled labels. Cost: two passes over the rows.
     */
    static double divergence(LabelledSamples target) {
        int width = target.width();
        float[] rows = target.rows();
        int[] of = target.labels();
        float[] low = new float[width];
        float[] high = new float[width];
        Arrays.fill(low, Float.POSITIVE_INFINITY);
        Arrays.fill(high, Float.NEGATIVE_INFINITY);
        for (int u = 0; u < of.length; u++) {
            for (int d = 0; of[u] >= 0 && d < width; d++) {
                low[d] = Math.min(low[d], rows[u * width + d]);
                high[d] = Math.max(high[d], rows[u * width + d]);
            }
        }
        double[][][] histograms = new double[width][target.classes()][BINS];
        for (int u = 0; u < of.length; u++) {
            for (int d = 0; of[u] >= 0 && d < width; d++) {
                if (high[d] > low[d]) {
                    double at = ((double) rows[u * width + d] - low[d]) / ((double) high[d] - low[d]);
                    histograms[d][of[u]][Math.min(BINS - 1, (int) (at * BINS))]++;
                }
            }
        }
        double sum = 0;
        for (int d = 0; d < width; d++) {
            sum += high[d] > low[d] ? divergence(histograms[d]) / width : 0;
        }
        return sum;
    }

    private static double divergence(double[][] histograms) {
        int classes = histograms.length;
        double[] totals = new double[classes];
        for (int k = 0; k < classes; k++) {
            for (double count : histograms[k]) {
                totals[k] += count;
            }
        }
        double sum = 0;
        for (int bin = 0; bin < BINS; bin++) {
            double mean = 0;
            for (int k = 0; k < classes; k++) {
                mean += histograms[k][bin] / totals[k] / classes;
            }
            for (int k = 0; k < classes; k++) {
                double p = histograms[k][bin] / totals[k];
                sum += p > 0 ? p * Math.log(p / mean) / classes : 0;
            }
        }
        return sum / Math.log(classes);
    }
}
