package org.lethe.transport;

/**
 * Mass to be moved at least cost: the front door of this module.
 *
 * <p>The problem is {@code min ⟨P, C⟩} over plans P ≥ 0 whose rows sum to a and whose columns sum to b. {@link #exact()}
 * solves it; {@link #solve(Sinkhorn)} solves it with an entropy term. Both answer with a {@link TransportResult}, which
 * carries potentials, bounds and errors, and says whether it converged.
 *
 * <p>Choose {@code exact} for up to some 3,000 points a side, where the optimum itself or its proof is wanted: in practice
 * O((n + m)^2.5), a tenth of a second for 2,000². Choose {@code solve} for more, for gradients ({@link Envelope}), and for
 * plans that change smoothly with the data: O(nm) a sweep. On a line, {@link Line} is faster than either and exact; for masses
 * of different totals there is {@link UnbalancedProblem}.
 *
 * @param a mass of each source, n numbers of at least 0
 * @param b mass of each target, m numbers of at least 0, of the same total to 1e-8
 * @param cost n × m costs of moving one unit, one row per source
 */
public record TransportProblem(double[] a, double[] b, double[] cost) {
    private static final double MASS_TOLERANCE = 1e-8;

    public TransportProblem {
        double from = mass("a", a);
        double to = mass("b", b);
        require(Math.abs(from - to) <= MASS_TOLERANCE * Math.max(from, to), "sum of b", to, "the sum of a, " + from);
        require(cost.length == (long) a.length * b.length, "cost.length", cost.length, a.length + " x " + b.length);
        for (int i = 0; i < cost.length; i++) {
            if (!Double.isFinite(cost[i])) {
                throw new IllegalArgumentException("cost[" + i / b.length + "][" + i % b.length + "] is " + cost[i]
                        + ", expected a finite number");
            }
        }
    }

    /** The problem with both masses scaled to a total of 1. */
    public static TransportProblem renormalised(double[] a, double[] b, double[] cost) {
        return new TransportProblem(scaled("a", a), scaled("b", b), cost);
    }

    /** Number of sources. */
    public int rows() {
        return a.length;
    }

    /** Number of targets. */
    public int columns() {
        return b.length;
    }

    /** The exact solution by the transportation simplex, with a generous cap on pivots. */
    public TransportResult exact() {
        return exact(1000L * (rows() + columns()));
    }

    /**
     * The exact solution by the transportation simplex.
     *
     * @param maxPivots where to stop; the plan is then feasible but not optimal, and the result says so
     */
    public TransportResult exact(long maxPivots) {
        require(maxPivots >= 0, "maxPivots", maxPivots, "at least 0");
        return Simplex.solve(this, maxPivots);
    }

    /** The solution with an entropy term. */
    public TransportResult solve(Sinkhorn settings) {
        return Entropic.solve(this, settings, new double[columns()], false, Loop.HERE);
    }

    /** The same, bit for bit, with the rows shared out by {@code loop}. */
    public TransportResult solve(Sinkhorn settings, Loop loop) {
        return Entropic.solve(this, settings, new double[columns()], false, loop);
    }

    /** The solution with an entropy term, started at the target potentials of a similar problem. */
    public TransportResult solve(Sinkhorn settings, double[] g, Loop loop) {
        require(g.length == columns(), "g.length", g.length, "one potential per target, " + columns());
        for (int j = 0; j < g.length; j++) {
            require(Double.isFinite(g[j]), "g[" + j + "]", g[j], "a finite number");
        }
        return Entropic.solve(this, settings, g, true, loop);
    }

    /**
     * The largest f_i + g_j − C_ij, or 0. At 0 {@code dual} is a lower bound, whatever solver found it. Meaningful for
     * exact solutions, whose potentials stay below the costs up to rounding.
     */
    public double dualViolation(TransportResult result) {
        double worst = 0;
        for (int i = 0; i < rows(); i++) {
            worst = Math.max(worst, result.f()[i] - RowMinimum.of(cost, i * columns(), result.g(), 0, columns()));
        }
        return worst;
    }

    /** The largest absolute cost. */
    double largestCost() {
        double largest = 0;
        for (double c : cost) {
            largest = Math.max(largest, Math.abs(c));
        }
        return largest;
    }

    static double mass(String name, double[] weights) {
        require(weights.length >= 1, name + ".length", weights.length, "at least 1");
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            if (!(weights[i] >= 0 && Double.isFinite(weights[i]))) {
                throw new IllegalArgumentException(
                        name + "[" + i + "] is " + weights[i] + ", expected 0 or more, finite");
            }
            total += weights[i];
        }
        require(Double.isFinite(total), "sum of " + name, total, "a finite number");
        return total;
    }

    private static double[] scaled(String name, double[] weights) {
        double total = mass(name, weights);
        require(total > 0, "sum of " + name, total, "more than 0");
        double[] scaled = weights.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] /= total;
        }
        return scaled;
    }

    static void require(boolean condition, String name, Object value, String expected) {
        if (!condition) {
            throw new IllegalArgumentException(name + " is " + value + ", expected " + expected);
        }
    }
}
