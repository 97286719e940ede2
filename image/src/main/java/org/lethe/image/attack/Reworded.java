package org.lethe.image.attack;

import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.lethe.image.diffusion.ChangedDiffusion;
import org.lethe.image.diffusion.Diffusion;

/**
 * A model that reads prompts in another way.
 *
 * @param rest the model itself
 * @param reading states of prompts, {@code [prompts, tokens, dims]}
 */
record Reworded(Diffusion rest, Function<List<String>, Tensor> reading) implements ChangedDiffusion {
    /** A model whose states go through a map. */
    static Reworded through(Diffusion model, UnaryOperator<Tensor> map) {
        return new Reworded(model, prompts -> map.apply(model.states(prompts)));
    }

    @Override
    public Tensor states(List<String> prompts) {
        return reading.apply(prompts);
    }

    @Override
    public Diffusion copy() {
        throw new UnsupportedOperationException("a model that reads prompts in another way is not copied");
    }
}
