package org.lethe.image.protect;

import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * Immunises works against being made over (PhotoGuard, Salman et al. 2023): the encoder attack makes the mean of the latent small,
 * min ‖E(x + δ) − E(y)‖₂, and the diffusion attack draws what a short run of the model makes of the work towards grey,
 * min ‖f(x + δ) − ½‖₂.
 *
 * <p>Steps of α, which falls along a straight line to a hundredth of itself, from a uniform draw within ε. f encodes, adds noise, calls the
 * denoiser under guidance with fresh noise after each call (η = 1), and decodes. Published lengths on the scale from −1 to 1 are halved; the published
 * ball of the diffusion attack, a length of 16 on that scale for pictures of 512 pixels, is a root mean square of 2.3 here. The encoder
 * attack costs a pass forwards and backwards through the encoder for each picture and step; the diffusion attack draws times calls
 * passes through the denoiser, twice forwards and once backwards, and keeps the activations of one call at a time.
 *
 * @param attack encoder, or diffusion
 * @param target y of the encoder attack: zero takes the zero latent in place of E(y), grey the latent of a grey picture
 * @param epsilon largest change of a value, in 1/255 of the range from 0 to 1; under l2 the root mean square of the changes of a picture
 * @param step first α, in the same unit
 * @param steps how many; 0 changes nothing. The authors' notebook takes 1000
 * @param norm linf: steps of signs, l2: steps along the gradient within a ball
 * @param draws of noise, whose mean gradient the diffusion attack follows
 * @param calls of the denoiser in one run of the diffusion attack
 * @param strength share of the noise's way that a run begins at; a run has calls / strength steps, of which the last are carried out
 * @param guidance w of the runs
 */
@Named("photoguard")
public record PhotoGuard(
        Attack attack,
        Target target,
        double epsilon,
        double step,
        int steps,
        Norm norm,
        int draws,
        int calls,
        double strength,
        double guidance)
        implements Obfuscation {
    /** What is attacked. */
    public enum Attack {
        /** The encoder. */
        ENCODER,
        /** The whole model. */
        DIFFUSION
    }

    /** Where latents are drawn to. */
    public enum Target {
        /** The latent of zeros. */
        ZERO,
        /** The latent of a grey picture. */
        GREY
    }

    /** How the size of a change is measured. */
    public enum Norm {
        /** The largest change of a value. */
        LINF,
        /** The root of the sum of squares. */
        L2
    }

    public PhotoGuard {
        pgd(epsilon, step, steps, norm);
        Check.require(draws >= 1, "draws", draws, "at least 1");
        Check.require(calls >= 1 && calls <= 1000, "calls", calls, "1 to 1000");
        Check.require(strength >= 0.01 && strength <= 1, "strength", strength, "0.01 to 1");
        Check.require(guidance >= 0 && guidance < 1e3, "guidance", guidance, "0 or more");
    }

    /** The encoder attack towards zero: ε 7.65 (0.06 as published), α 2.55, 100 steps of signs; runs of 4 calls, 10 draws. */
    public PhotoGuard() {
        this(Attack.ENCODER, Target.ZERO, 7.65, 2.55, 100, Norm.LINF, 10, 4, 0.5, 7.5);
    }

    private static ProjectedGradient pgd(double epsilon, double step, int steps, Norm norm) {
        ProjectedGradient.Norm own = switch (norm) {
            case LINF -> ProjectedGradient.Norm.LINF;
            case L2 -> ProjectedGradient.Norm.L2;
        };
        return new ProjectedGradient(epsilon, step, steps, true, true, own);
    }

    @Override
    public List<Bitmap> protect(Diffusion model, Task task, Env env) {
        Keyed key = env.random("photoguard");
        return pgd(epsilon, step, steps, norm).of(model, task, "photoguard", env, rows -> switch (attack) {
            case ENCODER -> encoder(model, rows.pictures());
            case DIFFUSION ->
                new ShortRun(model, task.prompt(), draws, calls, strength, guidance, key.of("runs"), rows.from());
        });
    }

    private ProjectedGradient.Objective encoder(Diffusion model, Tensor pictures) {
        Tensor towards;
        try (var _ = new NoGradGuard()) {
            Tensor grey = torch.full_like(pictures.narrow(0, 0, 1), new Scalar(0.5));
            Tensor mean = model.posterior(grey).mean().detach();
            towards = switch (target) {
                case ZERO -> torch.zeros_like(mean);
                case GREY -> mean;
            };
        }
        return (now, _) -> ProjectedGradient.squares(model.posterior(now).mean().sub(towards))
                .sqrt();
    }
}
