package org.lethe.recsys.data;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/**
 * Splits of interactions into training, validation and test parts.
 *
 * <p>Random choices are keyed by (seed, user key, item), so the part of a pair never depends on another user. A user always
 * keeps at least one training pair, except in the {@linkplain #temporal temporal} split.
 */
public final class Splits {
    private Splits() {}

    /** The rule of a split. */
    public enum By {
        /** By the publisher's own files. */
        GIVEN,
        /** Each user's pairs at random. */
        RANDOM,
        /** Each user's last pair is for testing, the last but one for validation. */
        LEAVE_ONE_OUT,
        /** One moment for all users: later pairs are for testing. */
        TEMPORAL
    }

    /** The part for early stopping. */
    public enum StopOn {
        /** A part of each user's training pairs, the validation part. */
        VALIDATION,
        /** The test part itself, as in the published code: comparable with it, and optimistic. */
        TEST,
        /** None: training runs its full number of epochs. */
        NONE
    }

    /** Splits by any rule except {@link By#GIVEN}, which needs the publisher's files. */
    static Split by(By by, StopOn stopOn, Interactions all, double test, double validation, long seed) {
        double stopping = stopOn == StopOn.VALIDATION ? validation : 0;
        Split split = switch (by) {
            case GIVEN -> throw new IllegalArgumentException("split is given, expected files that give one");
            case RANDOM -> random(all, test, stopping, seed);
            case LEAVE_ONE_OUT -> leaveOneOut(all, stopping > 0, seed);
            case TEMPORAL -> temporal(all, test, stopping);
        };
        return stopOn == StopOn.TEST ? new Split(split.train(), split.test(), split.test()) : split;
    }

    /** A given training and test part, with the part for early stopping chosen from them. */
    static Split given(Interactions train, Interactions test, StopOn stopOn, double validation, long seed) {
        return switch (stopOn) {
            case VALIDATION -> carve(train, test, validation, seed);
            case TEST -> new Split(train, test, test);
            case NONE -> new Split(train, none(train), test);
        };
    }

    /** A random split of each user's pairs: a test share, rounded up, then a validation share of the rest. */
    public static Split random(Interactions all, double test, double validation, long seed) {
        share(test, "test");
        Keyed key = Keyed.seed(seed).of("test-split");
        boolean[] held = choose(all, key, n -> (int) Math.ceil(test * n - 1e-9));
        return carve(
                all.at((u, position) -> !held[position]), all.at((u, position) -> held[position]), validation, seed);
    }

    /** Moves a share of each user's training pairs, at least one, to the validation part; 0 moves none. */
    public static Split carve(Interactions train, Interactions test, double validation, long seed) {
        share(validation, "validation");
        if (validation == 0) {
            return new Split(train, none(train), test);
        }
        Keyed key = Keyed.seed(seed).of("validation-split");
        boolean[] held = choose(train, key, n -> Math.max(1, (int) Math.round(validation * n)));
        return new Split(train.at((u, position) -> !held[position]), train.at((u, position) -> held[position]), test);
    }

    /**
     * Each user's last pair is for testing and, on request, the last but one for validation: by time, or at random if the data
     * has no times. Users with too few pairs have no test pair.
     */
    public static Split leaveOneOut(Interactions all, boolean validation, long seed) {
        Keyed key = Keyed.seed(seed).of("leave-one-out");
        long[] times = all.times().orElseGet(() -> new long[all.size()]);
        byte[] part = new byte[all.size()];
        for (int u = 0; u < all.users(); u++) {
            for (byte p = 1; p <= (validation ? 2 : 1) && all.degree(u) > p; p++) {
                int last = -1;
                for (int k = all.from(u); k < all.to(u); k++) {
                    if (part[k] == 0 && (last < 0 || later(all, key, times, u, k, last))) {
                        last = k;
                    }
                }
                part[last] = p;
            }
        }
        return new Split(
                all.at((u, k) -> part[k] == 0), all.at((u, k) -> part[k] == 2), all.at((u, k) -> part[k] == 1));
    }

    private static boolean later(Interactions all, Keyed key, long[] times, int user, int k, int than) {
        if (times[k] != times[than]) {
            return times[k] > times[than];
        }
        return Long.compareUnsigned(key.at(all.userKey(user), all.item(k)), key.at(all.userKey(user), all.item(than)))
                > 0;
    }

    /**
     * One moment for all users: the last share of all pairs is for testing, the share before it for validation. Pairs at the exact
     * moment of a cut are on its earlier side. Users that come later have no training pairs.
     */
    public static Split temporal(Interactions all, double test, double validation) {
        share(test, "test");
        share(validation, "validation");
        long[] times = all.times()
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.DATA,
                        "split is temporal, but the data has no times; expected random or leave-one-out"));
        long[] sorted = times.clone();
        Arrays.sort(sorted);
        int training = (int) (sorted.length - Math.ceil(test * sorted.length - 1e-9));
        long judging = training == 0 ? Long.MIN_VALUE : sorted[training - 1];
        int learning = (int) (training - Math.ceil(validation * training - 1e-9));
        long stopping = learning == 0 ? Long.MIN_VALUE : sorted[learning - 1];
        return new Split(
                all.at((u, k) -> times[k] <= stopping),
                all.at((u, k) -> times[k] > stopping && times[k] <= judging),
                all.at((u, k) -> times[k] > judging));
    }

    /**
     * The largest part of the data in which every user and every item has at least {@code k} pairs; users and items are
     * renumbered in their old order and keep their ids. Linear in the pairs.
     */
    public static Interactions core(Interactions all, int k) {
        Check.require(k >= 0, "core", k, "at least 0");
        if (k == 0) {
            return all;
        }
        int[] userDegree = new int[all.users()];
        int[] itemDegree = new int[all.items()];
        for (int u = 0; u < all.users(); u++) {
            userDegree[u] = all.degree(u);
            for (int position = all.from(u); position < all.to(u); position++) {
                itemDegree[all.item(position)]++;
            }
        }
        Interactions.ByItem byItem = all.byItem();
        int[] waiting = new int[all.users() + all.items()]; // users as they are, items as their complement
        int size = 0;
        for (int u = 0; u < all.users(); u++) {
            if (userDegree[u] < k) {
                waiting[size++] = u;
            }
        }
        for (int i = 0; i < all.items(); i++) {
            if (itemDegree[i] < k) {
                waiting[size++] = ~i;
            }
        }
        for (int head = 0; head < size; head++) {
            int next = waiting[head];
            if (next >= 0) {
                for (int position = all.from(next); position < all.to(next); position++) {
                    if (--itemDegree[all.item(position)] == k - 1) {
                        waiting[size++] = ~all.item(position);
                    }
                }
            } else {
                for (int position = byItem.starts()[~next]; position < byItem.starts()[~next + 1]; position++) {
                    if (--userDegree[byItem.users()[position]] == k - 1) {
                        waiting[size++] = byItem.users()[position];
                    }
                }
            }
        }
        boolean[] outUser = new boolean[all.users()];
        boolean[] outItem = new boolean[all.items()];
        for (int head = 0; head < size; head++) {
            if (waiting[head] >= 0) {
                outUser[waiting[head]] = true;
            } else {
                outItem[~waiting[head]] = true;
            }
        }
        return all.renumbered(outUser, outItem);
    }

    private static boolean[] choose(Interactions all, Keyed key, IntUnaryOperator count) {
        boolean[] chosen = new boolean[all.size()];
        long[] rank = new long[0];
        for (int u = 0; u < all.users(); u++) {
            int n = all.degree(u);
            int wanted = Math.min(n - 1, count.applyAsInt(n));
            if (wanted <= 0) {
                continue;
            }
            rank = rank.length < n ? new long[Math.max(n, 2 * rank.length)] : rank;
            for (int k = 0; k < n; k++) {
                rank[k] = key.at(all.userKey(u), all.item(all.from(u) + k));
            }
            long[] sorted = Arrays.copyOf(rank, n);
            Arrays.sort(sorted);
            long last = sorted[wanted - 1];
            for (int k = 0; k < n; k++) {
                chosen[all.from(u) + k] = rank[k] <= last; // two pairs of one user share a rank once in 2⁶⁴
            }
        }
        return chosen;
    }

    private static Interactions none(Interactions like) {
        return like.at((u, position) -> false);
    }

    private static void share(double share, String name) {
        Check.require(share >= 0 && share < 1, name, share, "at least 0 and below 1");
    }
}
