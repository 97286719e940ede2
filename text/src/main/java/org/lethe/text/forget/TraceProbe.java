package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/** One random estimate of Σ_t tr(H_t)/P_t of a sample, with H_t the Hessian of the log-probability P_t of a token. */
@FunctionalInterface
interface TraceProbe {
    /** The estimate for a sample of a model. */
    double of(Scored model, int sample, Map<String, Tensor> parameters, Keyed key);

    /** Hutchinson's estimate, {@code rᵀ H r} with random signs r, exact in the mean. */
    static double hutchinson(Scored model, int sample, Map<String, Tensor> parameters, Keyed key) {
        try (var _ = new PointerScope()) {
            Tensor p = model.tokens(sample);
            Tensor weights = inverse(p, -1);
            Tensor total = weights.mul(p).sum();
            TensorVector wanted = new TensorVector(parameters.values().toArray(Tensor[]::new));
            TensorVector first =
                    torch.grad(new TensorVector(total), wanted, new TensorVector(), new BoolOptional(true), true, true);
            List<Tensor> signs = new ArrayList<>();
            Tensor product = torch.zeros(1).to(p.device(), p.scalar_type());
            int at = 0;
            for (Map.Entry<String, Tensor> e : parameters.entrySet()) {
                Tensor r = signs(e.getValue(), key.of(e.getKey()));
                signs.add(r);
                Tensor gradient = first.get(at++);
                if (gradient.defined()) {
                    product = product.add(gradient.mul(r).sum());
                }
            }
            if (!product.requires_grad()) {
                return 0; // linear in the parameters
            }
            TensorVector second = torch.grad(
                    new TensorVector(product.sum()), wanted, new TensorVector(), new BoolOptional(false), false, true);
            double trace = 0;
            for (int n = 0; n < signs.size(); n++) {
                if (second.get(n).defined()) {
                    trace += second.get(n).mul(signs.get(n)).sum().item_double();
                }
            }
            return trace;
        }
    }

    /** The squared length of a gradient of drawn labels, by {@code tr H ≈ −tr F} with F the Fisher information. */
    static double fisher(Scored model, int sample, Map<String, Tensor> parameters, Keyed key) {
        try (var _ = new PointerScope()) {
            Tensor p = model.tokens(sample);
            Tensor all = model.distributions(sample);
            Tensor drawn = torch.multinomial(
                            all.detach().cpu().exp(),
                            1,
                            true,
                            new GeneratorOptional(
                                    Tensors.generator(key.of("labels").of(sample))))
                    .to(all.device(), ScalarType.Long); // [tokens, 1]
            Tensor scale = inverse(p, -0.5).mul(signs(p, key.of("signs").of(sample)));
            Tensor total = all.gather(1, drawn).squeeze(1).mul(scale).sum();
            TensorVector gradients = torch.grad(
                    new TensorVector(total),
                    new TensorVector(parameters.values().toArray(Tensor[]::new)),
                    new TensorVector(),
                    new BoolOptional(false),
                    false,
                    true);
            double squares = 0;
            for (long n = 0; n < gradients.size(); n++) {
                if (gradients.get(n).defined()) {
                    squares += gradients.get(n).square().sum().item_double();
                }
            }
            return squares; // tr H = −tr F and P = −|P|, so that the ratio is positive
        }
    }

    /** 1/P_t for exponent −1, |P_t|^(−1/2) for −0.5, as constants; 0 for tokens that are left out. */
    private static Tensor inverse(Tensor p, double exponent) {
        Tensor values = p.detach();
        Tensor kept = values.abs().ge(new Scalar(Mrd.SMALLEST)).to(p.device(), values.scalar_type());
        Tensor safe = values.abs()
                .clamp_min(new Scalar(Mrd.SMALLEST))
                .pow(new Scalar(exponent))
                .mul(kept);
        return exponent == -1 ? safe.neg() : safe;
    }

    /** Random signs in the shape of a tensor. */
    private static Tensor signs(Tensor like, Keyed key) {
        return torch.empty(like.shape())
                .bernoulli_(0.5, new GeneratorOptional(Tensors.generator(key)))
                .mul_(new Scalar(2))
                .sub_(new Scalar(1))
                .to(like.device(), like.scalar_type());
    }
}
