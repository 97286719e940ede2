package org.lethe.recsys.balance;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.recsys.Interactions;

/**
 * In-UCDS (arXiv 2309.01335): training pulls every disadvantaged user towards the advantaged users of its constrained dominant
 * set.
 *
 * <p>Before training, the neighbours of each disadvantaged user t are found by affinities from the training part, in the graph
 * of t and all advantaged users (section 2 of the paper; {@link DominantSets}). The model is then trained anew by {@code L =
 * L_utility + c Σ_t Σ_j ‖e_t − e_j‖²}, with all pairs in every step and neighbours held fixed.
 *
 * <p>A constrained dominant set of a user is the cluster that contains it and in which each member is more alike to the others
 * than to users outside. The published code departs from the paper: it counts common items of test pairs too, and it stops
 * after five steps of an iteration without the constraint. Settings {@code rule: companion, similarity: count} give this form,
 * from training pairs alone. On MovieLens-100K, 896 users then have 15 different neighbours, and one of these serves 839 users. The
 * exact sets by counts have 16 neighbours, one for 835 users; those by cosine similarity, the default, have 46, one for 176.
 *
 * <p>Users without a neighbour, because they share no item with an advantaged user, are pulled towards the most active ones;
 * the cost of the run counts them. A model may become fair by serving advantaged users worse: look at both groups.
 *
 * <p>Approximate; no guarantee of equal quality. Cost: one training, {@code O(|I| · neighbours · width)} products in every
 * step, and before it {@code O(|A|)} for every user and iteration of {@link DominantSets}.
 *
 * @param rule rule by which neighbours are chosen
 * @param similarity similarity of two users
 * @param neighbours number of neighbours of a user, those of largest weight; 0 for the whole set
 * @param strength factor c of the fairness loss, beside the mean loss of a batch
 * @param weighted whether a neighbour counts by its weight, of sum 1; as published, each counts 1
 * @param alphaFactor α of the constraint over the smallest one that holds; larger values give smaller sets
 * @param dynamics dynamics that find the sets
 */
@Named("in-ucds")
public record InUcds(
        Neighbours.Rule rule,
        Similarity similarity,
        int neighbours,
        double strength,
        boolean weighted,
        double alphaFactor,
        DominantSets.Dynamics dynamics)
        implements FairTraining {
    public InUcds {
        Check.require(neighbours >= 0, "neighbours", neighbours, "at least 0");
        Check.require(strength >= 0 && strength < 1e9, "strength", strength, "at least 0 and below 1e9");
        new DominantSets(alphaFactor, dynamics);
    }

    /** Three neighbours of the exact set under cosine similarity, c = 1e-5. */
    public InUcds() {
        this(
                Neighbours.Rule.DOMINANT_SET,
                Similarity.COSINE,
                3,
                1e-5,
                false,
                1.1,
                DominantSets.Dynamics.INFECTION_IMMUNISATION);
    }

    /** The settings of the published code. */
    static InUcds published() {
        return new InUcds(
                Neighbours.Rule.COMPANION,
                Similarity.COUNT,
                3,
                1e-5,
                false,
                1.1,
                DominantSets.Dynamics.INFECTION_IMMUNISATION);
    }

    @Override
    public Neighbours.Search search() {
        return new Neighbours.Search(rule, similarity, neighbours, new DominantSets(alphaFactor, dynamics));
    }

    @Override
    public double[] counts(int[] users, Interactions train) {
        double[] once = new double[users.length];
        Arrays.fill(once, 1);
        return once;
    }
}
