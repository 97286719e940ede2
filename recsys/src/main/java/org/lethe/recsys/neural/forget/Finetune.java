package org.lethe.recsys.neural.forget;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Trains on a little of what is left, and does nothing else: the baseline of the methods that end in fine-tuning.
 *
 * <p>Adam on {@code −log p} of {@code times} retained examples for each erased one, whole sessions of other users, at least 32 and
 * at most a tenth of the data. Quality stays, and nearly all of the memory does too: quality alone is no measure of forgetting
 * (erase, section 9). Cost: {@code O(times · examples · items · width)} an epoch.
 *
 * @param times retained examples for each erased one
 * @param epochs number of passes over them
 * @param learningRate learning rate of Adam
 */
@Named("finetune")
@Taxonomy({Branch.REPAIR, Branch.SEQUENCE})
public record Finetune(int times, int epochs, double learningRate) implements NetworkMethod {
    public Finetune {
        Check.require(times >= 1, "times", times, "at least 1");
        Check.require(epochs >= 0, "epochs", epochs, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** Sixteen for one, one epoch of 0.001. */
    public Finetune() {
        this(16, 1, 1e-3);
    }

    @Override
    public void move(Removal removal) {
        new Tuning(removal, learningRate).epochs(epochs, removal.sample(times, "repair"));
    }
}
