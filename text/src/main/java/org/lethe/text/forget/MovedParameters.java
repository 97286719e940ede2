package org.lethe.text.forget;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/**
 * Parameters that are moved in place and put back from a copy, never by subtraction, which would not round back. Noise is a
 * function of key and name, and is not kept: the other side is the reflection 2θ − θ' of the moved parameters.
 */
final class MovedParameters implements AutoCloseable {
    private final PointerScope scope = new PointerScope();
    private final Map<String, Tensor> parameters;
    private final Map<String, Tensor> saved = new LinkedHashMap<>();

    MovedParameters(Map<String, Tensor> parameters) {
        this.parameters = parameters;
        parameters.forEach((name, tensor) -> saved.put(name, tensor.detach().clone()));
    }

    /** θ' = θ + σ·noise. */
    void draw(double sigma, Keyed key) {
        each((name, tensor, start) -> {
            GeneratorOptional own = new GeneratorOptional(Tensors.generator(key.of(name)));
            if (tensor.is_cpu() && tensor.is_contiguous()) {
                tensor.normal_(0, sigma, own).add_(start); // 2 passes over memory, and none for a copy
            } else {
                tensor.copy_(torch.empty_like(start.cpu()).normal_(0, sigma, own))
                        .add_(start);
            }
        });
    }

    /** θ' ← 2θ − θ'. */
    void reflect() {
        each((_, tensor, start) -> tensor.neg_().add_(start, new Scalar(2)));
    }

    @Override
    public void close() {
        each((_, tensor, start) -> tensor.copy_(start));
        scope.close();
    }

    private interface Move {
        void of(String name, Tensor tensor, Tensor start);
    }

    private void each(Move move) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            saved.forEach((name, start) -> move.of(
                    name,
                    Optional.ofNullable(parameters.get(name)).orElseThrow().detach(),
                    start));
        }
    }
}
