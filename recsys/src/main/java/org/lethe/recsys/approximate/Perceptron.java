package org.lethe.recsys.approximate;

import org.lethe.numerics.Keyed;

/**
 * Two layers without bias, {@code y = W₂ max(0, W₁ x)}, from rows to rows: a row of zeros stays one.
 *
 * @param dims length of a row
 * @param hidden number of hidden units
 * @param weights W₁ [hidden, dims], then W₂ [dims, hidden]
 */
record Perceptron(int dims, int hidden, double[] weights) {
    /** Normal first weights of deviation {@code 1/√dims}, and second weights of zero: at first, every y is 0. */
    static Perceptron zero(int dims, int hidden, Keyed random) {
        double[] weights = new double[2 * dims * hidden];
        for (int n = 0; n < dims * hidden; n++) {
            weights[n] = Keyed.normal(random.at(n)) / Math.sqrt(dims);
        }
        return new Perceptron(dims, hidden, weights);
    }

    private double[] inner(double[] x, int at) {
        double[] h = new double[hidden];
        for (int k = 0; k < hidden; k++) {
            double sum = 0;
            for (int d = 0; d < dims; d++) {
                sum += weights[k * dims + d] * x[at + d];
            }
            h[k] = Math.max(0, sum);
        }
        return h;
    }

    /** Adds {@code factor · y} of the marked rows of x to {@code into}. */
    void add(double[] x, boolean[] rows, double factor, double[] into) {
        int second = dims * hidden;
        for (int row = 0; row < rows.length; row++) {
            if (rows[row]) {
                double[] h = inner(x, row * dims);
                for (int d = 0; d < dims; d++) {
                    for (int k = 0; k < hidden; k++) {
                        into[row * dims + d] += factor * weights[second + d * hidden + k] * h[k];
                    }
                }
            }
        }
    }

    /**
     * The gradient by the weights of a function of {@code factor · y}, from its gradient by that; adds the gradient by x to
     * {@code byInput}.
     */
    double[] back(double[] x, boolean[] rows, double factor, double[] byOutput, double[] byInput) {
        int second = dims * hidden;
        double[] g = new double[weights.length];
        for (int row = 0; row < rows.length; row++) {
            if (!rows[row]) {
                continue;
            }
            int at = row * dims;
            double[] h = inner(x, at);
            for (int k = 0; k < hidden; k++) {
                if (h[k] <= 0) {
                    continue;
                }
                double slope = 0;
                for (int d = 0; d < dims; d++) {
                    double out = factor * byOutput[at + d];
                    g[second + d * hidden + k] += out * h[k];
                    slope += out * weights[second + d * hidden + k];
                }
                for (int d = 0; d < dims; d++) {
                    g[k * dims + d] += slope * x[at + d];
                    byInput[at + d] += slope * weights[k * dims + d];
                }
            }
        }
        return g;
    }
}
