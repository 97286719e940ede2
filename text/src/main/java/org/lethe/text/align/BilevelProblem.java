package org.lethe.text.align;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A problem with two levels (U2A, arXiv 2504.06659, section 3): weights ω of examples are to lower an outer loss J at
 * the parameters that minimise an inner one, θ*(ω) = argmin f, f(θ, ω) = Σ ω_i l_i(θ) + λ |θ − θ₀|² + rest(θ).
 *
 * <p>All tensors are of one floating-point type. Losses are functions of the tensors of {@link #parameters} as they are
 * now.
 */
public interface BilevelProblem {
    /** The tensors θ, each wanting a gradient. */
    List<Tensor> parameters();

    /** Number of examples that can have a weight. */
    int candidates();

    /** The losses l_i of some examples with their graph, {@code [which]}. */
    Tensor losses(int[] which);

    /** Number of parts whose sum J is. */
    default int parts() {
        return 1;
    }

    /** A part of J with its graph, a single number. */
    Tensor objective(int part);

    /** Strength λ of the pull towards the start. */
    double lambda();

    /** Whatever else the inner loss adds, with its graph. */
    default Optional<Tensor> rest() {
        return Optional.empty();
    }

    /** How many examples are read at once. */
    default int block() {
        return 64;
    }

    /**
     * What a Gauss–Newton product needs.
     *
     * @param outputs of the model for some examples, with their graph
     * @param product of the second derivative in the outputs, weighted by example, with a tensor of their shape
     */
    record Outputs(Tensor outputs, UnaryOperator<Tensor> product) {}

    /** The outputs of some examples and the curvature of their fitting loss, where the problem has one. */
    default Optional<Outputs> outputs(int[] which, double[] weights) {
        return Optional.empty();
    }
}
