package org.lethe.recsys;

/** A trained model that scores every item for every user; a higher score stands higher in the list. */
public interface Recommender {
    /** Number of users. */
    int users();

    /** Number of items. */
    int items();

    /** The model that answers: this one, or one that serves in its place, such as one table in place of shards. */
    default Recommender served() {
        return this;
    }

    /** The score of one pair. */
    float score(int user, int item);

    /** The scores of all items for a user, written to {@code into[0 … items)}. */
    void scores(int user, float[] into);

    /**
     * The scores of all items for some users, {@code [users, items]}: the same numbers, faster if the model computes many users at
     * once.
     */
    default void scores(int[] users, float[] into) {
        float[] row = new float[items()];
        for (int n = 0; n < users.length; n++) {
            scores(users[n], row);
            System.arraycopy(row, 0, into, n * row.length, row.length);
        }
    }
}
