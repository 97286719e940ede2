package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Recomputed;
import org.lethe.torch.Tensors;

class AttentionTest {
    private static final int TOKENS = 3000; // with two heads 18 million scores, more than are stored
    private static final int WIDTH = 16;

    private static Tensor tokens(int seed, int count, int width) {
        return Tensors.of(Initial.XAVIER_UNIFORM.of(Keyed.seed(seed), count, width), 1, count, width)
                .mul(new Scalar(20));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyScoresAreTakenBlockByBlockWithTheSameResultAndDerivative(boolean masked) {
        try (var _ = new PointerScope()) {
            Tensor q = tokens(1, TOKENS, WIDTH).requires_grad_(true);
            Tensor k = tokens(2, TOKENS, WIDTH);
            Tensor v = tokens(3, TOKENS, WIDTH);
            Optional<Tensor> bias = masked ? Optional.of(tokens(4, TOKENS, 1).view(1, 1, 1, TOKENS)) : Optional.empty();

            Tensor stored = Layers.attention(q, k, v, 2, bias);
            Tensor slope = torch.grad(new TensorVector(stored.mul(v).sum()), new TensorVector(q))
                    .get(0);
            Tensor derivative = Recomputed.derivative(
                    () -> Layers.attention(q, k, v, 2, bias).mul(v).sum(), q);
            float[] same = Tensors.floats(stored.detach());
            try (var _ = new NoGradGuard()) {
                assertArrayEquals(same, Tensors.floats(Layers.attention(q, k, v, 2, bias)), 1e-5f);
            }
            assertArrayEquals(Tensors.floats(slope), Tensors.floats(derivative), 1e-5f);
        }
    }
}
