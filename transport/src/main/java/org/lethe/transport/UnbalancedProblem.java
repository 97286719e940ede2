package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

/**
 * Mass to be moved at least cost where mass may also be made or destroyed at a price.
 *
 * <p>The problem is {@code min ⟨P, C⟩ + ε KL(P | abᵀ) + τ₁ KL(P1 | a) + τ₂ KL(Pᵀ1 | b)} with {@code KL(p|q) = Σ p
 * log(p/q) − p + q} (Chizat et al. 2018). Each step of Sinkhorn is the balanced one times {@code τ / (τ + ε)}. Between
 * sweeps the potentials move by the best constant, {@code (f + λ, g − λ)}; without it τ ≫ ε takes some τ/ε times as
 * many sweeps (Séjourné, Vialard and Peyré 2022). A sweep costs two exponentials per entry. Choose it for measures of
 * different mass, or with outliers that should not be paired with anything. τ is about the cost above which it is
 * cheaper to destroy mass than to move it.
 *
 * @param a mass of each source, n numbers of at least 0
 * @param b mass of each target, m numbers of at least 0, of any total
 * @param cost n × m costs of moving one unit, one row per source
 * @param rowPenalty τ₁; infinite makes the sources' mass a constraint
 * @param columnPenalty τ₂, likewise; not both are infinite
 */
public record UnbalancedProblem(double[] a, double[] b, double[] cost, double rowPenalty, double columnPenalty) {
    public UnbalancedProblem {
        require(TransportProblem.mass("a", a) > 0, "sum of a", 0, "more than 0");
        require(TransportProblem.mass("b", b) > 0, "sum of b", 0, "more than 0");
        require(cost.length == (long) a.length * b.length, "cost.length", cost.length, a.length + " x " + b.length);
        for (int i = 0; i < cost.length; i++) {
            if (!Double.isFinite(cost[i])) {
                throw new IllegalArgumentException("cost[" + i / b.length + "][" + i % b.length + "] is " + cost[i]
                        + ", expected a finite number");
            }
        }
        require(rowPenalty > 0, "rowPenalty", rowPenalty, "more than 0");
        require(columnPenalty > 0, "columnPenalty", columnPenalty, "more than 0");
        require(
                Double.isFinite(rowPenalty) || Double.isFinite(columnPenalty),
                "both penalties",
                rowPenalty,
                "one finite, or a TransportProblem");
    }

    /** The solution. */
    public TransportResult solve(Sinkhorn settings, Loop loop) {
        return Entropic.unbalanced(a, b, cost, new Entropic.Marginals(rowPenalty, columnPenalty), settings, loop);
    }
}
