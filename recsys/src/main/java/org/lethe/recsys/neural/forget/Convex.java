package org.lethe.recsys.neural.forget;

import java.util.function.UnaryOperator;
import org.lethe.recsys.approximate.Vectors;

/** A convex function of a row, and its minimum by Newton steps, each from conjugate gradients and halved until the function falls. */
interface Convex {
    int STEPS = 50;

    double value(double[] row);

    double[] gradient(double[] row);

    /** Products with the Hessian at a row. */
    UnaryOperator<double[]> hessian(double[] row);

    /** The minimiser from zero, to this length of the gradient. */
    default double[] minimum(int dims, double tolerance) {
        double[] row = new double[dims];
        double[] gradient = gradient(row);
        double first = Vectors.norm(gradient);
        for (int step = 0; step < STEPS && Vectors.norm(gradient) > tolerance; step++) {
            double forcing = Math.min(0.1, Math.sqrt(Vectors.norm(gradient) / first));
            double[] way = Vectors.conjugateGradients(hessian(row), gradient, forcing, 2 * dims)
                    .x();
            double before = value(row);
            double slope = Vectors.dot(gradient, way);
            double length = 1;
            while (length > 1e-10 && !(value(Vectors.plus(row, -length, way)) <= before - 1e-4 * length * slope)) {
                length /= 2;
            }
            if (length <= 1e-10) {
                return row; // rounding hides any further descent
            }
            row = Vectors.plus(row, -length, way);
            gradient = gradient(row);
        }
        return row;
    }

    /**
     * A row that is read, and whose state it is: {@code c log Σ_j exp(w_j · e + b_j) − Σ_j c_j (w_j · e + b_j) + (ridge/2)‖e‖²}.
     *
     * @param table the rows w that score, one after the other
     * @param bias b
     * @param counts c_j, how often j came next; c is their sum
     * @param ridge weight of the squared length
     */
    record Read(double[] table, double[] bias, double[] counts, double ridge) implements Convex {
        private double all() {
            double sum = 0;
            for (double count : counts) {
                sum += count;
            }
            return sum;
        }

        private double[] scores(double[] row) {
            double[] scores = times(table, row, counts.length);
            for (int j = 0; j < scores.length; j++) {
                scores[j] += bias[j];
            }
            return scores;
        }

        private double[] transposed(double[] of, double[] row) {
            int dims = row.length;
            double[] sum = Vectors.times(ridge, row);
            for (int j = 0; j < of.length; j++) {
                for (int d = 0; d < dims; d++) {
                    sum[d] = Math.fma(of[j], table[j * dims + d], sum[d]);
                }
            }
            return sum;
        }

        @Override
        public double value(double[] row) {
            double[] scores = scores(row);
            return all() * logSum(scores) - Vectors.dot(counts, scores) + ridge / 2 * Vectors.dot(row, row);
        }

        @Override
        public double[] gradient(double[] row) {
            double[] p = probabilities(row);
            double all = all();
            for (int j = 0; j < p.length; j++) {
                p[j] = all * p[j] - counts[j];
            }
            return transposed(p, row);
        }

        private double[] probabilities(double[] row) {
            double[] p = scores(row);
            double log = logSum(p);
            for (int j = 0; j < p.length; j++) {
                p[j] = Math.exp(p[j] - log);
            }
            return p;
        }

        @Override
        public UnaryOperator<double[]> hessian(double[] row) {
            double[] p = probabilities(row);
            double all = all();
            return v -> {
                double[] moved = times(table, v, p.length);
                double mean = Vectors.dot(p, moved);
                for (int j = 0; j < moved.length; j++) {
                    moved[j] = all * p[j] * (moved[j] - mean);
                }
                return transposed(moved, v);
            };
        }
    }

    /** The products of some rows with a vector; four rows at once, as a sum of its own waits for each addition. */
    static double[] times(double[] rows, double[] vector, int count) {
        double[] products = new double[count];
        int dims = vector.length;
        int j = 0;
        for (; j + 4 <= count; j += 4) {
            double a = 0;
            double b = 0;
            double c = 0;
            double e = 0;
            int at = j * dims;
            for (int d = 0; d < dims; d++) {
                double x = vector[d];
                a = Math.fma(rows[at + d], x, a);
                b = Math.fma(rows[at + dims + d], x, b);
                c = Math.fma(rows[at + 2 * dims + d], x, c);
                e = Math.fma(rows[at + 3 * dims + d], x, e);
            }
            products[j] = a;
            products[j + 1] = b;
            products[j + 2] = c;
            products[j + 3] = e;
        }
        for (; j < count; j++) {
            double sum = 0;
            for (int d = 0; d < dims; d++) {
                sum = Math.fma(rows[j * dims + d], vector[d], sum);
            }
            products[j] = sum;
        }
        return products;
    }

    /** The logarithm of a sum of exponentials. */
    static double logSum(double[] scores) {
        double most = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            most = Math.max(most, score);
        }
        double sum = 0;
        for (double score : scores) {
            sum += Math.exp(score - most);
        }
        return most + Math.log(sum);
    }

    /**
     * A row that scores: {@code Σ_m [n_m log(1 + exp(h_m · w + o_m)) − y_m (h_m · w + o_m)] + (ridge/2)‖w‖²} over states h.
     *
     * @param states h, one after the other
     * @param offsets o_m, the bias less the logarithm of what all other items add to the normaliser
     * @param counts n_m, how often the state occurs
     * @param hits y_m, how often the item came next
     * @param ridge weight of the squared length
     */
    record Scored(double[] states, double[] offsets, double[] counts, double[] hits, double ridge) implements Convex {
        private double[] scores(double[] row) {
            double[] scores = times(states, row, offsets.length);
            for (int m = 0; m < scores.length; m++) {
                scores[m] += offsets[m];
            }
            return scores;
        }

        private void add(double factor, int m, double[] to) {
            for (int d = 0; d < to.length; d++) {
                to[d] = Math.fma(factor, states[m * to.length + d], to[d]);
            }
        }

        @Override
        public double value(double[] row) {
            double sum = ridge / 2 * Vectors.dot(row, row);
            double[] scores = scores(row);
            for (int m = 0; m < scores.length; m++) {
                double s = scores[m];
                sum += counts[m] * (Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)))) - hits[m] * s;
            }
            return sum;
        }

        @Override
        public double[] gradient(double[] row) {
            double[] sum = Vectors.times(ridge, row);
            double[] scores = scores(row);
            for (int m = 0; m < scores.length; m++) {
                add(counts[m] / (1 + Math.exp(-scores[m])) - hits[m], m, sum);
            }
            return sum;
        }

        @Override
        public UnaryOperator<double[]> hessian(double[] row) {
            double[] curvature = new double[offsets.length];
            double[] scores = scores(row);
            for (int m = 0; m < curvature.length; m++) {
                double p = 1 / (1 + Math.exp(-scores[m]));
                curvature[m] = counts[m] * p * (1 - p);
            }
            return v -> {
                double[] sum = Vectors.times(ridge, v);
                double[] products = times(states, v, curvature.length);
                for (int m = 0; m < curvature.length; m++) {
                    add(curvature[m] * products[m], m, sum);
                }
                return sum;
            };
        }
    }
}
