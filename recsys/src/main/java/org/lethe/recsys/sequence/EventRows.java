package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.function.Function;
import org.lethe.LetheException;
import org.lethe.tables.Entities;

/** Rows of a file while they are read: keys of user, group and item, and a time. */
final class EventRows {
    private long[] user = new long[1 << 10];
    private long[] group = new long[1 << 10];
    private long[] item = new long[1 << 10];
    private long[] time = new long[1 << 10];
    private int size;

    void add(long userKey, long groupKey, long itemKey, long at) {
        if (size == user.length) {
            int capacity = (int) Math.min(Integer.MAX_VALUE - 8, 2L * size);
            user = Arrays.copyOf(user, capacity);
            group = Arrays.copyOf(group, capacity);
            item = Arrays.copyOf(item, capacity);
            time = Arrays.copyOf(time, capacity);
        }
        user[size] = userKey;
        group[size] = groupKey;
        item[size] = itemKey;
        time[size++] = at;
    }

    int size() {
        return size;
    }

    Events events(Events.Task task) {
        return events(task, Entities::ofNumbers, Entities::ofNumbers, Entities::ofNumbers, "the file");
    }

    /** The events, with dense numbers in the order of the keys. */
    Events events(
            Events.Task task,
            Function<long[], Entities> users,
            Function<long[], Entities> groups,
            Function<long[], Entities> items,
            String file) {
        long[] userKeys = keys(user);
        long[] groupKeys = keys(group);
        long[] itemKeys = keys(item);
        int[] userOf = new int[groupKeys.length];
        Arrays.fill(userOf, -1);
        int[] groupOf = new int[size];
        int[] itemOf = new int[size];
        Entities groupIds = groups.apply(groupKeys);
        for (int n = 0; n < size; n++) {
            groupOf[n] = Arrays.binarySearch(groupKeys, group[n]);
            itemOf[n] = Arrays.binarySearch(itemKeys, item[n]);
            int u = Arrays.binarySearch(userKeys, user[n]);
            if (userOf[groupOf[n]] >= 0 && userOf[groupOf[n]] != u) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ", row " + (n + 1) + ": the " + (task == Events.Task.SESSIONS ? "session" : "basket")
                                + " has another user in an earlier row, expected one user for each");
            }
            userOf[groupOf[n]] = u;
        }
        return Events.of(
                task,
                userOf,
                groupOf,
                itemOf,
                Arrays.copyOf(time, size),
                users.apply(userKeys),
                groupIds,
                items.apply(itemKeys));
    }

    private long[] keys(long[] all) {
        return Arrays.stream(all, 0, size).sorted().distinct().toArray();
    }
}
