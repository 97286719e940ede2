package org.lethe.image.attack;

import org.lethe.Check;
import org.lethe.image.Sampler;

/**
 * How every attack that recovers a concept is tried and judged: the settings that all of them share, whatever the protection.
 *
 * @param works of the erased style that the attacker has, drawn from the validation part, which no owner trains with
 * @param captions whether the attacker writes what a work shows into its prompt; published attacks with one prompt for all works do not
 * @param prompts pictures that are asked for and judged, on captions of the test part; as many of each kept style
 * @param sampling calls of the denoiser for a picture
 * @param guidance towards the prompt; 7.5 is usual for Stable Diffusion and too much for small models
 * @param minResilience smallest share of pictures without the concept, after the attack, that passes
 */
public record Protocol(int works, boolean captions, int prompts, int sampling, double guidance, double minResilience) {
    public Protocol {
        Check.require(works >= 1, "works", works, "at least 1");
        Check.require(prompts >= 1, "prompts", prompts, "at least 1");
        Check.require(minResilience > 0 && minResilience <= 1, "minResilience", minResilience, "above 0, at most 1");
        sampler(sampling, guidance);
    }

    /** 24 works with captions, 32 pictures of 50 calls at a guidance of 3, of which half must be without the concept. */
    public Protocol() {
        this(24, true, 32, 50, 3, 0.5);
    }

    private static Sampler sampler(int sampling, double guidance) {
        return new Sampler(sampling, guidance);
    }

    /** How pictures are made. */
    Sampler sampler() {
        return sampler(sampling, guidance);
    }
}
