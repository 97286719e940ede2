package org.lethe.recsys.neural.forget;

import java.util.List;

/**
 * The beginning of a session, and the item that came next: an example of training.
 *
 * @param event the number of the event that came next
 * @param history the items before it, oldest first
 * @param next the item
 */
record Prefix(int event, int[] history, int next) {
    int last() {
        return history[history.length - 1];
    }

    static int[][] histories(List<Prefix> prefixes) {
        return prefixes.stream().map(Prefix::history).toArray(int[][]::new);
    }

    static int[] next(List<Prefix> prefixes) {
        return prefixes.stream().mapToInt(Prefix::next).toArray();
    }
}
