package org.lethe.image.model;

import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.image.diffusion.AutoencodedDiffusion;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.torch.Parameters;

/** An autoencoder without a denoiser: it can be asked for latents and pictures, and for nothing else. */
record LoneAutoencoder(AutoencoderKl vae) implements AutoencodedDiffusion {
    @Override
    public NoiseSchedule schedule() {
        throw none();
    }

    @Override
    public Device device() {
        return vae.layers().device();
    }

    @Override
    public Tensor states(List<String> prompts) {
        throw none();
    }

    @Override
    public Tensor noise(Tensor latents, int[] times, Tensor states) {
        throw none();
    }

    @Override
    public Parameters parameters(Part part) {
        if (part != Part.AUTOENCODER) {
            throw none();
        }
        return vae.layers().parameters();
    }

    @Override
    public Diffusion copy() {
        AutoencoderKl made =
                new AutoencoderKl(vae.config(), device(), vae.layers().type());
        try (var _ = new NoGradGuard()) {
            made.layers()
                    .parameters()
                    .all()
                    .forEach((name, tensor) ->
                            tensor.copy_(parameters(Part.AUTOENCODER).tensor(name)));
        }
        return new LoneAutoencoder(made);
    }

    private static UnsupportedOperationException none() {
        return new UnsupportedOperationException("the second autoencoder has no denoiser and no text encoder");
    }
}
