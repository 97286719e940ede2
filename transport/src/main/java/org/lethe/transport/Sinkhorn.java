package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

/**
 * The settings to solve {@code min ⟨P, C⟩ + ε KL(P | abᵀ)} by Sinkhorn's iteration on potentials, in logarithms
 * throughout.
 *
 * <p>One sweep is exactly one Gauss and Seidel step for f and then for g, with one exponential per entry. The old f is
 * the shift of the row's sum, and the distance of that sum from 1 is the marginal error. The same exponentials,
 * rescaled, are the columns' sums. Where a sum leaves the safe range the row or column is done again with its maximum.
 * With {@code scaling} above 1 the solver first takes ten sweeps at each of ε₀ = max|C|, ε₀ / scaling, … down to ε. A
 * sweep costs nm exponentials of 0.8 ns in doubles, or two passes over a kernel of floats; the number of sweeps grows
 * like max|C| / ε.
 *
 * <p>With {@code relaxation} ω above 1, potentials move ω times as far as a plain step once the error falls steadily;
 * plain steps finish (Thibault et al. 2021). This saves sweeps where convergence is slow, and costs some where it is
 * not. With {@code memory} above 0 every step is extrapolated from that many earlier ones (Anderson 1965). For 1,000²
 * points in the plane at a thousandth of the largest cost and 1e-6, extrapolation needs 143 sweeps, plain steps 1,011,
 * and ω = 1.8 needs 385. Choose a memory of 5 where many sweeps would be needed, that is ε below a hundredth of the
 * costs or a strict tolerance. It serves balanced problems between two measures; others take the plain steps, of which
 * they need few.
 *
 * <p>Potentials are those of {@code P = a b exp((f + g − C) / ε)}. Where others define {@code P = exp((f′ + g′ − C) / ε)},
 * {@code f′ = f + ε log a} and {@code g′ = g + ε log b}; and −ε H(P) in place of ε KL(P | abᵀ) changes the objective by the
 * constant −ε (H(a) + H(b)).
 *
 * @param epsilon weight of the entropy term, in the unit of the costs
 * @param tolerance stop when the rows' marginal error Σ|P1 − a| is at most this part of the mass
 * @param maxSweeps most sweeps at the final ε; a result that needed more says that it did not converge
 * @param scaling factor between successive ε, or 1 to start at the final one
 * @param precision numbers of the sweeps; potentials and what the result reports are always doubles
 * @param relaxation ω, from 1 (plain steps) to less than 2
 * @param memory earlier steps that Anderson's extrapolation combines, or 0 for none; not with a relaxation above 1
 */
public record Sinkhorn(
        double epsilon,
        double tolerance,
        int maxSweeps,
        double scaling,
        Precision precision,
        double relaxation,
        int memory) {
    /** The numbers in which a sweep is computed. */
    public enum Precision {
        /**
         * Floats, some five times as fast, marginal errors down to 1e-6 or so. Exponentials are kept from sweep to sweep as a
         * kernel and made again where potentials have moved far from those they were made with, so ε may be small.
         */
        SINGLE,
        /** Doubles. */
        DOUBLE
    }

    public Sinkhorn {
        require(epsilon > 0 && Double.isFinite(epsilon), "epsilon", epsilon, "more than 0, finite");
        require(tolerance >= 0, "tolerance", tolerance, "at least 0");
        require(maxSweeps >= 1, "maxSweeps", maxSweeps, "at least 1");
        require(scaling >= 1 && Double.isFinite(scaling), "scaling", scaling, "at least 1");
        require(relaxation >= 1 && relaxation < 2, "relaxation", relaxation, "from 1 to less than 2");
        require(memory >= 0 && memory <= 20, "memory", memory, "from 0 to 20");
        require(memory == 0 || relaxation == 1, "relaxation", relaxation, "1 where steps are extrapolated");
    }

    /** Without extrapolation. */
    public Sinkhorn(
            double epsilon, double tolerance, int maxSweeps, double scaling, Precision precision, double relaxation) {
        this(epsilon, tolerance, maxSweeps, scaling, precision, relaxation, 0);
    }

    /** The same with steps extrapolated from {@code steps} earlier ones in place of over-relaxation. */
    public Sinkhorn memory(int steps) {
        return new Sinkhorn(epsilon, tolerance, maxSweeps, scaling, precision, 1, steps);
    }

    /** With plain steps. */
    public Sinkhorn(double epsilon, double tolerance, int maxSweeps, double scaling, Precision precision) {
        this(epsilon, tolerance, maxSweeps, scaling, precision, 1);
    }

    /** Doubles, tolerance 1e-6, scaling by 4, at most 10,000 sweeps. */
    public Sinkhorn(double epsilon) {
        this(epsilon, 1e-6, 10_000, 4, Precision.DOUBLE);
    }

    /**
     * The potential f′ of {@code P = exp((f′ + g′ − C) / ε)} for one of {@code P = a b exp((f + g − C) / ε)}: {@code f + ε log a}, and
     * −∞ where there is no mass.
     */
    public double[] withMasses(double[] potential, double[] masses) {
        require(masses.length == potential.length, "masses.length", masses.length, "" + potential.length);
        double[] moved = new double[potential.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = potential[i] + epsilon * Math.log(masses[i]);
        }
        return moved;
    }
}
