package org.lethe.recsys.approximate;

import java.util.function.IntToDoubleFunction;

/** Adam (Kingma and Ba 2015) over joined tables, from zero moments: an entry whose gradient has always been 0 keeps its bits. */
final class Adam {
    private final double rate;
    private final double[] first;
    private final double[] second;
    private int steps;

    Adam(int size, double rate) {
        this.rate = rate;
        first = new double[size];
        second = new double[size];
    }

    /** One step against the gradient. */
    void step(double[] theta, double[] gradient) {
        step(theta, gradient, n -> 1);
    }

    /** One step against the gradient, each entry's step times a factor. */
    void step(double[] theta, double[] gradient, IntToDoubleFunction factor) {
        steps++;
        double ofFirst = 1 / (1 - Math.pow(0.9, steps));
        double ofSecond = 1 / (1 - Math.pow(0.999, steps));
        for (int n = 0; n < theta.length; n++) {
            double g = gradient[n];
            if (g == 0 && first[n] == 0) {
                continue;
            }
            first[n] = 0.9 * first[n] + 0.1 * g;
            second[n] = 0.999 * second[n] + 0.001 * g * g;
            double step = first[n] * ofFirst / (Math.sqrt(second[n] * ofSecond) + 1e-8);
            theta[n] -= rate * factor.applyAsDouble(n) * step;
        }
    }
}
