package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

/**
 * The debiased distance between two clouds and its gradients.
 *
 * <p>{@code S_ε(α, β) = OT_ε(α, β) − ½ OT_ε(α, α) − ½ OT_ε(β, β)} for the cost ‖x − y‖² and the entropy ε KL(P | abᵀ) (Feydy et
 * al. 2019). Unlike OT_ε it is 0 exactly where the clouds are equal and never negative, so its gradient does not shrink a
 * cloud. Both clouds have mass 1. The self-problems are symmetric and are solved by averaged steps on one potential, some
 * ten sweeps each. Costs the three problems; those of more than 2^24 costs are streamed ({@link CloudProblem}) where the
 * precision is double, so memory stays small.
 *
 * @param x the first cloud
 * @param y the second cloud
 * @param between the problem between them
 * @param first the first cloud with itself
 * @param second the second cloud with itself
 */
public record Divergence(Cloud x, Cloud y, TransportResult between, TransportResult first, TransportResult second) {

    private static final long KEPT = 1 << 24;

    /** The divergence at an ε in the unit of squared distances. */
    public static Divergence of(Cloud x, Cloud y, Sinkhorn settings, Loop loop) {
        return of(x, y, settings, KEPT, loop);
    }

    static Divergence of(Cloud x, Cloud y, Sinkhorn settings, long kept, Loop loop) {
        require(Math.abs(Support.sum(x.weights()) - 1) <= 1e-8, "mass of x", Support.sum(x.weights()), "1");
        require(Math.abs(Support.sum(y.weights()) - 1) <= 1e-8, "mass of y", Support.sum(y.weights()), "1");
        boolean streamed = settings.precision() == Sinkhorn.Precision.DOUBLE;
        return new Divergence(
                x,
                y,
                streamed && (long) x.size() * y.size() > kept
                        ? new CloudProblem(x, y).solve(settings, loop)
                        : new TransportProblem(x.weights(), y.weights(), x.squaredDistances(y, loop))
                                .solve(settings, loop),
                self(x, settings, streamed ? kept : Long.MAX_VALUE, loop),
                self(y, settings, streamed ? kept : Long.MAX_VALUE, loop));
    }

    private static TransportResult self(Cloud x, Sinkhorn settings, long kept, Loop loop) {
        Costs costs = (long) x.size() * x.size() > kept
                ? Costs.Squared.of(x, x)
                : new Costs.Matrix(x.squaredDistances(x, loop), x.size(), x.size());
        return Entropic.symmetric(x.weights(), costs, settings, loop);
    }

    /** S_ε, by the bounds of the three problems: their error is of second order in that of the potentials. */
    public double value() {
        return between.dual() - (first.dual() + second.dual()) / 2;
    }

    /** Whether all three problems converged. */
    public boolean converged() {
        return between.converged() && first.converged() && second.converged();
    }

    /** ∂S_ε/∂a on the simplex: f less the first cloud's own potential, with mean 0. */
    public double[] massGradient() {
        double[] gradient = between.f().clone();
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] -= (first.f()[i] + first.g()[i]) / 2;
        }
        return Envelope.centred(gradient);
    }

    /** ∂S_ε/∂x, n × d numbers: the pull of y less that of x itself. */
    public double[] pointGradient(Loop loop) {
        double[] gradient = Envelope.points(x, y, between.plan(), loop);
        double[] own = Envelope.points(x, x, first.plan(), loop);
        for (int e = 0; e < gradient.length; e++) {
            gradient[e] -= own[e];
        }
        return gradient;
    }
}
