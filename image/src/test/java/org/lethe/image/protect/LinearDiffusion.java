package org.lethe.image.protect;

import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.ChangedDiffusion;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.torch.Tensors;

/** A model whose encoder is E(x) = A x + b on pictures within [0, 1], and whose denoiser is exact for normal latents. */
record LinearDiffusion(Tensor a, Tensor b, int high, int wide, GaussianDiffusion rest) implements ChangedDiffusion {
    /** With latents of three channels around 0. */
    static LinearDiffusion of(float[] a, float[] b, int high, int wide) {
        int size = 3 * high * wide;
        int pixels = a.length / size;
        GaussianDiffusion inner =
                new GaussianDiffusion(Map.of("", new float[size]), high, wide, 0.5, new NoiseSchedule());
        return new LinearDiffusion(Tensors.of(a, size, pixels), Tensors.of(b, size), high, wide, inner);
    }

    @Override
    public long[] latent(int height, int width) {
        return new long[] {3, high, wide};
    }

    @Override
    public AutoencoderKl.Posterior posterior(Tensor pictures) {
        Tensor mean = pictures.flatten(1, -1)
                .matmul(a.t().to(pictures.scalar_type()))
                .add(b.to(pictures.scalar_type()))
                .reshape(-1, 3, high, wide);
        return new AutoencoderKl.Posterior(mean, torch.full_like(mean, new Scalar(-100)));
    }

    @Override
    public Tensor scaled(Tensor latents) {
        return latents;
    }

    @Override
    public Tensor decode(Tensor latents) {
        return latents;
    }

    @Override
    public Diffusion copy() {
        return new LinearDiffusion(a, b, high, wide, rest.copy());
    }
}
