package org.lethe.image.protect;

import org.lethe.image.Mark;
import org.lethe.image.diffusion.Diffusion;

/** The detectors of all watermarks. */
public final class Detectors {
    private Detectors() {}

    /** The detector of a mark, by the name of its method; it computes in the scope of the model, as long as that is open. */
    public static Detector of(Mark mark, Diffusion model) {
        return switch (mark.method()) {
            case "diffusion-shield" -> DiffusionShield.detector(mark, model);
            case "diagnosis" -> Diagnosis.detector(mark, model);
            case "stable-signature" -> StableSignature.detector(mark, model);
            case "tree-ring", "zodiac" -> TreeRing.detector(mark, model);
            case "gaussian-shading" -> GaussianShading.detector(mark, model);
            default ->
                throw new IllegalArgumentException("method of the mark is \"" + mark.method()
                        + "\", expected diffusion-shield, diagnosis, stable-signature, tree-ring, zodiac or"
                        + " gaussian-shading");
        };
    }
}
