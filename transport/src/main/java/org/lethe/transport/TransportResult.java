package org.lethe.transport;

/**
 * A plan with what is known about it.
 *
 * @param plan the plan
 * @param f potential of each source
 * @param g potential of each target; for exact problems {@code f + g ≤ C} everywhere, with equality where mass moves
 * @param cost the transport cost ⟨P, C⟩
 * @param objective the cost with the entropy term and the penalties, where there are any
 * @param dual a lower bound of the least objective: equal to it at the optimum
 * @param rowError Σ|P1 − a|; for unbalanced problems the distance to the row sums that the potentials ask for
 * @param columnError Σ|Pᵀ1 − b|, likewise
 * @param iterations pivots, or sweeps at every ε
 * @param status how the solver ended
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
        Status status) {

    /** How a solver ended. */
    public enum Status {
        /** It met its own stopping rule. */
        CONVERGED,
        /** It ran into its limit of iterations: what it returns is no solution, and the errors say how far from one. */
        STOPPED,
        /** No solution exists, and the solver has proved it. */
        INFEASIBLE;

        static Status of(boolean converged) {
            return converged ? CONVERGED : STOPPED;
        }
    }

    /** Whether the solver met its own stopping rule. */
    public boolean converged() {
        return status == Status.CONVERGED;
    }

    /** The rows' and the columns' error together. */
    public double marginalError() {
        return rowError + columnError;
    }

    /** The objective less its lower bound; meaningful where the marginal errors are small. */
    public double gap() {
        return objective - dual;
    }
}
