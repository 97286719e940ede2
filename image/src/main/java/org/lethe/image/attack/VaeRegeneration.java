package org.lethe.image.attack;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.diffusion.Diffusion;

/**
 * Compresses pictures with a learned autoencoder so that a watermark is no longer found: D(round_Δ(E(x))), with E the mean of the latent
 * distribution, scaled to unit deviation, and rounding to multiples of Δ.
 *
 * <p>CopyrightMeter (2024) uses the codec of Cheng et al. (CVPR 2020) at quality 3, whose weights are not here. In its place stands the
 * autoencoder of a diffusion model: as there, only the rounded reconstruction matters. Cost: one encoding and decoding a picture.
 *
 * @param step Δ; 0 encodes and decodes alone, and the distortion grows with it
 * @param autoencoder other: one of the attacker's own, independent of the model that marks; public: that of the public model
 * @param removal how it is judged
 */
@Named("vae-regeneration")
public record VaeRegeneration(double step, Autoencoder autoencoder, Removal removal) implements MarkRemoval {
    /** Whose autoencoder it is. */
    public enum Autoencoder {
        /** One of the attacker's own. */
        OTHER,
        /** That of the public model. */
        PUBLIC
    }

    public VaeRegeneration {
        Check.require(step >= 0 && step <= 100, "step", step, "0 to 100");
    }

    /** Latents rounded to halves by an autoencoder of the attacker's own. */
    public VaeRegeneration() {
        this(0.5, Autoencoder.OTHER, new Removal());
    }

    @Override
    public boolean readsModel() {
        return true;
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        Diffusion model = switch (autoencoder) {
            case PUBLIC -> tools.model();
            case OTHER ->
                tools.other()
                        .orElseThrow(() -> new IllegalArgumentException(
                                "autoencoder of vae-regeneration is OTHER, expected PUBLIC, since there is no second"
                                        + " model"));
        };
        return Batches.each(
                pictures,
                model.device(),
                Regeneration.without((batch, _) -> model.decode(rounded(model.encode(batch)))));
    }

    /** Latents at multiples of the step. */
    Tensor rounded(Tensor latents) {
        return step == 0 ? latents : latents.div(new Scalar(step)).round().mul(new Scalar(step));
    }
}
