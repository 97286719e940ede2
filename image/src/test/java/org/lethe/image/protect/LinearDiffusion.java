package org.lethe.image.protect;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Device;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/** A model whose encoder is E(x) = A x + b on pictures within [0, 1], and whose denoiser is exact for normal latents. */
record LinearDiffusion(Tensor a, Tensor b, int high, int wide, GaussianDiffusion inner) implements Diffusion {
    /** With latents of three channels around 0. */
    static LinearDiffusion of(float[] a, float[] b, int high, int wide) {
        int size = 3 * high * wide;
        int pixels = a.length / size;
        GaussianDiffusion inner =
                new GaussianDiffusion(Map.of("", new float[size]), high, wide, 0.5, new NoiseSchedule());
        return new LinearDiffusion(Tensors.of(a, size, pixels), Tensors.of(b, size), high, wide, inner);
    }

    @Override
    public NoiseSchedule schedule() {
        return inner.schedule();
    }

    @Override
    public Device device() {
        return Device.CPU;
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
    public Tensor states(List<String> prompts) {
        return inner.states(prompts);
    }

    @Override
    public Tensor noise(Tensor latents, int[] times, Tensor states) {
        return inner.noise(latents, times, states);
    }

    @Override
    public Parameters parameters(Part part) {
        return inner.parameters(part);
    }

    @Override
    public Diffusion copy() {
        return new LinearDiffusion(a, b, high, wide, inner.copy());
    }
}
