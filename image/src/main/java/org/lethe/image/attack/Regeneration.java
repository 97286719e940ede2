package org.lethe.image.attack;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.image.Guard;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.Scheduler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/** Noise until a detail is lost, and a diffusion model that paints details anew: what DiffPure and regeneration attacks share. */
final class Regeneration {
    private Regeneration() {}

    /** A denoiser of pictures in [−1, 1] as a scheduler asks it. */
    static Scheduler.Denoiser asked(Tools.PixelDenoiser pixels) {
        return (input, time) -> {
            float[] times = new float[(int) input.size(0)];
            Arrays.fill(times, (float) time);
            return pixels.network()
                    .predict(input, Tensors.of(times, times.length).to(input.device(), ScalarType.Float));
        };
    }

    /** The denoiser of pictures that an attack needs. */
    static Tools.PixelDenoiser pixels(Tools tools, String attack) {
        return tools.pixels()
                .orElseThrow(() -> new IllegalArgumentException(
                        "space of " + attack + " is PIXEL, expected LATENT, since there is no denoiser of pictures"));
    }

    /**
     * Pictures after noise to a level and the random process backwards through all steps below it (Nie et al. 2022), with the variance β
     * and x₀ within ± clip.
     *
     * @param signed pictures in [−1, 1]
     * @param level number of training steps of noise; 0 changes nothing
     * @param clip bound of x₀; 0 for none
     * @param guide pictures to which each step is drawn by the gradient of their structural similarity, where there are some
     */
    static Tensor pixels(
            Tensor signed,
            NoiseSchedule schedule,
            Scheduler.Denoiser denoiser,
            int level,
            double clip,
            Optional<Tensor> guide,
            Keyed key,
            int first) {
        if (level == 0) {
            return signed;
        }
        double[] bars = schedule.alphaBars();
        double[] betas = schedule.betas();
        int[] times = new int[(int) signed.size(0)];
        Arrays.fill(times, level - 1);
        Tensor x = schedule.noised(signed, Batches.noise(key.of("start"), first, signed), times);
        for (int step = level - 1; step >= 0; step--) {
            int t = step;
            Tensor now = x;
            x = Tensors.within(() -> {
                double before = t > 0 ? bars[t - 1] : 1;
                double a = Math.sqrt(bars[t]);
                double s = Math.sqrt(1 - bars[t]);
                Tensor clean = NoiseSchedule.Prediction.NOISE.clean(denoiser.predict(now, t), now, a, s);
                if (clip > 0) {
                    clean = clean.clamp(new ScalarOptional(new Scalar(-clip)), new ScalarOptional(new Scalar(clip)));
                }
                Tensor next = clean.mul(new Scalar(Math.sqrt(before) * betas[t] / (1 - bars[t])))
                        .add(now, new Scalar(Math.sqrt(1 - betas[t]) * (1 - before) / (1 - bars[t])));
                if (t > 0) {
                    Tensor z = Batches.noise(key.of("steps").of(t), first, now);
                    next = next.add(z, new Scalar(Math.sqrt(betas[t])));
                }
                return guide.isPresent() ? next.add(pull(now, guide.get(), bars[t], betas[t])) : next;
            });
            now.close(); // else all steps of large pictures would be kept to the end
        }
        return x;
    }

    /** Σ_t s_t ∇ SSIM(x_t, guide), s_t = √(1 − ᾱ)/(m √ᾱ), m = 4 · 2/255/3/1000. */
    private static Tensor pull(Tensor input, Tensor guide, double bar, double beta) {
        double scale = Math.sqrt(1 - bar) / (4 * 2.0 / 255 / 3 / 1000 * Math.sqrt(bar));
        Tensor leaf = input.detach().requires_grad_(true);
        Tensor similarity;
        try (var _ = new AutoGradMode(true)) {
            similarity = similarity(leaf, guide).sum();
        }
        return torch.grad(new TensorVector(similarity), new TensorVector(leaf))
                .get(0)
                .mul(new Scalar(beta * scale));
    }

    /** Structural similarity of each pair of pictures in [−1, 1], as it is of [0, 1], with a Gaussian window of 11 pixels, {@code [rows]}. */
    static Tensor similarity(Tensor signed, Tensor others) {
        Tensor one = unsigned(signed);
        Tensor other = unsigned(others);
        float[] line = new float[11];
        double sum = 0;
        for (int k = 0; k < 11; k++) {
            sum += Math.exp(-(k - 5) * (k - 5) / 4.5);
        }
        for (int k = 0; k < 11; k++) {
            line[k] = (float) (Math.exp(-(k - 5) * (k - 5) / 4.5) / sum);
        }
        Tensor kernel = Tensors.of(line, 1, 1, 1, 11).to(one.device(), one.scalar_type());
        Tensor meanA = filtered(one, kernel);
        Tensor meanB = filtered(other, kernel);
        Tensor both = meanA.mul(meanB);
        Tensor squares = meanA.square().add(meanB.square());
        Tensor covariance = filtered(one.mul(other), kernel).sub(both);
        Tensor variances = filtered(one.square().add(other.square()), kernel).sub(squares);
        Scalar c1 = new Scalar(0.01 * 0.01);
        Scalar c2 = new Scalar(0.03 * 0.03);
        Tensor above = both.mul(new Scalar(2))
                .add(c1)
                .mul(covariance.mul(new Scalar(2)).add(c2));
        Tensor below = squares.add(c1).mul(variances.add(c2));
        return above.div(below).mean(1, 2, 3);
    }

    /** Each channel under a window in both directions, where it fits. */
    private static Tensor filtered(Tensor pictures, Tensor line) {
        long[] shape = pictures.shape();
        Tensor planes = pictures.reshape(shape[0] * shape[1], 1, shape[2], shape[3]);
        return torch.conv2d(torch.conv2d(planes, line), line.transpose(2, 3))
                .reshape(shape[0], shape[1], shape[2] - 10, shape[3] - 10);
    }

    /**
     * Pictures after noise on their latents to a level and the public model backwards, without noise of its own.
     *
     * @param pictures within 0 and 1
     * @param level training step of the noise; 0 encodes and decodes alone
     */
    static Tensor latents(
            Diffusion model,
            Tensor pictures,
            int level,
            DiffusionRegeneration.Start when,
            Sampler sampler,
            String prompt,
            Keyed key,
            int first) {
        return Tensors.within(() -> {
            Tensor clean = model.encode(pictures);
            if (level == 0) {
                return model.decode(clean);
            }
            int calls = calls(model, level, when, sampler);
            int begin = begin(model, level, when, sampler);
            int[] each = new int[(int) clean.size(0)];
            Arrays.fill(each, begin);
            Tensor start = model.schedule().noised(clean, Batches.noise(key, first, clean), each);
            return model.decode(sampler.latents(
                    model, new Guard.None(), start, model.states(List.of(prompt)), sampler.steps() - calls));
        });
    }

    private static int calls(Diffusion model, int level, DiffusionRegeneration.Start when, Sampler sampler) {
        int[] times = sampler.times(model);
        return switch (when) {
            case MATCHED ->
                times.length
                        - IntStream.range(0, times.length)
                                .boxed()
                                .min(Comparator.comparingInt(n -> Math.abs(times[n] - level)))
                                .orElseThrow();
            case PUBLISHED -> Math.clamp(level / (model.schedule().steps() / sampler.steps()), 1, sampler.steps());
        };
    }

    /** The training step of the noise that is added. */
    static int begin(Diffusion model, int level, DiffusionRegeneration.Start when, Sampler sampler) {
        return switch (when) {
            case MATCHED -> sampler.times(model)[sampler.steps() - calls(model, level, when, sampler)];
            case PUBLISHED -> level;
        };
    }

    /** Pictures regenerated in a space, without gradients. */
    static Batches.Change without(Batches.Change change) {
        return (pictures, first) -> {
            try (var _ = new NoGradGuard()) {
                return change.of(pictures, first);
            }
        };
    }

    /** A step of a pixel run leaves [−1, 1] for [0, 1]. */
    static Tensor unsigned(Tensor signed) {
        return signed.add(new Scalar(1)).mul(new Scalar(0.5));
    }
}
