package org.lethe.recsys;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Who interacted with what: pairs of users and items, sorted by user and then by item, without duplicates.
 *
 * <p>Columnar: a row pointer per user and one int per pair; the item-wise view is made when first asked for and costs the
 * same again. Users and items are dense numbers from 0; each also has a <em>key</em>, the number that random draws about
 * it depend on. A {@linkplain #ofUsers selection} renumbers users and keeps their keys, so that a user's initial row and
 * negatives are the same in a shard as in the whole.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class Interactions {
    private final int items;
    private final int[] starts; // of users, length users + 1
    private final int[] columns; // items, ascending inside a user
    private final int[] userKeys;
    private volatile @Nullable ByItem byItem;

    /** The item-wise view: the users of item i stand at {@code starts[i] … starts[i+1]−1} of {@code users}, ascending. */
    public record ByItem(int[] starts, int[] users) {}

    private Interactions(int items, int[] starts, int[] columns, int[] userKeys) {
        this.items = items;
        this.starts = starts;
        this.columns = columns;
        this.userKeys = userKeys;
    }

    /** Pairs in any order; duplicates count once. */
    public static Interactions of(int users, int items, int[] userOf, int[] itemOf) {
        int[] keys = new int[users];
        Arrays.setAll(keys, u -> u);
        int[] starts = new int[users + 1];
        for (int u : userOf) {
            starts[u + 1]++;
        }
        for (int u = 0; u < users; u++) {
            starts[u + 1] += starts[u];
        }
        int[] next = starts.clone();
        int[] columns = new int[userOf.length];
        for (int k = 0; k < userOf.length; k++) {
            if (itemOf[k] < 0 || itemOf[k] >= items) {
                throw new IllegalArgumentException("item is " + itemOf[k] + ", expected 0 to " + (items - 1));
            }
            columns[next[userOf[k]]++] = itemOf[k];
        }
        int size = 0;
        int from = 0;
        for (int u = 0; u < users; u++) {
            int to = starts[u + 1];
            Arrays.sort(columns, from, to);
            starts[u] = size;
            for (int k = from; k < to; k++) {
                if (k == from || columns[k] != columns[k - 1]) {
                    columns[size++] = columns[k];
                }
            }
            from = to;
        }
        starts[users] = size;
        return new Interactions(items, starts, size == columns.length ? columns : Arrays.copyOf(columns, size), keys);
    }

    /** Number of users, those without interactions included. */
    public int users() {
        return starts.length - 1;
    }

    /** Number of items, those without interactions included. */
    public int items() {
        return items;
    }

    /** Number of pairs. */
    public int size() {
        return columns.length;
    }

    /** Position of the first pair of a user. */
    public int from(int user) {
        return starts[user];
    }

    /** Position after the last pair of a user. */
    public int to(int user) {
        return starts[user + 1];
    }

    /** Number of pairs of a user. */
    public int degree(int user) {
        return starts[user + 1] - starts[user];
    }

    /** The item of the pair at a position. */
    public int item(int position) {
        return columns[position];
    }

    /** The row pointers themselves, length {@code users() + 1}; for kernels, which must not write to them. */
    public int[] starts() {
        return starts;
    }

    /** The items themselves, length {@code size()}; for kernels, which must not write to them. */
    public int[] columns() {
        return columns;
    }

    /** The number that random draws about a user depend on. */
    public int userKey(int user) {
        return userKeys[user];
    }

    /** Whether the pair is here; a binary search in the user's row. */
    public boolean contains(int user, int item) {
        return Arrays.binarySearch(columns, starts[user], starts[user + 1], item) >= 0;
    }

    /** The item-wise view. */
    public ByItem byItem() {
        ByItem view = byItem;
        if (view == null) {
            view = transpose();
            byItem = view;
        }
        return view;
    }

    private ByItem transpose() {
        int[] itemStarts = new int[items + 1];
        for (int i : columns) {
            itemStarts[i + 1]++;
        }
        for (int i = 0; i < items; i++) {
            itemStarts[i + 1] += itemStarts[i];
        }
        int[] next = itemStarts.clone();
        int[] users = new int[columns.length];
        for (int u = 0; u < users(); u++) {
            for (int k = starts[u]; k < starts[u + 1]; k++) {
                users[next[columns[k]]++] = u;
            }
        }
        return new ByItem(itemStarts, users);
    }

    /** A test of one pair. */
    @FunctionalInterface
    public interface PairPredicate {
        /** Whether the pair is meant. */
        boolean test(int user, int item);
    }

    /** The pairs for which a test holds; users and items keep their numbers. */
    public Interactions where(PairPredicate keep) {
        int[] newStarts = new int[starts.length];
        int[] kept = new int[columns.length];
        int size = 0;
        for (int u = 0; u < users(); u++) {
            for (int k = starts[u]; k < starts[u + 1]; k++) {
                if (keep.test(u, columns[k])) {
                    kept[size++] = columns[k];
                }
            }
            newStarts[u + 1] = size;
        }
        return new Interactions(items, newStarts, Arrays.copyOf(kept, size), userKeys);
    }

    /** The pairs that stand here or in {@code more}, which has the same users and items. */
    public Interactions and(Interactions more) {
        if (more.users() != users() || more.items != items) {
            throw new IllegalArgumentException("more is " + more + ", expected the users and items of " + this);
        }
        int[] newStarts = new int[starts.length];
        int[] merged = new int[columns.length + more.columns.length];
        int size = 0;
        for (int u = 0; u < users(); u++) {
            int k = starts[u];
            int l = more.starts[u];
            while (k < starts[u + 1] || l < more.starts[u + 1]) {
                int mine = k < starts[u + 1] ? columns[k] : Integer.MAX_VALUE;
                int theirs = l < more.starts[u + 1] ? more.columns[l] : Integer.MAX_VALUE;
                merged[size++] = Math.min(mine, theirs);
                k += mine <= theirs ? 1 : 0;
                l += theirs <= mine ? 1 : 0;
            }
            newStarts[u + 1] = size;
        }
        return new Interactions(items, newStarts, Arrays.copyOf(merged, size), userKeys);
    }

    /** Without the pairs of the users for which a test holds; users and items keep their numbers. */
    public Interactions withoutUsers(IntPredicate drop) {
        return where((u, i) -> !drop.test(u));
    }

    /**
     * The pairs of some users, given ascending; users and items keep their numbers. Costs the pairs of those users and a
     * row pointer for each user.
     */
    public Interactions onlyUsers(int[] chosen) {
        int[] newStarts = new int[starts.length];
        int size = 0;
        int next = 0;
        for (int u : chosen) {
            Arrays.fill(newStarts, next, u + 1, size);
            size += degree(u);
            next = u + 1;
        }
        Arrays.fill(newStarts, next, newStarts.length, size);
        int[] kept = new int[size];
        for (int u : chosen) {
            System.arraycopy(columns, from(u), kept, newStarts[u], degree(u));
        }
        return new Interactions(items, newStarts, kept, userKeys);
    }

    /**
     * The pairs of some users, renumbered in the order given; items keep their numbers and users their keys. Costs the
     * pairs of those users only.
     */
    public Interactions ofUsers(int[] chosen) {
        int[] newStarts = new int[chosen.length + 1];
        int[] keys = new int[chosen.length];
        for (int n = 0; n < chosen.length; n++) {
            newStarts[n + 1] = newStarts[n] + degree(chosen[n]);
            keys[n] = userKeys[chosen[n]];
        }
        int[] kept = new int[newStarts[chosen.length]];
        for (int n = 0; n < chosen.length; n++) {
            System.arraycopy(columns, from(chosen[n]), kept, newStarts[n], degree(chosen[n]));
        }
        return new Interactions(items, newStarts, kept, keys);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Interactions o
                && items == o.items
                && Arrays.equals(starts, o.starts)
                && Arrays.equals(columns, o.columns)
                && Arrays.equals(userKeys, o.userKeys);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(starts) + Arrays.hashCode(columns);
    }

    @Override
    public String toString() {
        return users() + " users, " + items + " items, " + size() + " interactions";
    }
}
