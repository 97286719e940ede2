package org.lethe.recsys.backbone;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.recsys.UserRows;

/**
 * What stands between the rows of users and items and the score of a pair: the part of NeuMF and DMF that libtorch
 * differentiates. The rows themselves are {@link PairCourse}'s.
 */
interface PairNetwork {
    /** The matrices that {@code w} below holds, in this order. */
    List<Weights.Matrix> matrices();

    /** What is served, and protected, of users: {@code [users, width]} from their rows in training. */
    default Tensor users(Tensor rows, Tensor[] w) {
        return rows;
    }

    /** Whether {@link #users} is more than the rows themselves. */
    default boolean towers() {
        return false;
    }

    /** The same of items. */
    default Tensor items(Tensor rows, Tensor[] w) {
        return rows;
    }

    /**
     * The scores of pairs, {@code [pairs]}.
     *
     * @param users what {@link #users} made, a row for every user of the batch
     * @param items what {@link #items} made, a row for every item of the batch
     * @param userOf the row of each pair's user
     * @param itemOf the row of each pair's item
     */
    Tensor scores(Tensor users, Tensor items, Tensor userOf, Tensor itemOf, Tensor[] w);

    /** The binary cross-entropy of each score, {@code [pairs]}; {@code labels} are 1 and 0. */
    Tensor losses(Tensor scores, Tensor labels);

    /** The mean of {@link #losses}. */
    Tensor loss(Tensor scores, Tensor labels);

    /** The model of finished tables of users and items, as {@link #users} and {@link #items} made them. */
    UserRows model(float[] users, float[] items, float[][] weights);
}
