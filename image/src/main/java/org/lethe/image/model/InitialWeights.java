package org.lethe.image.model;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;

/**
 * The weights with which networks of pictures begin: each residual branch begins at zero (Goyal et al. 2017),
 * and so does the output of a denoiser.
 */
final class InitialWeights {
    private InitialWeights() {}

    /** Draws all parameters of a network of layers by their names. */
    static void draw(Parameters parameters, Keyed key, Env env) {
        parameters.draw(
                key,
                (name, tensor) -> Optional.of(
                        name.endsWith(".bias")
                                ? Initial.ZERO
                                : name.endsWith("embedding.weight")
                                        ? Initial.normal(0, name.contains("token") ? 0.3 : 0.1)
                                        : tensor.dim() == 1
                                                ? Initial.constant(1)
                                                : silent(name) ? Initial.ZERO : Initial.KAIMING_UNIFORM),
                env.workers());
    }

    private static boolean silent(String name) {
        return name.equals("conv_out.weight") // of a denoiser; an autoencoder's have a stem
                || name.endsWith(".conv2.weight")
                || name.endsWith(".proj_out.weight")
                || name.endsWith(".self_attn.out_proj.weight") // so that a text begins as its words
                || name.endsWith(".mlp.fc2.weight");
    }
}
