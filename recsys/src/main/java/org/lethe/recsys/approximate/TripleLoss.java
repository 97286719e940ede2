package org.lethe.recsys.approximate;

import org.lethe.recsys.EmbeddingLearner.Loss;

/**
 * The training loss of some samples as a function of both tables, {@code Σ φ(s⁺, s⁻)}, in double: its value, its gradient and
 * products with its Hessian. Tables are one vector, users first. Where a model is propagated, they are its first layer.
 *
 * <p>φ is {@code −log σ(s⁺ − s⁻)} for a pairwise loss, {@code −log σ(s⁺) − log σ(−s⁻)} for a logistic and {@code ½(s⁺ − 1)² + ½(s⁻)²}
 * for a squared one.
 *
 * @param form the form of φ
 * @param samples the samples
 * @param dims length of a row
 * @param users number of users
 * @param graph the propagation before the scores
 */
record TripleLoss(Loss form, Triples samples, int dims, int users, Graph graph) {
    int size() {
        return samples.size();
    }

    /** The same samples over another graph. */
    TripleLoss over(Graph other) {
        return new TripleLoss(form, samples, dims, users, other);
    }

    /** The sum of the losses. */
    double value(double[] theta) {
        double sum = 0;
        for (double loss : values(theta)) {
            sum += loss;
        }
        return sum;
    }

    /** The loss of each sample. */
    double[] values(double[] theta) {
        double[] e = graph.apply(theta, dims);
        double[] losses = new double[size()];
        for (int n = 0; n < losses.length; n++) {
            losses[n] = of(score(e, n, samples.positives()), score(e, n, samples.negatives()));
        }
        return losses;
    }

    /** The mean of the losses; 0 without samples. */
    double mean(double[] theta) {
        return value(theta) / Math.max(1, size());
    }

    private double of(double high, double low) {
        return switch (form) {
            case PAIRWISE -> softplus(low - high);
            case LOGISTIC -> softplus(-high) + softplus(low);
            case SQUARED -> ((high - 1) * (high - 1) + low * low) / 2;
        };
    }

    /** The loss of a sample whose rows are all zero. */
    double untrained() {
        return of(0, 0);
    }

    /** The gradient of the sum. */
    double[] gradient(double[] theta) {
        return gradient(theta, n -> 1);
    }

    /** A weight of each sample. */
    @FunctionalInterface
    interface Weight {
        double of(int sample);
    }

    /** The gradient of the weighted sum. */
    double[] gradient(double[] theta, Weight weight) {
        double[] e = graph.apply(theta, dims);
        double[] g = new double[e.length];
        for (int n = 0; n < size(); n++) {
            double high = score(e, n, samples.positives());
            double low = score(e, n, samples.negatives());
            double w = weight.of(n);
            double atHigh = w * slopeHigh(high, low);
            double atLow = w * slopeLow(high, low);
            int p = samples.users()[n] * dims;
            int i = (users + samples.positives()[n]) * dims;
            int j = (users + samples.negatives()[n]) * dims;
            for (int d = 0; d < dims; d++) {
                g[p + d] += atHigh * e[i + d] + atLow * e[j + d];
                g[i + d] += atHigh * e[p + d];
                g[j + d] += atLow * e[p + d];
            }
        }
        return graph.apply(g, dims);
    }

    /** How fast the loss of each sample falls with its margin: the root mean square of its slopes in both scores. */
    double[] slopes(double[] theta) {
        double[] e = graph.apply(theta, dims);
        double[] slopes = new double[size()];
        for (int n = 0; n < slopes.length; n++) {
            double high = score(e, n, samples.positives());
            double low = score(e, n, samples.negatives());
            slopes[n] = Math.hypot(slopeHigh(high, low), slopeLow(high, low)) / Math.sqrt(2);
        }
        return slopes;
    }

    /** The sum over samples of the squares of each one's gradient, entry by entry: the diagonal of the empirical Fisher. */
    double[] squaredGradients(double[] theta) {
        double[] e = graph.apply(theta, dims);
        double[] squares = new double[e.length];
        for (int n = 0; n < size(); n++) {
            double high = score(e, n, samples.positives());
            double low = score(e, n, samples.negatives());
            double atHigh = slopeHigh(high, low);
            double atLow = slopeLow(high, low);
            int p = samples.users()[n] * dims;
            int i = (users + samples.positives()[n]) * dims;
            int j = (users + samples.negatives()[n]) * dims;
            for (int d = 0; d < dims; d++) {
                double own = atHigh * e[i + d] + atLow * e[j + d];
                squares[p + d] += own * own;
                squares[i + d] += atHigh * e[p + d] * atHigh * e[p + d];
                squares[j + d] += atLow * e[p + d] * atLow * e[p + d];
            }
        }
        return squares;
    }

    /**
     * The product of the Hessian of the sum at θ with v. The Gauss-Newton part leaves out the second derivatives of scores, and is
     * never negative.
     */
    double[] hessianTimes(double[] theta, double[] v, boolean gaussNewton) {
        double[] e = graph.apply(theta, dims);
        double[] along = graph.apply(v, dims);
        double[] product = new double[e.length];
        for (int n = 0; n < size(); n++) {
            int p = samples.users()[n] * dims;
            int i = (users + samples.positives()[n]) * dims;
            int j = (users + samples.negatives()[n]) * dims;
            double high = 0;
            double low = 0;
            double highMoves = 0;
            double lowMoves = 0;
            for (int d = 0; d < dims; d++) {
                high += e[p + d] * e[i + d];
                low += e[p + d] * e[j + d];
                highMoves += along[p + d] * e[i + d] + e[p + d] * along[i + d];
                lowMoves += along[p + d] * e[j + d] + e[p + d] * along[j + d];
            }
            double bent = bend(form == Loss.PAIRWISE ? high - low : high);
            double atHigh = form == Loss.PAIRWISE ? bent * (highMoves - lowMoves) : bent * highMoves;
            double atLow = form == Loss.PAIRWISE ? -atHigh : bend(low) * lowMoves;
            double slopeHigh = gaussNewton ? 0 : slopeHigh(high, low);
            double slopeLow = gaussNewton ? 0 : slopeLow(high, low);
            for (int d = 0; d < dims; d++) {
                product[p + d] +=
                        atHigh * e[i + d] + atLow * e[j + d] + slopeHigh * along[i + d] + slopeLow * along[j + d];
                product[i + d] += atHigh * e[p + d] + slopeHigh * along[p + d];
                product[j + d] += atLow * e[p + d] + slopeLow * along[p + d];
            }
        }
        return graph.apply(product, dims);
    }

    private double score(double[] e, int sample, int[] items) {
        int p = samples.users()[sample] * dims;
        int q = (users + items[sample]) * dims;
        double sum = 0;
        for (int d = 0; d < dims; d++) {
            sum = Math.fma(e[p + d], e[q + d], sum);
        }
        return sum;
    }

    private double slopeHigh(double high, double low) {
        return switch (form) {
            case PAIRWISE -> -sigmoid(low - high);
            case LOGISTIC -> -sigmoid(-high);
            case SQUARED -> high - 1;
        };
    }

    private double slopeLow(double high, double low) {
        return switch (form) {
            case PAIRWISE -> sigmoid(low - high);
            case LOGISTIC -> sigmoid(low);
            case SQUARED -> low;
        };
    }

    private double bend(double score) {
        double sigma = sigmoid(score);
        return form == Loss.SQUARED ? 1 : sigma * (1 - sigma);
    }

    static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }

    static double softplus(double x) {
        return Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    }
}
