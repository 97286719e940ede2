package org.lethe.image.diffusion;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** A model whose denoiser looks at the tokens of a prompt by cross-attention. */
public interface AttendingDiffusion extends TokenDiffusion {
    /** The predicted noise, as {@link #noise(Tensor, int[], Tensor)}, with something that stands in the cross-attention of this call. */
    Tensor noise(Tensor latents, int[] times, Tensor states, UNet.CrossAttention attention);

    /**
     * The probabilities of every cross-attention of one call by the name of its layer, {@code [rows, heads, places, tokens]}, in the
     * current scope. Differentiable in the latents, the states and the parameters.
     */
    default Map<String, Tensor> attention(Tensor latents, int[] times, Tensor states) {
        Optional<PointerScope> home = Optional.ofNullable(PointerScope.getInnerScope());
        Map<String, Tensor> seen = new LinkedHashMap<>();
        noise(latents, times, states, new UNet.CrossAttention() {
            @Override
            public void seen(String layer, Tensor probabilities) {
                home.ifPresentOrElse(scope -> scope.attach(probabilities), probabilities::retainReference);
                seen.put(layer, probabilities);
            }
        });
        return seen;
    }
}
