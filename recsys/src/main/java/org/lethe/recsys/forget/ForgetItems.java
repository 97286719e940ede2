package org.lethe.recsys.forget;

import java.util.BitSet;
import java.util.List;
import org.lethe.Named;
import org.lethe.recsys.Split;

/**
 * Forget some items: every interaction with them goes, from training, validation and test alike.
 *
 * <p>Counting, rounding, ties and refusals are those of {@link ForgetUsers}, with items in the place of users.
 *
 * @param choose core (the most popular), edge (the least popular), random, or listed
 * @param percent how many of the items, from 0 to 100; not used where they are listed
 * @param items the items, by their ids in the data, where they are listed
 * @param seed of the random choice
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

    /** A share of the items, with the usual seed. */
    public ForgetItems(Choice choose, double percent) {
        this(choose, percent, List.of(), 42);
    }

    /** The items of a list. */
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
