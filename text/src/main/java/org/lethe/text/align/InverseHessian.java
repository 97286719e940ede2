package org.lethe.text.align;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/**
 * How H⁻¹g is computed, H being the second derivative of the inner loss of a {@link BilevelProblem}. No matrix is ever
 * made.
 *
 * <p>Costs one double backward pass over the weighted examples for each product with H: none for the identity, {@code
 * iterations} at most for the others.
 *
 * @param form the approximation of H
 * @param damping μ added to the diagonal of H
 * @param iterations most products with H
 * @param tolerance relative residual |Hv − g| / |g| at which a solver stops
 */
public record InverseHessian(Form form, double damping, int iterations, double tolerance) {
    /** Approximations of the second derivative. */
    public enum Form {
        /** H = 2λI, which is exact where no example has a weight: what the authors' code does, up to a factor. */
        IDENTITY,
        /** Sizes of the diagonal of H, from Hutchinson's estimate. */
        DIAGONAL,
        /** Conjugate gradients on H itself, damped further where its curvature is negative. */
        CG,
        /** Conjugate gradients on the Gauss–Newton matrix of the fitting loss plus 2λI, which is always positive. */
        GGN,
        /** The Neumann series α Σ (I − αH)ᵏ g. */
        NEUMANN
    }

    private static final int MOST_RESTARTS = 20;
    private static final double FLOOR = 1e-8;
    private static final int POWER_STEPS = 20;

    public InverseHessian {
        Check.require(damping >= 0 && damping < 1e12, "damping", damping, "0 or more, below 1e12");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(tolerance > 0 && tolerance < 1, "tolerance", tolerance, "between 0 and 1");
    }

    /** At most 50 products, until the residual is a thousandth. */
    public InverseHessian(Form form) {
        this(form, 0, 50, 1e-3);
    }

    /**
     * What a solver found.
     *
     * @param direction v ≈ H⁻¹g, {@code [parameters]}, in the scope around the call
     * @param products with H that it took
     * @param residual |Hv − g| / |g|, of the damped H where it was damped; 0 for the forms that solve nothing
     * @param restarts how often curvature was negative, so that damping was raised; more than 0 means that the theory's
     *     assumption of a positive H does not hold
     * @param damping at the end
     */
    public record Solution(Tensor direction, int products, double residual, int restarts, double damping) {}

    /** Solves at the parameters as they are now. */
    public Solution solve(BilevelProblem problem, int[] members, double[] weights, Tensor g, Keyed random) {
        Check.require(problem.lambda() > 0, "lambda", problem.lambda(), "above 0");
        double twice = 2 * problem.lambda();
        UnaryOperator<Tensor> hessian = v -> product(problem, members, weights, v);
        return switch (form) {
            case IDENTITY -> new Solution(g.div(new Scalar(twice + damping)), 0, 0, 0, damping);
            case DIAGONAL -> diagonal(hessian, g, random);
            case CG -> conjugate(hessian, g, problem.lambda());
            case GGN -> conjugate(v -> gaussNewton(problem, members, weights, v), g, problem.lambda());
            case NEUMANN -> neumann(hessian, g, random);
        };
    }

    /** Hv = Σ ω_i Hess l_i v + 2λv + Hess rest v, by double backward, in the scope around the call. */
    static Tensor product(BilevelProblem problem, int[] members, double[] weights, Tensor v) {
        Tensor sum = v.mul(new Scalar(2 * problem.lambda()));
        blocks(problem, members, weights, block -> addHessian(problem.parameters(), block, v, sum));
        try (var _ = new PointerScope()) {
            problem.rest().ifPresent(rest -> addHessian(problem.parameters(), rest, v, sum));
        }
        return sum;
    }

    private static void addHessian(List<Tensor> parameters, Tensor loss, Tensor v, Tensor into) {
        Tensor first = Flat.gradient(loss, torch.ones_like(loss).detach(), parameters, true, true);
        if (!first.requires_grad()) {
            return; // a loss without curvature, as a linear one
        }
        into.add_(Flat.gradient(first.dot(v), parameters));
    }

    /** Weighted losses of blocks of examples, each in a scope of its own. */
    static void blocks(BilevelProblem problem, int[] members, double[] weights, Consumer<Tensor> use) {
        for (int from = 0; from < members.length; from += problem.block()) {
            int to = Math.min(members.length, from + problem.block());
            try (var _ = new PointerScope()) {
                Tensor losses = problem.losses(Arrays.copyOfRange(members, from, to));
                use.accept(losses.dot(tensor(Arrays.copyOfRange(weights, from, to), losses)));
            }
        }
    }

    /** A vector of the type and on the device of another. */
    static Tensor tensor(double[] values, Tensor like) {
        return Tensor.create(values, values.length).to(like.device(), like.scalar_type());
    }

    /** (Σ JᵀKJ + 2λI)v, K being the curvature of the fitting loss in the outputs; Jv by the double-backward trick. */
    private static Tensor gaussNewton(BilevelProblem problem, int[] members, double[] weights, Tensor v) {
        Tensor sum = v.mul(new Scalar(2 * problem.lambda()));
        List<Tensor> parameters = problem.parameters();
        for (int from = 0; from < members.length; from += problem.block()) {
            int to = Math.min(members.length, from + problem.block());
            try (var _ = new PointerScope()) {
                Optional<BilevelProblem.Outputs> found =
                        problem.outputs(Arrays.copyOfRange(members, from, to), Arrays.copyOfRange(weights, from, to));
                BilevelProblem.Outputs at = found.orElseThrow(() -> new IllegalArgumentException(
                        "form is GGN, expected another one, as the problem has no outputs to take it from"));
                Tensor dummy = torch.zeros_like(at.outputs().detach()).set_requires_grad(true);
                Tensor back = Flat.gradient(at.outputs(), dummy, parameters, true, true);
                Tensor forward = Flat.gradient(back.dot(v), List.of(dummy)).view(dummy.shape()); // Jv
                Tensor curved = at.product().apply(forward).detach();
                sum.add_(Flat.gradient(at.outputs(), curved, parameters, false, false));
            }
        }
        return sum;
    }

    private Solution conjugate(UnaryOperator<Tensor> product, Tensor g, double lambda) {
        double mu = damping;
        int products = 0;
        for (int restarts = 0; ; restarts++) {
            Tensor v = torch.zeros_like(g);
            Tensor residual = g.clone();
            Tensor p = residual.clone();
            double square = Flat.dot(residual, residual);
            double start = square;
            double curvature = 1;
            int steps = 0;
            while (square > tolerance * tolerance * start && steps < iterations) {
                try (var _ = new PointerScope()) {
                    Tensor hp = product.apply(p).add(p, new Scalar(mu));
                    steps++;
                    double along = Flat.dot(p, hp);
                    double length = Flat.dot(p, p);
                    curvature = along / length;
                    if (curvature <= 0) {
                        break;
                    }
                    double alpha = square / along;
                    v.add_(p, new Scalar(alpha));
                    residual.sub_(hp, new Scalar(alpha));
                    double next = Flat.dot(residual, residual);
                    p.mul_(new Scalar(next / square)).add_(residual);
                    square = next;
                }
            }
            products += steps;
            if (curvature > 0 || restarts == MOST_RESTARTS) {
                return new Solution(v, products, start > 0 ? Math.sqrt(square / start) : 0, restarts, mu);
            }
            mu += 1.5 * Math.abs(curvature) + lambda;
        }
    }

    private Solution diagonal(UnaryOperator<Tensor> product, Tensor g, Keyed random) {
        Tensor sum = torch.zeros_like(g);
        int probes = Math.min(iterations, 10);
        for (int probe = 0; probe < probes; probe++) {
            try (var _ = new PointerScope()) {
                Tensor signs = signs(g, random.of("signs").of(probe));
                sum.add_(product.apply(signs).mul(signs));
            }
        }
        Tensor size = sum.abs().div(new Scalar((double) probes)).add(new Scalar(damping));
        double floor = Math.max(FLOOR * size.max().item_double(), Double.MIN_NORMAL);
        return new Solution(g.div(size.clamp_min(new Scalar(floor))), probes, 0, 0, damping);
    }

    private static Tensor signs(Tensor like, Keyed key) {
        float[] signs = new float[(int) like.numel()];
        for (int d = 0; d < signs.length; d++) {
            signs[d] = key.at(d) < 0 ? -1 : 1;
        }
        return Tensors.of(signs, signs.length).to(like.device(), like.scalar_type());
    }

    private Solution neumann(UnaryOperator<Tensor> product, Tensor g, Keyed random) {
        double largest = largest(product, signs(g, random.of("power"))) + damping;
        double alpha = 1 / (1.05 * largest);
        Tensor v = torch.zeros_like(g);
        Tensor residual = g.clone();
        double length = Flat.norm(g);
        int steps = 0;
        while (steps < iterations && Flat.norm(residual) > tolerance * length) {
            try (var _ = new PointerScope()) {
                v.add_(residual, new Scalar(alpha));
                residual.copy_(g.sub(product.apply(v)).sub(v, new Scalar(damping)));
                steps++;
            }
        }
        double left = length > 0 ? Flat.norm(residual) / length : 0;
        return new Solution(v, steps + POWER_STEPS, left, left > 1 ? 1 : 0, damping);
    }

    /** The size of the largest eigenvalue, by power iteration. */
    private static double largest(UnaryOperator<Tensor> product, Tensor start) {
        Tensor v = start.div(new Scalar(Flat.norm(start)));
        double size = 0;
        for (int n = 0; n < POWER_STEPS; n++) {
            try (var _ = new PointerScope()) {
                Tensor next = product.apply(v);
                size = Flat.norm(next);
                v.copy_(next.div(new Scalar(Math.max(size, Double.MIN_NORMAL))));
            }
        }
        return size;
    }
}
