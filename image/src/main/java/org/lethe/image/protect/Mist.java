package org.lethe.image.protect;

import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * Draws the latents of works towards those of a picture covered with text, and makes the works hard to learn (Mist, Liang and Wu
 * 2023): min ‖E(x + δ) − E(y)‖² − λ L_DM(x + δ, c) over ‖δ‖∞ ≤ ε by steps of signs.
 *
 * <p>E is a scaled draw of the encoder, fresh at each step for x and once for y; the norm is a sum over the latent, the loss of
 * diffusion a mean over it, so that λ weighs the less the larger the picture. Published lengths on the scale from −1 to 1 are halved,
 * and unlike there rounding to 8 bits keeps within ε. Costs a pass forwards and backwards through the encoder for each picture and
 * step, and unless textural through the denoiser.
 *
 * @param mode semantic: the loss of diffusion alone, textural: the distance of latents alone, fused: both
 * @param epsilon largest change of a value, in 1/255 of the range from 0 to 1
 * @param step α of a step of signs, in the same unit
 * @param steps how many; 0 changes nothing
 * @param weight λ of the fused mode; 10,000 as published, for latents of 16,384 numbers
 * @param perNumber whether λ is per 16,384 numbers of a latent, so that it weighs the same whatever the size; false as published
 * @param randomStart whether it starts at a uniform draw within epsilon
 */
@Named("mist")
public record Mist(
        Mode mode, double epsilon, double step, int steps, double weight, boolean perNumber, boolean randomStart)
        implements Obfuscation {
    private static final double PUBLISHED_NUMBERS = 4 * 64 * 64;

    /** What is made small. */
    public enum Mode {
        /** Minus the loss of diffusion. */
        SEMANTIC,
        /** The distance of latents. */
        TEXTURAL,
        /** Both. */
        FUSED
    }

    public Mist {
        pgd(epsilon, step, steps, randomStart);
        Check.require(weight >= 0 && weight <= 1e15, "weight", weight, "0 or more");
    }

    /** Fused with λ 10,000, ε 16, α 1, 100 steps from a random start. */
    public Mist() {
        this(Mode.FUSED, 16, 1, 100, 1e4, false, true);
    }

    private static ProjectedGradient pgd(double epsilon, double step, int steps, boolean randomStart) {
        return new ProjectedGradient(epsilon, step, steps, randomStart);
    }

    @Override
    public List<Bitmap> protect(Diffusion model, Task task, Env env) {
        Keyed key = env.random("mist");
        DiffusionLoss loss = DiffusionLoss.of(model, task.prompt(), key.of("loss"));
        return pgd(epsilon, step, steps, randomStart)
                .of(model, task, "mist", env, rows -> objective(loss, rows, target(loss, rows, key.of("target"))));
    }

    /** The latent of the text, {@code [1, …]}. */
    private static Tensor target(DiffusionLoss loss, ProjectedGradient.Rows rows, Keyed key) {
        int width = (int) rows.pictures().size(3);
        int height = (int) rows.pictures().size(2);
        try (var _ = new NoGradGuard()) {
            Tensor text = ProjectedGradient.tensor(loss.model(), List.of(TiledText.picture(width, height)));
            return new DiffusionLoss(loss.model(), loss.states(), key)
                    .latents(text, 0, 0)
                    .detach();
        }
    }

    private ProjectedGradient.Objective objective(DiffusionLoss loss, ProjectedGradient.Rows rows, Tensor target) {
        double scale = perNumber ? (double) target.numel() / PUBLISHED_NUMBERS : 1;
        return (pictures, step) -> {
            Tensor latents = loss.latents(pictures, rows.from(), step);
            return switch (mode) {
                case SEMANTIC -> loss.of(latents, rows.from(), step).neg();
                case TEXTURAL -> ProjectedGradient.squares(latents.sub(target));
                case FUSED ->
                    ProjectedGradient.squares(latents.sub(target))
                            .sub(loss.of(latents, rows.from(), step).mul(new Scalar(weight * scale)));
            };
        };
    }
}
