package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.image.Bitmap;
import org.lethe.image.Guard;
import org.lethe.image.Perceptual;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Parameters;
import org.lethe.torch.UpdateRule;

/**
 * Draws the latents of works towards those of the same subjects in another style, as long as it is hardly to be seen (Glaze, Shan et
 * al. 2023, as Impress re-implements it): min mean (Φ(x + δ) − Φ(Ω(x)))² + weight · max(P(x, x + δ) − budget, 0) by Adam on δ.
 *
 * <p>Φ is the scaled mean of the encoder and Ω(x) the target. P is not LPIPS, whose weights are not here, but a stand-in, so that a
 * budget says something else than there; and this is not the official Glaze, which is closed. Nothing bounds a single value but the range from 0 to 1.
 * The published rate on the scale from −1 to 1 is halved. Costs a pass forwards and backwards through the encoder and P for each
 * picture and step.
 *
 * @param budget p, the perceptual distance that is free of charge; δ starts at a uniform draw within p/2 of the range from 0 to 1
 * @param weight of the distance beyond it
 * @param learningRate of Adam, in 1/255 of the range from 0 to 1; 0.255 is the published 0.002
 * @param steps of Adam; 0 changes nothing
 * @param distance pdist: on the features of the gallery's own judge; dssim: (1 − SSIM)/2, which needs no network
 * @param style prompt of the style to which the model itself makes works over, as {@code a cubist painting}; empty takes the same
 *     subject by another artist, where the gallery has one
 * @param strength share of the sampler's 50 calls with which works are made over
 */
@Named("glaze")
public record Glaze(
        double budget, double weight, double learningRate, int steps, Distance distance, String style, double strength)
        implements Obfuscation {
    private static final Sampler SAMPLER = new Sampler();

    /** What stands for LPIPS. */
    public enum Distance {
        /** Differences of the unit-length activations of a network. */
        PDIST,
        /** Structural dissimilarity. */
        DSSIM
    }

    public Glaze {
        Check.require(budget >= 0 && budget <= 1e3, "budget", budget, "0 or more");
        Check.require(weight >= 0 && weight <= 1e12, "weight", weight, "0 or more");
        Check.require(learningRate > 0 && learningRate <= 255, "learningRate", learningRate, "above 0, at most 255");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(strength > 0 && strength <= 1, "strength", strength, "above 0, at most 1");
    }

    /** p 0.05 with weight 30, 500 steps at 0.255, towards the same subject by another artist. */
    public Glaze() {
        this(0.05, 30, 0.255, 500, Distance.PDIST, "", 0.5);
    }

    @Override
    public List<Bitmap> protect(Diffusion model, Task task, Env env) {
        if (steps == 0) {
            return task.pictures();
        }
        Perceptual looks = perceptual(task);
        Keyed key = env.random("glaze");
        int rows = ProjectedGradient.batch(task.pictures());
        List<Bitmap> made = new ArrayList<>();
        try (Progress.Step progress =
                env.progress().begin("glaze", task.pictures().size())) {
            for (int from = 0; from < task.pictures().size(); from += rows) {
                int to = Math.min(task.pictures().size(), from + rows);
                try (var _ = new PointerScope()) {
                    List<Bitmap> originals = task.pictures().subList(from, to);
                    Tensor original = ProjectedGradient.tensor(model, originals);
                    Tensor target = target(model, task, original, from, key.of("made over"));
                    Tensor changed = changed(
                            model,
                            looks,
                            original,
                            target,
                            ProjectedGradient.mask(model, task, from, to),
                            start(key.of("start"), from, original));
                    made.addAll(ProjectedGradient.published(originals, changed, 255));
                }
                progress.advance(to - from);
            }
        }
        return made;
    }

    private Perceptual perceptual(Task task) {
        return switch (distance) {
            case DSSIM -> new StructuralDistance();
            case PDIST ->
                task.perceptual()
                        .orElseThrow(() -> new LetheException(
                                LetheException.Code.STUDY,
                                "glaze measures pdist on the judge of a gallery, and there is none here; write"
                                        + " {glaze: {distance: dssim}}"))
                        .get();
        };
    }

    /** Φ of the target. */
    private Tensor target(Diffusion model, Task task, Tensor original, int from, Keyed key) {
        try (var _ = new NoGradGuard()) {
            if (!style.isBlank()) {
                return madeOver(model, original, from, key);
            }
            int to = from + (int) original.size(0);
            if (task.others().size() < to) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "glaze draws works towards another style, and there are no works of another artist here; name"
                                + " one that the model knows, as {glaze: {style: a cubist painting}}");
            }
            return model.encode(ProjectedGradient.tensor(model, task.others().subList(from, to)))
                    .detach();
        }
    }

    /** The latents of works made over by the model (Meng et al. 2022). */
    private Tensor madeOver(Diffusion model, Tensor original, int from, Keyed key) {
        int skipped = SAMPLER.steps() - (int) Math.max(1, Math.round(strength * SAMPLER.steps()));
        Tensor clean = model.encode(original);
        long[] shape = clean.shape();
        shape[0] = 1;
        Tensor noise = torch.cat(
                        new TensorVector(IntStream.range(0, (int) clean.size(0))
                                .mapToObj(n -> Sampler.normal(key.of(from + n), shape))
                                .toArray(Tensor[]::new)),
                        0)
                .to(clean.device(), clean.scalar_type());
        int[] times = new int[(int) clean.size(0)];
        Arrays.fill(times, SAMPLER.times(model)[skipped]);
        Tensor start = model.schedule().noised(clean, noise, times);
        Tensor states = model.states(Collections.nCopies(times.length, style));
        return SAMPLER.latents(model, new Guard.None(), start, states, skipped).detach();
    }

    private Tensor start(Keyed key, int from, Tensor like) {
        return ProjectedGradient.uniform(key, from, like).mul(new Scalar(Math.min(1, budget) / 2));
    }

    /** Follows Adam from a first change; everything outside the mask stays. */
    Tensor changed(
            Diffusion model, Perceptual looks, Tensor original, Tensor target, Optional<Tensor> mask, Tensor start) {
        Tensor change = mask.map(start::mul).orElse(start).detach();
        bound(change, original);
        change.requires_grad_(true);
        Optimiser adam = new Optimiser(
                new UpdateRule.AdamW(learningRate / 255, 0), Parameters.of(Map.of("change", change)), Optimiser.ALL);
        for (int i = 0; i < steps; i++) {
            try (var _ = new PointerScope()) {
                adam.dropGradients();
                Tensor open = mask.map(change::mul).orElse(change);
                loss(model, looks, original, original.add(open), target).sum().backward();
                double size = change.grad().abs().sum().item_double();
                if (!Double.isFinite(size)) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            "glaze: the gradient of the pictures is " + size + " at step " + i);
                }
                adam.step(1);
                bound(change, original);
            }
        }
        adam.dropGradients();
        return original.add(change.detach());
    }

    /** Brings original + change within the range. */
    private static void bound(Tensor change, Tensor original) {
        try (var _ = new NoGradGuard()) {
            change.detach()
                    .copy_(original.add(change.detach())
                            .clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(1)))
                            .sub(original));
        }
    }

    /** What is made small, {@code [rows]}. */
    Tensor loss(Diffusion model, Perceptual looks, Tensor original, Tensor now, Tensor target) {
        Tensor apart = model.encode(now).sub(target);
        Tensor features = apart.square().flatten(1, -1).mean(new long[] {1}, false, new ScalarTypeOptional());
        Tensor seen = looks.distance(now, original).sub(new Scalar(budget)).clamp_min(new Scalar(0));
        return features.add(seen.mul(new Scalar(weight)));
    }
}
