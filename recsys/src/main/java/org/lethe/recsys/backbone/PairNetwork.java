package org.lethe.recsys.backbone;

import static org.bytedeco.pytorch.global.torch.binary_cross_entropy_with_logits;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.lethe.recsys.UserRows;

/**
 * What stands between the rows of users and items and the score of a pair: the part of NeuMF and DMF that libtorch
 * differentiates. The rows themselves are {@link PairCourse}'s.
 */
interface PairNetwork {
    /** No reduction of losses, as libtorch numbers it. */
    long NONE = 0;

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

    /** The binary cross-entropy of each score, {@code [pairs]}, scores being logits; {@code labels} are 1 and 0. */
    default Tensor losses(Tensor scores, Tensor labels) {
        return binary_cross_entropy_with_logits(scores, labels, new TensorOptional(), new TensorOptional(), NONE);
    }

    /** The mean of {@link #losses}. */
    default Tensor loss(Tensor scores, Tensor labels) {
        return binary_cross_entropy_with_logits(scores, labels);
    }

    /** The model of finished tables of users and items, as {@link #users} and {@link #items} made them. */
    UserRows model(float[] users, float[] items, float[][] weights);
}
