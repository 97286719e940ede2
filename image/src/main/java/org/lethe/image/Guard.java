package org.lethe.image;

/**
 * How a sampler keeps away from a concept, whatever it is asked for. It stays with the model: whoever samples the model samples it
 * under its guard.
 */
public sealed interface Guard {
    /** No guard. */
    record None() implements Guard {}

    /**
     * Negative prompt: guidance leads away from the concept and not from nothing, ε = ε(n) + w (ε(p) − ε(n)).
     *
     * @param concept prompt of the concept n
     */
    record Avoid(String concept) implements Guard {}

    /**
     * Safe latent diffusion (Schramowski et al. 2023): guidance with a term that turns away from the concept where prompt and concept
     * say nearly the same.
     *
     * @param concept prompt of the concept
     * @param warmUp δ, calls at the beginning that are not led
     * @param scale s_S
     * @param threshold λ
     * @param momentumScale s_m
     * @param momentum β
     */
    record Safe(String concept, int warmUp, double scale, double threshold, double momentumScale, double momentum)
            implements Guard {}
}
