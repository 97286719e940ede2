package org.lethe.image.attack;

import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

/**
 * Paints pictures anew with a diffusion model so that a watermark is no longer found (Zhao et al. 2023): encode, noise to a step of the
 * schedule, denoise, decode. CopyrightMeter (2024) uses step 60 of 1000 and the last 3 of 50 sampler steps; its authors also use 30 and
 * 100.
 *
 * <p>No detector of a residual mark can beat TPR ≤ Φ(Φ⁻¹(FPR) + ρ d), with d the distance of the latents with and without the mark and
 * ρ = √ᾱ/√(1 − ᾱ): two normal distributions at this distance. This does not bound marks in the noise of generation.
 *
 * <p>pixel: DiffPure, noise on pixels in [−1, 1] and the random process of an unconditional denoiser of pictures.
 *
 * <p>Cost: level/20 calls of the denoiser a picture, twice as many with guidance; level calls in pixel space.
 *
 * @param space latent or pixel
 * @param level training step of the noise; 0 encodes and decodes alone
 * @param start matched: the noise is that of the first call; published: it is that of the level, and level/stride calls follow
 * @param sampler of latents; the published guidance of 7.5 changes nothing with an empty prompt
 * @param prompt under which latents are denoised; may be empty
 * @param removal how it is judged
 */
@Named("diffusion-regeneration")
public record DiffusionRegeneration(
        DiffPure.Space space, int level, Start start, Sampler sampler, String prompt, Removal removal)
        implements MarkRemoval {
    /** The noise at the beginning of a run over some of the training steps. */
    public enum Start {
        /** That of the first call, which is the nearest to the level. */
        MATCHED,
        /** That of the level, and as many calls follow as whole strides fit into it, at least one, as published. */
        PUBLISHED
    }

    public DiffusionRegeneration {
        Check.require(level >= 0 && level <= 999, "level", level, "0 to 999");
        Check.require(sampler.steps() <= 500, "steps of the sampler", sampler.steps(), "at most 500");
    }

    /** Step 60 of the latents in a 50-step run, without a prompt and without guidance. */
    public DiffusionRegeneration() {
        this(DiffPure.Space.LATENT, 60, Start.MATCHED, new Sampler(50, 1), "", new Removal());
    }

    @Override
    public boolean readsModel() {
        return true;
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        Keyed key = env.random("diffusion-regeneration");
        return Batches.each(pictures, tools.model().device(), Regeneration.without((batch, first) -> switch (space) {
            case PIXEL -> pixels(batch, tools, key, first);
            case LATENT -> Regeneration.latents(tools.model(), batch, level, start, sampler, prompt, key, first);
        }));
    }

    private Tensor pixels(Tensor batch, Tools tools, Keyed key, int first) {
        if (level == 0) {
            return batch;
        }
        Tools.PixelDenoiser pixels = Regeneration.pixels(tools, "diffusion-regeneration");
        return Regeneration.unsigned(Regeneration.pixels(
                Diffusion.signed(batch),
                pixels.schedule(),
                Regeneration.asked(pixels),
                level,
                1,
                Optional.empty(),
                key,
                first));
    }

    /** {@code true-positive-bound}: the mean over pictures of the largest rate at which a residual mark may still be found. */
    @Override
    public List<Finding> more(ImageModel.Published published, Tools tools) {
        if (space != DiffPure.Space.LATENT || level == 0 || !published.twins()) {
            return List.of();
        }
        Diffusion model = tools.model();
        double bar = model.schedule().alphaBars()[Regeneration.begin(model, level, start, sampler)];
        double rho = Math.sqrt(bar / (1 - bar));
        double sum = 0;
        int n = published.shown().size();
        for (int i = 0; i < n; i++) {
            sum += bound(
                    removal.falsePositiveRate(),
                    rho
                            * distance(
                                    model,
                                    published.original().get(i).picture(),
                                    published.shown().get(i).picture()));
        }
        return List.of(new Finding("true-positive-bound", sum / n, n, Direction.NONE));
    }

    private static double distance(Diffusion model, Bitmap one, Bitmap other) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor both = Devices.on(Sampler.batch(List.of(one, other)), model.device());
            Tensor latents = model.encode(both);
            return latents.narrow(0, 0, 1).sub(latents.narrow(0, 1, 1)).norm().item_double();
        }
    }

    /** Φ(Φ⁻¹(rate) + distance): the largest rate of true positives between two standard normal distributions so far apart. */
    static double bound(double falsePositiveRate, double distance) {
        NormalDistribution normal = new NormalDistribution();
        return normal.cumulativeProbability(normal.inverseCumulativeProbability(falsePositiveRate) + distance);
    }
}
