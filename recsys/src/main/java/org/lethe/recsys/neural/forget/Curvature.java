package org.lethe.recsys.neural.forget;

import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.recsys.neural.forget.Removal.Weighted;

/**
 * Products with the Gauss-Newton Hessian of a weighted sum of losses, {@code Σ_n w_n J_nᵀ (diag p_n − p_n p_nᵀ) J_n} with the
 * Jacobian J of the logits and the probabilities p. It is never negative, whatever the network.
 *
 * <p>The gradient of {@code u · logits} by the weights is linear in u, so that its own gradient by u gives {@code J v}: a double
 * backward pass through the network, which each of its operations must allow. The graph is built once. Belongs to the scope in
 * which it is made. Cost of a product: {@code O(examples · items · width)}, as three backward passes.
 */
final class Curvature implements UnaryOperator<double[]> {
    private final Leaves leaves;
    private final Tensor logits;
    private final Tensor p;
    private final Tensor weightOf;
    private final Tensor u;
    private final TensorVector linear; // Jᵀ u of each tensor that takes part
    private final boolean[] part;

    Curvature(Removal removal, Weighted all) {
        Weighted sample = removal.merged(all);
        leaves = removal.leaves;
        logits = removal.network.logits(removal.weights, removal.states(sample.prefixes())); // [examples, items]
        p = logits.detach().softmax(1);
        weightOf = Tensor.create(sample.weights(), sample.weights().length, 1);
        u = torch.zeros_like(p).set_requires_grad(true);
        TensorVector products = gradient(new TensorVector(logits), leaves.all(), new TensorVector(u), true);
        part = new boolean[(int) products.size()];
        linear = new TensorVector();
        for (int n = 0; n < part.length; n++) {
            part[n] = products.get(n).defined();
            if (part[n]) {
                linear.push_back(products.get(n));
            }
        }
    }

    private static TensorVector gradient(TensorVector of, TensorVector by, TensorVector with, boolean graph) {
        return torch.grad(of, by, with, new BoolOptional(true), graph, true);
    }

    @Override
    public double[] apply(double[] v) {
        try (var _ = new PointerScope()) {
            TensorVector with = new TensorVector();
            int n = 0;
            for (Tensor each : leaves.shaped(v)) {
                if (part[n++]) {
                    with.push_back(each);
                }
            }
            Tensor jv = gradient(linear, new TensorVector(u), with, false).get(0); // [examples, items]
            Tensor pjv = p.mul(jv);
            Tensor back = pjv.sub(p.mul(pjv.sum(new long[] {1}, true, new ScalarTypeOptional())))
                    .mul(weightOf);
            return leaves.flat(gradient(new TensorVector(logits), leaves.all(), new TensorVector(back), false));
        }
    }
}
