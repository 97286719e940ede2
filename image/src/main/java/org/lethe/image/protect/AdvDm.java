package org.lethe.image.protect;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * Makes works hard to learn by raising the loss of diffusion on them (AdvDM, Liang et al. 2023): max L_DM(x + δ, c) over ‖δ‖∞ ≤ ε by
 * steps of signs, with one fresh time and noise for each picture and step.
 *
 * <p>The prompt c is generic, as {@code a painting}. The gradient passes through the encoder and the denoiser. Settings are those of
 * the implementation of Mist, whose semantic mode this is; published lengths on the scale from −1 to 1 are halved. Costs a pass
 * forwards and backwards through encoder and denoiser for each picture and step.
 *
 * @param epsilon largest change of a value, in 1/255 of the range from 0 to 1
 * @param step α of a step of signs, in the same unit
 * @param steps how many; 0 changes nothing
 * @param draws times and noises whose mean gradient a step follows; 1 as published
 * @param randomStart whether it starts at a uniform draw within epsilon
 */
@Named("advdm")
public record AdvDm(double epsilon, double step, int steps, int draws, boolean randomStart) implements Obfuscation {
    public AdvDm {
        pgd(epsilon, step, steps, randomStart);
        Check.require(draws >= 1, "draws", draws, "at least 1");
    }

    /** ε 16, α 1, 100 steps of one draw, from the original. */
    public AdvDm() {
        this(16, 1, 100, 1, false);
    }

    private static ProjectedGradient pgd(double epsilon, double step, int steps, boolean randomStart) {
        return new ProjectedGradient(epsilon, step, steps, randomStart);
    }

    @Override
    public List<Bitmap> protect(Diffusion model, Task task, Env env) {
        Keyed key = env.random("advdm");
        DiffusionLoss loss = DiffusionLoss.of(model, task.prompt(), key.of("loss"));
        return pgd(epsilon, step, steps, randomStart)
                .of(model, task, "advdm", env, rows -> raising(loss, rows.from(), draws));
    }

    /** What is made small so that the loss of diffusion grows. */
    static ProjectedGradient.Objective raising(DiffusionLoss loss, int from, int draws) {
        return (pictures, step) -> {
            Tensor sum = one(loss, pictures, from, step * draws);
            for (int d = 1; d < draws; d++) {
                sum = sum.add(one(loss, pictures, from, step * draws + d));
            }
            return sum.div(new Scalar(-draws));
        };
    }

    private static Tensor one(DiffusionLoss loss, Tensor pictures, int from, int draw) {
        return loss.of(loss.latents(pictures, from, draw), from, draw);
    }
}
