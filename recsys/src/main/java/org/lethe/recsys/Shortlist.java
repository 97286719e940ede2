package org.lethe.recsys;

/**
 * The best items of one user so far: a short sorted list, filled with items in ascending order.
 *
 * <p>An item enters if it is strictly better than the last one listed, and ranks behind its equals. This is the rule "ties by
 * ascending item". A cursor skips the items that the user has interacted with.
 */
final class Shortlist {
    private final int user;
    private final int[] items;
    private final float[] scores;
    private final int[] known;
    private final int knownTo;
    private int knownAt;
    private int size;

    Shortlist(int length, Interactions known, int user) {
        this.user = user;
        this.items = new int[length];
        this.scores = new float[length];
        this.known = known.columns();
        this.knownAt = known.from(user);
        this.knownTo = known.to(user);
    }

    int user() {
        return user;
    }

    int[] items() {
        return items;
    }

    int size() {
        return size;
    }

    /** The score that an item must exceed to enter. */
    float threshold() {
        return size < scores.length ? Float.NEGATIVE_INFINITY : scores[size - 1];
    }

    /** Offers the items {@code first …} with the scores from a position on; NaN never enters. */
    void offer(int first, float[] from, int at, int count) {
        float threshold = threshold();
        for (int n = 0; n < count; n++) {
            if (from[at + n] > threshold) {
                insert(first + n, from[at + n]);
                threshold = threshold();
            }
        }
    }

    private void insert(int item, float score) {
        while (knownAt < knownTo && known[knownAt] < item) {
            knownAt++;
        }
        if (knownAt < knownTo && known[knownAt] == item) {
            return;
        }
        int place = size < items.length ? size++ : size - 1;
        while (place > 0 && score > scores[place - 1]) {
            scores[place] = scores[place - 1];
            items[place] = items[place - 1];
            place--;
        }
        scores[place] = score;
        items[place] = item;
    }
}
