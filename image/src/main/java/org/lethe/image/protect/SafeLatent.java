package org.lethe.image.protect;

import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;

/**
 * Safe latent diffusion: guidance with a term that turns away from the concept s where it says nearly what the prompt p says. With
 * d = ε(p) − ε(s), element by element,
 *
 * <pre>
 * μ = 0 where d ≥ λ, else min(1, s_S |d|)
 * g = μ ⊙ (ε(s) − ε(∅)) + s_m ν,  ν ← β ν + (1 − β) g
 * ε = ε(∅) + w (ε(p) − ε(∅) − g),  without g in the first δ calls
 * </pre>
 *
 * <p>The presets are those of the authors: weak δ 15, s_S 20, λ 0, s_m 0, β 0; medium 10, 1000, 0.01, 0.3, 0.4; strong 7, 2000, 0.025,
 * 0.5, 0.7; max 0, 5000, 1, 0.5, 0.7. δ is meant for 50 calls. Momentum builds up during the warm-up. A scale below 1 switches it off. The
 * weights stay as they are. By this rule a prompt that is the concept to the letter is not led at all, as d is 0 there.
 *
 * <p>Source: Schramowski et al., CVPR 2023, arXiv 2211.05105, section 3 and algorithm 1. Cost: none; sampling asks the denoiser three times
 * a step and not twice.
 *
 * @param preset weak, medium, strong or max
 * @param warmUp δ in place of the preset's, calls that are not led
 * @param scale s_S in place of the preset's
 * @param threshold λ in place of the preset's, on the scale of predicted noise
 */
@Named("safe-latent-diffusion")
public record SafeLatent(Preset preset, Optional<Integer> warmUp, Optional<Double> scale, Optional<Double> threshold)
        implements Sanitisation {
    /** Settings of the authors. */
    public enum Preset {
        /** Late and gentle. */
        WEAK(15, 20, 0, 0, 0),
        /** The authors' default. */
        MEDIUM(10, 1000, 0.01, 0.3, 0.4),
        /** Early. */
        STRONG(7, 2000, 0.025, 0.5, 0.7),
        /** From the first call on, nearly everywhere. */
        MAX(0, 5000, 1, 0.5, 0.7);

        private final int warmUp;
        private final double scale;
        private final double threshold;
        private final double momentumScale;
        private final double momentum;

        Preset(int warmUp, double scale, double threshold, double momentumScale, double momentum) {
            this.warmUp = warmUp;
            this.scale = scale;
            this.threshold = threshold;
            this.momentumScale = momentumScale;
            this.momentum = momentum;
        }
    }

    public SafeLatent {
        warmUp.ifPresent(calls -> Check.require(calls >= 0, "warmUp", calls, "at least 0"));
        scale.ifPresent(s -> Check.require(s >= 0 && s < 1e9, "scale", s, "a finite number of at least 0"));
        threshold.ifPresent(t -> Check.require(t > -1e3 && t < 1e3, "threshold", t, "between -1000 and 1000"));
    }

    /** Medium. */
    public SafeLatent() {
        this(Preset.MEDIUM);
    }

    /** A preset as it is. */
    public SafeLatent(Preset preset) {
        this(preset, Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** The guard for a concept. */
    public Guard.Safe guard(String concept) {
        return new Guard.Safe(
                concept,
                warmUp.orElse(preset.warmUp),
                scale.orElse(preset.scale),
                threshold.orElse(preset.threshold),
                preset.momentumScale,
                preset.momentum);
    }

    @Override
    public ImageModel erase(ImageModel model, Concept concept, Env env) {
        return model.with(guard(concept.concept()));
    }
}
