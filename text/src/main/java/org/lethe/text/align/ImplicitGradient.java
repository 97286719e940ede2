package org.lethe.text.align;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.numerics.Keyed;

/**
 * How much each example's weight would lower the outer loss of a {@link BilevelProblem}: s_i = −dJ/dω_i = ∇Jᵀ H⁻¹ ∇l_i
 * (U2A, section 3; by implicit differentiation of the inner problem's stationarity).
 *
 * <p>With v = H⁻¹∇J one solve serves all examples. All s_i = v·∇l_i come from two forward passes, [l_i(θ + εv) − l_i(θ
 * − εv)] / 2ε, instead of a backward pass each. A sample of them is compared with exact products; where they disagree
 * by more than a hundredth of the scores' spread, ε shrinks, and at last the exact ones are taken for all.
 *
 * @param scores s_i of each candidate; above 0 where unlearning it helps
 * @param solution how H⁻¹∇J was found
 * @param objective J
 * @param error largest difference from the compared exact products, as a share of the scores' spread
 * @param exact whether all scores are exact products
 */
public record ImplicitGradient(double[] scores, Solved solution, double objective, double error, boolean exact) {
    private static final int COMPARED = 32;
    private static final double TOLERANCE = 0.01;

    /**
     * How H⁻¹∇J was found, without the vector.
     *
     * @param products with H
     * @param residual relative
     * @param restarts after negative curvature
     * @param damping at the end
     */
    public record Solved(int products, double residual, int restarts, double damping) {}

    /**
     * The scores at the parameters as they are now.
     *
     * @param members examples that have a weight
     * @param weights theirs
     */
    public static ImplicitGradient of(
            BilevelProblem problem, InverseHessian inverse, int[] members, double[] weights, Keyed random) {
        try (var _ = new PointerScope()) {
            double[] value = new double[1];
            Tensor g = objectiveGradient(problem, value);
            InverseHessian.Solution solution = inverse.solve(problem, members, weights, g, random);
            Solved solved =
                    new Solved(solution.products(), solution.residual(), solution.restarts(), solution.damping());
            Tensor v = solution.direction();
            int[] sample = sample(problem.candidates(), random.of("compared"));
            double[] exact = exact(problem, v, sample);
            double scale = spread(exact);
            double error = Double.POSITIVE_INFINITY;
            for (double step = step(problem, v); error > TOLERANCE && step > 0; step = smaller(problem, v, step)) {
                double off = off(exact, forward(problem, v, step, sample));
                error = off == 0 ? 0 : off / scale;
                if (error <= TOLERANCE) {
                    return new ImplicitGradient(
                            forward(problem, v, step, all(problem)), solved, value[0], error, false);
                }
            }
            return new ImplicitGradient(exact(problem, v, all(problem)), solved, value[0], error, true);
        }
    }

    private static int[] all(BilevelProblem problem) {
        int[] all = new int[problem.candidates()];
        Arrays.setAll(all, i -> i);
        return all;
    }

    /** Largest less smallest of the compared scores; the size of a single one. */
    private static double spread(double[] scores) {
        double high = Arrays.stream(scores).max().orElse(0);
        double low = Arrays.stream(scores).min().orElse(0);
        return Math.max(high > low ? high - low : Math.abs(high), Double.MIN_NORMAL);
    }

    private static double off(double[] exact, double[] other) {
        double off = 0;
        for (int n = 0; n < exact.length; n++) {
            off = Math.max(off, Math.abs(exact[n] - other[n]));
        }
        return off;
    }

    /** ∇J, and its value into the first place of an array. */
    static Tensor objectiveGradient(BilevelProblem problem, double[] value) {
        Tensor sum = torch.zeros_like(Flat.of(problem.parameters()));
        for (int part = 0; part < problem.parts(); part++) {
            try (var _ = new PointerScope()) {
                Tensor loss = problem.objective(part);
                value[0] += loss.item_double();
                sum.add_(Flat.gradient(loss, problem.parameters()));
            }
        }
        return sum;
    }

    /** The first ε to try: a fixed share of the parameters' length. */
    static double step(BilevelProblem problem, Tensor v) {
        try (var _ = new PointerScope()) {
            Tensor at = Flat.of(problem.parameters());
            double length = Flat.norm(v);
            // the error falls with ε², and rounding rises with 1/ε
            double relative = at.scalar_type().intern() == ScalarType.Double ? 1e-5 : 1e-3;
            return length == 0 ? 1 : relative * Math.max(Flat.norm(at), 1e-3) / length;
        }
    }

    /** A quarter of ε, where the loss bends too much for it; 0 where rounding would be larger than what is measured. */
    private static double smaller(BilevelProblem problem, Tensor v, double step) {
        return step > step(problem, v) / 30 ? step / 4 : 0;
    }

    /** s_i of some examples by two forward passes. */
    static double[] forward(BilevelProblem problem, Tensor v, double step, int[] which) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor start = Flat.of(problem.parameters());
            Flat.set(problem.parameters(), start.add(v, new Scalar(step)));
            double[] ahead = losses(problem, which);
            Flat.set(problem.parameters(), start.sub(v, new Scalar(step)));
            double[] behind = losses(problem, which);
            Flat.set(problem.parameters(), start);
            double[] scores = new double[ahead.length];
            Arrays.setAll(scores, i -> (ahead[i] - behind[i]) / (2 * step));
            return scores;
        }
    }

    /** The losses of some examples, without gradients. */
    static double[] losses(BilevelProblem problem, int[] which) {
        double[] all = new double[which.length];
        for (int from = 0; from < all.length; from += problem.block()) {
            int[] block = Arrays.copyOfRange(which, from, Math.min(which.length, from + problem.block()));
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                System.arraycopy(Flat.doubles(problem.losses(block)), 0, all, from, block.length);
            }
        }
        return all;
    }

    /** s_i of some examples by a backward pass each. */
    static double[] exact(BilevelProblem problem, Tensor v, int[] which) {
        double[] scores = new double[which.length];
        for (int n = 0; n < which.length; n++) {
            try (var _ = new PointerScope()) {
                Tensor loss = problem.losses(new int[] {which[n]}).sum();
                scores[n] = Flat.dot(Flat.gradient(loss, problem.parameters()), v);
            }
        }
        return scores;
    }

    private static int[] sample(int candidates, Keyed random) {
        return Arrays.copyOf(AlignmentRun.order(candidates, random), Math.min(COMPARED, candidates));
    }
}
