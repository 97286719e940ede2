package org.lethe.transport;

/**
 * A plan with what is known about it.
 *
 * @param plan the plan
 * @param f potential of each source
 * @param g potential of each target; for exact problems {@code f + g ≤ C} everywhere, with equality where mass moves
 * @param cost the transport cost ⟨P, C⟩
 * @param objective the cost with the entropy term, if there is one: ⟨P, C⟩ + ε KL(P | abᵀ)
 * @param dual a lower bound of the least objective: equal to it at the optimum
 * @param rowError Σ|P1 − a|
 * @param columnError Σ|Pᵀ1 − b|
 * @param iterations pivots, or sweeps at every ε
 * @param converged whether the solver met its own stopping rule; a result that did not is no solution
 */
public record TransportResult(
        Plan plan,
        double[] f,
        double[] g,
        double cost,
        double objective,
        double dual,
        double rowError,
        double columnError,
        long iterations,
        boolean converged) {

    /** The objective less its lower bound; meaningful where the marginal errors are small. */
    public double gap() {
        return objective - dual;
    }
}
