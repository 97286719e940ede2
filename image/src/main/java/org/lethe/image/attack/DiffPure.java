package org.lethe.image.attack;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * Drowns a protective perturbation in noise and lets a diffusion model take the noise away (Nie et al., ICML 2022): x_t = √ᾱ x + √(1 − ᾱ) n
 * at step t* of the schedule, and then the random process backwards. What comes out has the distribution of clean pictures, and the
 * less of the picture that came in the larger t* is.
 *
 * <p>pixel: an unconditional denoiser of pictures in [−1, 1], all t* steps with the variance β and x₀ within ±1, as published. latent:
 * what an attacker with the public model alone can do; noise on the scaled latents, then 50-step DDIM with the empty prompt. guided: after
 * each pixel step the mean moves by Σ_t s_t ∇ SSIM(x_t, x), s_t = √(1 − ᾱ)/(m √ᾱ), m = 4 · 2/255/3/1000, as the code of CopyrightMeter (2024)
 * does. Unlike that code the size stays.
 *
 * <p>Cost: rounds · level calls of the denoiser a picture, or a twentieth of it in latent space.
 *
 * @param space pixel or latent
 * @param level t* of the 1000 training steps; 100 to 150 is usual, 0 changes nothing but what the autoencoder loses
 * @param rounds how often all of it is done
 * @param guided whether pixel steps are drawn to the picture; pictures of at least 11 × 11
 * @param imitation how it is judged
 */
@Named("diffpure")
public record DiffPure(Space space, int level, int rounds, boolean guided, Imitation imitation)
        implements Purification {
    /** Where noise is added. */
    public enum Space {
        /** To pixels: an unconditional denoiser of pictures takes it away, step by step. */
        PIXEL,
        /** To latents: the public model takes it away. */
        LATENT
    }

    public DiffPure {
        Check.require(level >= 0 && level <= 1000, "level", level, "0 to 1000");
        Check.require(rounds >= 1 && rounds <= 100, "rounds", rounds, "1 to 100");
        Check.require(!guided || space == Space.PIXEL, "guided", guided, "false in latent space");
    }

    /** 100 steps of noise on pixels, once, not guided. */
    public DiffPure() {
        this(Space.PIXEL, 100, 1, false, new Imitation());
    }

    @Override
    public boolean readsModel() {
        return true;
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        List<Bitmap> pure = pictures;
        for (int round = 0; round < rounds; round++) {
            Keyed key = env.random("diffpure").of(round);
            pure = Batches.each(pure, tools.model().device(), Regeneration.without((batch, first) -> switch (space) {
                case PIXEL -> pixels(batch, tools, key, first);
                case LATENT ->
                    Regeneration.latents(
                            tools.model(),
                            batch,
                            level,
                            DiffusionRegeneration.Start.MATCHED,
                            new Sampler(50, 1),
                            "",
                            key,
                            first);
            }));
        }
        return pure;
    }

    private Tensor pixels(Tensor batch, Tools tools, Keyed key, int first) {
        if (level == 0) {
            return batch;
        }
        Tools.PixelDenoiser pixels = Regeneration.pixels(tools, "diffpure");
        Tensor signed = Diffusion.signed(batch);
        return Regeneration.unsigned(Regeneration.pixels(
                signed,
                pixels.schedule(),
                Regeneration.asked(pixels),
                level,
                1,
                guided ? Optional.of(signed) : Optional.empty(),
                key,
                first));
    }
}
