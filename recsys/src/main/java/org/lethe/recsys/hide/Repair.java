package org.lethe.recsys.hide;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Finding;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;
import org.lethe.tables.EmbeddingTable;
import org.lethe.tables.Entities;

/**
 * Hides an attribute in rows that stand alone, without the model they belong to: what {@code lethe hide embeddings} does.
 *
 * <p>Nothing is known of items, so there are no lists to hold: methods that train a model are refused, and so is
 * {@code preserve: function}; {@code preserve: parameters} holds the rows. Whether lists are as good as before is for whoever
 * has the items to measure; here stands how far rows moved. Methods see the rows in a unit of their own size, a power of two,
 * so that learning rates mean the same for every model; users who do not move keep their bits. Costs what the method costs.
 *
 * @param method one of {@link #methods}, with any settings
 * @param hide what is to be hidden
 */
public record Repair(Method<Split, Recommender> method, Hide hide) {
    private static final int SAMPLED = 500; // users whose neighbours are looked up
    private static final int AMONG = 20_000; // users they are looked for among
    private static final int NEIGHBOURS = 10;

    public Repair {
        refuse(method);
    }

    /** The methods that need rows and classes only, as they are without lists. */
    public static List<Method<Split, Recommender>> methods() {
        return List.of(
                new D2dR().preserving(Regulariser.PARAMETERS),
                new TransportMap(),
                new U2uR(500, 1e-3, Regulariser.PARAMETERS, 1e-6, 0.05, 20, 0, ProtectedTables.ALL),
                new MeanMatching(),
                new EqualNoise(new TransportMap()),
                new DpNoise());
    }

    private static void refuse(Method<Split, Recommender> method) {
        Regulariser preserve = switch (method) {
            case D2dR d2d -> d2d.preserve();
            case U2uR u2u -> u2u.preserve();
            case EqualNoise(var like) -> {
                refuse(like);
                yield Regulariser.NOTHING;
            }
            case TransportMap map -> Regulariser.NOTHING;
            case MeanMatching mean -> Regulariser.NOTHING;
            case DpNoise noise -> Regulariser.NOTHING;
            default -> throw Hiding.refused(method, "cannot repair rows alone: it needs more than rows and classes");
        };
        if (preserve == Regulariser.FUNCTION) {
            throw Hiding.refused(
                    method,
                    "has preserve: function, expected parameters or nothing: without items there are no lists to hold");
        }
    }

    /**
     * Rows before and after, as an audit looks at them.
     *
     * @param table the repaired rows, of the same users in the same order
     * @param made the same as models without items
     */
    public record Repaired(EmbeddingTable table, Case<Split, Recommender> made) {
        /** The case in which nothing was done, which an audit has to reject. */
        public Case<Split, Recommender> idle() {
            return new Case<>(made.data(), made.request(), made.before(), made.before(), made.before());
        }

        /**
         * How far rows moved: {@code moved}, the mean length of the way over the mean length of the rows; {@code moved-users},
         * the share of users whose row is another; {@code neighbours-kept}, the mean share of a user's ten nearest rows that
         * are so still, of 500 users among 20,000.
         */
        public List<Finding> movement(Env env) {
            float[] before = ((UserRows) made.before()).userRows();
            float[] after = table.rows();
            int width = table.width();
            int users = table.entities().size();
            double way = 0;
            double length = 0;
            int moved = 0;
            for (int at = 0; at < after.length; at += width) {
                way += Math.sqrt(square(before, at, after, at, width));
                length += Math.sqrt(square(before, at, new float[width], 0, width));
                moved += Arrays.equals(before, at, at + width, after, at, at + width) ? 0 : 1;
            }
            int[] among = drawn(users, AMONG, env, "neighbours");
            int[] sampled = Arrays.copyOf(among, Math.min(SAMPLED, among.length));
            int nearest = Math.min(NEIGHBOURS, among.length - 1);
            int[] kept = new int[sampled.length];
            env.workers().each(sampled.length, n -> {
                int[] was = nearest(before, width, sampled[n], among, nearest);
                int[] is = nearest(after, width, sampled[n], among, nearest);
                Arrays.sort(is);
                kept[n] = (int) Arrays.stream(was)
                        .filter(u -> Arrays.binarySearch(is, u) >= 0)
                        .count();
            });
            double share = Arrays.stream(kept).sum() / (double) Math.max(1, nearest * sampled.length);
            return List.of(
                    new Finding("moved", length > 0 ? way / length : 0, users, Direction.LOWER),
                    new Finding("moved-users", (double) moved / users, users, Direction.NONE),
                    new Finding("neighbours-kept", share, sampled.length, Direction.HIGHER));
        }

        private static int[] drawn(int users, int most, Env env, String purpose) {
            int[] all = new int[users];
            Arrays.setAll(all, u -> u);
            return Classes.drawn(all, Math.min(most, users - 1), env.random(purpose));
        }

        private static int[] nearest(float[] rows, int width, int user, int[] among, int most) {
            double[] distances = new double[among.length];
            for (int n = 0; n < among.length; n++) {
                distances[n] = among[n] == user
                        ? Double.POSITIVE_INFINITY
                        : square(rows, user * width, rows, among[n] * width, width);
            }
            int[] nearest = new int[most];
            for (int k = 0; k < most; k++) {
                int best = 0;
                for (int n = 1; n < among.length; n++) {
                    best = distances[n] < distances[best] ? n : best;
                }
                nearest[k] = among[best];
                distances[best] = Double.POSITIVE_INFINITY;
            }
            return nearest;
        }

        private static double square(float[] a, int from, float[] b, int to, int width) {
            double square = 0;
            for (int d = 0; d < width; d++) {
                double difference = (double) a[from + d] - b[to + d];
                square += difference * difference;
            }
            return square;
        }
    }

    /** Moves the rows; those of users in no class stay, except under noise. */
    public Repaired repair(EmbeddingTable table, Env env) {
        Interactions none = Interactions.of(
                table.entities(), Entities.numbered(1), new int[0], new int[0], Optional.empty(), Optional.empty());
        Split data = new Split(none, none, none);
        float[] noItems = new float[table.width()];
        Embeddings before = new Embeddings(table.width(), table.rows(), noItems);
        float unit = unit(table.rows());
        float[] scaled = new float[table.rows().length];
        for (int n = 0; n < scaled.length; n++) {
            scaled[n] = table.rows()[n] / unit;
        }
        Embeddings usual = new Embeddings(table.width(), scaled, noItems);
        float[] rows = ((UserRows) method.fulfil(usual, hide, new Nobody(), data, env)).userRows();
        for (int n = 0; n < rows.length; n++) {
            rows[n] = rows[n] == scaled[n] ? table.rows()[n] : rows[n] * unit;
        }
        UserRows after = before.withUserRows(rows);
        for (float number : after.userRows()) {
            if (!Float.isFinite(number)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        Named.Of.name(method) + " moved a row to " + number + ", expected finite numbers");
            }
        }
        return new Repaired(table.withRows(rows), new Case<>(data, hide, before, after, before));
    }

    /** The power of two, so that nothing is rounded, by which the root of the mean square comes to between 0.25 and 0.5. */
    private static float unit(float[] rows) {
        double square = 0;
        for (float number : rows) {
            square += (double) number * number / rows.length;
        }
        int exponent = square > 0 ? Math.getExponent(Math.sqrt(square)) + 2 : 0;
        return Math.scalb(1f, Math.clamp(exponent, Float.MIN_EXPONENT, Float.MAX_EXPONENT));
    }

    /** Whoever trained the rows is not here. */
    private record Nobody() implements Learner<Split, Recommender> {
        @Override
        public Recommender train(Split data, Env env) {
            throw new LetheException(LetheException.Code.STUDY, "rows alone cannot be trained");
        }

        @Override
        public Estimate estimate(Split data) {
            throw new LetheException(LetheException.Code.STUDY, "rows alone cannot be trained");
        }
    }
}
