package org.lethe.recsys.sequence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.tables.Entities;

/**
 * What people did, in order: an event is one item in one group of one user at one time. A group is a session of clicks, or
 * a basket of things bought.
 *
 * <p>Events are numbered by user, then by the time of their group, then by time inside it. Numbers never change: an erased
 * event keeps its number, so that a split and a request stay the same whatever was erased before (erase, "fixed-test
 * rule"). Immutable and safe for use by many threads.
 */
public final class Events {
    /** What is predicted. */
    public enum Task {
        /** The next item of a session. */
        SESSIONS,
        /** The items of a user's next basket. */
        BASKETS
    }

    /** What an event is for. */
    public enum Part {
        /** Models learn from it. */
        TRAIN,
        /** It tells when to stop. */
        VALIDATION,
        /** It is predicted by an audit. */
        TEST
    }

    private final Task task;
    private final int[] userStart; // groups of a user
    private final int[] groupStart; // events of a group
    private final int[] userOf; // by group
    private final int[] groupOf; // by event
    private final int[] item;
    private final long[] time;
    private final Part[] part; // by event
    private final Entities users;
    private final Entities groups;
    private final Entities items;
    private final BitSet erased;

    private Events(
            Task task,
            int[] userStart,
            int[] groupStart,
            int[] userOf,
            int[] groupOf,
            int[] item,
            long[] time,
            Part[] part,
            Entities users,
            Entities groups,
            Entities items,
            BitSet erased) {
        this.task = task;
        this.userStart = userStart;
        this.groupStart = groupStart;
        this.userOf = userOf;
        this.groupOf = groupOf;
        this.item = item;
        this.time = time;
        this.part = part;
        this.users = users;
        this.groups = groups;
        this.items = items;
        this.erased = erased;
    }

    /**
     * Events in the order of a file, all for training.
     *
     * @param userOf the user of each group
     * @param group the group of each event; events of a group need not be neighbours, and times need not ascend
     * @param item of each event
     * @param time of each event
     */
    static Events of(
            Task task,
            int[] userOf,
            int[] group,
            int[] item,
            long[] time,
            Entities users,
            Entities groups,
            Entities items) {
        int count = group.length;
        long[] begins = new long[userOf.length];
        int[] size = new int[userOf.length];
        Arrays.fill(begins, Long.MAX_VALUE);
        for (int n = 0; n < count; n++) {
            begins[group[n]] = Math.min(begins[group[n]], time[n]);
            size[group[n]]++;
        }
        int[] order = IntStream.range(0, userOf.length)
                .boxed()
                .sorted((a, b) -> userOf[a] != userOf[b]
                        ? Integer.compare(userOf[a], userOf[b])
                        : begins[a] != begins[b] ? Long.compare(begins[a], begins[b]) : Integer.compare(a, b))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] userStart = new int[users.size() + 1];
        int[] groupStart = new int[order.length + 1];
        int[] rank = new int[order.length];
        int[] owner = new int[order.length];
        for (int g = 0; g < order.length; g++) {
            rank[order[g]] = g;
            owner[g] = userOf[order[g]];
            userStart[owner[g] + 1]++;
            groupStart[g + 1] = groupStart[g] + size[order[g]];
        }
        for (int u = 0; u < users.size(); u++) {
            userStart[u + 1] += userStart[u];
        }
        int[] sorted = IntStream.range(0, count)
                .boxed()
                .sorted((a, b) -> group[a] != group[b]
                        ? Integer.compare(rank[group[a]], rank[group[b]])
                        : time[a] != time[b] ? Long.compare(time[a], time[b]) : Integer.compare(a, b))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] items2 = new int[count];
        long[] times = new long[count];
        int[] groupOf = new int[count];
        for (int n = 0; n < count; n++) {
            items2[n] = item[sorted[n]];
            times[n] = time[sorted[n]];
            groupOf[n] = rank[group[sorted[n]]];
        }
        Part[] trains = new Part[count];
        Arrays.fill(trains, Part.TRAIN);
        return new Events(
                task,
                userStart,
                groupStart,
                owner,
                groupOf,
                items2,
                times,
                trains,
                users,
                groups.select(order),
                items,
                new BitSet());
    }

    /** The same with other parts, one an event. */
    Events split(Part[] parts) {
        Check.require(parts.length == item.length, "parts.length", parts.length, "one an event, " + item.length);
        return new Events(
                task, userStart, groupStart, userOf, groupOf, item, time, parts, users, groups, items, erased);
    }

    /**
     * The events of some items, which are numbered in the order of the array. Erased events and empty groups are left out; the
     * parts stay.
     */
    Events ofItems(int[] kept) {
        int[] number = new int[itemCount()];
        Arrays.fill(number, -1);
        for (int n = 0; n < kept.length; n++) {
            number[kept[n]] = n;
        }
        int[] events = IntStream.range(0, item.length)
                .filter(e -> holds(e) && number[item[e]] >= 0)
                .toArray();
        int[] left = Arrays.stream(events).map(this::group).distinct().toArray(); // groups, ascending
        int[] userStarts = new int[userCount() + 1];
        int[] groupStarts = new int[left.length + 1];
        int[] groupsOf = new int[events.length];
        int[] owner = Arrays.stream(left).map(this::userOf).toArray();
        for (int n = 0, g = 0; n < events.length; n++) {
            g += left[g] == groupOf[events[n]] ? 0 : 1;
            groupsOf[n] = g;
            groupStarts[g + 1] = n + 1;
        }
        for (int u : owner) {
            userStarts[u + 1]++;
        }
        Arrays.parallelPrefix(userStarts, Integer::sum);
        return new Events(
                task,
                userStarts,
                groupStarts,
                owner,
                groupsOf,
                Arrays.stream(events).map(e -> number[item[e]]).toArray(),
                Arrays.stream(events).mapToLong(this::time).toArray(),
                Arrays.stream(events).mapToObj(this::part).toArray(Part[]::new),
                users,
                groups.select(left),
                items.select(kept),
                new BitSet());
    }

    /** The same with attributes of items. */
    Events withItems(Entities described) {
        return new Events(
                task, userStart, groupStart, userOf, groupOf, item, time, part, users, groups, described, erased);
    }

    /** The same with attributes of users. */
    Events withUsers(Entities described) {
        return new Events(
                task, userStart, groupStart, userOf, groupOf, item, time, part, described, groups, items, erased);
    }

    /** The same without some more events. */
    public Events without(BitSet gone) {
        if (gone.isEmpty()) {
            return this;
        }
        BitSet all = (BitSet) erased.clone();
        all.or(gone);
        return new Events(task, userStart, groupStart, userOf, groupOf, item, time, part, users, groups, items, all);
    }

    public Task task() {
        return task;
    }

    /** How many events there are, erased ones included. */
    public int size() {
        return item.length;
    }

    public int userCount() {
        return users.size();
    }

    public int groupCount() {
        return userOf.length;
    }

    public int itemCount() {
        return items.size();
    }

    public Entities users() {
        return users;
    }

    public Entities groups() {
        return groups;
    }

    public Entities items() {
        return items;
    }

    /** Whether an event is still there. */
    public boolean holds(int event) {
        return !erased.get(event);
    }

    /** Whether models may learn from an event: it is for training, and still there. */
    public boolean trains(int event) {
        return part[event] == Part.TRAIN && !erased.get(event);
    }

    public Part part(int event) {
        return part[event];
    }

    public int item(int event) {
        return item[event];
    }

    public long time(int event) {
        return time[event];
    }

    public int group(int event) {
        return groupOf[event];
    }

    public int userOf(int group) {
        return userOf[group];
    }

    public int user(int event) {
        return userOf[groupOf[event]];
    }

    /** The first event of a group. */
    public int from(int group) {
        return groupStart[group];
    }

    /** The event behind the last one of a group. */
    public int to(int group) {
        return groupStart[group + 1];
    }

    /** The first group of a user. */
    public int firstGroup(int user) {
        return userStart[user];
    }

    /** The group behind the last one of a user. */
    public int endOfGroups(int user) {
        return userStart[user + 1];
    }

    /** How many events of a part are there. */
    public int count(Part of) {
        int count = 0;
        for (int e = 0; e < part.length; e++) {
            count += part[e] == of && !erased.get(e) ? 1 : 0;
        }
        return count;
    }

    /** What is to be predicted in a part, in the order of its events. */
    public List<Example> examples(Part of) {
        return task == Task.SESSIONS ? clicks(of) : baskets(of);
    }

    /** Each event of the part that has one before it in its session. */
    private List<Example> clicks(Part of) {
        List<Example> examples = new ArrayList<>();
        for (int g = 0; g < userOf.length; g++) {
            int[] seen = new int[to(g) - from(g)];
            int size = 0;
            for (int e = from(g); e < to(g); e++) {
                if (erased.get(e)) {
                    continue;
                }
                if (part[e] == of && size > 0) {
                    examples.add(
                            new Example(e, userOf[g], new int[][] {Arrays.copyOf(seen, size)}, new int[] {item[e]}));
                }
                seen[size++] = item[e];
            }
        }
        return examples;
    }

    /** Each basket of the part whose user has one before it. */
    private List<Example> baskets(Part of) {
        List<Example> examples = new ArrayList<>();
        for (int u = 0; u < users.size(); u++) {
            List<int[]> seen = new ArrayList<>();
            for (int g = userStart[u]; g < userStart[u + 1]; g++) {
                int[] basket = basket(g);
                if (basket.length == 0) {
                    continue;
                }
                if (part[from(g)] == of && !seen.isEmpty()) {
                    examples.add(new Example(from(g), u, seen.toArray(int[][]::new), basket));
                }
                seen.add(basket);
            }
        }
        return examples;
    }

    /** The items of a group that are still there, in their order. */
    public int[] basket(int group) {
        return IntStream.range(from(group), to(group))
                .filter(this::holds)
                .map(this::item)
                .toArray();
    }

    @Override
    public String toString() {
        String words = task == Task.SESSIONS ? "sessions" : "baskets";
        return String.format(
                Locale.ROOT,
                "%,d events in %,d %s of %,d users, %,d items",
                size() - erased.cardinality(),
                groupCount(),
                words,
                userCount(),
                itemCount());
    }

    /**
     * Something to predict.
     *
     * @param event its first event, by which it is known
     * @param user whose
     * @param history what came before: the clicks of the session as one list, or earlier baskets
     * @param targets the right answers, without repeats
     */
    public record Example(int event, int user, int[][] history, int[] targets) {}
}
