package org.lethe.recsys.approximate;

import java.util.Arrays;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;

/**
 * Samples of a loss: a user, an item that it took, and an item that it did not take. The draw of a sample depends on its user's key
 * and its item alone, so that it does not change with the rest of the data.
 *
 * @param users the users
 * @param positives the items taken
 * @param negatives the items not taken; the positive itself where the user took all
 */
record Triples(int[] users, int[] positives, int[] negatives) {
    /** {@code each} samples of every pair, with negatives that are not in {@code avoid}, nor in the pairs themselves. */
    static Triples of(Interactions pairs, Interactions avoid, int each, Keyed random) {
        int[] users = new int[pairs.size() * each];
        int[] positives = new int[users.length];
        int[] negatives = new int[users.length];
        int at = 0;
        for (int u = 0; u < pairs.users(); u++) {
            for (int k = pairs.from(u); k < pairs.to(u); k++) {
                for (int n = 0; n < each; n++) {
                    users[at] = u;
                    positives[at] = pairs.item(k);
                    negatives[at++] = negative(u, pairs.item(k), avoid, random.of(n));
                }
            }
        }
        return new Triples(users, positives, negatives);
    }

    private static int negative(int user, int item, Interactions avoid, Keyed random) {
        if (avoid.degree(user) >= avoid.items()) {
            return item;
        }
        long bits = random.at(avoid.userKey(user), item);
        int drawn = Keyed.below(bits, avoid.items());
        while (avoid.contains(user, drawn) || drawn == item && avoid.degree(user) < avoid.items() - 1) {
            bits = Keyed.mix(bits + 0x9E3779B97F4A7C15L);
            drawn = Keyed.below(bits, avoid.items());
        }
        return drawn;
    }

    /** The same pairs, each with so many negatives, drawn anew. */
    Triples withNegatives(int each, Interactions avoid, Keyed random) {
        Triples many = new Triples(new int[size() * each], new int[size() * each], new int[size() * each]);
        for (int n = 0; n < many.size(); n++) {
            many.users[n] = users[n / each];
            many.positives[n] = positives[n / each];
            many.negatives[n] = negative(users[n / each], positives[n / each], avoid, random.of(n % each));
        }
        return many;
    }

    /** The samples {@code from … to−1}. */
    Triples range(int from, int to) {
        return new Triples(
                Arrays.copyOfRange(users, from, to),
                Arrays.copyOfRange(positives, from, to),
                Arrays.copyOfRange(negatives, from, to));
    }

    int size() {
        return users.length;
    }

    /** Which rows of the joined tables stand in a sample, users first; as negatives only if asked for. */
    boolean[] rows(int userCount, int itemCount, boolean withNegatives) {
        boolean[] rows = new boolean[userCount + itemCount];
        for (int n = 0; n < users.length; n++) {
            rows[users[n]] = true;
            rows[userCount + positives[n]] = true;
            if (withNegatives) {
                rows[userCount + negatives[n]] = true;
            }
        }
        return rows;
    }
}
