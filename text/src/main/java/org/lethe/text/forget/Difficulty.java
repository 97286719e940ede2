package org.lethe.text.forget;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.numerics.Keyed;

/** Simple scores of samples, against which {@link Mrd} must prove its worth. Each is at least 0. */
public enum Difficulty {
    /** Cross-entropy of the answer. */
    LOSS,
    /** Length of the gradient of the cross-entropy. */
    GRADIENT_NORM,
    /** Length of Σ_t ∇P_t / P_t, which MRD from one side at a tiny σ mostly measures. */
    RELATIVE_GRADIENT,
    /** Number of scored tokens. */
    LENGTH,
    /** 1 − mean p_t, as EL2N. */
    ERROR,
    /** Length of the gradient's projection on the mean gradient of all samples. */
    GRADIENT_PROJECTION,
    /** Distance of the mean hidden state from the centroid of all samples. */
    REPRESENTATION_DISTANCE,
    /** A random number. */
    RANDOM;

    /** The scores of samples under a model, whose parameters stay as they are. */
    public double[] of(Scored model, Keyed key) {
        return switch (this) {
            case LOSS -> each(model, row -> -Arrays.stream(row).average().orElseThrow());
            case ERROR ->
                each(
                        model,
                        row -> 1 - Arrays.stream(row).map(Math::exp).average().orElseThrow());
            case LENGTH -> each(model, row -> row.length);
            case RANDOM ->
                IntStream.range(0, model.size())
                        .mapToDouble(i -> Keyed.unit(key.at(i)))
                        .toArray();
            case GRADIENT_NORM -> lengths(model, false);
            case RELATIVE_GRADIENT -> lengths(model, true);
            case GRADIENT_PROJECTION -> projections(model);
            case REPRESENTATION_DISTANCE -> distances(model);
        };
    }

    private static double[] each(Scored model, ToDoubleFunction<double[]> score) {
        return Arrays.stream(model.read()).mapToDouble(score).toArray();
    }

    private static double[] lengths(Scored model, boolean relative) {
        double[] lengths = new double[model.size()];
        gradients(model, relative, (i, gradient) -> {
            double squares = 0;
            for (Tensor g : gradient.values()) {
                squares += g.square().sum().item_double();
            }
            lengths[i] = Math.sqrt(squares);
        });
        return lengths;
    }

    /** Two passes, as one gradient for each sample may not fit. */
    private static double[] projections(Scored model) {
        double[] products = new double[model.size()];
        try (var _ = new PointerScope()) {
            Map<String, Tensor> mean = new LinkedHashMap<>();
            model.parameters().forEach((name, tensor) -> mean.put(name, torch.zeros_like(tensor.detach())));
            gradients(
                    model,
                    false,
                    (_, gradient) -> gradient.forEach((name, g) ->
                            Optional.ofNullable(mean.get(name)).orElseThrow().add_(g, new Scalar(1.0 / model.size()))));
            double squares = 0;
            for (Tensor m : mean.values()) {
                squares += m.square().sum().item_double();
            }
            double length = Math.sqrt(squares);
            gradients(model, false, (i, gradient) -> {
                double product = 0;
                for (Map.Entry<String, Tensor> e : gradient.entrySet()) {
                    product += e.getValue()
                            .mul(Optional.ofNullable(mean.get(e.getKey())).orElseThrow())
                            .sum()
                            .item_double();
                }
                products[i] = length == 0 ? 0 : Math.abs(product) / length;
            });
        }
        return products;
    }

    private static double[] distances(Scored model) {
        double[][] states = new double[model.size()][];
        Arrays.setAll(states, model::representation);
        double[] centroid = new double[states[0].length];
        for (double[] state : states) {
            for (int d = 0; d < centroid.length; d++) {
                centroid[d] += state[d] / states.length;
            }
        }
        return Arrays.stream(states)
                .mapToDouble(state -> {
                    double squares = 0;
                    for (int d = 0; d < centroid.length; d++) {
                        squares += (state[d] - centroid[d]) * (state[d] - centroid[d]);
                    }
                    return Math.sqrt(squares);
                })
                .toArray();
    }

    /** Hands over each sample's gradient: of the cross-entropy, or of Σ P_t with each P_t divided by itself. */
    private static void gradients(Scored model, boolean relative, BiConsumer<Integer, Map<String, Tensor>> take) {
        Map<String, Tensor> parameters = model.parameters();
        Map<String, Tensor> frozen = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> {
            if (!tensor.requires_grad()) {
                frozen.put(name, tensor);
                tensor.set_requires_grad(true);
            }
        });
        try {
            for (int i = 0; i < model.size(); i++) {
                try (var _ = new PointerScope()) {
                    Tensor p = model.tokens(i);
                    Tensor total = relative ? p.div(p.detach()).sum() : p.mean().neg();
                    TensorVector found = torch.grad(
                            new TensorVector(total),
                            new TensorVector(parameters.values().toArray(Tensor[]::new)),
                            new TensorVector(),
                            new BoolOptional(false),
                            false,
                            true);
                    Map<String, Tensor> gradient = new LinkedHashMap<>();
                    int at = 0;
                    for (String name : parameters.keySet()) {
                        Tensor own = found.get(at++);
                        if (own.defined()) {
                            gradient.put(name, own);
                        }
                    }
                    try (var _ = new NoGradGuard()) {
                        take.accept(i, gradient);
                    }
                }
            }
        } finally {
            frozen.values().forEach(tensor -> tensor.set_requires_grad(false));
        }
    }
}
