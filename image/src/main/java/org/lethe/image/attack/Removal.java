package org.lethe.image.attack;

import org.lethe.Check;
import org.lethe.image.Sampler;

/**
 * How every removal of a watermark is tried and judged: a detector looks at marked and at unmarked pictures, attacked and not. It calls
 * a picture marked at a threshold that is never set by the pictures that are judged.
 *
 * @param falsePositiveRate α, the share of unmarked pictures that may be called marked
 * @param threshold calibrated: α of unmarked pictures kept apart lie above it; after the attack, half of these are attacked too. theory: the
 *     p-value of the method's own test is at most α
 * @param unmarked pictures for calibration, each also attacked: every other of the published unmarked ones, then validation works where
 *     works are published, else pictures of the public model; α must be at least 1/(2 · unmarked)
 * @param sampling calls of the denoiser for a picture of the public model
 * @param guidance towards its prompt
 * @param minResilience smallest share of marked pictures that must be found after the attack
 */
public record Removal(
        double falsePositiveRate,
        Threshold threshold,
        int unmarked,
        int sampling,
        double guidance,
        double minResilience) {
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
        sampler(sampling, guidance);
        Check.require(minResilience > 0 && minResilience <= 1, "minResilience", minResilience, "above 0, at most 1");
    }

    /** One false alarm in a hundred, calibrated with 100 pictures of 25 calls at a guidance of 3; half of the marks must be found. */
    public Removal() {
        this(0.01, Threshold.CALIBRATED, 100, 25, 3, 0.5);
    }

    private static Sampler sampler(int sampling, double guidance) {
        return new Sampler(sampling, guidance);
    }

    /** How pictures of the public model are made. */
    Sampler sampler() {
        return sampler(sampling, guidance);
    }
}
