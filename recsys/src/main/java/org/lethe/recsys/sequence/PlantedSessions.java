package org.lethe.recsys.sequence;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.SequenceSplits.Protocol;
import org.lethe.tables.Entities;
import org.lethe.tables.Entities.Categorical;

/**
 * Made-up sessions with known truth: each session stays in one category of items, and each item has one that mostly follows
 * it. Nothing is downloaded.
 *
 * <p>A user likes two categories. A session has a category, one of these two, and starts at an item of it, a popular one more
 * often. With the probability {@code order} the next click is the follower of the last one; otherwise it is another item
 * of the category. Sessions spread evenly over {@code days} days. All data of a user depends on (seed, user) alone.
 *
 * @param users number of users
 * @param sessions of each user
 * @param clicks of a session on average, at least 2
 * @param items number of items
 * @param categories of items, of equal size
 * @param order probability that a click is the follower of the one before
 * @param days over which sessions are spread
 * @param protocol of the split
 * @param seed of all random numbers
 */
@Named("planted-sessions")
public record PlantedSessions(
        int users,
        int sessions,
        int clicks,
        int items,
        int categories,
        double order,
        int days,
        Protocol protocol,
        long seed)
        implements DataSource<Events> {
    public PlantedSessions {
        Check.require(users >= 1, "users", users, "at least 1");
        Check.require(sessions >= 1, "sessions", sessions, "at least 1");
        Check.require(clicks >= 2 && clicks <= 100, "clicks", clicks, "2 to 100");
        Check.require(categories >= 2, "categories", categories, "at least 2");
        Check.require(items >= 2 * categories, "items", items, "at least two a category, " + 2 * categories);
        Check.require(order >= 0 && order <= 1, "order", order, "0 to 1");
        Check.require(days >= 1, "days", days, "at least 1");
        Check.require(
                (long) users * sessions * clicks <= 100_000_000L,
                "users x sessions x clicks",
                (long) users * sessions * clicks,
                "at most 100,000,000");
    }

    /** 500 users with 4 sessions of 5 clicks, 300 items in 15 categories. */
    public PlantedSessions() {
        this(500, 4);
    }

    /** Some users with some sessions each. */
    public PlantedSessions(int users, int sessions) {
        this(users, sessions, 5, 300, 15, 0.6, 20, Protocol.LAST_DAY, 1);
    }

    @Override
    public Events load(DataFolders folders) {
        int count = users * sessions;
        int most = 2 * clicks - 2;
        int[] userOf = new int[count];
        int[] group = new int[count * most];
        int[] item = new int[count * most];
        long[] time = new long[count * most];
        int size = 0;
        for (int s = 0; s < count; s++) {
            userOf[s] = s / sessions;
            Keyed draw = Keyed.seed(seed).of("planted sessions").of(userOf[s]).of(s % sessions);
            int category = liked(userOf[s], (int) (draw.of("liked").at(0) >>> 63));
            long start = (long) (Keyed.unit(draw.of("start").at(0)) * days * SequenceSplits.DAY);
            int length = 2 + Keyed.below(draw.of("length").at(0), most - 1);
            int click = -1;
            for (int n = 0; n < length; n++) {
                boolean follows = n > 0 && Keyed.unit(draw.of("order").at(n)) < order;
                click = follows
                        ? follower(click)
                        : drawn(category, draw.of("item").at(n));
                group[size] = s;
                item[size] = click;
                time[size++] = Math.min(start + 60L * n, days * SequenceSplits.DAY - 1);
            }
        }
        int[] categoryOf = new int[items];
        Arrays.setAll(categoryOf, i -> i % categories);
        Entities described = Entities.numbered(items)
                .with(
                        ItemGroups.CATEGORY,
                        new Categorical(
                                categoryOf,
                                IntStream.range(0, categories)
                                        .mapToObj(c -> "c" + c)
                                        .toList()));
        return SequenceSplits.by(
                protocol,
                Events.of(
                        Events.Task.SESSIONS,
                        userOf,
                        Arrays.copyOf(group, size),
                        Arrays.copyOf(item, size),
                        Arrays.copyOf(time, size),
                        Entities.numbered(users),
                        Entities.numbered(count),
                        described),
                1);
    }

    /** One of the two categories that a user likes. */
    public int liked(int user, int which) {
        return Keyed.below(Keyed.seed(seed).of("liked categories").of(user).at(which), categories);
    }

    /** The item that mostly follows an item: the next one of its category. */
    public int follower(int item) {
        int next = item + categories;
        return next < items ? next : item % categories;
    }

    /** An item of a category; earlier ones are more popular. */
    private int drawn(int category, long bits) {
        int size = (items - category + categories - 1) / categories;
        double unit = Keyed.unit(bits);
        return category + categories * (int) (unit * unit * size);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
    }
}
