package org.lethe.image.attack;

import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Env;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;

/**
 * What an attacker owns: models that were trained without the protected works. They belong to the scope of the caller.
 *
 * @param model the public text-to-image model, without any guard
 * @param other a second model, whose autoencoder is independent of the first
 * @param pixels an unconditional denoiser of pictures in [−1, 1], with its schedule
 * @param perception how far pictures look apart
 */
public record Tools(
        Diffusion model,
        Optional<Diffusion> other,
        Optional<PixelDenoiser> pixels,
        Optional<Perception> perception) {
    /** A perceptual distance, differentiable in both batches of pictures within [0, 1]. */
    public interface Perception {
        /** The distance of each pair, {@code [rows]}. */
        Tensor apart(Tensor pictures, Tensor others);
    }

    /**
     * A denoiser of pictures.
     *
     * @param network without a text
     * @param schedule of its training
     */
    public record PixelDenoiser(UNet network, NoiseSchedule schedule) {}

    /** What an attacker of a study owns, in the current scope: models that learned from the known styles of a gallery. */
    static Tools of(Gallery gallery, ImageModel model, Env env) {
        return new Tools(model.open(env.device()));
    }

    /** Tools of an attack that {@linkplain PictureAttack#readsModel reads no model}: a model of one grey pixel, in the current scope. */
    static Tools none() {
        return new Tools(new GaussianDiffusion(Map.of("", new float[3]), 1, 1, 0.5, new NoiseSchedule()));
    }

    /** Models without a perceptual distance. */
    public Tools(Diffusion model, Optional<Diffusion> other, Optional<PixelDenoiser> pixels) {
        this(model, other, pixels, Optional.empty());
    }

    /** The public model alone. */
    public Tools(Diffusion model) {
        this(model, Optional.empty(), Optional.empty());
    }

    /** The same with a perceptual distance. */
    public Tools with(Perception distance) {
        return new Tools(model, other, pixels, Optional.of(distance));
    }
}
