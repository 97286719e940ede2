package org.lethe.recsys.backbone;

import org.lethe.Env;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;

/** A learner by alternating least squares: each half of an iteration solves every row of one table exactly, the other fixed. */
public sealed interface AlternatingLearner extends EmbeddingLearner permits ImplicitAls, ExplicitAls {
    /**
     * Tables after some iterations.
     *
     * @param model the tables
     * @param iterations iterations that were run
     * @param change largest change of a number in the last one; infinite before the first
     */
    record Settled(Embeddings model, int iterations, double change) {}

    /**
     * Goes on from given tables, which are not changed, on other data: solves the rows of some users, items fixed, and then
     * alternates until no number moves by {@code tolerance}, or at most so many iterations. A user without interactions gets its
     * initial row.
     */
    Settled settle(Embeddings from, Interactions train, int[] first, double tolerance, int iterations, Env env);
}
