package org.lethe.recsys.balance;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.recsys.Interactions;

/**
 * In-Naive, the baseline of In-UCDS (arXiv 2309.01335): training pulls every disadvantaged user towards the advantaged users
 * who share most items with it.
 *
 * <p>The loss is that of {@code in-ucds}. The published code takes the pairs of each sample of a batch, repeated users
 * included. User t then counts {@code n_t = samplesPerBatch · degree(t) / interactions} times in the mean. Here it counts exactly
 * n_t times in every step, without the chance of a batch. Active users are therefore pulled harder; with {@code
 * samplesPerBatch: 0} each counts once, as in In-UCDS.
 *
 * <p>Approximate; no guarantee of equal quality. Cost: one training, and {@code O(|I| · neighbours · width)} products in every
 * step.
 *
 * @param neighbours number of neighbours of a user; 0 for all that share an item with it
 * @param strength factor c of the fairness loss, beside the mean loss of a batch
 * @param samplesPerBatch number of samples, negatives included, whose users are pulled in one step; 0 to pull each user once
 */
@Named("in-naive")
public record InNaive(int neighbours, double strength, int samplesPerBatch) implements FairTraining {
    public InNaive {
        Check.require(neighbours >= 0, "neighbours", neighbours, "at least 0");
        Check.require(strength >= 0 && strength < 1e9, "strength", strength, "at least 0 and below 1e9");
        Check.require(samplesPerBatch >= 0, "samplesPerBatch", samplesPerBatch, "at least 0");
    }

    /** The published settings: three neighbours, c = 1e-5, batches of 1,024 samples. */
    public InNaive() {
        this(3, 1e-5, 1024);
    }

    @Override
    public Neighbours.Search search() {
        return new Neighbours.Search(Neighbours.Rule.NEAREST, Similarity.COUNT, neighbours, new DominantSets());
    }

    @Override
    public boolean weighted() {
        return false;
    }

    /** n_t of each user. */
    @Override
    public double[] counts(int[] users, Interactions train) {
        return Arrays.stream(users)
                .mapToDouble(t -> samplesPerBatch == 0 ? 1 : (double) samplesPerBatch * train.degree(t) / train.size())
                .toArray();
    }
}
