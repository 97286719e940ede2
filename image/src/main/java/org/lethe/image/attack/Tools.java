package org.lethe.image.attack;

import java.util.Optional;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;

/**
 * What an attacker owns: models that were trained without the protected works. They belong to the scope of the caller.
 *
 * @param model the public text-to-image model, without any guard
 * @param other a second model, whose autoencoder is independent of the first
 * @param pixels an unconditional denoiser of pictures in [−1, 1], with its schedule
 */
public record Tools(Diffusion model, Optional<Diffusion> other, Optional<PixelDenoiser> pixels) {
    /**
     * A denoiser of pictures.
     *
     * @param network without a text
     * @param schedule of its training
     */
    public record PixelDenoiser(UNet network, NoiseSchedule schedule) {}

    /** The public model alone. */
    public Tools(Diffusion model) {
        this(model, Optional.empty(), Optional.empty());
    }
}
