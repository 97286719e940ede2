package org.lethe.recsys.backbone;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Workers;
import org.lethe.numerics.FactorSteps;
import org.lethe.numerics.NormalEquations;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/**
 * Implicit matrix factorisation by alternating least squares (Hu, Koren and Volinsky 2008, section 4).
 *
 * <p>Minimises {@code Σ_ui c_ui (r_ui − p_u·q_i)² + λ (‖P‖² + ‖Q‖²)} over all pairs, r = 1 and c = 1 + α for those that
 * happened and r = 0, c = 1 for the others. Each half of an iteration solves every row of one side exactly,
 * {@code (QᵀQ + λI + α Σ q qᵀ) p = (1 + α) Σ q} over the row's interactions, by a Cholesky factorisation in floats; the
 * objective therefore never rises. An iteration costs O((interactions · dims² + rows · dims³)); no negatives are drawn.
 *
 * <p>Users without interactions keep their initial row and take no part in the sums over users; an item without
 * interactions gets the zero row, which is its exact solution.
 *
 * @param dims number of dimensions of an embedding; multiples of 16 use whole vector registers
 * @param iterations most iterations, each over users and then over items
 * @param alpha added weight of a pair that happened
 * @param lambda weight of the squared length of rows
 * @param initialSd standard deviation of the initial item rows
 * @param patience stop after this many iterations without improvement of the validation score
 */
@Named("als")
public record ImplicitAls(int dims, int iterations, double alpha, double lambda, double initialSd, int patience)
        implements AlternatingLearner {
    public ImplicitAls {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(alpha >= 0 && alpha <= 1e6, "alpha", alpha, "0 to 1,000,000");
        Check.require(lambda >= 1e-6 && lambda <= 1e6, "lambda", lambda, "0.000001 to 1,000,000");
        Check.require(initialSd > 0 && initialSd < 1e3, "initialSd", initialSd, "above 0 and below 1000");
        Check.require(patience >= 0, "patience", patience, "at least 0");
    }

    /** α 10, λ 5 and 8 iterations of 64 dimensions: better than BPR at its early stop on MovieLens-1M. */
    public ImplicitAls() {
        this(64, 8, 10, 5, 0.1, 3);
    }

    @Override
    public int epochs() {
        return iterations;
    }

    public ImplicitAls withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public ImplicitAls withLambda(double lambda) {
        return Components.with(this, "lambda", lambda);
    }

    public ImplicitAls withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public ImplicitAls withEpochs(int epochs) {
        return new ImplicitAls(dims, epochs, alpha, lambda, initialSd, patience);
    }

    @Override
    public Loss loss() {
        return Loss.SQUARED;
    }

    @Override
    public Checkpoint start(Split data, Env env) {
        Embeddings model = Training.initial(data.train(), env, dims, initialSd);
        return new Checkpoint(model, new float[0][], new float[0][], 0, 0);
    }

    @Override
    public Checkpoint resume(Checkpoint from, Split data, Env env) {
        Training.requireInteractions("als", data);
        Alternation course = new Alternation(this, from, data.train(), env.workers());
        return Training.run("als", course, data, env, from.epochs(), iterations, patience);
    }

    @Override
    public Settled settle(Embeddings from, Interactions train, int[] first, double tolerance, int most, Env env) {
        Checkpoint at = new Checkpoint(from, new float[0][], new float[0][], 0, 0);
        Alternation course = new Alternation(this, at, train, env.workers());
        course.solveUsers(first, env);
        double change = Double.POSITIVE_INFINITY;
        int done = 0;
        for (; done < most && change >= tolerance; done++) {
            float[] users = course.users.clone();
            float[] items = course.items.clone();
            course.epoch(done);
            change = Math.max(distance(users, course.users), distance(items, course.items));
        }
        return new Settled(course.model(), done, change);
    }

    private static double distance(float[] left, float[] right) {
        double largest = 0;
        for (int n = 0; n < left.length; n++) {
            largest = Math.max(largest, Math.abs((double) left[n] - right[n]));
        }
        return largest;
    }

    @Override
    public Estimate estimate(Split data) {
        double rows = data.users() + data.items();
        double iteration = 2e-11 * dims * dims * data.train().size() + 3e-11 * dims * dims * dims * rows;
        return new Estimate(0.2 + iterations * iteration, (long) (rows * dims * Float.BYTES * 2));
    }

    /** The two tables in turn. */
    static final class Alternation implements Training.Course<Checkpoint> {
        private static final int GRAM_BLOCKS = 16; // fixed, so that the sum does not depend on the workers
        private static final int ROWS = 32; // rows a worker takes at a time

        private final ImplicitAls settings;
        private final Interactions train;
        private final Interactions.ByItem byItem;
        private final Workers workers;
        private final int stride;
        private final float[] users;
        private final float[] items;
        private final int[] someone; // users with interactions: who takes part
        private final int[] everything; // items
        private final double[] fits; // of items: what a row's solution takes off the objective
        private long steps;

        Alternation(ImplicitAls settings, Checkpoint from, Interactions train, Workers workers) {
            this.settings = settings;
            this.train = train;
            this.byItem = train.byItem();
            this.workers = workers;
            stride = FactorSteps.stride(settings.dims);
            users = padded(from.model().userRows(), settings.dims, stride);
            items = padded(from.model().itemRows(), settings.dims, stride);
            someone = IntStream.range(0, train.users())
                    .filter(u -> train.degree(u) > 0)
                    .toArray();
            everything = IntStream.range(0, train.items()).toArray();
            fits = new double[Math.max(train.users(), train.items())];
            steps = from.steps();
        }

        @Override
        public double epoch(int number) {
            solve("user", items, everything, train.starts(), train.columns(), users, u -> train.degree(u) > 0);
            solve("item", users, someone, byItem.starts(), byItem.users(), items, i -> true);
            steps++;
            return objective() / train.size();
        }

        /** Solves the rows of some users, items fixed; a user without interactions gets its initial row. */
        void solveUsers(int[] some, Env env) {
            float[] gram = itemGram();
            workers.each(some.length, n -> {
                int user = some[n];
                if (train.degree(user) > 0) {
                    solveUser(user, gram);
                } else {
                    float[] row = Training.initialUser(train, user, env, settings.dims, settings.initialSd);
                    System.arraycopy(row, 0, users, user * stride, settings.dims);
                }
            });
        }

        /** Solves the row of one user; {@code gram} is that of the items. */
        void solveUser(int user, float[] gram) {
            float[] a = new float[stride * stride];
            float[] b = new float[stride];
            solveRow("user", user, items, train.starts(), train.columns(), gram, a, b, users);
        }

        /** λI + QᵀQ of the items. */
        float[] itemGram() {
            return gram(items, everything);
        }

        /**
         * Of the rows of one side against a table of the other: {@code starts} and {@code partners} say which pairs
         * happened, {@code present} are the rows of the table that take part in sums over all pairs.
         */
        private void solve(
                String side,
                float[] table,
                int[] present,
                int[] starts,
                int[] partners,
                float[] into,
                IntPredicate moves) {
            float[] gram = gram(table, present);
            int rows = starts.length - 1;
            workers.each((rows + ROWS - 1) / ROWS, block -> {
                float[] a = new float[stride * stride];
                float[] b = new float[stride];
                for (int row = block * ROWS; row < Math.min(rows, (block + 1) * ROWS); row++) {
                    if (!moves.test(row)) {
                        continue;
                    }
                    solveRow(side, row, table, starts, partners, gram, a, b, into);
                    fits[row] = squared(b); // y of Uᵀy = b, so ‖y‖² = bᵀA⁻¹b
                }
            });
        }

        /** One row; {@code a} and {@code b} are used up. */
        private void solveRow(
                String side,
                int row,
                float[] table,
                int[] starts,
                int[] partners,
                float[] gram,
                float[] a,
                float[] b,
                float[] into) {
            int from = starts[row];
            int to = starts[row + 1];
            NormalEquations.outer(table, stride, partners, from, to, (float) settings.alpha, gram, a);
            Arrays.fill(b, 0);
            NormalEquations.sum(table, stride, partners, from, to, b);
            for (int d = 0; d < stride; d++) {
                b[d] *= (float) (1 + settings.alpha);
            }
            float[] x = new float[stride];
            if (!NormalEquations.solve(a, stride, b, x)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "als: the normal equations of " + side + " " + row
                                + " are not positive definite; a larger lambda may help");
            }
            System.arraycopy(x, 0, into, row * stride, stride);
        }

        /** λI + TᵀT over the rows that take part, in the upper half. */
        private float[] gram(float[] table, int[] present) {
            float[][] parts = new float[GRAM_BLOCKS][];
            workers.each(GRAM_BLOCKS, block -> {
                int from = (int) ((long) present.length * block / GRAM_BLOCKS);
                int to = (int) ((long) present.length * (block + 1) / GRAM_BLOCKS);
                float[] part = new float[stride * stride];
                NormalEquations.outer(table, stride, present, from, to, 1, part, part);
                parts[block] = part;
            });
            float[] gram = new float[stride * stride];
            for (int d = 0; d < stride; d++) {
                gram[d * stride + d] = (float) settings.lambda;
            }
            for (float[] part : parts) {
                for (int n = 0; n < gram.length; n++) {
                    gram[n] += part[n];
                }
            }
            return gram;
        }

        /** The objective after the items were solved: at its minimum an item's part is {@code Σ c r² − bᵀA⁻¹b}. */
        private double objective() {
            double sum = (1 + settings.alpha) * train.size();
            for (int i = 0; i < train.items(); i++) {
                sum -= fits[i];
            }
            for (int u : someone) {
                for (int d = u * stride; d < (u + 1) * stride; d++) {
                    sum += settings.lambda * users[d] * users[d];
                }
            }
            return sum;
        }

        private static double squared(float[] y) {
            double sum = 0;
            for (float v : y) {
                sum += (double) v * v;
            }
            return sum;
        }

        @Override
        public Embeddings model() {
            return new Embeddings(
                    settings.dims,
                    packed(users, train.users(), settings.dims, stride),
                    packed(items, train.items(), settings.dims, stride));
        }

        @Override
        public Checkpoint snapshot(int epochs) {
            return new Checkpoint(model(), new float[0][], new float[0][], steps, epochs);
        }

        private static float[] padded(float[] rows, int dims, int stride) {
            float[] padded = new float[rows.length / dims * stride];
            for (int row = 0; row < rows.length / dims; row++) {
                System.arraycopy(rows, row * dims, padded, row * stride, dims);
            }
            return padded;
        }

        private static float[] packed(float[] padded, int rows, int dims, int stride) {
            float[] packed = new float[rows * dims];
            for (int row = 0; row < rows; row++) {
                System.arraycopy(padded, row * stride, packed, row * dims, dims);
            }
            return packed;
        }
    }
}
