package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.Arrays;

/**
 * The barycenter of measures on given points: only its masses are free.
 *
 * <p>Minimises {@code Σ_k λ_k min_P {⟨P, C_k⟩ − ε H(P)}} over the row sums a that all plans share, by iterative Bregman
 * projections (Benamou et al. 2015, section 3.2) in logarithms: with {@code K_k = exp(−C_k / ε)}, {@code v_k = b_k / K_kᵀu_k},
 * {@code a = Π_k (K_k v_k)^λ_k}, {@code u_k = a / K_k v_k}. With {@link Limits} a is the KL projection of that product onto them:
 * the corrections of Dykstra's algorithm cancel against u_k, so nothing else changes. The entropy blurs a by about √ε;
 * {@link #debiased} takes it out again.
 *
 * <p>A sweep costs 2 Σ n m_k exponentials; the number of sweeps grows like max C / ε. On a line, {@link Line#barycenter} is
 * exact; with many dimensions, grids are too large and {@link FreeSupport} is the choice.
 *
 * @param epsilon weight of the entropy term, in the unit of the costs
 * @param tolerance stop when Σ_k λ_k of the plans' row errors is at most this
 * @param maxSweeps most sweeps
 */
public record FixedSupport(double epsilon, double tolerance, int maxSweeps) {
    public FixedSupport {
        require(epsilon > 0 && Double.isFinite(epsilon), "epsilon", epsilon, "more than 0, finite");
        require(tolerance >= 0, "tolerance", tolerance, "at least 0");
        require(maxSweeps >= 1, "maxSweeps", maxSweeps, "at least 1");
    }

    /** Tolerance 1e-7, at most 10,000 sweeps. */
    public FixedSupport(double epsilon) {
        this(epsilon, 1e-7, 10_000);
    }

    /**
     * Masses on the given points.
     *
     * @param weights the masses a, of total 1; where the limits are infeasible, those that miss them least as far as known
     * @param cost Σ_k λ_k ⟨P_k, C_k⟩; infinite where the limits are infeasible
     * @param marginalError Σ_k λ_k Σ|P_k 1 − a|
     * @param violation the largest amount by which a limit is missed
     * @param iterations sweeps
     * @param status how it ended
     */
    public record Barycenter(
            double[] weights,
            double cost,
            double marginalError,
            double violation,
            long iterations,
            TransportResult.Status status) {

        /** Whether the row errors came down to the tolerance and the limits are met. */
        public boolean converged() {
            return status == TransportResult.Status.CONVERGED;
        }
    }

    /**
     * The barycenter without limits.
     *
     * @param costs for each measure its n × m_k costs, one row per point of the barycenter
     * @param masses for each measure its m_k masses, of total 1
     * @param shares the weight λ_k of each, adding up to 1
     */
    public Barycenter barycenter(double[][] costs, double[][] masses, double[] shares, Loop loop) {
        check(costs, masses, shares);
        return solve(costs, masses, shares, Limits.none(costs[0].length / masses[0].length), new double[0], loop);
    }

    /** The barycenter within limits; infeasible ones are found out before anything is solved, and reported. */
    public Barycenter barycenter(double[][] costs, double[][] masses, double[] shares, Limits limits, Loop loop) {
        check(costs, masses, shares);
        int n = costs[0].length / masses[0].length;
        require(limits.least().length == n, "limits", limits.least().length, "one per point, " + n);
        return solve(costs, masses, shares, limits, new double[0], loop);
    }

    /**
     * The barycenter without the entropy's blur (Janati et al. 2020, algorithm 1): a further factor d with {@code a = d Π (K
     * v)^λ} and {@code d ← √(d a / K d)}. All measures live on the barycenter's own points.
     *
     * @param cost n × n costs between the points, symmetric
     * @param masses for each measure its n masses, of total 1
     */
    public Barycenter debiased(double[] cost, double[][] masses, double[] shares, Loop loop) {
        double[][] costs = new double[masses.length][];
        Arrays.fill(costs, cost);
        check(costs, masses, shares);
        int n = masses[0].length;
        require(cost.length == n * n, "cost.length", cost.length, n + " x " + n);
        for (int e = 0; e < cost.length; e++) {
            require(cost[e] == cost[e % n * n + e / n], "cost", cost[e], "symmetric costs");
        }
        return solve(costs, masses, shares, Limits.none(n), cost, loop);
    }

    private Barycenter solve(
            double[][] costs, double[][] masses, double[] shares, Limits limits, double[] own, Loop loop) {
        int n = costs[0].length / masses[0].length;
        double factor = Entropic.LOG2_E / epsilon;
        double[] multipliers = new double[limits.linear().size()];
        if (!limits.free()) {
            Limits.Projection feasible = limits.project(new double[n], multipliers);
            if (feasible.status() == TransportResult.Status.INFEASIBLE) {
                return new Barycenter(
                        masses(feasible.logs()),
                        Double.POSITIVE_INFINITY,
                        0,
                        feasible.violation(),
                        0,
                        feasible.status());
            }
            Arrays.fill(multipliers, 0);
        }
        int count = shares.length;
        LogKernel[] kernels = new LogKernel[count];
        LogKernel[] turned = new LogKernel[count];
        double[][] logB = new double[count][];
        double[][] u = new double[count][n];
        double[][] v = new double[count][];
        double[][] w = new double[count][n];
        for (int k = 0; k < count; k++) {
            int m = masses[k].length;
            kernels[k] = LogKernel.of(costs[k], n, m, factor);
            turned[k] = kernels[k].transposed();
            logB[k] = logs(masses[k]);
            v[k] = new double[m];
        }
        LogKernel grid = own.length == 0 ? kernels[0] : LogKernel.of(own, n, n, factor);
        double[] d = new double[n];
        double[] smoothed = new double[n];
        double[] a = new double[n];
        double[] before = new double[n];
        double error = Double.POSITIVE_INFINITY;
        double violation = 0;
        boolean met = false;
        int sweep = 0;
        while (sweep < maxSweeps && !met) {
            Arrays.fill(a, 0);
            for (int k = 0; k < count; k++) {
                turned[k].logSums(u[k], v[k], loop);
                for (int j = 0; j < v[k].length; j++) {
                    v[k][j] = logB[k][j] - v[k][j];
                }
                kernels[k].logSums(v[k], w[k], loop);
                Rows.add(shares[k], w[k], 0, a, 0, n);
            }
            Rows.add(1, d, 0, a, 0, n);
            boolean within = true;
            if (!limits.free()) {
                Limits.Projection nearest = limits.project(a, multipliers);
                a = nearest.logs();
                violation = nearest.violation();
                within = nearest.status() == TransportResult.Status.CONVERGED;
            }
            error = 0;
            for (int k = 0; k < count; k++) {
                for (int i = 0; i < n; i++) {
                    error += shares[k] * Math.abs(Math.pow(2, u[k][i] + w[k][i]) - Math.pow(2, a[i]));
                    u[k][i] = a[i] - w[k][i];
                }
            }
            if (own.length > 0) {
                grid.logSums(d, smoothed, loop);
                double moved = 0;
                for (int i = 0; i < n; i++) {
                    d[i] = (d[i] + a[i] - smoothed[i]) / 2;
                    moved += Math.abs(Math.pow(2, a[i]) - before[i]);
                    before[i] = Math.pow(2, a[i]);
                }
                error = Math.max(error, moved);
            }
            sweep++;
            met = sweep > 1 && error <= tolerance && within;
        }
        double cost = 0;
        for (int k = 0; k < count; k++) {
            cost += shares[k] * kernels[k].cost(u[k], v[k], loop) / factor;
        }
        return new Barycenter(masses(a), cost, error, violation, sweep, TransportResult.Status.of(met));
    }

    private static void check(double[][] costs, double[][] masses, double[] shares) {
        require(masses.length >= 1, "number of measures", masses.length, "at least 1");
        require(costs.length == masses.length, "costs.length", costs.length, "one per measure, " + masses.length);
        require(shares.length == masses.length, "shares.length", shares.length, "one per measure, " + masses.length);
        require(
                Math.abs(TransportProblem.mass("shares", shares) - 1) <= 1e-8,
                "sum of shares",
                Support.sum(shares),
                "1");
        for (int k = 0; k < masses.length; k++) {
            double total = TransportProblem.mass("masses[" + k + "]", masses[k]);
            require(Math.abs(total - 1) <= 1e-8, "sum of masses[" + k + "]", total, "1");
            int n = costs[0].length / masses[0].length;
            require(
                    n >= 1 && costs[k].length == (long) n * masses[k].length,
                    "costs[" + k + "].length",
                    costs[k].length,
                    n + " x " + masses[k].length);
            for (double c : costs[k]) {
                if (!Double.isFinite(c)) {
                    throw new IllegalArgumentException(
                            "a cost of measure " + k + " is " + c + ", expected a finite number");
                }
            }
        }
    }

    private static double[] logs(double[] masses) {
        double[] logs = new double[masses.length];
        Arrays.setAll(logs, j -> Math.log(masses[j]) * Entropic.LOG2_E);
        return logs;
    }

    private static double[] masses(double[] logs) {
        double[] masses = new double[logs.length];
        Arrays.setAll(masses, i -> Math.pow(2, logs[i]));
        double total = Support.sum(masses);
        for (int i = 0; i < masses.length; i++) {
            masses[i] /= total;
        }
        return masses;
    }

    /** 2^−c, applied to vectors that are given and wanted as logarithms to base 2. */
    private record LogKernel(double[] c, int n, int m, double[] ones) {
        static LogKernel of(double[] cost, int n, int m, double factor) {
            double[] c = new double[n * m];
            Arrays.setAll(c, e -> cost[e] * factor);
            double[] ones = new double[m];
            Arrays.fill(ones, 1);
            return new LogKernel(c, n, m, ones);
        }

        LogKernel transposed() {
            double[] turned = new double[n * m];
            for (int e = 0; e < turned.length; e++) {
                turned[e % m * n + e / m] = c[e];
            }
            return of(turned, m, n, 1);
        }

        /** {@code log₂ Σ_j 2^(v_j − c_ij)} for each i. */
        void logSums(double[] v, double[] into, Loop loop) {
            loop.each(Cloud.parts(n), part -> {
                double[] row = new double[m];
                for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                    double least = RowMinimum.of(c, i * m, v, 0, m);
                    Rows.gibbs(1, least, 1, v, ones, c, i * m, m, row);
                    into[i] = Math.log(Support.sum(row)) * Entropic.LOG2_E - least;
                }
            });
        }

        /** Σ_ij c_ij 2^(u_i + v_j − c_ij). */
        double cost(double[] u, double[] v, Loop loop) {
            double[] sums = new double[n];
            loop.each(Cloud.parts(n), part -> {
                double[] row = new double[m];
                for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                    Rows.gibbs(1, u[i], 1, v, ones, c, i * m, m, row);
                    for (int j = 0; j < m; j++) {
                        sums[i] += row[j] * c[i * m + j];
                    }
                }
            });
            return Support.sum(sums);
        }
    }
}
