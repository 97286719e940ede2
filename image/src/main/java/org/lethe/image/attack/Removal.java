package org.lethe.image.attack;

import org.lethe.Check;

/**
 * How every removal of a watermark is tried and judged: a detector looks at marked and at unmarked pictures, attacked and not. It calls
 * a picture marked at a threshold that is never set by the pictures that are judged.
 *
 * @param falsePositiveRate α, the share of unmarked pictures that may be called marked
 * @param threshold calibrated: α of unmarked pictures kept apart lie above it, half of them attacked; theory: the p-value of the method's
 *     own test is at most α
 * @param unmarked pictures for calibration, each also attacked: every other of the published unmarked ones, then validation works; α must
 *     be at least 1/(2 · unmarked)
 * @param minResilience smallest share of marked pictures that must be found after the attack
 */
public record Removal(double falsePositiveRate, Threshold threshold, int unmarked, double minResilience) {
    /** Where a threshold comes from. */
    public enum Threshold {
        /** From unmarked pictures. */
        CALIBRATED,
        /** From the test of the method. */
        THEORY
    }

    public Removal {
        Check.require(
                falsePositiveRate > 0 && falsePositiveRate < 1,
                "falsePositiveRate",
                falsePositiveRate,
                "above 0, below 1");
        Check.require(unmarked >= 1, "unmarked", unmarked, "at least 1");
        Check.require(minResilience > 0 && minResilience <= 1, "minResilience", minResilience, "above 0, at most 1");
    }

    /** One false alarm in a hundred, calibrated with 100 pictures; half of the marks must be found. */
    public Removal() {
        this(0.01, Threshold.CALIBRATED, 100, 0.5);
    }
}
