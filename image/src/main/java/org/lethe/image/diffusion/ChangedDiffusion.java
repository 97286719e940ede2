package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.torch.Parameters;

/** A model that is another one but for the methods it overrides; both share their tensors. */
public interface ChangedDiffusion extends Diffusion {
    /** The other model. */
    Diffusion rest();

    @Override
    default NoiseSchedule schedule() {
        return rest().schedule();
    }

    @Override
    default Device device() {
        return rest().device();
    }

    @Override
    default long[] latent(int height, int width) {
        return rest().latent(height, width);
    }

    @Override
    default AutoencoderKl.Posterior posterior(Tensor pictures) {
        return rest().posterior(pictures);
    }

    @Override
    default Tensor scaled(Tensor latents) {
        return rest().scaled(latents);
    }

    @Override
    default Tensor decode(Tensor latents) {
        return rest().decode(latents);
    }

    @Override
    default Tensor states(List<String> prompts) {
        return rest().states(prompts);
    }

    @Override
    default Tensor noise(Tensor latents, int[] times, Tensor states) {
        return rest().noise(latents, times, states);
    }

    @Override
    default Parameters parameters(Part part) {
        return rest().parameters(part);
    }
}
