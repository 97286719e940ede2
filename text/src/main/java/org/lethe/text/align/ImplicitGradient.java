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
 * How much each example's weight would lower the outer loss of a {@link BilevelProblem}: s_i = −dJ/dω_i = ∇Jᵀ H⁻¹ ∇l_i (U2A, section
 * 3; by implicit differentiation of the inner problem's stationarity).
 *
 * <p>With v = H⁻¹∇J one solve serves all examples. All s_i = v·∇l_i come from two forward passes, [l_i(θ + εv) − l_i(θ − εv)] / 2ε,
 * instead of a backward pass each. A sample of them is compared with exact products; where they disagree by more than a hundredth
 * of the scores' spread, the exact ones are taken for all.
 *
 * @param scores s_i of each candidate; above 0 where unlearning it helps
 * @param solution how H⁻¹∇J was found
 * @param objective J
 * @param error largest difference from the compared exact products, as a share of the scores' spread
 * @param exact whether all scores are exact products
 */
public record ImplicitGradient(
        double[] scores, Solved solution, double objective, double error, boolean exact) {
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
            double[] scores = forward(problem, v);
            int[] sample = sample(problem.candidates(), random.of("compared"));
            double[] exact = exact(problem, v, sample);
            double spread = Arrays.stream(scores).max().orElse(0)
                    - Arrays.stream(scores).min().orElse(0);
            double off = 0;
            double largest = 0;
            for (int n = 0; n < sample.length; n++) {
                off = Math.max(off, Math.abs(exact[n] - scores[sample[n]]));
                largest = Math.max(largest, Math.abs(exact[n]));
            }
            double scale = Math.max(spread, problem.candidates() == 1 ? largest : 0);
            double error = off == 0 ? 0 : off / Math.max(scale, Double.MIN_NORMAL);
            if (error <= TOLERANCE) {
                return new ImplicitGradient(scores, solved, value[0], error, false);
            }
            int[] all = new int[problem.candidates()];
            Arrays.setAll(all, i -> i);
            return new ImplicitGradient(exact(problem, v, all), solved, value[0], error, true);
        }
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

    /** All s_i by two forward passes. */
    static double[] forward(BilevelProblem problem, Tensor v) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor start = Flat.of(problem.parameters());
            double length = Flat.norm(v);
            if (length == 0) {
                return new double[problem.candidates()];
            }
            double relative = start.scalar_type().intern() == ScalarType.Double ? 1e-5 : 1e-3;
            double step = relative * Math.max(Flat.norm(start), 1e-3) / length;
            Flat.set(problem.parameters(), start.add(v, new Scalar(step)));
            double[] ahead = losses(problem);
            Flat.set(problem.parameters(), start.sub(v, new Scalar(step)));
            double[] behind = losses(problem);
            Flat.set(problem.parameters(), start);
            double[] scores = new double[ahead.length];
            Arrays.setAll(scores, i -> (ahead[i] - behind[i]) / (2 * step));
            return scores;
        }
    }

    /** The losses of all candidates, without gradients. */
    static double[] losses(BilevelProblem problem) {
        double[] all = new double[problem.candidates()];
        for (int from = 0; from < all.length; from += problem.block()) {
            int first = from;
            int[] which = new int[Math.min(problem.block(), all.length - from)];
            Arrays.setAll(which, i -> first + i);
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                System.arraycopy(Flat.doubles(problem.losses(which)), 0, all, from, which.length);
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
        if (candidates <= COMPARED) {
            int[] all = new int[candidates];
            Arrays.setAll(all, i -> i);
            return all;
        }
        int[] drawn = new int[COMPARED];
        Arrays.setAll(drawn, n -> Keyed.below(random.at(n), candidates));
        return Arrays.stream(drawn).distinct().toArray();
    }
}
