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
import org.lethe.Scale;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserRows;
import org.lethe.tables.EmbeddingTable;
import org.lethe.tables.Entities;

/**
 * Hides an attribute in embeddings alone, without the model they come from; {@code lethe hide embeddings} uses it.
 *
 * <p>Items are unknown, so there are no recommendations to keep. Methods that train a model are refused, and so is {@code
 * regulariser: function}; {@code regulariser: parameters} keeps the embeddings close. The findings say how far embeddings
 * moved; only the owner of the items can measure recommendation quality. Methods see the embeddings in units of their own
 * size, a power of two, so that learning rates have the same meaning for every model. Users that do not move keep their
 * exact bits. Cost: that of the method.
 *
 * @param method one of {@link #methods}, with any settings
 * @param hide the request to hide
 */
public record Repair(Method<Split, Recommender> method, Hide hide) {
    private static final int SAMPLED = 500; // users whose neighbours are compared
    private static final int AMONG = 20_000; // users among which neighbours are searched
    private static final int NEIGHBOURS = 10;

    public Repair {
        refuse(method);
    }

    /** The methods that need only embeddings and classes, without a regulariser of recommendations. */
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
        Regulariser regulariser = switch (method) {
            case D2dR d2d -> d2d.regulariser();
            case U2uR u2u -> u2u.regulariser();
            case EqualNoise(var like) -> {
                refuse(like);
                yield Regulariser.NONE;
            }
            case TransportMap map -> Regulariser.NONE;
            case MeanMatching mean -> Regulariser.NONE;
            case DpNoise noise -> Regulariser.NONE;
            default ->
                throw Suited.refused(
                        method, "cannot repair embeddings alone: it needs more than embeddings and classes");
        };
        if (regulariser == Regulariser.FUNCTION) {
            throw Suited.refused(
                    method,
                    "has regulariser: function, expected parameters or none: without items there are no recommendations to keep");
        }
    }

    /**
     * The embeddings before and after, as a case for an audit.
     *
     * @param table the repaired embeddings, of the same users in the same order
     * @param made the case, with models without items
     */
    public record Repaired(EmbeddingTable table, Case<Split, Recommender> made) {
        /** The case in which nothing was done, which an audit must reject. */
        public Case<Split, Recommender> idle() {
            return new Case<>(made.data(), made.request(), made.before(), made.before(), made.before());
        }

        /**
         * How far embeddings moved: {@code displacement}, the mean length of a move over the mean length of an embedding;
         * {@code moved-users}, the share of users that moved; {@code neighbours-kept}, the mean share of the ten nearest neighbours
         * that stay among them, for 500 users among 20,000.
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
                    new Finding("displacement", length > 0 ? way / length : 0, users, Direction.LOWER)
                            .on(Scale.POSITIVE),
                    new Finding("moved-users", (double) moved / users, users, Direction.NONE).on(Scale.SHARE),
                    new Finding("neighbours-kept", share, sampled.length, Direction.HIGHER).on(Scale.SHARE));
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

    /** Moves the embeddings; users without a class stay in place, except under noise. */
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
                        Named.Of.name(method) + " moved an embedding to " + number + ", expected finite numbers");
            }
        }
        return new Repaired(table.withRows(rows), new Case<>(data, hide, before, after, before));
    }

    /** A power of two that brings the root mean square between 0.25 and 0.5 without rounding. */
    private static float unit(float[] rows) {
        double square = 0;
        for (float number : rows) {
            square += (double) number * number / rows.length;
        }
        int exponent = square > 0 ? Math.getExponent(Math.sqrt(square)) + 2 : 0;
        return Math.scalb(1f, Math.clamp(exponent, Float.MIN_EXPONENT, Float.MAX_EXPONENT));
    }

    /** A stand-in for the unknown learner, which cannot train. */
    private record Nobody() implements Learner<Split, Recommender> {
        @Override
        public Recommender train(Split data, Env env) {
            throw new LetheException(LetheException.Code.STUDY, "embeddings alone cannot be trained");
        }

        @Override
        public Estimate estimate(Split data) {
            throw new LetheException(LetheException.Code.STUDY, "embeddings alone cannot be trained");
        }
    }
}
