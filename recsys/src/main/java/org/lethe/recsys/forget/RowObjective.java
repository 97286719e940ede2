package org.lethe.recsys.forget;

import java.util.Arrays;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;

/**
 * The training objective as a function of one row, all other rows fixed: {@code Σ ℓ(x·p + offset, y) + (ridge/2)‖p‖²} over
 * samples (x, offset, y). In double, as influence needs.
 *
 * @param squared whether ℓ is ½(s − y)²; otherwise it is the logistic loss {@code −y log σ(s) − (1−y) log σ(−s)}
 * @param dims length of the row
 * @param x the fixed rows of the samples, or differences of two for a pairwise loss
 * @param offset the parts of the scores that do not depend on the row
 * @param y the labels of the samples
 * @param ridge weight of the squared length
 */
public record RowObjective(boolean squared, int dims, double[] x, double[] offset, double[] y, double ridge) {
    /** Scores that depend on the row alone. */
    public RowObjective(boolean squared, int dims, double[] x, double[] y, double ridge) {
        this(squared, dims, x, new double[y.length], y, ridge);
    }

    /**
     * A user's samples: each interaction with label 1, and one sampled negative with label 0, or their difference with
     * label 1 if the loss is pairwise. Negatives are drawn by (user, item), afresh for this purpose, since a finished
     * model has no epoch.
     */
    static RowObjective of(int user, Interactions train, Embeddings model, Loss loss, double ridge, Env env) {
        Keyed random = env.random("influence-negatives");
        int dims = model.dims();
        int degree = train.degree(user);
        boolean pairwise = loss == Loss.PAIRWISE;
        double[] x = new double[degree * dims * (pairwise ? 1 : 2)];
        double[] y = new double[x.length / dims];
        float[] items = model.itemRows();
        Interactions alone = train.ofUsers(new int[] {user});
        int[] against = new int[degree];
        negatives(alone, random, against);
        for (int n = 0; n < degree; n++) {
            int i = alone.item(n) * dims;
            int j = against[n] * dims;
            y[n] = 1;
            for (int d = 0; d < dims; d++) {
                if (pairwise) {
                    x[n * dims + d] = items[i + d] - items[j + d];
                } else {
                    x[n * dims + d] = items[i + d];
                    x[(degree + n) * dims + d] = items[j + d];
                }
            }
        }
        return new RowObjective(loss == Loss.SQUARED, dims, x, y, ridge);
    }

    /** The value of the objective. */
    public double value(double[] p) {
        double total = ridge / 2 * dot(p, 0, p);
        for (int n = 0; n < y.length; n++) {
            double s = dot(p, n * dims, x) + offset[n];
            total += squared ? (s - y[n]) * (s - y[n]) / 2 : softplus(s) - y[n] * s;
        }
        return total;
    }

    /** The gradient of the objective. */
    public double[] gradient(double[] p) {
        double[] g = new double[dims];
        for (int d = 0; d < dims; d++) {
            g[d] = ridge * p[d];
        }
        for (int n = 0; n < y.length; n++) {
            double s = dot(p, n * dims, x) + offset[n];
            add((squared ? s : sigmoid(s)) - y[n], n * dims, g);
        }
        return g;
    }

    /** The product of its Hessian at p with v; the Hessian itself is never formed. */
    public double[] hessianTimes(double[] p, double[] v) {
        double[] product = new double[dims];
        for (int d = 0; d < dims; d++) {
            product[d] = ridge * v[d];
        }
        for (int n = 0; n < y.length; n++) {
            double sigma = sigmoid(dot(p, n * dims, x) + offset[n]);
            add((squared ? 1 : sigma * (1 - sigma)) * dot(v, n * dims, x), n * dims, product);
        }
        return product;
    }

    /** Solves {@code (H + damping·I) z = right} by conjugate gradients, H at p, to a residual of 10⁻¹³ of the right side. */
    public double[] solve(double[] p, double[] right, double damping) {
        double[] z = new double[dims];
        double[] residual = right.clone();
        double[] direction = right.clone();
        double norm = dot(residual, 0, residual);
        double enough = 1e-26 * norm;
        for (int step = 0; step < 4 * dims + 20 && norm > enough; step++) {
            double[] product = hessianTimes(p, direction);
            for (int d = 0; d < dims; d++) {
                product[d] += damping * direction[d];
            }
            double length = norm / dot(direction, 0, product);
            for (int d = 0; d < dims; d++) {
                z[d] += length * direction[d];
                residual[d] -= length * product[d];
            }
            double next = dot(residual, 0, residual);
            for (int d = 0; d < dims; d++) {
                direction[d] = residual[d] + next / norm * direction[d];
            }
            norm = next;
        }
        return z;
    }

    /**
     * Newton steps {@code p − (H + damping·I)⁻¹∇}, each halved until the objective does not rise, until the gradient
     * vanishes or so many are made.
     */
    public double[] newton(double[] start, double damping, int steps) {
        double[] p = start;
        for (int step = 0; step < steps; step++) {
            double[] gradient = gradient(p);
            if (Arrays.stream(gradient).allMatch(g -> Math.abs(g) < 1e-14)) {
                return p;
            }
            double[] z = solve(p, gradient, damping);
            double before = value(p);
            double[] next = moved(p, z, 1);
            for (double length = 0.5; length > 1e-9 && value(next) > before; length /= 2) {
                next = moved(p, z, length);
            }
            p = next;
        }
        return p;
    }

    private static double[] moved(double[] p, double[] z, double length) {
        double[] next = new double[p.length];
        for (int d = 0; d < p.length; d++) {
            next[d] = p[d] - length * z[d];
        }
        return next;
    }

    private double dot(double[] p, int from, double[] rows) {
        double sum = 0;
        for (int d = 0; d < dims; d++) {
            sum += p[d] * rows[from + d];
        }
        return sum;
    }

    private void add(double a, int from, double[] to) {
        for (int d = 0; d < dims; d++) {
            to[d] += a * x[from + d];
        }
    }

    /** A user's row in double. */
    static double[] row(Embeddings model, int user) {
        double[] row = new double[model.dims()];
        for (int d = 0; d < row.length; d++) {
            row[d] = model.userRows()[user * row.length + d];
        }
        return row;
    }

    /** One item per interaction that its user never took; the interaction's own where there is none. */
    static void negatives(Interactions train, Keyed random, int[] into) {
        for (int u = 0; u < train.users(); u++) {
            for (int k = train.from(u); k < train.to(u); k++) {
                int item = train.item(k);
                into[k] = train.degree(u) == train.items() ? item : negative(train, u, random, item);
            }
        }
    }

    private static int negative(Interactions train, int user, Keyed random, int item) {
        long bits = random.at(train.userKey(user), item);
        int drawn = Keyed.below(bits, train.items());
        while (train.contains(user, drawn)) {
            bits = Keyed.mix(bits + 0x9E3779B97F4A7C15L);
            drawn = Keyed.below(bits, train.items());
        }
        return drawn;
    }

    /** The logistic function. */
    public static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** The logarithm of 1 + eˣ. */
    public static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }
}
