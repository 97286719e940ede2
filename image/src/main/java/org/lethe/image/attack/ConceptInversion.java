package org.lethe.image.attack;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Guard;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.Scheduler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Schedule;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Looks for a new word that gets past the protection itself (concept inversion, Pham et al. 2024, arXiv 2308.01508): textual inversion
 * through edited weights, and through the guard where there is one.
 *
 * <p>Without a guard it is textual inversion on the edited weights. With a guard the word is trained so that the guarded sampler does for
 * it what a sampler without a guard would do for the concept, on noisy works:
 *
 * <pre>
 * negative prompt:  ε(c) + w (ε(v) − ε(c))  →  ε(∅) + w (ε(c) − ε(∅))
 * safe latent diffusion:  its own ε for v   →  the same
 * </pre>
 *
 * as a mean square, the target without a gradient. The momentum of safe latent diffusion is gathered over falling times of a window, and
 * the loss taken at the last of them; the warm-up counts these calls, where the published code counts batches. The guard is attacked with
 * the settings it has. w is the guidance of the protocol. Published runs use 5e-3 times 16 for 5,000, 1,000 or 100 steps, by protection;
 * here all protections get the same.
 *
 * <p>Cost: {@code steps} steps of training for each protection, each of five calls of the denoiser under a negative prompt and about
 * three times {@code calls} under safe latent diffusion.
 *
 * @param initial word of the model with whose vector the new one begins
 * @param steps steps of AdamW
 * @param batch pictures of a step
 * @param learningRate of AdamW
 * @param window training steps of noise over which momentum is gathered
 * @param calls of the guarded sampler in a window; one more than the guard's warm-up where that is larger
 * @param protocol works, prompts and bar, the same for all attacks that recover a concept
 */
@Named("concept-inversion")
public record ConceptInversion(
        String initial, int steps, int batch, double learningRate, int window, int calls, Protocol protocol)
        implements Recovering {
    public ConceptInversion {
        new TextualInversionRecovery(initial, steps, batch, learningRate, protocol);
        Check.require(window >= 0, "window", window, "at least 0");
        Check.require(calls >= 1 && calls <= window + 1, "calls", calls, "1 to " + (window + 1) + ", by the window");
    }

    /** From "painting", 300 steps of 8 pictures at 5e-3; 16 calls in a window of 90. */
    public ConceptInversion() {
        this("painting", 300, 8, 5e-3, 90, 16, new Protocol());
    }

    @Override
    public Recovered recover(Diffusion model, Guard guard, Target target, Env env) {
        TextualInversionRecovery inversion =
                new TextualInversionRecovery(initial, steps, batch, learningRate, protocol);
        if (guard instanceof Guard.None) {
            return inversion.recover(model, guard, target, env);
        }
        LearnedWord word = LearnedWord.of(model, TextualInversionRecovery.WORD, initial);
        train(word, guard, target, env);
        return Recovered.under(word.model(), word.word());
    }

    /** Trains a word against a guard. */
    void train(LearnedWord word, Guard guard, Target target, Env env) {
        if (steps == 0) {
            return;
        }
        word.parameters().train(_ -> true);
        Training.of(steps)
                .with(new UpdateRule.AdamW(learningRate, 0), new Schedule.Constant(0))
                .run(word.parameters(), objective(word, guard, target), env);
        word.parameters().train(_ -> false);
    }

    /** How far the guarded sampler is from what a free one would do for the concept. */
    Training.Objective<List<Tensor>> objective(LearnedWord word, Guard guard, Target target) {
        Diffusion model = word.model();
        Tensor clean = clean(model, target);
        List<String> asked = target.prompts(word.word());
        List<String> wanted = target.prompts(target.style());
        Sampler sampler = target.protocol().sampler();
        return new Training.Objective<>() {
            @Override
            public String name() {
                return "concept inversion";
            }

            @Override
            public List<Tensor> batch(long step, int part, Keyed key) {
                return List.of();
            }

            @Override
            public Tensor loss(List<Tensor> none, Keyed key) {
                List<Integer> rows = IntStream.range(0, batch)
                        .mapToObj(n -> Keyed.below(key.of("rows").at(n), asked.size()))
                        .toList();
                Tensor latents = torch.cat(
                        new TensorVector(rows.stream()
                                .map(row -> clean.narrow(0, row, 1))
                                .toArray(Tensor[]::new)),
                        0);
                Tensor noise =
                        Sampler.normal(key.of("noise"), latents.shape()).to(latents.device(), latents.scalar_type());
                int[] times = times(guard, model.schedule().steps(), key.of("times"));
                Scheduler.Denoiser guarded = sampler.denoiser(
                        model, guard, model.states(rows.stream().map(asked::get).toList()));
                int last = times[times.length - 1];
                Tensor noisy = noised(model, latents, noise, last);
                Tensor goal;
                try (var _ = new NoGradGuard()) {
                    for (int n = 0; n < times.length - 1; n++) {
                        guarded.predict(noised(model, latents, noise, times[n]), times[n]);
                    }
                    goal = sampler.denoiser(
                                    model,
                                    new Guard.None(),
                                    model.states(rows.stream().map(wanted::get).toList()))
                            .predict(noisy, last);
                }
                return guarded.predict(noisy, last).sub(goal).square().mean();
            }
        };
    }

    private static Tensor clean(Diffusion model, Target target) {
        try (var _ = new NoGradGuard()) {
            return model.encode(Sampler.batch(target.pictures()).to(Devices.of(model.device()), ScalarType.Float))
                    .detach();
        }
    }

    private static Tensor noised(Diffusion model, Tensor latents, Tensor noise, int time) {
        int[] times = new int[(int) latents.size(0)];
        Arrays.fill(times, time);
        return model.schedule().noised(latents, noise, times);
    }

    /** Falling times, of which the last is that of the loss: one, or those of a window above it where a guard remembers. */
    int[] times(Guard guard, int training, Keyed key) {
        if (!(guard instanceof Guard.Safe safe)) {
            return new int[] {Keyed.below(key.at(0), training)};
        }
        int wide = Math.min(Math.max(window, safe.warmUp()), training - 1);
        int count = Math.min(Math.max(calls, safe.warmUp() + 1), wide + 1);
        int last = Keyed.below(key.at(0), training - wide);
        Keyed order = key.of("window");
        return IntStream.concat(
                        IntStream.rangeClosed(last + 1, last + wide)
                                .boxed()
                                .sorted(Comparator.comparingLong(order::at))
                                .limit(count - 1L)
                                .sorted(Comparator.reverseOrder())
                                .mapToInt(t -> t),
                        IntStream.of(last))
                .toArray();
    }
}
