package org.lethe.recsys.balance;

/** The similarity of two users by the items that both interacted with in training. */
public enum Similarity {
    /** The number of common items, as published; it favours the most active users. */
    COUNT,
    /** The common items over all items of both. */
    JACCARD,
    /** The common items over the geometric mean of both users' numbers of items. */
    COSINE;

    /** The similarity of users with {@code left} and {@code right} items, of which {@code common} are common. */
    double of(int common, int left, int right) {
        if (common == 0) {
            return 0;
        }
        return switch (this) {
            case COUNT -> common;
            case JACCARD -> (double) common / (left + right - common);
            case COSINE -> common / Math.sqrt((double) left * right);
        };
    }
}
