package org.lethe.image.protect;

import java.util.Optional;
import org.lethe.Device;
import org.lethe.image.Mark;
import org.lethe.image.diffusion.Diffusion;

/** The detectors of all watermarks. */
public final class Detectors {
    private Detectors() {}

    /** The detector of a mark, by the name of its method; it computes in the scope of the model, as long as that is open. */
    public static Detector of(Mark mark, Diffusion model) {
        return switch (mark.method()) {
            case "tree-ring", "zodiac" -> TreeRing.detector(mark, model);
            case "gaussian-shading" -> GaussianShading.detector(mark, model);
            default ->
                withoutModel(mark, model.device())
                        .orElseThrow(() -> new IllegalArgumentException("method of the mark is \"" + mark.method()
                                + "\", expected diffusion-shield, diagnosis, stable-signature, tree-ring, zodiac or"
                                + " gaussian-shading"));
        };
    }

    /** The detector of a mark that brings its own network; empty for a mark that is looked for in the noise of a model. */
    public static Optional<Detector> withoutModel(Mark mark, Device device) {
        return switch (mark.method()) {
            case "diffusion-shield" -> Optional.of(DiffusionShield.detector(mark, device));
            case "diagnosis" -> Optional.of(Diagnosis.detector(mark, device));
            case "stable-signature" -> Optional.of(StableSignature.detector(mark, device));
            default -> Optional.empty();
        };
    }
}
