package org.lethe.image.attack;

import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.torch.Parameters;

/** A model that reads prompts in another way; the rest is the model itself, with the same tensors. */
final class Reworded implements Diffusion {
    private final Diffusion model;
    private final Function<List<String>, Tensor> states;

    /**
     * A model with other states of prompts.
     *
     * @param states of prompts, {@code [prompts, tokens, dims]}
     */
    Reworded(Diffusion model, Function<List<String>, Tensor> states) {
        this.model = model;
        this.states = states;
    }

    /** A model whose states go through a map. */
    static Reworded through(Diffusion model, UnaryOperator<Tensor> map) {
        return new Reworded(model, prompts -> map.apply(model.states(prompts)));
    }

    @Override
    public NoiseSchedule schedule() {
        return model.schedule();
    }

    @Override
    public Device device() {
        return model.device();
    }

    @Override
    public long[] latent(int height, int width) {
        return model.latent(height, width);
    }

    @Override
    public AutoencoderKl.Posterior posterior(Tensor pictures) {
        return model.posterior(pictures);
    }

    @Override
    public Tensor scaled(Tensor latents) {
        return model.scaled(latents);
    }

    @Override
    public Tensor decode(Tensor latents) {
        return model.decode(latents);
    }

    @Override
    public Tensor states(List<String> prompts) {
        return states.apply(prompts);
    }

    @Override
    public Tensor noise(Tensor latents, int[] times, Tensor states) {
        return model.noise(latents, times, states);
    }

    @Override
    public Parameters parameters(Part part) {
        return model.parameters(part);
    }

    @Override
    public Diffusion copy() {
        throw new UnsupportedOperationException("a model that reads prompts in another way is not copied");
    }
}
