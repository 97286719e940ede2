package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.torch.Devices;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Parameters;
import org.lethe.torch.UpdateRule;

/**
 * ZoDiac (Zhang et al. 2024): the mark of {@link TreeRing} in a picture that is there already. DDIM inversion finds noise z of the
 * picture x; Adam changes z so that, with the key in its spectrum, the whole run of the sampler without a prompt gives x again,
 *
 * <pre>L = 10 · MSE(x̂, x) + 1 − SSIM(x̂, x),</pre>
 *
 * and the share θ of x is mixed in that is the smallest with SSIM(x̂ + θ(x − x̂), x) ≥ ssim, found by bisection on published 8-bit
 * pictures. At θ = 1 nothing is left of the mark. The paper's loss has a term of 0.1 times a perceptual distance of a pretrained
 * network, which is left out here.
 *
 * <p>The p of a detection is exact for noise; what inversion finds in pictures that no model made is only near to it, so thresholds
 * belong on unmarked pictures. The paper calls p below 0.1 marked.
 *
 * <p>Cost: iterations × steps × 4 passes of the denoiser a picture, three of them with gradients; memory does not grow with the
 * steps. The paper takes 100 iterations of 50 steps, channel 3 and a radius of 10.
 *
 * @param pattern ring, random or zeros
 * @param channel of the latent, from 0
 * @param radius of the disc in frequencies; 0 for 10, or a quarter of the side of latents below 40
 * @param steps of sampling and of inversion
 * @param refinements of each step of the inversion towards the exact one
 * @param iterations of Adam; its rate falls to 0.3 of itself after 30 and after 80
 * @param learningRate of Adam
 * @param ssim least structural similarity of a marked picture with its original
 */
@Named("zodiac")
public record ZoDiac(
        TreeRing.Pattern pattern,
        int channel,
        int radius,
        int steps,
        int refinements,
        int iterations,
        double learningRate,
        double ssim)
        implements PostHoc {
    private static final int BATCH = 8; // at most
    private static final int HALVINGS = 12;

    public ZoDiac {
        Check.require(channel >= 0, "channel", channel, "at least 0");
        Check.require(radius >= 0, "radius", radius, "at least 0");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(refinements >= 0 && refinements <= 30, "refinements", refinements, "0 to 30");
        Check.require(iterations >= 0, "iterations", iterations, "at least 0");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        Check.require(ssim >= 0 && ssim <= 1, "ssim", ssim, "0 to 1");
    }

    /** Rings in the first channel, 10 steps with one refinement, 30 iterations of 0.01, a similarity of 0.92. */
    public ZoDiac() {
        this(TreeRing.Pattern.RING, 0, 0, 10, 1, 30, 0.01, 0.92);
    }

    @Override
    public Mark key(Diffusion model, List<Bitmap> lessons, int height, int width, Env env) {
        return new TreeRing(TreeRing.Form.CALIBRATED, pattern, channel, radius, steps, 1, refinements)
                .key("zodiac", model, height, width, env);
    }

    @Override
    public List<Bitmap> mark(Diffusion model, Mark mark, List<Bitmap> pictures, Env env) {
        FourierKey key = TreeRing.key(mark);
        List<Bitmap> marked = new ArrayList<>();
        int rows = Math.min(BATCH, ProjectedGradient.batch(pictures));
        int batches = Math.ceilDiv(pictures.size(), rows);
        try (Progress.Step bar = env.progress().begin("zodiac", (long) batches * (2 * iterations + 1) * steps)) {
            for (int from = 0; from < pictures.size(); from += rows) {
                List<Bitmap> some = pictures.subList(from, Math.min(pictures.size(), from + rows));
                try (var _ = new PointerScope()) {
                    List<Bitmap> made = optimised(model, key, some, bar).pictures;
                    for (int n = 0; n < some.size(); n++) {
                        marked.add(enhanced(made.get(n), some.get(n)));
                    }
                }
            }
        }
        return marked;
    }

    /**
     * What the optimisation ends with.
     *
     * @param pictures before the original is mixed in
     * @param losses of each iteration, the mean over pictures, and of the end
     */
    record Optimised(List<Bitmap> pictures, List<Double> losses) {}

    /** Pictures as near to the originals as the key in their noise allows. */
    Optimised optimised(Diffusion model, FourierKey key, List<Bitmap> originals, Progress.Step progress) {
        Sampler sampler = new Sampler(steps, 1);
        long pixels = (long) originals.getFirst().width() * originals.getFirst().height();
        Trajectory run = new Trajectory(model, sampler, pixels, () -> progress.advance(1));
        Tensor wanted = Sampler.batch(originals).to(Devices.of(model.device()), ScalarType.Float);
        Tensor noise;
        try (var _ = new NoGradGuard()) {
            noise = sampler.inverted(model, model.encode(wanted), refinements)
                    .detach()
                    .clone();
        }
        Parameters trained = Parameters.of(Map.of("noise", noise));
        trained.train(_ -> true);
        Optimiser adam = new Optimiser(new UpdateRule.AdamW(learningRate, 0), trained, Optimiser.ALL);
        List<Double> losses = new ArrayList<>();
        for (int i = 0; i < iterations; i++) {
            try (var _ = new PointerScope()) {
                List<Tensor> states = run.states(key.inject(noise.detach()));
                Tensor latents = states.getLast().detach().clone().set_requires_grad(true);
                Tensor end = Slope.of(
                        () -> {
                            Tensor loss = loss(model.decode(latents), wanted);
                            losses.add(loss.item_double() / originals.size());
                            return loss;
                        },
                        latents,
                        pixels);
                key.inject(noise).mul(run.gradient(states, end)).sum().backward();
                adam.step(i < 30 ? 1 : i < 80 ? 0.3 : 0.09);
                adam.dropGradients();
            }
        }
        trained.train(_ -> false);
        try (var _ = new NoGradGuard()) {
            Tensor made = model.decode(run.states(key.inject(noise)).getLast());
            losses.add(loss(made, wanted).item_double() / originals.size());
            return new Optimised(Sampler.bitmaps(made), losses);
        }
    }

    private static Tensor loss(Tensor made, Tensor wanted) {
        Tensor structure = new StructuralDistance().distance(made, wanted).mul(new Scalar(2));
        Tensor error = made.sub(wanted).square().mean(new long[] {1, 2, 3});
        return error.mul(new Scalar(10)).add(structure).sum();
    }

    /** The picture with the smallest share of the original that makes it similar enough. */
    Bitmap enhanced(Bitmap made, Bitmap original) {
        if (similar(made, original)) {
            return made;
        }
        double low = 0;
        double high = 1;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            if (similar(mixed(made, original, middle), original)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return mixed(made, original, high);
    }

    private boolean similar(Bitmap picture, Bitmap original) {
        return ImageMetrics.ssim(picture, original) >= ssim;
    }

    /** One picture and a share of another, on 8-bit levels. */
    static Bitmap mixed(Bitmap made, Bitmap original, double share) {
        float[] values = new float[made.values().length];
        for (int i = 0; i < values.length; i++) {
            double value = made.values()[i] + share * (original.values()[i] - made.values()[i]);
            values[i] = Math.round(Math.clamp(value, 0, 1) * 255) / 255f;
        }
        return new Bitmap(made.width(), made.height(), values);
    }
}
