package org.lethe.image.attack;

import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.lethe.Env;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Judge;
import org.lethe.image.Perceptual;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;
import org.lethe.image.model.AttackerNetworks;

/**
 * What an attacker owns: models that were trained without the protected works. They belong to the scope in which they are asked for.
 */
public final class Tools {
    private final Diffusion model;
    private final Supplier<Optional<Diffusion>> other;
    private final Supplier<Optional<PixelDenoiser>> pixels;
    private final Optional<Perceptual> perception;

    /**
     * A denoiser of pictures.
     *
     * @param network without a text
     * @param schedule of its training
     */
    public record PixelDenoiser(UNet network, NoiseSchedule schedule) {}

    private Tools(
            Diffusion model,
            Supplier<Optional<Diffusion>> other,
            Supplier<Optional<PixelDenoiser>> pixels,
            Optional<Perceptual> perception) {
        this.model = model;
        this.other = other;
        this.pixels = pixels;
        this.perception = perception;
    }

    /** Tools of an attack that {@linkplain PictureAttack#readsModel reads no model}: a model of one grey pixel, in the current scope. */
    static Tools none() {
        return new Tools(new GaussianDiffusion(Map.of("", new float[3]), 1, 1, 0.5, new NoiseSchedule()));
    }

    /** Models without a perceptual distance. */
    public Tools(Diffusion model, Optional<Diffusion> other, Optional<PixelDenoiser> pixels) {
        this(model, () -> other, () -> pixels, Optional.empty());
    }

    /** The public model alone. */
    public Tools(Diffusion model) {
        this(model, Optional.empty(), Optional.empty());
    }

    /**
     * What an attacker of a study owns, in the current scope: models that learned from the known styles of a gallery. The attacker's own
     * networks are trained when an attack asks for them.
     */
    static Tools of(Gallery gallery, ImageModel model, Env env) {
        AttackerNetworks own = AttackerNetworks.of(gallery);
        return new Tools(
                model.open(env.device()),
                () -> Optional.of(own.autoencoder(env)),
                () -> Optional.of(new PixelDenoiser(own.pixels(env), AttackerNetworks.schedule())),
                Optional.of((pictures, others) -> Judge.of(gallery, env).distance(pictures, others)));
    }

    /** The same with a perceptual distance. */
    public Tools with(Perceptual distance) {
        return new Tools(model, other, pixels, Optional.of(distance));
    }

    /** The public text-to-image model, without any guard. */
    public Diffusion model() {
        return model;
    }

    /** A second model, whose autoencoder is independent of the first. */
    public Optional<Diffusion> other() {
        return other.get();
    }

    /** An unconditional denoiser of pictures in [−1, 1], with its schedule. */
    public Optional<PixelDenoiser> pixels() {
        return pixels.get();
    }

    /** How far pictures look apart, where the attacker can tell. */
    public Optional<Perceptual> perception() {
        return perception;
    }
}
