package org.lethe.recsys.backbone;

import java.util.function.IntConsumer;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Workers;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/**
 * Matrix factorisation of ratings by alternating least squares (Koren, Bell and Volinsky 2009; the model of Unlearn-ALS,
 * Xu et al. 2022).
 *
 * <p>Minimises {@code Σ (r_ui − p_u·q_i)² + λ (‖P‖² + ‖Q‖²)} over the interactions. Each half of an iteration solves every row
 * of one side, {@code (Σ q qᵀ + λI) p = Σ r q} over the row's interactions, in double; the objective therefore never
 * rises. Interactions without a value count as 1. It predicts ratings: its lists are weaker than those of {@code als}, which
 * also learns from what did not happen.
 *
 * <p>An iteration costs O(interactions · dims² + rows · dims³). Users without interactions keep their initial row; an item
 * without interactions gets the zero row.
 *
 * @param dims number of dimensions of an embedding
 * @param iterations most iterations, each over users and then over items
 * @param lambda weight of the squared length of rows
 * @param initialSd standard deviation of the initial rows
 * @param patience stop after this many iterations without improvement of the validation score
 */
@Named("explicit-als")
public record ExplicitAls(int dims, int iterations, double lambda, double initialSd, int patience)
        implements AlternatingLearner {
    private static final int ROWS = 32; // rows a worker takes at a time

    public ExplicitAls {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(lambda >= 1e-6 && lambda <= 1e6, "lambda", lambda, "0.000001 to 1,000,000");
        Check.require(initialSd > 0 && initialSd < 1e3, "initialSd", initialSd, "above 0 and below 1000");
        Check.require(patience >= 0, "patience", patience, "at least 0");
    }

    /** 15 iterations of 16 dimensions with λ 5. */
    public ExplicitAls() {
        this(16, 15, 5, 0.1, 5);
    }

    public ExplicitAls withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public ExplicitAls withLambda(double lambda) {
        return Components.with(this, "lambda", lambda);
    }

    @Override
    public ExplicitAls withEpochs(int epochs) {
        return new ExplicitAls(dims, epochs, lambda, initialSd, patience);
    }

    @Override
    public int epochs() {
        return iterations;
    }

    @Override
    public Loss loss() {
        return Loss.SQUARED;
    }

    @Override
    public Checkpoint start(Split data, Env env) {
        return new Checkpoint(
                Training.initial(data.train(), env, dims, initialSd), new float[0][], new float[0][], 0, 0);
    }

    @Override
    public Checkpoint resume(Checkpoint from, Split data, Env env) {
        Training.requireInteractions("explicit-als", data);
        Alternation course = new Alternation(this, from.model(), data.train(), env.workers());
        return Training.run("explicit-als", course, data, env, from.epochs(), iterations, patience);
    }

    @Override
    public Settled settle(Embeddings from, Interactions train, int[] first, double tolerance, int most, Env env) {
        Alternation course = new Alternation(this, from, train, env.workers());
        for (int u : first) {
            if (train.degree(u) > 0) {
                course.solveUser(u);
            } else {
                float[] row = Training.initialUser(train, u, env, dims, initialSd);
                for (int d = 0; d < dims; d++) {
                    course.users[u * dims + d] = row[d];
                }
            }
        }
        double change = Double.POSITIVE_INFINITY;
        int done = 0;
        for (; done < most && change >= tolerance; done++) {
            double[] users = course.users.clone();
            double[] items = course.items.clone();
            course.epoch(done);
            change = Math.max(distance(users, course.users), distance(items, course.items));
        }
        return new Settled(course.model(), done, change);
    }

    private static double distance(double[] left, double[] right) {
        double largest = 0;
        for (int n = 0; n < left.length; n++) {
            largest = Math.max(largest, Math.abs(left[n] - right[n]));
        }
        return largest;
    }

    @Override
    public Estimate estimate(Split data) {
        double rows = data.users() + data.items();
        double iteration = 2e-9 * dims * dims * data.train().size() + 1e-9 * dims * dims * dims * rows;
        return new Estimate(0.2 + iterations * iteration, (long) (rows * dims * Double.BYTES * 2));
    }

    /**
     * The ridge solution {@code (Σ q qᵀ + λI)⁻¹ Σ r q} over the rows q = {@code partners[from … to−1]} of a table, by a Cholesky
     * factorisation.
     */
    static double[] solved(double[] table, int dims, int[] partners, float[] values, int from, int to, double lambda) {
        double[][] a = new double[dims][dims];
        double[] b = new double[dims];
        for (int k = from; k < to; k++) {
            int q = partners[k] * dims;
            double value = values.length == 0 ? 1 : values[k];
            for (int c = 0; c < dims; c++) {
                double x = table[q + c];
                b[c] += value * x;
                for (int d = 0; d <= c; d++) {
                    a[c][d] += x * table[q + d];
                }
            }
        }
        for (int c = 0; c < dims; c++) {
            a[c][c] += lambda;
            for (int d = 0; d <= c; d++) {
                double sum = a[c][d];
                for (int e = 0; e < d; e++) {
                    sum -= a[c][e] * a[d][e];
                }
                if (c == d && !(sum > 0 && sum < Double.POSITIVE_INFINITY)) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            "explicit-als: the normal equations have a pivot of " + sum + "; a larger lambda may help");
                }
                a[c][d] = c == d ? Math.sqrt(sum) : sum / a[d][d];
            }
            for (int d = 0; d < c; d++) {
                b[c] -= a[c][d] * b[d];
            }
            b[c] /= a[c][c];
        }
        for (int c = dims - 1; c >= 0; c--) {
            for (int d = c + 1; d < dims; d++) {
                b[c] -= a[d][c] * b[d];
            }
            b[c] /= a[c][c];
        }
        return b;
    }

    /** The two tables in turn, in double. */
    static final class Alternation implements Training.Course<Checkpoint> {
        private final ExplicitAls settings;
        private final Interactions train;
        private final float[] values; // beside columns; empty for ones
        private final Interactions.ByItem byItem;
        private final float[] itemValues; // the values in the order of the item-wise view
        private final Workers workers;
        final double[] users;
        final double[] items;

        Alternation(ExplicitAls settings, Embeddings from, Interactions train, Workers workers) {
            this.settings = settings;
            this.train = train;
            this.workers = workers;
            values = train.values().orElse(new float[0]);
            byItem = train.byItem();
            itemValues = new float[values.length];
            int[] next = byItem.starts().clone();
            for (int k = 0; k < values.length; k++) { // by user, as the view is
                itemValues[next[train.item(k)]++] = values[k];
            }
            users = doubles(from.userRows());
            items = doubles(from.itemRows());
        }

        private static double[] doubles(float[] values) {
            double[] doubles = new double[values.length];
            for (int n = 0; n < values.length; n++) {
                doubles[n] = values[n];
            }
            return doubles;
        }

        @Override
        public double epoch(int number) {
            solveUsers();
            solveItems();
            return objective() / train.size();
        }

        void solveUsers() {
            each(train.users(), u -> {
                if (train.degree(u) > 0) {
                    solveUser(u);
                }
            });
        }

        void solveUser(int user) {
            int dims = settings.dims;
            double[] row =
                    solved(items, dims, train.columns(), values, train.from(user), train.to(user), settings.lambda);
            System.arraycopy(row, 0, users, user * dims, dims);
        }

        void solveItems() {
            int dims = settings.dims;
            each(train.items(), i -> {
                double[] row = solved(
                        users,
                        dims,
                        byItem.users(),
                        itemValues,
                        byItem.starts()[i],
                        byItem.starts()[i + 1],
                        settings.lambda);
                System.arraycopy(row, 0, items, i * dims, dims);
            });
        }

        private void each(int rows, IntConsumer body) {
            workers.each((rows + ROWS - 1) / ROWS, block -> {
                for (int row = block * ROWS; row < Math.min(rows, (block + 1) * ROWS); row++) {
                    body.accept(row);
                }
            });
        }

        /** The objective; users without interactions take no part. */
        double objective() {
            int dims = settings.dims;
            double sum = 0;
            for (int u = 0; u < train.users(); u++) {
                for (int k = train.from(u); k < train.to(u); k++) {
                    double error = values.length == 0 ? 1 : values[k];
                    for (int d = 0; d < dims; d++) {
                        error -= users[u * dims + d] * items[train.item(k) * dims + d];
                    }
                    sum += error * error;
                }
                for (int d = 0; d < dims && train.degree(u) > 0; d++) {
                    sum += settings.lambda * users[u * dims + d] * users[u * dims + d];
                }
            }
            for (double q : items) {
                sum += settings.lambda * q * q;
            }
            return sum;
        }

        @Override
        public Embeddings model() {
            return new Embeddings(settings.dims, floats(users), floats(items));
        }

        private static float[] floats(double[] values) {
            float[] floats = new float[values.length];
            for (int n = 0; n < values.length; n++) {
                floats[n] = (float) values[n];
            }
            return floats;
        }

        @Override
        public Checkpoint snapshot(int epochs) {
            return new Checkpoint(model(), new float[0][], new float[0][], epochs, epochs);
        }
    }
}
