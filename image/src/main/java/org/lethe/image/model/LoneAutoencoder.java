package org.lethe.image.model;

import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.torch.Parameters;

/** An autoencoder without a denoiser: it can be asked for latents and pictures, and for nothing else. */
record LoneAutoencoder(AutoencoderKl vae) implements Diffusion {
    @Override
    public NoiseSchedule schedule() {
        throw none();
    }

    @Override
    public Device device() {
        return vae.layers().device();
    }

    @Override
    public long[] latent(int height, int width) {
        int factor = vae.config().factor();
        Check.require(
                height % factor == 0 && width % factor == 0,
                "size of pictures",
                height + " x " + width,
                "multiples of " + factor);
        return new long[] {vae.config().latentChannels(), height / factor, width / factor};
    }

    @Override
    public AutoencoderKl.Posterior posterior(Tensor pictures) {
        return vae.encode(Diffusion.signed(pictures));
    }

    @Override
    public Tensor scaled(Tensor latents) {
        return vae.scaled(latents);
    }

    @Override
    public Tensor decode(Tensor latents) {
        return vae.decode(vae.unscaled(latents)).mul(new Scalar(0.5)).add(new Scalar(0.5));
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
