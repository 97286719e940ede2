package org.lethe.image.protect;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * The loss of diffusion of pictures, ‖n − ε(√ᾱ z + √(1 − ᾱ) n, t, c)‖² as a mean over elements, with a fresh time t, noise n and draw z
 * of the encoder for each picture and step. It differentiates through the encoder and the denoiser.
 *
 * @param model that is asked
 * @param states of the prompt c
 * @param key of the draws
 */
record DiffusionLoss(Diffusion model, Tensor states, Keyed key) {
    /** Under a prompt. */
    static DiffusionLoss of(Diffusion model, String prompt, Keyed key) {
        try (var _ = new NoGradGuard()) {
            return new DiffusionLoss(model, model.states(List.of(prompt)).detach(), key);
        }
    }

    /** The scaled latents of pictures, one draw each. */
    Tensor latents(Tensor pictures, int from, int step) {
        AutoencoderKl.Posterior posterior = model.posterior(pictures);
        return model.scaled(posterior.sample(draws("latent", posterior.mean(), from, step)));
    }

    /** The loss of each row of latents, {@code [rows]}. */
    Tensor of(Tensor latents, int from, int step) {
        int[] times = IntStream.range(0, (int) latents.size(0))
                .map(n -> Keyed.below(
                        own(from + n, step).of("time").at(0), model.schedule().steps()))
                .toArray();
        Tensor noise = draws("noise", latents, from, step);
        Tensor said = model.noise(model.schedule().noised(latents, noise, times), times, states);
        double elements = (double) latents.numel() / latents.size(0);
        return ProjectedGradient.squares(said.sub(noise)).div(new Scalar(elements));
    }

    private Keyed own(int row, int step) {
        return key.of(row).of(step);
    }

    private Tensor draws(String what, Tensor like, int from, int step) {
        long[] shape = like.shape();
        shape[0] = 1;
        Tensor[] rows = IntStream.range(0, (int) like.size(0))
                .mapToObj(n -> Sampler.normal(own(from + n, step).of(what), shape))
                .toArray(Tensor[]::new);
        return torch.cat(new TensorVector(rows), 0).to(like.device(), like.scalar_type());
    }
}
