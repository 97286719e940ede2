package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

/**
 * Gradients of a transport objective without differentiating the solver.
 *
 * <p>At the optimum only the explicit dependence counts (envelope theorem; Peyré and Cuturi 2019, section 9.1): the gradient
 * of OT_ε by the costs is the plan, by the masses a potential, and by the points {@code Σ_j P_ij ∇c(x_i, y_j)}. For exact
 * solutions the same formulas give a subgradient. Gradients are as exact as the solution: check that it converged.
 */
public final class Envelope {
    private Envelope() {}

    /** ∂/∂a on the simplex, where only differences count: f with mean 0. */
    public static double[] sources(TransportResult result) {
        return centred(result.f());
    }

    /** ∂/∂b on the simplex: g with mean 0. */
    public static double[] targets(TransportResult result) {
        return centred(result.g());
    }

    /** ∂/∂C, n × m numbers: the plan. */
    public static double[] costs(TransportResult result) {
        return result.plan().dense();
    }

    /** ∂/∂x for the cost ‖x − y‖², n × d numbers: {@code 2 Σ_j P_ij (x_i − y_j)}. O(nmd). */
    public static double[] points(Cloud x, Cloud y, Plan plan, Loop loop) {
        int n = x.size();
        int m = y.size();
        int d = x.dims();
        require(y.dims() == d, "y.dims", y.dims(), "" + d);
        require(plan.rows() == n && plan.columns() == m, "plan", plan.rows() + " x " + plan.columns(), n + " x " + m);
        double[] gradient = new double[n * d];
        loop.each(Cloud.parts(n), part -> {
            double[] row = new double[m];
            for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                plan.row(i, row);
                double mass = 0;
                for (int j = 0; j < m; j++) {
                    if (row[j] != 0) {
                        mass += row[j];
                        Rows.add(-2 * row[j], y.points(), j * d, gradient, i * d, d);
                    }
                }
                Rows.add(2 * mass, x.points(), i * d, gradient, i * d, d);
            }
        });
        return gradient;
    }

    static double[] centred(double[] values) {
        double mean = Support.sum(values) / values.length;
        double[] centred = new double[values.length];
        for (int i = 0; i < centred.length; i++) {
            centred[i] = values[i] - mean;
        }
        return centred;
    }
}
