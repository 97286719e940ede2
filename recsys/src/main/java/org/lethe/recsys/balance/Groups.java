package org.lethe.recsys.balance;

import java.util.Arrays;
import org.lethe.LetheException;

/**
 * Two groups of users: those that a model serves better, as a rule, and the others.
 *
 * @param name what tells them apart: {@code activity}, or the name of an attribute
 * @param advantaged users of the first group, ascending
 * @param disadvantaged users of the second group, ascending
 */
public record Groups(String name, int[] advantaged, int[] disadvantaged) {
    /** Neither group may be empty. */
    public Groups {
        if (advantaged.length == 0 || disadvantaged.length == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "balance by " + name + ": " + advantaged.length + " advantaged and " + disadvantaged.length
                            + " disadvantaged users with interactions, expected at least 1 of each");
        }
    }

    /** Whether each of a number of users is advantaged. */
    public boolean[] isAdvantaged(int users) {
        return marked(advantaged, users);
    }

    /** Whether each of a number of users is disadvantaged. */
    public boolean[] isDisadvantaged(int users) {
        return marked(disadvantaged, users);
    }

    private static boolean[] marked(int[] group, int users) {
        boolean[] marked = new boolean[users];
        Arrays.stream(group).forEach(u -> marked[u] = true);
        return marked;
    }
}
