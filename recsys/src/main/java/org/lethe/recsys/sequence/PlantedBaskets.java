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
import org.lethe.tables.Entities;
import org.lethe.tables.Entities.Categorical;

/**
 * Made-up baskets with known truth: each user has a range of items that he buys again and again, and sometimes tries another
 * one of a category that he likes. Nothing is downloaded.
 *
 * <p>A user likes two categories, and his range holds items of them, popular ones more often. Each place in a basket is an
 * item of the range with the probability {@code repeat}, else another item of these categories; an item drawn twice is there
 * once. The last basket of each user is the test, the one before it the validation part. All data of a user depends on
 * (seed, user) alone.
 *
 * @param users number of users
 * @param baskets of each user, at least 4
 * @param places of a basket
 * @param items number of items
 * @param categories of items, of equal size
 * @param range how many items a user buys again and again
 * @param repeat probability of an item of the range
 * @param seed of all random numbers
 */
@Named("planted-baskets")
public record PlantedBaskets(
        int users, int baskets, int places, int items, int categories, int range, double repeat, long seed)
        implements DataSource<Events> {
    private static final int FEWEST = 4;

    public PlantedBaskets {
        Check.require(users >= 1, "users", users, "at least 1");
        Check.require(baskets >= FEWEST, "baskets", baskets, "at least " + FEWEST);
        Check.require(places >= 1, "places", places, "at least 1");
        Check.require(categories >= 2, "categories", categories, "at least 2");
        Check.require(items >= 2 * categories, "items", items, "at least two a category, " + 2 * categories);
        Check.require(range >= 1, "range", range, "at least 1");
        Check.require(repeat >= 0 && repeat <= 1, "repeat", repeat, "0 to 1");
        Check.require(
                (long) users * baskets * places <= 100_000_000L,
                "users x baskets x places",
                (long) users * baskets * places,
                "at most 100,000,000");
    }

    /** 500 users with 6 baskets of up to 8 items, 300 items in 15 categories. */
    public PlantedBaskets() {
        this(500, 6);
    }

    /** Some users with some baskets each. */
    public PlantedBaskets(int users, int baskets) {
        this(users, baskets, 8, 300, 15, 12, 0.6, 1);
    }

    @Override
    public Events load(DataFolders folders) {
        int count = users * baskets;
        int[] userOf = new int[count];
        int[] group = new int[count * places];
        int[] item = new int[count * places];
        long[] time = new long[count * places];
        int size = 0;
        for (int b = 0; b < count; b++) {
            int u = b / baskets;
            userOf[b] = u;
            Keyed draw = Keyed.seed(seed).of("planted baskets").of(u);
            Keyed here = draw.of("basket").of(b % baskets);
            int[] basket = IntStream.range(0, places)
                    .map(n -> Keyed.unit(here.of("repeat").at(n)) < repeat
                            ? liked(
                                    draw,
                                    draw.of("range")
                                            .at(Keyed.below(here.of("which").at(n), range)))
                            : liked(draw, here.of("other").at(n)))
                    .distinct()
                    .toArray();
            for (int i : basket) {
                group[size] = b;
                item[size] = i;
                time[size++] = b % baskets;
            }
        }
        int[] categoryOf = new int[items];
        Arrays.setAll(categoryOf, i -> i % categories);
        List<String> labels =
                IntStream.range(0, categories).mapToObj(c -> "c" + c).toList();
        return SequenceSplits.leaveLastOut(
                Events.of(
                        Events.Task.BASKETS,
                        userOf,
                        Arrays.copyOf(group, size),
                        Arrays.copyOf(item, size),
                        Arrays.copyOf(time, size),
                        Entities.numbered(users),
                        Entities.numbered(count),
                        Entities.numbered(items).with(ItemGroups.CATEGORY, new Categorical(categoryOf, labels))),
                FEWEST);
    }

    /** An item of one of the user's two categories; earlier ones are more popular. */
    private int liked(Keyed user, long bits) {
        int category = Keyed.below(user.of("liked").at(bits >>> 63), categories);
        double unit = Keyed.unit(Keyed.mix(bits));
        int size = (items - category + categories - 1) / categories;
        return category + categories * (int) (unit * unit * size);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
    }
}
