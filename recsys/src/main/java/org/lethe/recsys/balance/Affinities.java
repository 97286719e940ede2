package org.lethe.recsys.balance;

import java.util.Arrays;
import org.lethe.Workers;
import org.lethe.recsys.Interactions;

/**
 * Similarities of users to the users of a group, by an index of the group's users by item.
 *
 * <p>Symmetric, and 0 of a user with itself. Cost: a user's row takes one addition for every item and member that have
 * interacted.
 */
final class Affinities {
    private final Similarity similarity;
    private final Interactions train;
    private final int[] group;
    private final int[] starts; // of items, length items + 1
    private final int[] members; // positions in the group, by item

    Affinities(Similarity similarity, Interactions train, int[] group) {
        this.similarity = similarity;
        this.train = train;
        this.group = group;
        starts = new int[train.items() + 1];
        for (int user : group) {
            for (int k = train.from(user); k < train.to(user); k++) {
                starts[train.item(k) + 1]++;
            }
        }
        for (int i = 0; i < train.items(); i++) {
            starts[i + 1] += starts[i];
        }
        int[] next = starts.clone();
        members = new int[starts[train.items()]];
        for (int a = 0; a < group.length; a++) {
            for (int k = train.from(group[a]); k < train.to(group[a]); k++) {
                members[next[train.item(k)]++] = a;
            }
        }
    }

    /** The similarities of a user to the members of the group, in their order. */
    double[] of(int user) {
        int[] common = new int[group.length];
        for (int k = train.from(user); k < train.to(user); k++) {
            int item = train.item(k);
            for (int m = starts[item]; m < starts[item + 1]; m++) {
                common[members[m]]++;
            }
        }
        double[] row = new double[group.length];
        Arrays.setAll(
                row, a -> group[a] == user ? 0 : similarity.of(common[a], train.degree(user), train.degree(group[a])));
        return row;
    }

    /** The similarities of the members of the group to each other, {@code [group, group]}. */
    double[] block(Workers workers) {
        int n = group.length;
        double[] block = new double[n * n];
        workers.each(n, a -> System.arraycopy(of(group[a]), 0, block, a * n, n));
        return block;
    }
}
