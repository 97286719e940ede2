package org.lethe.recsys.data;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/**
 * Ways to divide interactions for training, stopping and judging.
 *
 * <p>Chance is keyed by (seed, user key, item): what happens to one pair never depends on another user. A user always
 * keeps at least one pair to learn from, except in the {@linkplain #temporal temporal} split.
 */
public final class Splits {
    private Splits() {}

    /** How a data set is divided. */
    public enum By {
        /** By the publisher's own files. */
        GIVEN,
        /** Each user's pairs at random. */
        RANDOM,
        /** Each user's last pair is for judging, the last but one for stopping. */
        LEAVE_ONE_OUT,
        /** One moment for everybody: what comes after it is for judging. */
        TEMPORAL
    }

    /** What training stops on. */
    public enum StopOn {
        /** A part of each user's training pairs, set aside. */
        VALIDATION,
        /** The test part itself, as the published code does: comparable with it, and optimistic. */
        TEST,
        /** Nothing: training runs its full number of epochs. */
        NONE
    }

    /** Divides by any rule but {@link By#GIVEN}, which needs the publisher's files. */
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

    /** A given training and test part, with the part that training stops on taken from the first as asked. */
    static Split given(Interactions train, Interactions test, StopOn stopOn, double validation, long seed) {
        return switch (stopOn) {
            case VALIDATION -> carve(train, test, validation, seed);
            case TEST -> new Split(train, test, test);
            case NONE -> new Split(train, none(train), test);
        };
    }

    /** Each user's pairs at random: a share for judging, rounded up, then a share of the rest for stopping. */
    public static Split random(Interactions all, double test, double validation, long seed) {
        share(test, "test");
        Keyed key = Keyed.seed(seed).of("test-split");
        boolean[] held = choose(all, key, n -> (int) Math.ceil(test * n - 1e-9));
        return carve(
                all.at((u, position) -> !held[position]), all.at((u, position) -> held[position]), validation, seed);
    }

    /** Sets a share of each user's training pairs aside, at least one, for stopping; 0 sets none aside. */
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
     * Each user's last pair is for judging and, if asked, the last but one for stopping: by time, or by keyed chance where
     * the data has no times. Users with too few pairs give none to judge by.
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
     * One moment for everybody: the last share of all pairs is for judging, the last share before it for stopping. Pairs
     * at the very moment of a cut are on its earlier side. Users who come later have nothing to learn from.
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
