package org.lethe.recsys.forget;

import java.util.BitSet;
import java.util.List;
import org.lethe.Named;
import org.lethe.recsys.Split;

/**
 * A request to forget some items: all their interactions are removed, from training, validation and test.
 *
 * <p>Counting, rounding, ties and refusals are those of {@link ForgetUsers}, with items in place of users.
 *
 * @param choose choice of items: core (the most popular), edge (the least popular), random, or listed
 * @param percent percentage of the items, from 0 to 100; unused for listed
 * @param items ids of the items in the data, for listed
 * @param seed seed of the random choice
 */
@Named("forget-items")
public record ForgetItems(Choice choose, double percent, List<String> items, long seed) implements ForgetRequest {
    public ForgetItems {
        items = List.copyOf(items);
        Choice.check(choose == Choice.LISTED, percent, "items", items);
    }

    public ForgetItems() {
        this(Choice.RANDOM, 5);
    }

    /** A percentage of the items, with the default seed. */
    public ForgetItems(Choice choose, double percent) {
        this(choose, percent, List.of(), 42);
    }

    /** Listed items. */
    public static ForgetItems listed(String... items) {
        return new ForgetItems(Choice.LISTED, 0, List.of(items), 42);
    }

    @Override
    public Forgotten resolve(Split data) {
        int[] degrees = degrees(data.train().columns(), data.items());
        int[] chosen;
        if (choose == Choice.LISTED) {
            int[] validation = degrees(data.validation().columns(), data.items());
            int[] test = degrees(data.test().columns(), data.items());
            chosen = Choice.listed(
                    "forget-items",
                    "items",
                    items,
                    data.train().itemEntities(),
                    i -> degrees[i] + validation[i] + test[i] > 0);
        } else {
            chosen = choose.select("forget-items", percent, seed, degrees, i -> i);
        }
        BitSet gone = new BitSet();
        for (int i : chosen) {
            gone.set(i);
        }
        return Forgotten.ofPairs(data, (u, i) -> gone.get(i));
    }

    private static int[] degrees(int[] columns, int items) {
        int[] degrees = new int[items];
        for (int i : columns) {
            degrees[i]++;
        }
        return degrees;
    }
}
