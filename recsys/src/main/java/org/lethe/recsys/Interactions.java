package org.lethe.recsys;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lethe.Check;
import org.lethe.tables.Entities;

/**
 * Pairs of users and items that interacted, sorted by user and then by item, without duplicates.
 *
 * <p>Columnar: a row pointer per user and one int per pair. The item-wise view is made on first use and costs the same again.
 * Users and items are dense numbers from 0. Each user also has a <em>key</em>, on which its random draws depend. A
 * {@linkplain #ofUsers selection} renumbers users and keeps their keys, so that a user's initial embedding and negatives are
 * the same in a shard as in the whole.
 *
 * <p>A pair may carry a value (stars) and a time; users and items may carry their publisher's ids and attributes. Equality
 * is about pairs, values, times and keys, not about attributes. Immutable and safe for use by many threads.
 */
public final class Interactions {
    private final int[] starts; // of users, length users + 1
    private final int[] columns; // items, ascending inside a user
    private final int[] userKeys;
    private final float @Nullable [] values; // beside columns
    private final long @Nullable [] times; // beside columns
    private final Entities userEntities;
    private final Entities itemEntities;
    private volatile @Nullable ByItem byItem;

    /** The item-wise view: the users of item i stand at {@code starts[i] … starts[i+1]−1} of {@code users}, ascending. */
    public record ByItem(int[] starts, int[] users) {}

    private Interactions(
            int[] starts,
            int[] columns,
            int[] userKeys,
            float @Nullable [] values,
            long @Nullable [] times,
            Entities userEntities,
            Entities itemEntities) {
        this.starts = starts;
        this.columns = columns;
        this.userKeys = userKeys;
        this.values = values;
        this.times = times;
        this.userEntities = userEntities;
        this.itemEntities = itemEntities;
    }

    /** Pairs in any order; duplicates count once. */
    public static Interactions of(int users, int items, int[] userOf, int[] itemOf) {
        return of(
                Entities.numbered(users), Entities.numbered(items), userOf, itemOf, Optional.empty(), Optional.empty());
    }

    /**
     * Pairs in any order, with the attributes of users and items and, if given, a value and a time for each pair. Of repeated pairs
     * the latest is kept, or the last one if there are no times.
     */
    public static Interactions of(
            Entities users,
            Entities items,
            int[] userOf,
            int[] itemOf,
            Optional<float[]> valueOf,
            Optional<long[]> timeOf) {
        float[] valuesIn = valueOf.orElse(null);
        long[] timesIn = timeOf.orElse(null);
        Check.require(itemOf.length == userOf.length, "itemOf.length", itemOf.length, "" + userOf.length);
        int[] keys = new int[users.size()];
        Arrays.setAll(keys, u -> u);
        int[] starts = new int[users.size() + 1];
        for (int u : userOf) {
            inside(u, users.size(), "user");
            starts[u + 1]++;
        }
        for (int u = 0; u < users.size(); u++) {
            starts[u + 1] += starts[u];
        }
        int[] next = starts.clone();
        int[] order = new int[userOf.length]; // input positions, user by user, in the order they came
        int longest = 0;
        for (int k = 0; k < userOf.length; k++) {
            inside(itemOf[k], items.size(), "item");
            order[next[userOf[k]]++] = k;
            longest = Math.max(longest, next[userOf[k]] - starts[userOf[k]]);
        }
        int[] columns = new int[userOf.length];
        float[] values = valuesIn == null ? null : new float[userOf.length];
        long[] times = timesIn == null ? null : new long[userOf.length];
        long[] row = new long[longest];
        int size = 0;
        int from = 0;
        for (int u = 0; u < users.size(); u++) {
            int to = starts[u + 1];
            int length = to - from;
            for (int k = 0; k < length; k++) {
                row[k] = (long) itemOf[order[from + k]] << 32 | k; // by item, then as they came
            }
            Arrays.sort(row, 0, length);
            starts[u] = size;
            for (int k = 0; k < length; k++) {
                int item = (int) (row[k] >>> 32);
                int came = order[from + (int) row[k]];
                boolean again = size > starts[u] && columns[size - 1] == item;
                if (again && times != null && timesIn != null && timesIn[came] < times[size - 1]) {
                    continue;
                }
                int at = again ? size - 1 : size++;
                columns[at] = item;
                if (values != null && valuesIn != null) {
                    values[at] = valuesIn[came];
                }
                if (times != null && timesIn != null) {
                    times[at] = timesIn[came];
                }
            }
            from = to;
        }
        starts[users.size()] = size;
        return new Interactions(starts, cut(columns, size), keys, cut(values, size), cut(times, size), users, items);
    }

    private static void inside(int entity, int count, String what) {
        if (entity < 0 || entity >= count) {
            throw new IllegalArgumentException(what + " is " + entity + ", expected 0 to " + (count - 1));
        }
    }

    private static int[] cut(int[] array, int size) {
        return size == array.length ? array : Arrays.copyOf(array, size);
    }

    private static float @Nullable [] cut(float @Nullable [] array, int size) {
        return array == null || size == array.length ? array : Arrays.copyOf(array, size);
    }

    private static long @Nullable [] cut(long @Nullable [] array, int size) {
        return array == null || size == array.length ? array : Arrays.copyOf(array, size);
    }

    /**
     * Pairs in the order of this class, without a copy: {@code columns[starts[u] … starts[u+1]−1]} are the items of user u,
     * ascending and without repeats.
     */
    public static Interactions sorted(int[] starts, int[] columns, Entities users, Entities items) {
        int[] keys = new int[users.size()];
        Arrays.setAll(keys, u -> u);
        return new Interactions(starts, columns, keys, null, null, users, items);
    }

    /** Number of users, those without interactions included. */
    public int users() {
        return starts.length - 1;
    }

    /** Number of items, those without interactions included. */
    public int items() {
        return itemEntities.size();
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

    /** The users that have a pair, those with the most first, ties by ascending number. */
    public int[] mostActive() {
        return IntStream.range(0, users())
                .filter(u -> degree(u) > 0)
                .boxed()
                .sorted(Comparator.comparingInt((Integer u) -> -degree(u)).thenComparingInt(u -> u))
                .mapToInt(Integer::intValue)
                .toArray();
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

    /** The value of each pair, such as its stars, parallel to {@link #columns()}; empty if the data has none. */
    public Optional<float[]> values() {
        return Optional.ofNullable(values);
    }

    /** The time of each pair, in the data's own unit, parallel to {@link #columns()}; empty if the data has none. */
    public Optional<long[]> times() {
        return Optional.ofNullable(times);
    }

    /** The users' ids and attributes. */
    public Entities userEntities() {
        return userEntities;
    }

    /** The items' ids and attributes. */
    public Entities itemEntities() {
        return itemEntities;
    }

    /** The same pairs with other ids or attributes for as many users and items. */
    public Interactions with(Entities users, Entities items) {
        Check.require(users.size() == users(), "users", users.size(), "" + users());
        Check.require(items.size() == items(), "items", items.size(), "" + items());
        return new Interactions(starts, columns, userKeys, values, times, users, items);
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
        int[] itemStarts = new int[items() + 1];
        for (int i : columns) {
            itemStarts[i + 1]++;
        }
        for (int i = 0; i < items(); i++) {
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
        return at((user, position) -> keep.test(user, columns[position]));
    }

    /** The pairs for whose user and position a test holds. */
    public Interactions at(PairPredicate keep) {
        int[] newStarts = new int[starts.length];
        int[] kept = new int[columns.length]; // positions first, then items
        int size = 0;
        for (int u = 0; u < users(); u++) {
            for (int k = starts[u]; k < starts[u + 1]; k++) {
                if (keep.test(u, k)) {
                    kept[size++] = k;
                }
            }
            newStarts[u + 1] = size;
        }
        float[] newValues = values == null ? null : new float[size];
        long[] newTimes = times == null ? null : new long[size];
        for (int k = 0; k < size; k++) {
            if (newValues != null && values != null) {
                newValues[k] = values[kept[k]];
            }
            if (newTimes != null && times != null) {
                newTimes[k] = times[kept[k]];
            }
            kept[k] = columns[kept[k]];
        }
        return new Interactions(newStarts, cut(kept, size), userKeys, newValues, newTimes, userEntities, itemEntities);
    }

    /**
     * The pairs that are here or in {@code more}, which has the same users and items. Values and times are kept if both have
     * them; for a pair in both, those of this one.
     */
    public Interactions and(Interactions more) {
        if (more.users() != users() || more.items() != items()) {
            throw new IllegalArgumentException("more is " + more + ", expected the users and items of " + this);
        }
        int[] newStarts = new int[starts.length];
        int[] merged = new int[columns.length + more.columns.length];
        float[] newValues = values == null || more.values == null ? null : new float[merged.length];
        long[] newTimes = times == null || more.times == null ? null : new long[merged.length];
        int size = 0;
        for (int u = 0; u < users(); u++) {
            int k = starts[u];
            int l = more.starts[u];
            while (k < starts[u + 1] || l < more.starts[u + 1]) {
                int mine = k < starts[u + 1] ? columns[k] : Integer.MAX_VALUE;
                int theirs = l < more.starts[u + 1] ? more.columns[l] : Integer.MAX_VALUE;
                merged[size] = Math.min(mine, theirs);
                if (newValues != null && values != null && more.values != null) {
                    newValues[size] = mine <= theirs ? values[k] : more.values[l];
                }
                if (newTimes != null && times != null && more.times != null) {
                    newTimes[size] = mine <= theirs ? times[k] : more.times[l];
                }
                size++;
                k += mine <= theirs ? 1 : 0;
                l += theirs <= mine ? 1 : 0;
            }
            newStarts[u + 1] = size;
        }
        return new Interactions(
                newStarts,
                cut(merged, size),
                userKeys,
                cut(newValues, size),
                cut(newTimes, size),
                userEntities,
                itemEntities);
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
        return gather(chosen, size, newStarts, userKeys, userEntities);
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
        return gather(chosen, newStarts[chosen.length], newStarts, keys, userEntities.select(chosen));
    }

    /** The rows of some users, one after the other, under new row pointers. */
    private Interactions gather(int[] chosen, int size, int[] newStarts, int[] keys, Entities users) {
        int[] kept = new int[size];
        float[] newValues = values == null ? null : new float[size];
        long[] newTimes = times == null ? null : new long[size];
        int at = 0;
        for (int u : chosen) {
            System.arraycopy(columns, from(u), kept, at, degree(u));
            if (newValues != null && values != null) {
                System.arraycopy(values, from(u), newValues, at, degree(u));
            }
            if (newTimes != null && times != null) {
                System.arraycopy(times, from(u), newTimes, at, degree(u));
            }
            at += degree(u);
        }
        return new Interactions(newStarts, kept, keys, newValues, newTimes, users, itemEntities);
    }

    /** Without the users and items marked; the rest is renumbered in its old order, keys included. */
    public Interactions renumbered(boolean[] outUser, boolean[] outItem) {
        int[] newItem = new int[items()];
        int[] keptItems = new int[items()];
        int itemCount = 0;
        for (int i = 0; i < items(); i++) {
            if (!outItem[i]) {
                newItem[i] = itemCount;
                keptItems[itemCount++] = i;
            }
        }
        int[] keptUsers = new int[users()];
        int userCount = 0;
        for (int u = 0; u < users(); u++) {
            if (!outUser[u]) {
                keptUsers[userCount++] = u;
            }
        }
        Interactions rest = where((u, i) -> !outItem[i]).ofUsers(cut(keptUsers, userCount));
        int[] renumbered = new int[rest.size()];
        Arrays.setAll(renumbered, k -> newItem[rest.columns[k]]);
        int[] keys = new int[userCount];
        Arrays.setAll(keys, u -> u);
        return new Interactions(
                rest.starts,
                renumbered,
                keys,
                rest.values,
                rest.times,
                rest.userEntities,
                itemEntities.select(cut(keptItems, itemCount)));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Interactions o
                && items() == o.items()
                && Arrays.equals(starts, o.starts)
                && Arrays.equals(columns, o.columns)
                && Arrays.equals(userKeys, o.userKeys)
                && Arrays.equals(values, o.values)
                && Arrays.equals(times, o.times);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(starts) + Arrays.hashCode(columns);
    }

    @Override
    public String toString() {
        return users() + " users, " + items() + " items, " + size() + " interactions";
    }
}
