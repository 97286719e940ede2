package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

/**
 * Mass to be moved between two clouds at the cost ‖x − y‖², which is made row by row and never kept.
 *
 * <p>The same problem as {@link TransportProblem} with {@link Cloud#squaredDistances}, and the same answer up to rounding.
 * Memory is O((n + m) d) and some 64 rows of m numbers in place of 2 nm; a sweep takes nmd products besides its nm
 * exponentials. Choose it where the costs would not fit: past some 10,000 points a side. Plans are lazy too: {@link Plan#row}
 * and {@link Envelope#points} make what they need.
 *
 * @param x the sources
 * @param y the targets, of the same total mass to 1e-8
 */
public record CloudProblem(Cloud x, Cloud y) {
    public CloudProblem {
        require(x.dims() == y.dims(), "y.dims", y.dims(), "" + x.dims());
        double from = Support.sum(x.weights());
        double to = Support.sum(y.weights());
        require(Math.abs(from - to) <= 1e-8 * Math.max(from, to), "mass of y", to, "the mass of x, " + from);
    }

    /** The solution with an entropy term, in doubles. */
    public TransportResult solve(Sinkhorn settings, Loop loop) {
        return solve(settings, new double[y.size()], false, loop);
    }

    /** The same, started at the target potentials of a similar problem. */
    public TransportResult solve(Sinkhorn settings, double[] g, Loop loop) {
        require(g.length == y.size(), "g.length", g.length, "one potential per target, " + y.size());
        for (int j = 0; j < g.length; j++) {
            require(Double.isFinite(g[j]), "g[" + j + "]", g[j], "a finite number");
        }
        return solve(settings, g, true, loop);
    }

    private TransportResult solve(Sinkhorn settings, double[] g, boolean warm, Loop loop) {
        require(
                settings.precision() == Sinkhorn.Precision.DOUBLE,
                "precision",
                settings.precision(),
                "DOUBLE: floats keep a kernel of n x m");
        return Entropic.solve(x, y, settings, g, warm, loop);
    }
}
