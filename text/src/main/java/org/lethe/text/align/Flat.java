package org.lethe.text.align;

import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Parameters and their gradients as one vector, {@code [parameters]}. */
final class Flat {
    private Flat() {}

    /** A copy of the values of all tensors, one after the other. */
    static Tensor of(List<Tensor> tensors) {
        return joined(tensors.stream().map(t -> t.detach().reshape(-1)).toArray(Tensor[]::new));
    }

    private static Tensor joined(Tensor... parts) {
        return torch.cat(new TensorVector(parts), 0);
    }

    /** Sets all tensors. */
    static void set(List<Tensor> tensors, Tensor values) {
        move(tensors, values, 0, 1);
    }

    /** Adds a multiple of a vector to all tensors. */
    static void add(List<Tensor> tensors, Tensor direction, double by) {
        move(tensors, direction, 1, by);
    }

    private static void move(List<Tensor> tensors, Tensor values, int keep, double by) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            long at = 0;
            for (Tensor tensor : tensors) {
                Tensor part = values.narrow(0, at, tensor.numel()).view(tensor.shape());
                if (keep == 0) {
                    tensor.detach().copy_(part);
                } else {
                    tensor.detach().add_(part, new Scalar(by));
                }
                at += tensor.numel();
            }
        }
    }

    /** The gradient of a number. */
    static Tensor gradient(Tensor loss, List<Tensor> parameters) {
        return gradient(loss, torch.ones_like(loss).detach(), parameters, false, false);
    }

    /**
     * The product of the Jacobian of a tensor, transposed, with another of its shape.
     *
     * @param keep whether the graph is needed again
     * @param graph whether the result has a graph of its own
     */
    static Tensor gradient(Tensor of, Tensor by, List<Tensor> parameters, boolean keep, boolean graph) {
        Tensor[] all = parameters.toArray(Tensor[]::new);
        TensorVector gradients = torch.grad(
                new TensorVector(of),
                new TensorVector(all),
                new TensorVector(by),
                new BoolOptional(keep || graph),
                graph,
                true);
        Tensor[] flat = new Tensor[all.length];
        for (int p = 0; p < all.length; p++) {
            Tensor gradient = gradients.get(p);
            // what does not take part in the loss has no gradient at all
            flat[p] = gradient.defined()
                    ? gradient.reshape(-1)
                    : torch.zeros_like(all[p].detach()).reshape(-1);
        }
        return joined(flat);
    }

    static double dot(Tensor a, Tensor b) {
        return a.dot(b).item_double();
    }

    static double norm(Tensor a) {
        return a.norm().item_double();
    }

    /** The values of a tensor of any floating-point type. */
    static double[] doubles(Tensor tensor) {
        try (var _ = new PointerScope()) {
            Tensor plain = tensor.detach().to(ScalarType.Double).cpu().contiguous();
            double[] values = new double[Math.toIntExact(plain.numel())];
            new DoublePointer(plain.data_ptr()).get(values);
            return values;
        }
    }
}
