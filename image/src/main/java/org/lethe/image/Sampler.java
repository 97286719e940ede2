package org.lethe.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.image.diffusion.Ddim;
import org.lethe.image.diffusion.DdimInverse;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.Scheduler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Makes pictures with a diffusion model: DDIM without noise of its own (Song et al. 2021), guidance towards a text, and the guard of
 * the model.
 *
 * @param steps calls of the denoiser
 * @param guidance w of ε(∅) + w (ε(p) − ε(∅)); at 1 the denoiser is asked about the text alone
 */
public record Sampler(int steps, double guidance) {
    private static final int BATCH = 32;

    public Sampler {
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(guidance >= 0 && guidance < 1e3, "guidance", guidance, "0 or more");
    }

    /** 50 steps with a guidance of 7.5. */
    public Sampler() {
        this(50, 7.5);
    }

    /** Standard normal noise of latents by a key, one row for each id, so that a row does not depend on the others. */
    public static Tensor noise(Diffusion model, Keyed key, int rows, int height, int width) {
        long[] shape = model.latent(height, width);
        Tensor[] each = new Tensor[rows];
        for (int n = 0; n < rows; n++) {
            each[n] = normal(key.of(n), 1, shape[0], shape[1], shape[2]);
        }
        return torch.cat(new TensorVector(each), 0).to(Devices.of(model.device()), torch.ScalarType.Float);
    }

    /** Standard normal draws, each a function of key and place. */
    public static Tensor normal(Keyed key, long... shape) {
        int size = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
        float[] draws = new float[size];
        for (int i = 0; i < size; i++) {
            draws[i] = (float) Keyed.normal(key.at(i));
        }
        return Tensors.of(draws, shape);
    }

    /** The pictures of prompts, from noise by a key; the same key and place give the same noise whatever the model. */
    public List<Bitmap> pictures(Diffusion model, Guard guard, List<String> prompts, int height, int width, Keyed key) {
        return pictures(model, guard, prompts, height, width, key, () -> {});
    }

    /** How often the pictures of so many prompts ask the denoiser. */
    public long calls(int prompts) {
        return (long) Math.ceilDiv(prompts, BATCH) * steps;
    }

    /**
     * The same pictures.
     *
     * @param called after each call of the denoiser
     */
    public List<Bitmap> pictures(
            Diffusion model, Guard guard, List<String> prompts, int height, int width, Keyed key, Runnable called) {
        List<Bitmap> made = new ArrayList<>();
        try (var _ = new NoGradGuard()) {
            for (int from = 0; from < prompts.size(); from += BATCH) {
                List<String> some = prompts.subList(from, Math.min(prompts.size(), from + BATCH));
                try (var _ = new PointerScope()) {
                    Tensor[] starts = IntStream.range(from, from + some.size())
                            .mapToObj(n -> normal(key.of(n), row(model, height, width)))
                            .toArray(Tensor[]::new);
                    Tensor start = torch.cat(new TensorVector(starts), 0)
                            .to(Devices.of(model.device()), torch.ScalarType.Float);
                    Scheduler.Denoiser denoiser = denoiser(model, guard, model.states(some));
                    Tensor latents = ddim(model).sample(start, Scheduler.Course.still(steps), (input, time) -> {
                        Tensor noise = denoiser.predict(input, time);
                        called.run();
                        return noise;
                    });
                    made.addAll(bitmaps(model.decode(latents)));
                }
            }
        }
        return made;
    }

    private static long[] row(Diffusion model, int height, int width) {
        long[] shape = model.latent(height, width);
        return new long[] {1, shape[0], shape[1], shape[2]};
    }

    /** The latents that a run ends with, from standard normal noise. Differentiable where gradients are enabled. */
    public Tensor latents(Diffusion model, Guard guard, Tensor start, Tensor states) {
        return ddim(model).sample(start, Scheduler.Course.still(steps), denoiser(model, guard, states));
    }

    /**
     * The latents of a run that begins in its middle, from latents with the noise of that moment.
     *
     * @param skipped calls that are left out at the beginning
     */
    public Tensor latents(Diffusion model, Guard guard, Tensor start, Tensor states, int skipped) {
        return ddim(model)
                .sample(start, Scheduler.Course.still(steps).skipping(skipped), denoiser(model, guard, states));
    }

    /** The latents of a run before one of its calls, counted from 0. */
    public Tensor latentsBefore(int call, Diffusion model, Guard guard, Tensor start, Tensor states) {
        return ddim(model).until(call, start, Scheduler.Course.still(steps), denoiser(model, guard, states));
    }

    /** The training steps at which the denoiser is asked, from noise to picture. */
    public int[] times(Diffusion model) {
        return ddim(model).times(steps).stream().mapToInt(Double::intValue).toArray();
    }

    private static Ddim ddim(Diffusion model) {
        return new Ddim(model.schedule(), NoiseSchedule.Prediction.NOISE, Scheduler.Spacing.LEADING, 1, false, 0, 0);
    }

    /**
     * The noise from which a run without a text and without guidance would have made these latents.
     *
     * @param refinements of each step towards the exact inverse
     */
    public Tensor inverted(Diffusion model, Tensor latents, int refinements) {
        Tensor empty = model.states(List.of(""));
        return new DdimInverse(model.schedule(), NoiseSchedule.Prediction.NOISE, 1, false, 0, refinements)
                .sample(
                        latents,
                        Scheduler.Course.still(steps),
                        (input, time) -> model.noise(input, times(input, time), empty));
    }

    /** The denoiser under guidance and guard; one run each, as a guard may remember. */
    public Scheduler.Denoiser denoiser(Diffusion model, Guard guard, Tensor states) {
        return switch (guard) {
            case Guard.None() -> guided(model, states, model.states(List.of("")));
            case Guard.Avoid(String concept) -> guided(model, states, model.states(List.of(concept)));
            case Guard.Safe safe ->
                safe.scale() < 1 // as the authors switch it off
                        ? guided(model, states, model.states(List.of("")))
                        : new SafeDenoiser(model, safe, states, guidance);
        };
    }

    private Scheduler.Denoiser guided(Diffusion model, Tensor states, Tensor away) {
        if (guidance == 1) {
            return (input, time) -> model.noise(input, times(input, time), states);
        }
        return (input, time) -> {
            Tensor other = model.noise(input, times(input, time), away);
            Tensor own = model.noise(input, times(input, time), states);
            return other.add(own.sub(other).mul(new Scalar(guidance)));
        };
    }

    static int[] times(Tensor rows, double time) {
        int[] all = new int[(int) rows.size(0)];
        Arrays.fill(all, (int) time);
        return all;
    }

    /** The pictures of a batch, brought within [0, 1] and to the nearest of 256 levels. */
    public static List<Bitmap> bitmaps(Tensor pictures) {
        List<Bitmap> made = new ArrayList<>();
        for (long n = 0; n < pictures.size(0); n++) {
            Bitmap one = Bitmap.of(pictures.narrow(0, n, 1));
            made.add(Bitmap.of(one.bytes(), one.width(), one.height()));
        }
        return made;
    }

    /** A batch of pictures of the same size, {@code [pictures, 3, height, width]}. */
    public static Tensor batch(List<Bitmap> pictures) {
        return torch.stack(
                new TensorVector(pictures.stream().map(Bitmap::tensor).toArray(Tensor[]::new)), 0);
    }
}
