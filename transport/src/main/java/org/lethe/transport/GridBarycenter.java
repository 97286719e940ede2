package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The exact barycenter of measures on few given points, by one linear program.
 *
 * <p>Minimises {@code Σ_k λ_k ⟨P_k, C_k⟩} over plans P_k ≥ 0 with columns b_k and common row sums a within {@link
 * Limits} (Anderes, Borgwardt and Miller 2016): n + n Σ m_k variables and Σ (n + m_k) rows in a dense tableau. Choose
 * it for grids of up to some 50 points, where a proof, limits or a distance to a reference matter. On 50 points two
 * measures take 0.03 s and three 0.5 s; time grows like the fourth power. For more points {@link FixedSupport} is the
 * choice, and on a line {@link Line#barycenter}. Exact barycenters of noisy histograms are themselves ragged; entropy
 * or a finer line smooths them.
 *
 * @param maxPivots most steps of the simplex method
 */
public record GridBarycenter(long maxPivots) {
    public GridBarycenter {
        require(maxPivots >= 0, "maxPivots", maxPivots, "at least 0");
    }

    /** At most a million steps. */
    public GridBarycenter() {
        this(1_000_000);
    }

    /**
     * Masses on the grid with their proof.
     *
     * @param weights the masses a, of total 1
     * @param plans for each measure its n × m_k plan from the grid
     * @param cost Σ_k λ_k ⟨P_k, C_k⟩; infinite where the limits are infeasible
     * @param dual a lower bound of the least cost, by the multipliers alone: whatever the solver did, it holds up to rounding
     * @param marginalError Σ_k λ_k of the plans' row and column errors
     * @param violation the largest amount by which a limit is missed, or for infeasible limits by how much in total
     * @param iterations steps of the simplex method
     * @param status how it ended
     */
    public record Result(
            double[] weights,
            List<double[]> plans,
            double cost,
            double dual,
            double marginalError,
            double violation,
            long iterations,
            TransportResult.Status status) {

        /** Whether the optimum was found. */
        public boolean converged() {
            return status == TransportResult.Status.CONVERGED;
        }

        /** The cost less its lower bound. */
        public double gap() {
            return cost - dual;
        }
    }

    /**
     * The barycenter without limits.
     *
     * @param costs for each measure its n × m_k costs, one row per point of the grid
     * @param masses for each measure its m_k masses, of total 1
     * @param shares the weight λ_k of each, adding up to 1
     */
    public Result barycenter(double[][] costs, double[][] masses, double[] shares) {
        FixedSupport.check(costs, masses, shares);
        return solve(costs, masses, shares, Limits.none(costs[0].length / masses[0].length), Optional.empty());
    }

    /** The barycenter within limits. */
    public Result barycenter(double[][] costs, double[][] masses, double[] shares, Limits limits) {
        FixedSupport.check(costs, masses, shares);
        return solve(costs, masses, shares, limits, Optional.empty());
    }

    /** The barycenter within limits and at most some transport cost from a reference, which is linear too. */
    public Result barycenter(double[][] costs, double[][] masses, double[] shares, Limits limits, Ball.Transport ball) {
        FixedSupport.check(costs, masses, shares);
        return solve(costs, masses, shares, limits, Optional.of(ball));
    }

    private Result solve(
            double[][] costs, double[][] masses, double[] shares, Limits limits, Optional<Ball.Transport> ball) {
        int n = costs[0].length / masses[0].length;
        require(limits.least().length == n, "limits", limits.least().length, "one per point, " + n);
        List<Part> parts = new ArrayList<>();
        for (int k = 0; k < shares.length; k++) {
            parts.add(Part.of(costs[k], masses[k], shares[k], n));
        }
        ball.ifPresent(b -> {
            require(b.cost().length == n * b.reference().length, "ball cost.length", b.cost().length, n + " x m");
            parts.add(Part.of(b.cost(), b.reference(), 0, n));
        });
        return new Program(parts, limits, ball, n).solve(shares, maxPivots);
    }

    /** One measure's targets with mass. */
    private record Part(double[] cost, double[] b, int[] columns, int all, double share) {
        static Part of(double[] cost, double[] masses, double share, int n) {
            double[] ones = new double[n];
            Arrays.fill(ones, 1.0 / n);
            Support support = Support.of(ones, masses, cost, true);
            return new Part(support.cost(), support.b(), support.columns(), masses.length, share);
        }

        int size() {
            return b.length;
        }
    }

    /**
     * The program. Variables: a less its least; the plans; for each limit that is no equation the slack below it, and for
     * two-sided ones the slack above. Rows: of each plan its rows and columns, but one where the totals imply it; upper
     * bounds; linear limits; the ball.
     */
    private static final class Program {
        private final List<Part> parts;
        private final Limits limits;
        private final Optional<Ball.Transport> ball;
        private final int n;
        private final int[] plan; // first variable of each plan
        private final int[] rows; // first row of each plan
        private final List<double[]> entries = new ArrayList<>(); // row, column, value
        private final List<Double> right = new ArrayList<>();
        private final int[] linear; // row of each linear limit, and of its other side
        private int variables;

        Program(List<Part> parts, Limits limits, Optional<Ball.Transport> ball, int n) {
            this.parts = parts;
            this.limits = limits;
            this.ball = ball;
            this.n = n;
            plan = new int[parts.size()];
            rows = new int[parts.size()];
            linear = new int[limits.linear().size()];
            variables = n;
            for (int k = 0; k < parts.size(); k++) {
                plan(k);
            }
            for (int i = 0; i < n; i++) {
                if (limits.most()[i] < 1) {
                    int row = row(limits.most()[i] - limits.least()[i]);
                    put(row, i, 1);
                    put(row, variables++, 1);
                }
            }
            for (int r = 0; r < linear.length; r++) {
                linear(r);
            }
            ball.ifPresent(b -> {
                int row = row(b.radius());
                Part part = parts.get(parts.size() - 1);
                for (int e = 0; e < part.cost.length; e++) {
                    put(row, plan[parts.size() - 1] + e, part.cost[e]);
                }
                put(row, variables++, 1);
            });
        }

        private void plan(int k) {
            Part part = parts.get(k);
            int m = part.size();
            plan[k] = variables;
            rows[k] = right.size();
            variables += n * m;
            for (int i = 0; i < n; i++) {
                int row = row(limits.least()[i]);
                put(row, i, -1);
                for (int j = 0; j < m; j++) {
                    put(row, plan[k] + i * m + j, 1);
                }
            }
            for (int j = k == 0 ? 0 : 1; j < m; j++) {
                int row = row(part.b[j]);
                for (int i = 0; i < n; i++) {
                    put(row, plan[k] + i * m + j, 1);
                }
            }
        }

        private void linear(int r) {
            Limits.Linear one = limits.linear().get(r);
            double shift = 0;
            for (int i = 0; i < n; i++) {
                shift += one.coefficients()[i] * limits.least()[i];
            }
            boolean low = one.least() > Double.NEGATIVE_INFINITY;
            boolean high = one.most() < Double.POSITIVE_INFINITY;
            linear[r] = -1;
            if (!low && !high) {
                return;
            }
            linear[r] = row((low ? one.least() : one.most()) - shift);
            for (int i = 0; i < n; i++) {
                put(linear[r], i, one.coefficients()[i]);
            }
            if (one.least() == one.most()) {
                return;
            }
            put(linear[r], variables++, low ? -1 : 1);
            if (low && high) {
                int row = row(one.most() - one.least());
                put(row, variables - 1, 1);
                put(row, variables++, 1);
            }
        }

        private int row(double value) {
            right.add(value);
            return right.size() - 1;
        }

        private void put(int row, int column, double value) {
            entries.add(new double[] {row, column, value});
        }

        Result solve(double[] shares, long maxPivots) {
            int count = right.size();
            require(
                    (count + 2L) * (variables + count + 1L) < 1 << 27,
                    "size of the program",
                    count + " x " + variables,
                    "less than 1 GiB: FixedSupport takes more points");
            double[] a = new double[count * variables];
            for (double[] entry : entries) {
                a[(int) entry[0] * variables + (int) entry[1]] = entry[2];
            }
            double[] c = new double[variables];
            for (int k = 0; k < parts.size(); k++) {
                Rows.add(parts.get(k).share, parts.get(k).cost, 0, c, plan[k], parts.get(k).cost.length);
            }
            double[] b = right.stream().mapToDouble(Double::doubleValue).toArray();
            LinearProgram.Solution found = LinearProgram.solve(a, b, c, maxPivots);
            return result(shares, found);
        }

        private Result result(double[] shares, LinearProgram.Solution found) {
            double[] weights = new double[n];
            for (int i = 0; i < n; i++) {
                weights[i] = limits.least()[i] + found.x()[i];
            }
            boolean infeasible = found.status() == TransportResult.Status.INFEASIBLE;
            double cost = infeasible ? Double.POSITIVE_INFINITY : 0;
            double error = 0;
            List<double[]> plans = new ArrayList<>();
            for (int k = 0; k < shares.length; k++) {
                Part part = parts.get(k);
                double[] whole = new double[n * part.all];
                double[] columns = part.b.clone();
                for (int i = 0; i < n; i++) {
                    double row = weights[i];
                    for (int j = 0; j < part.size(); j++) {
                        double mass = found.x()[plan[k] + i * part.size() + j];
                        whole[i * part.all + part.columns[j]] = mass;
                        row -= mass;
                        columns[j] -= mass;
                        cost += shares[k] * mass * part.cost[i * part.size() + j];
                    }
                    error += shares[k] * Math.abs(row);
                }
                for (double missed : columns) {
                    error += shares[k] * Math.abs(missed);
                }
                plans.add(whole);
            }
            double violation = infeasible ? found.missed() : limits.missed(weights);
            if (ball.isPresent() && !infeasible) {
                violation =
                        Math.max(violation, ball.get().of(weights) - ball.get().radius());
            }
            return new Result(
                    weights,
                    List.copyOf(plans),
                    cost,
                    infeasible ? Double.POSITIVE_INFINITY : dual(found.y()),
                    error,
                    violation,
                    found.pivots(),
                    found.status());
        }

        /**
         * A bound that needs no trust: for any f_k, any μ ≥ 0 and any multipliers of the linear limits, {@code Σ_kj b_kj
         * min_i (λ_k C_k − f_k)_ij − μ radius} plus the least of {@code Σ_i a_i Σ_k f_ki} over the limits.
         */
        private double dual(double[] y) {
            double mu = ball.isPresent() ? Math.max(0, -y[y.length - 1]) : 0;
            double total = ball.map(b -> -mu * b.radius()).orElse(0.0);
            double[] price = new double[n];
            for (int k = 0; k < parts.size(); k++) {
                Part part = parts.get(k);
                double scale = ball.isPresent() && k == parts.size() - 1 ? mu : part.share;
                for (int i = 0; i < n; i++) {
                    price[i] += y[rows[k] + i];
                }
                for (int j = 0; j < part.size(); j++) {
                    double least = Double.POSITIVE_INFINITY;
                    for (int i = 0; i < n; i++) {
                        least = Math.min(least, scale * part.cost[i * part.size() + j] - y[rows[k] + i]);
                    }
                    total += part.b[j] * least;
                }
            }
            double[] multipliers = new double[linear.length];
            for (int r = 0; r < linear.length; r++) {
                multipliers[r] = linear[r] < 0 ? 0 : y[linear[r]];
                Limits.Linear one = limits.linear().get(r);
                double end = multipliers[r] > 0 ? one.least() : one.most();
                if (multipliers[r] == 0 || Double.isInfinite(end)) {
                    multipliers[r] = 0;
                    continue;
                }
                total += multipliers[r] * end;
                Rows.add(-multipliers[r], one.coefficients(), 0, price, 0, n);
            }
            for (int i = 0; i < n; i++) {
                price[i] = -price[i];
            }
            return total - limits.most(price);
        }
    }
}
