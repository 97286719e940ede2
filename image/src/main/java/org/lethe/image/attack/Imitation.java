package org.lethe.image.attack;

import org.lethe.Check;
import org.lethe.image.Sampler;
import org.lethe.image.model.FineTuning;

/**
 * How every purification is tried and judged: an imitator fine-tunes the public model on an artist's works under a rare word
 * (DreamBooth, Ruiz et al. 2023) and paints pictures. The settings are those of the imitator, whatever the protection.
 *
 * @param steps of fine-tuning, with AdamW
 * @param batch works of a step
 * @param learningRate of fine-tuning
 * @param priorWeight of the term that keeps "a painting" as it was; 0 for none
 * @param word the rare word that stands for the artist
 * @param captions whether the imitator writes what a work shows into its prompt; DreamBooth has one prompt for all works
 * @param pictures that the imitator paints
 * @param sampling calls of the denoiser for a picture
 * @param guidance towards the prompt; 7.5 is usual for Stable Diffusion and too much for small models
 * @param minResilience smallest share of pictures that are not judged to be the artist's, after the attack, that passes
 */
public record Imitation(
        int steps,
        int batch,
        double learningRate,
        double priorWeight,
        String word,
        boolean captions,
        int pictures,
        int sampling,
        double guidance,
        double minResilience) {
    public Imitation {
        Check.require(!word.isBlank() && !word.contains(" "), "word", "\"" + word + "\"", "one word");
        Check.require(pictures >= 1, "pictures", pictures, "at least 1");
        Check.require(minResilience > 0 && minResilience <= 1, "minResilience", minResilience, "above 0, at most 1");
        learning(steps, batch, learningRate, priorWeight);
        sampler(sampling, guidance);
    }

    /** 60 steps of 8 works, one prompt, 32 pictures of 25 calls at a guidance of 3, of which half must not be the artist's. */
    public Imitation() {
        this(60, 8, 3e-4, 0, "sks", false, 32, 25, 3, 0.5);
    }

    private static FineTuning learning(int steps, int batch, double learningRate, double priorWeight) {
        return new FineTuning(steps, batch, learningRate, false, priorWeight);
    }

    private static Sampler sampler(int sampling, double guidance) {
        return new Sampler(sampling, guidance);
    }

    /** How the imitator learns. */
    FineTuning learning() {
        return learning(steps, batch, learningRate, priorWeight);
    }

    /** How it paints. */
    Sampler sampler() {
        return sampler(sampling, guidance);
    }
}
