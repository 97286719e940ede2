package org.lethe.recsys;

/**
 * A recommender with an embedding for every user, which attackers read and defences repair.
 *
 * <p>All user tables lie side by side, {@code [users, width]}: the one table of a matrix factorisation, the propagated embeddings
 * of LightGCN, both tables of NeuMF. No table can be left out, because it would leak.
 */
public interface UserRows extends Recommender {
    /** Number of dimensions of a user's embedding, over all tables. */
    int width();

    /** Number of dimensions of each user table, in order; together {@link #width}. */
    default int[] tables() {
        return new int[] {width()};
    }

    /** The embeddings of all users, {@code [users, width]}; callers must not write to them. */
    float[] userRows();

    /** The same model with other user embeddings, {@code [users, width]}; everything else is shared. */
    UserRows withUserRows(float[] rows);

    /**
     * Some scores of some users: {@code into[n·t + k]} becomes the score of {@code items[n·t + k]} for {@code users[n]}, where
     * {@code t = items.length / users.length}.
     */
    void scores(int[] users, int[] items, float[] into);

    /**
     * The gradient of {@link #scores(int[], int[], float[])}: adds {@code Σ_k weights[n·t + k] · ∂score/∂row} of
     * {@code users[n]} to {@code gradient[n·width …]}.
     */
    void addGradient(int[] users, int[] items, float[] weights, float[] gradient);
}
