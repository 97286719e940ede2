package org.lethe.image.attack;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Workers;
import org.lethe.image.Guard;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.DiffusionLora;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;

/**
 * Teaches the protected model the erased style again with a low-rank adapter (Hu et al. 2022), and counts how often it comes back.
 *
 * <pre>W' = W + (α / r) B A,  A normal with deviation 1/r, B = 0</pre>
 *
 * <p>Trained are B and A of the maps to queries, keys, values and outputs of all attention of the denoiser, by the loss of diffusion on
 * works under their own prompts, "a red apple in the style of noto", with AdamW at a constant rate, gradients clipped at 1. The exact
 * gaussian model has no attention; there W is its one linear map, from the state of a prompt to the mean. Published runs on Stable
 * Diffusion use rank 4 and 1e-4 for 50 epochs of batches of 4, with random flips; small models need the larger rate, and flips are left
 * out, as they would turn letters and arrows. A guard stays on while pictures are made.
 *
 * <p>Cost: {@code steps} steps of training for each protection, and once for the model before.
 *
 * @param rank r, rows of A
 * @param alpha α; the products count α / r
 * @param steps steps of AdamW
 * @param batch pictures of a step
 * @param learningRate of AdamW
 * @param protocol works, prompts and bar, the same for all attacks that recover a concept
 */
@Named("lora")
public record LoraRecovery(int rank, double alpha, int steps, int batch, double learningRate, Protocol protocol)
        implements Recovering {
    private static final Predicate<String> ATTENTION =
            Pattern.compile("\\.attn[12]\\.to_(q|k|v|out\\.0)$").asPredicate();

    public LoraRecovery {
        Check.require(rank >= 1 && rank <= 1 << 16, "rank", rank, "1 to 65536");
        Check.require(alpha > 0 && alpha < 1e6, "alpha", alpha, "above 0");
        Check.require(learningRate > 0, "learningRate", learningRate, "above 0, below 1");
        tuning(steps, batch, learningRate);
    }

    /** Rank 4 with α = 4, 200 steps of 8 pictures at 2e-3. */
    public LoraRecovery() {
        this(4, 4, 200, 8, 2e-3, new Protocol());
    }

    private static FineTuning tuning(int steps, int batch, double learningRate) {
        return new FineTuning(steps, batch, learningRate, false, 0);
    }

    /**
     * A model with an adapter beside its weights.
     *
     * @param model with the adapter; without training it is as it was
     * @param matrices A and B
     */
    record Adapted(Diffusion model, Parameters matrices) {}

    /** Gives a model, the caller's own, an adapter that changes nothing yet. */
    Adapted adapted(Diffusion model, Keyed key) {
        if (model instanceof LatentDiffusion latent) {
            DiffusionLora adapter =
                    DiffusionLora.fresh(DiffusionLora.Part.UNET, latent.unet().layers(), ATTENTION, rank, alpha, key);
            Parameters matrices = adapter.parameters();
            matrices.draw(
                    key,
                    (name, _) -> name.endsWith(".lora_A.weight")
                            ? Optional.of(Initial.normal(0, 1.0 / rank))
                            : Optional.empty(),
                    Workers.here());
            latent.unet().layers().adapt(adapter);
            return new Adapted(model, matrices);
        }
        long dims = model.states(List.of("")).size(2);
        Tensor down = torch.zeros(rank, dims);
        Tensor up = torch.zeros(dims, rank);
        Initial.normal(0, 1.0 / rank).fill(down, key.of("down"), Workers.here());
        return new Adapted(
                Reworded.through(
                        model,
                        states -> states.add(torch.linear(torch.linear(states, down), up), new Scalar(alpha / rank))),
                Parameters.of(Map.of("down", down, "up", up)));
    }

    @Override
    public Recovered recover(Diffusion model, Guard guard, Target target, Env env) {
        Adapted adapted = adapted(model, env.random("lora"));
        tuning(steps, batch, learningRate)
                .train(
                        adapted.model,
                        adapted.matrices,
                        new FineTuning.Lessons(target.pictures(), target.prompts(target.style())),
                        FineTuning.Lessons.NONE,
                        env);
        return Recovered.under(adapted.model, target.style());
    }
}
