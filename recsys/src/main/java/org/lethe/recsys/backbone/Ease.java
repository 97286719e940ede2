package org.lethe.recsys.backbone;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Storable;

/**
 * A linear autoencoder of users' lists in closed form (EASE; Steck 2019, arXiv 1905.03375, section 3).
 *
 * <p>With {@code P = (XᵀX + λI)⁻¹} over the 0/1 matrix X of users and items, item weights are {@code B_ij = −P_ij / P_jj} for
 * i ≠ j and {@code B_jj = 0}; the scores of a user with row x are {@code xB}. There are no embeddings and no random numbers.
 *
 * <p>The model is P in double and the users' lists. Training costs {@code O(items³/2)} once: about 2 s at 3,400 items; memory is
 * {@code 8 · items²} bytes. A user leaves it again by the method {@code downdate}.
 *
 * @param lambda weight λ of the squared length of item weights
 */
@Named("ease")
public record Ease(double lambda) implements Learner<Split, Recommender> {
    private static final int MOST = 16_000; // items; P is 2 GB there

    public Ease {
        Check.require(lambda >= 1e-6 && lambda <= 1e9, "lambda", lambda, "0.000001 to 1e9");
    }

    /** λ 200, for data of thousands of users. */
    public Ease() {
        this(200);
    }

    public Ease withLambda(double lambda) {
        return Components.with(this, "lambda", lambda);
    }

    @Override
    public Model train(Split data, Env env) {
        if (data.items() > MOST) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "ease: the data has " + data.items() + " items, expected at most " + MOST
                            + ", since its memory grows with their square");
        }
        env.ledger().count("interactions-trained", data.train().size());
        return new Model(lambda, GramInverse.of(data.train(), lambda, env.workers()), data.train());
    }

    @Override
    public Estimate estimate(Split data) {
        double items = data.items();
        return new Estimate(0.1 + 1.5e-10 * items * items * items / 2, (long) (16 * items * items));
    }

    /** P and the users' lists. Immutable. */
    public static final class Model implements Storable {
        private final double lambda;
        private final GramInverse inverse;
        private final Interactions lists;

        Model(double lambda, GramInverse inverse, Interactions lists) {
            this.lambda = lambda;
            this.inverse = inverse;
            this.lists = StoredLists.bare(lists);
        }

        /** The weight of the squared length of item weights. */
        public double lambda() {
            return lambda;
        }

        /** The training interactions that scores are made of. */
        public Interactions lists() {
            return lists;
        }

        /** The weight of an item in the score of another. */
        public double weight(int of, int in) {
            return of == in ? 0 : -inverse.row(in)[of] / inverse.row(in)[in];
        }

        /**
         * The way to other lists: items that lose all their interactions, and after that users whose lists differ.
         *
         * @param items items that go
         * @param between the lists without these items
         * @param users users who lose or gain something else
         */
        private record Change(int[] items, Interactions between, int[] users) {}

        private Change change(Interactions now) {
            int[] had = new int[items()];
            int[] have = new int[items()];
            Arrays.stream(lists.columns()).forEach(i -> had[i]++);
            Arrays.stream(now.columns()).forEach(i -> have[i]++);
            int[] gone = IntStream.range(0, items())
                    .filter(i -> had[i] > 0 && have[i] == 0)
                    .toArray();
            Interactions between = gone.length == 0 ? lists : lists.where((_, i) -> have[i] > 0);
            int[] users = IntStream.range(0, users())
                    .filter(u -> !Arrays.equals(
                            between.columns(), between.from(u), between.to(u), now.columns(), now.from(u), now.to(u)))
                    .toArray();
            return new Change(gone, between, users);
        }

        /** The number of updates of rank one or two that {@link #with} makes. */
        public int updates(Interactions now) {
            Change change = change(now);
            return change.items.length + change.users.length;
        }

        /**
         * The model of other lists of the same users and items: items that lose all are eliminated, then each user who
         * differs is added as now and taken away as before.
         */
        public Model with(Interactions now, Env env) {
            Change change = change(now);
            int[] added =
                    IntStream.of(change.users).filter(u -> now.degree(u) > 0).toArray();
            int[] taken = IntStream.of(change.users)
                    .filter(u -> change.between.degree(u) > 0)
                    .toArray();
            GramInverse next = inverse.without(change.items, lambda, env.workers())
                    .plus(now, added, env.workers())
                    .minus(change.between, taken, env.workers());
            return new Model(lambda, next, now);
        }

        /**
         * The model of other lists with the mapping as it is, or moved to first order in the rows that change.
         *
         * @param now the lists of all users
         */
        public Model corrected(Interactions now, boolean moved, Env env) {
            if (!moved) {
                return new Model(lambda, inverse, now);
            }
            int[] changed = IntStream.range(0, users())
                    .filter(u -> !Arrays.equals(
                            lists.columns(), lists.from(u), lists.to(u), now.columns(), now.from(u), now.to(u)))
                    .toArray();
            return new Model(lambda, inverse.nudged(lists, now, changed, env.workers()), now);
        }

        /** The largest residual of P on a random vector, which measures the rounding errors of all updates so far. */
        public double residual(Env env) {
            return inverse.residual(lists, lambda, env);
        }

        @Override
        public int users() {
            return lists.users();
        }

        @Override
        public int items() {
            return lists.items();
        }

        @Override
        public float score(int user, int item) {
            double sum = 0;
            for (int k = lists.from(user); k < lists.to(user); k++) {
                sum += inverse.row(lists.item(k))[item];
            }
            return scaled(sum, item, lists.contains(user, item));
        }

        @Override
        public void scores(int user, float[] into) {
            double[] sum = inverse.times(lists.columns(), lists.from(user), lists.to(user));
            int k = lists.from(user);
            for (int i = 0; i < sum.length; i++) {
                boolean taken = k < lists.to(user) && lists.item(k) == i;
                into[i] = scaled(sum[i], i, taken);
                k += taken ? 1 : 0;
            }
        }

        /** {@code (xB)_i = −((xP)_i − x_i P_ii) / P_ii}. */
        private float scaled(double sum, int item, boolean taken) {
            double own = inverse.row(item)[item];
            return (float) ((taken ? own - sum : -sum) / own);
        }

        @Override
        public String kind() {
            return "ease";
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            int size = items();
            double[] flat = new double[Math.multiplyExact(size, size)];
            for (int i = 0; i < size; i++) {
                System.arraycopy(inverse.row(i), 0, flat, i * size, size);
            }
            Map<String, Safetensors.Tensor> tensors = new TreeMap<>();
            StoredLists.put(tensors, lists);
            tensors.put("lambda", Safetensors.Tensor.of(new double[] {lambda}, 1));
            tensors.put("inverse", Safetensors.Tensor.of(flat, size, size));
            return tensors;
        }

        static Model read(Safetensors read, Path file, String prefix) {
            Interactions lists = StoredLists.read(read, file, prefix);
            int size = lists.items();
            read.require(prefix + "lambda", 1);
            read.require(prefix + "inverse", size, size);
            double[] flat = read.doubles(prefix + "inverse");
            double lambda = read.doubles(prefix + "lambda")[0];
            double[][] rows = new double[size][];
            for (int i = 0; i < size; i++) {
                rows[i] = Arrays.copyOfRange(flat, i * size, (i + 1) * size);
                if (!(rows[i][i] > 0)) {
                    throw new LetheException(
                            LetheException.Code.DATA,
                            file + ": the diagonal of \"inverse\" holds " + rows[i][i] + ", expected numbers above 0");
                }
            }
            return new Model(lambda, new GramInverse(rows), lists);
        }
    }
}
