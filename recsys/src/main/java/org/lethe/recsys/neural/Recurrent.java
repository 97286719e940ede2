package org.lethe.recsys.neural;

import static org.bytedeco.pytorch.global.torch.gru;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.recsys.neural.Histories.Packed;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * A gated recurrent layer without bias over packed histories: {@code r = σ(W_r x + U_r h)}, {@code z = σ(W_z x + U_z h)},
 * {@code n = tanh(W_n x + r ∘ U_n h)}, {@code h ← (1 − z) ∘ n + z ∘ h}, from a state of zeros. With weights of zero a step halves h.
 */
final class Recurrent {
    private static final String INPUT = "gru.input";
    private static final String STATE = "gru.state";
    private static final int GATES = 3;

    private Recurrent() {}

    static List<Weight> layout(int width, int hidden) {
        return List.of(
                Weight.of(INPUT, (long) GATES * hidden, width, Initial.XAVIER_UNIFORM),
                Weight.of(STATE, (long) GATES * hidden, hidden, Initial.XAVIER_UNIFORM));
    }

    /** The state after each click, [clicks, hidden], from its row. */
    static Tensor states(Parameters weights, Packed packed, Tensor rows) {
        long histories = packed.last().length;
        Tensor counts = Tensors.of(packed.counts(), packed.counts().length).to(ScalarType.Long);
        Tensor begin = torch.zeros(
                        new long[] {1, histories, weights.tensor(STATE).size(1)})
                .to(rows.device(), rows.scalar_type());
        TensorVector layer = new TensorVector(weights.tensor(INPUT), weights.tensor(STATE));
        return gru(rows, counts, begin, layer, false, 1, 0, false, false).get0();
    }

    /** What an example costs, as multiplications of a softmax: its clicks take small steps, about twice as long as one click. */
    static double products(int width, int hidden) {
        return 2.0 * GATES * hidden * (width + hidden);
    }
}
