package org.lethe.image.diffusion;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;

/** A model whose latents are those of an autoencoder. */
public interface AutoencodedDiffusion extends Diffusion {
    /** The autoencoder. */
    AutoencoderKl vae();

    @Override
    default long[] latent(int height, int width) {
        int factor = vae().config().factor();
        Check.require(
                height >= factor && width >= factor && height % factor == 0 && width % factor == 0,
                "size of pictures",
                height + " x " + width,
                "multiples of " + factor);
        return new long[] {vae().config().latentChannels(), height / factor, width / factor};
    }

    @Override
    default AutoencoderKl.Posterior posterior(Tensor pictures) {
        return vae().encode(Diffusion.signed(pictures));
    }

    @Override
    default Tensor scaled(Tensor latents) {
        return vae().scaled(latents);
    }

    @Override
    default Tensor decode(Tensor latents) {
        return vae().decode(vae().unscaled(latents)).mul(new Scalar(0.5)).add(new Scalar(0.5));
    }
}
