package org.lethe.recsys.data;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.lethe.recsys.Interactions;
import org.lethe.tables.Entities;

/** Interactions as read from a file, with the publisher's whole-number ids, in growing arrays. */
public final class Pairs {
    private final boolean valued;
    private final boolean timed;
    private long[] users = new long[1 << 10];
    private long[] items = new long[1 << 10];
    private float[] values;
    private long[] times;
    private int size;

    public Pairs(boolean valued, boolean timed) {
        this.valued = valued;
        this.timed = timed;
        values = new float[valued ? 1 << 10 : 0];
        times = new long[timed ? 1 << 10 : 0];
    }

    public int size() {
        return size;
    }

    public void add(long user, long item, float value, long time) {
        if (size == users.length) {
            int larger = (int) Math.min(Integer.MAX_VALUE - 8, size * 2L);
            users = Arrays.copyOf(users, larger);
            items = Arrays.copyOf(items, larger);
            values = valued ? Arrays.copyOf(values, larger) : values;
            times = timed ? Arrays.copyOf(times, larger) : times;
        }
        users[size] = user;
        items[size] = item;
        if (valued) {
            values[size] = value;
        }
        if (timed) {
            times[size] = time;
        }
        size++;
    }

    /** The interactions, with their users and items numbered by ascending id. */
    public Interactions numbered() {
        return numbered(Entities::ofNumbers, Entities::ofNumbers);
    }

    /** The same interactions, with entities made from the ids of users and items. */
    Interactions numbered(Function<long[], Entities> userEntities, Function<long[], Entities> itemEntities) {
        long[] userIds = distinct(users);
        long[] itemIds = distinct(items);
        int[] userOf = new int[size];
        int[] itemOf = new int[size];
        for (int k = 0; k < size; k++) {
            userOf[k] = Arrays.binarySearch(userIds, users[k]);
            itemOf[k] = Arrays.binarySearch(itemIds, items[k]);
        }
        return interactions(userEntities.apply(userIds), itemEntities.apply(itemIds), userOf, itemOf);
    }

    /** The interactions, with the ids as numbers. */
    public Interactions dense(Entities userEntities, Entities itemEntities) {
        int[] userOf = new int[size];
        int[] itemOf = new int[size];
        Arrays.setAll(userOf, k -> Math.toIntExact(users[k]));
        Arrays.setAll(itemOf, k -> Math.toIntExact(items[k]));
        return interactions(userEntities, itemEntities, userOf, itemOf);
    }

    /** One more than the largest user. */
    public int userCount() {
        return Math.toIntExact(1 + Arrays.stream(users, 0, size).max().orElse(-1));
    }

    /** One more than the largest item. */
    public int itemCount() {
        return Math.toIntExact(1 + Arrays.stream(items, 0, size).max().orElse(-1));
    }

    private Interactions interactions(Entities userEntities, Entities itemEntities, int[] userOf, int[] itemOf) {
        return Interactions.of(
                userEntities,
                itemEntities,
                userOf,
                itemOf,
                valued ? Optional.of(Arrays.copyOf(values, size)) : Optional.empty(),
                timed ? Optional.of(Arrays.copyOf(times, size)) : Optional.empty());
    }

    private long[] distinct(long[] ids) {
        long[] sorted = Arrays.copyOf(ids, size);
        Arrays.sort(sorted);
        int n = 0;
        for (int k = 0; k < size; k++) {
            if (k == 0 || sorted[k] != sorted[k - 1]) {
                sorted[n++] = sorted[k];
            }
        }
        return Arrays.copyOf(sorted, n);
    }
}
