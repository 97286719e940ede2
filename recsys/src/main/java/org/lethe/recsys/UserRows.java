package org.lethe.recsys;

/**
 * A recommender that holds every user as a row of numbers: what is released, what attackers read, what a defence repairs.
 *
 * <p>All tables that belong to users lie side by side, {@code [users, width]}: the one table of a matrix factorisation, the
 * propagated rows of LightGCN, both tables of NeuMF. Leaving one out leaves a door open, so there is no way to.
 */
public interface UserRows extends Recommender {
    /** Length of a user's row. */
    int width();

    /** Length of a user's row in each of its tables, in the order in which they lie; together {@link #width}. */
    default int[] tables() {
        return new int[] {width()};
    }

    /** The rows of all users, {@code [users, width]}; not to be written to. */
    float[] userRows();

    /** The same model with other rows, or for other users, {@code [users, width]}; everything else is shared. */
    UserRows withUserRows(float[] rows);

    /**
     * Some scores of some users: {@code into[n·t + k]} becomes the score of {@code items[n·t + k]} for {@code users[n]}, where
     * {@code t = items.length / users.length}.
     */
    void scores(int[] users, int[] items, float[] into);

    /**
     * The way back of {@link #scores(int[], int[], float[])}: adds {@code Σ_k weights[n·t + k] · ∂score/∂row} of
     * {@code users[n]} to {@code gradient[n·width …]}.
     */
    void addGradient(int[] users, int[] items, float[] weights, float[] gradient);
}
