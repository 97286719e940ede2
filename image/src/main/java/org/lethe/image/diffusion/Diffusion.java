package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.torch.Parameters;

/**
 * A text-to-image model as protections and attacks use it. Every map is differentiable in its input, in the states of the text and
 * in the {@linkplain #parameters parameters}.
 *
 * <p>Pictures are within [0, 1], {@code [rows, 3, height, width]}. Latents are scaled as the denoiser wants them. Tensors live in the
 * scope in which a method is called.
 */
public interface Diffusion {
    /** A part of the model, whose parameters have names of their own. */
    enum Part {
        /** Predicts noise. */
        DENOISER,
        /** Turns prompts into states. */
        TEXT,
        /** Turns pictures into latents and back. */
        AUTOENCODER
    }

    /** The noise it was trained with. */
    NoiseSchedule schedule();

    /** Where its tensors are. */
    Device device();

    /** Shape of one latent of a picture of this size, {@code [channels, height, width]}. */
    long[] latent(int height, int width);

    /** The distribution of the latents of pictures, not yet scaled. */
    AutoencoderKl.Posterior posterior(Tensor pictures);

    /** Latents as the denoiser wants them, from those of the autoencoder. */
    Tensor scaled(Tensor latents);

    /** The latents of pictures: the scaled mean of their distribution. */
    default Tensor encode(Tensor pictures) {
        return scaled(posterior(pictures).mean());
    }

    /** The pictures of scaled latents; not brought within [0, 1]. */
    Tensor decode(Tensor latents);

    /** The states of prompts, {@code [prompts, tokens, dims]}. The empty prompt is the condition of nothing. */
    Tensor states(List<String> prompts);

    /** The predicted noise ε of noisy latents, with the time and the states of each row; one row of states serves all. */
    Tensor noise(Tensor latents, int[] times, Tensor states);

    /** The parameters of a part by name. */
    Parameters parameters(Part part);

    /** An independent model with a copy of every parameter, in the current scope. */
    Diffusion copy();

    /**
     * The loss of diffusion of clean latents, ‖n − ε(√ᾱ z + √(1 − ᾱ) n)‖², a mean over elements.
     *
     * @param noise standard normal, of the shape of the latents
     */
    default Tensor loss(Tensor latents, Tensor noise, int[] times, Tensor states) {
        Tensor said = noise(schedule().noised(latents, noise, times), times, states);
        return said.sub(noise).square().mean();
    }

    /** Pictures from [0, 1] to the [−1, 1] of networks. */
    static Tensor signed(Tensor pictures) {
        return pictures.mul(new Scalar(2)).sub(new Scalar(1));
    }
}
