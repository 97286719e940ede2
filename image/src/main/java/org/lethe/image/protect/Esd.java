package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Guard;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.UpdateRule;

/**
 * Erased stable diffusion: the denoiser learns to say about the concept p what negative guidance of the original denoiser ε* says.
 *
 * <pre>L = ‖ε(z, t, p) − (ε*(z, t, ∅) − η (ε*(z, t, p) − ε*(z, t, ∅)))‖²,  a mean over elements</pre>
 *
 * <p>Each iteration draws a concept, an index k of a run of {@code samplingSteps} steps, and a start; samples with the current denoiser
 * down to k; and draws t uniformly among the training steps of that index. Its minimiser for η = 1 is the mirror image of the concept
 * about the unconditional model. Adam without decay, one latent a step.
 *
 * <p>Source: Gandikota et al., ICCV 2023, arXiv 2303.07345, equation 7 and section 4.1; values of the authors' code. They recommend
 * cross-attention (ESD-x) for artists and names, and all but cross-attention (ESD-u) for what has many names. Cost: {@code iterations}
 * times half a run of sampling with guidance, and three passes and one gradient; the models that are trained here take a larger rate
 * than 1e-5 and fewer iterations.
 *
 * @param trained part that is trained: cross-attention, no-cross-attention (ESD-u), self-attention, no-time, full, or another
 * @param negativeGuidance η
 * @param iterations steps of Adam
 * @param learningRate of Adam
 * @param guidance with which latents are sampled
 * @param samplingSteps of a whole run
 * @param subjects whether prompts for subjects with the concept are drawn beside the concept alone; published is false
 */
@Named("esd")
public record Esd(
        Trained trained,
        double negativeGuidance,
        int iterations,
        double learningRate,
        double guidance,
        int samplingSteps,
        boolean subjects)
        implements WeightEditing {
    public Esd {
        Check.require(
                trained != Trained.EMBEDDING,
                "trained",
                "embedding",
                "a part of the denoiser: ablating-concepts trains it");
        Check.require(
                negativeGuidance >= 0 && negativeGuidance < 1e3, "negativeGuidance", negativeGuidance, "0 or more");
        Check.require(iterations >= 0, "iterations", iterations, "at least 0");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        Check.require(guidance >= 0 && guidance < 1e3, "guidance", guidance, "0 or more");
        Check.require(samplingSteps >= 1, "samplingSteps", samplingSteps, "at least 1");
    }

    /** As published for artists: cross-attention, η 1, 1000 iterations at 1e-5, guidance 3 over 50 steps. */
    public Esd() {
        this(Trained.CROSS_ATTENTION, 1, 1000, 1e-5, 3, 50, false);
    }

    /** A prompt to be erased. */
    private record Target(Tensor states, int height, int width) {}

    @Override
    public void edit(Diffusion model, List<Concept> concepts, Env env) {
        if (concepts.isEmpty()) {
            return;
        }
        Diffusion frozen = model.copy();
        List<Target> targets = new ArrayList<>();
        Tensor empty;
        try (var _ = new NoGradGuard()) {
            empty = model.states(List.of(""));
            for (Concept concept : concepts) {
                int[] size = WeightEditing.size(model, concept);
                List<String> prompts = new ArrayList<>(List.of(concept.concept()));
                if (subjects) {
                    concept.subjects().stream().distinct().map(concept::prompt).forEach(prompts::add);
                }
                prompts.forEach(p -> targets.add(new Target(model.states(List.of(p)), size[0], size[1])));
            }
        }
        new Fit(Named.Of.name(this), iterations, new UpdateRule.AdamW(learningRate, 0), 0)
                .train(
                        chosen(model),
                        env,
                        key -> loss(
                                model,
                                frozen,
                                empty,
                                targets.get(Keyed.below(key.of("concept").at(0), targets.size())),
                                key));
    }

    private Tensor loss(Diffusion model, Diffusion frozen, Tensor empty, Target target, Keyed key) {
        int index = Keyed.below(key.of("index").at(0), samplingSteps); // 0 is the last call of a run
        int[] time = {time(index, model.schedule().steps(), key.of("time").at(0))};
        Tensor z;
        Tensor wanted;
        try (var _ = new NoGradGuard()) {
            long[] shape = model.latent(target.height, target.width);
            Tensor start = Sampler.normal(key.of("start"), 1, shape[0], shape[1], shape[2])
                    .to(Devices.of(model.device()), ScalarType.Float);
            z = new Sampler(samplingSteps, guidance)
                    .latentsBefore(samplingSteps - 1 - index, model, new Guard.None(), start, target.states);
            Tensor nothing = frozen.noise(z, time, empty);
            Tensor asked = frozen.noise(z, time, target.states);
            wanted = nothing.sub(asked.sub(nothing).mul(new Scalar(negativeGuidance)));
        }
        return model.noise(z, time, target.states).sub(wanted).square().mean();
    }

    /** A training step among those of an index. */
    int time(int index, int all, long bits) {
        int from = (int) Math.rint((double) all * index / samplingSteps);
        int to = (int) Math.rint((double) all * (index + 1) / samplingSteps);
        return from + Keyed.below(bits, to - from);
    }
}
