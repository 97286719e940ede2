package org.lethe.recsys.forget;

import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/** Small data with groups of users who like their own group's items, from a seed. */
final class Blocks {
    private Blocks() {}

    static Split split(int users, int items, int groups, long seed) {
        Keyed random = Keyed.seed(seed).of("blocks");
        int[] userOf = new int[users * items];
        int[] itemOf = new int[users * items];
        int count = 0;
        for (int u = 0; u < users; u++) {
            for (int i = 0; i < items; i++) {
                double chance = u % groups == i % groups ? 0.6 : 0.05;
                if (Keyed.unit(random.at(u, i)) < chance) {
                    userOf[count] = u;
                    itemOf[count++] = i;
                }
            }
        }
        Interactions all = Interactions.of(
                users, items, java.util.Arrays.copyOf(userOf, count), java.util.Arrays.copyOf(itemOf, count));
        Keyed part = Keyed.seed(seed).of("part");
        return new Split(
                all.where((u, i) -> Keyed.unit(part.at(u, i)) < 0.7),
                all.where((u, i) -> Keyed.unit(part.at(u, i)) >= 0.7 && Keyed.unit(part.at(u, i)) < 0.8),
                all.where((u, i) -> Keyed.unit(part.at(u, i)) >= 0.8));
    }
}
