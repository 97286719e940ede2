package org.lethe.statistics;

import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.RealVector;

/**
 * Logistic regression, the plainest attack model: features brought to mean 0 and deviation 1, a ridge of 1 on every weight but the
 * intercept, fitted by Newton's method. The objective is strictly convex, so the fit depends on the data alone: no seed, no
 * learning rate, no order of rows.
 */
public final class LogisticRegression {
    private static final int STEPS = 50;
    private static final double RIDGE = 1;

    private final double[] mean;
    private final double[] scale;
    private final double[] weights; // the last one is the intercept

    private LogisticRegression(double[] mean, double[] scale, double[] weights) {
        this.mean = mean;
        this.scale = scale;
        this.weights = weights;
    }

    /** Fits to rows of features, each a member or not. */
    public static LogisticRegression fit(double[][] rows, boolean[] member) {
        int d = rows[0].length;
        double[] mean = new double[d];
        double[] scale = new double[d];
        for (int j = 0; j < d; j++) {
            double sum = 0;
            double squares = 0;
            for (double[] row : rows) {
                sum += row[j];
            }
            mean[j] = sum / rows.length;
            for (double[] row : rows) {
                squares += (row[j] - mean[j]) * (row[j] - mean[j]);
            }
            double deviation = Math.sqrt(squares / rows.length);
            scale[j] = deviation > 1e-12 ? 1 / deviation : 0;
        }
        LogisticRegression model = new LogisticRegression(mean, scale, new double[d + 1]);
        double[][] x = new double[rows.length][];
        for (int n = 0; n < rows.length; n++) {
            x[n] = model.standardised(rows[n]);
        }
        for (int step = 0; step < STEPS; step++) {
            if (model.newton(x, member) < 1e-9) {
                break;
            }
        }
        return model;
    }

    /** One Newton step; returns the largest change of a weight. */
    private double newton(double[][] x, boolean[] member) {
        int d = weights.length;
        double[] gradient = new double[d];
        double[][] hessian = new double[d][d];
        for (int n = 0; n < x.length; n++) {
            double[] row = x[n];
            double p = sigmoid(dot(row));
            double residual = p - (member[n] ? 1 : 0);
            double curvature = p * (1 - p);
            for (int j = 0; j < d; j++) {
                gradient[j] += residual * row[j];
                double weight = curvature * row[j];
                double[] sums = hessian[j];
                for (int k = 0; k <= j; k++) {
                    sums[k] += weight * row[k];
                }
            }
        }
        for (int j = 0; j < d; j++) {
            double ridge = j < d - 1 ? RIDGE : 1e-6;
            gradient[j] += ridge * weights[j];
            hessian[j][j] += ridge;
            for (int k = 0; k < j; k++) {
                hessian[k][j] = hessian[j][k];
            }
        }
        RealVector change = new CholeskyDecomposition(new Array2DRowRealMatrix(hessian, false))
                .getSolver()
                .solve(new ArrayRealVector(gradient, false));
        // a full step overshoots only where the fit is nearly separable; the cap keeps every step finite
        double damping = Math.min(1, 5 / Math.max(change.getLInfNorm(), 1e-300));
        for (int j = 0; j < d; j++) {
            weights[j] -= damping * change.getEntry(j);
        }
        return damping * change.getLInfNorm();
    }

    /** The log-odds that a row belongs to a member. */
    public double logOdds(double[] row) {
        return dot(standardised(row));
    }

    private double[] standardised(double[] row) {
        double[] x = new double[row.length + 1];
        for (int j = 0; j < row.length; j++) {
            x[j] = (row[j] - mean[j]) * scale[j];
        }
        x[row.length] = 1;
        return x;
    }

    private double dot(double[] x) {
        double sum = 0;
        for (int j = 0; j < x.length; j++) {
            sum += weights[j] * x[j];
        }
        return sum;
    }

    /** The probability of log-odds. */
    public static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }
}
