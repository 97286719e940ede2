package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.Arrays;

/**
 * The gradient of a function of an entropic plan, where {@link Envelope} has that of the objective.
 *
 * <p>With {@code Q = ∂L/∂P} the marginal equations are differentiated at the solution, not the sweeps (Luise et al.
 * 2018, theorem 2): {@code [[diag(P1), P], [Pᵀ, diag(Pᵀ1)]] (u, v) = ((Q∘P)1, (Q∘P)ᵀ1)} gives {@code ∂L/∂C = P ∘ (u 1ᵀ
 * + 1 vᵀ − Q) / ε}, {@code ∂L/∂a = u} and {@code ∂L/∂b = v}, the last two on the simplex, with mean 0 over the points
 * with mass. The rows are eliminated and the rest is solved by conjugate gradients; one step costs a pass over the
 * plan. The system does not see constants, so they are left out instead of damped by a ridge. Choose it to train
 * through barycentric targets, labels or maps; for a loss that is the transport cost itself the envelope is free. As
 * exact as the plan: check that it converged.
 *
 * @param costs ∂L/∂C, n × m numbers
 * @param sources ∂L/∂a, 0 where there is no mass
 * @param targets ∂L/∂b, 0 where there is no mass
 * @param residual what is left of the equations, as a part of their right-hand side
 * @param iterations conjugate gradient steps
 * @param status whether the residual came down to 1e-10
 */
public record PlanGradient(
        double[] costs,
        double[] sources,
        double[] targets,
        double residual,
        long iterations,
        TransportResult.Status status) {
    private static final double SMALL = 1e-10;

    /**
     * The gradient at a balanced plan.
     *
     * @param plan a solution of {@link TransportProblem#solve} or {@link CloudProblem#solve}
     * @param epsilon the ε it was solved at
     * @param slopes Q, n × m numbers
     */
    public static PlanGradient of(Plan plan, double epsilon, double[] slopes, Loop loop) {
        int n = plan.rows();
        int m = plan.columns();
        require(epsilon > 0 && Double.isFinite(epsilon), "epsilon", epsilon, "more than 0, finite");
        require(slopes.length == (long) n * m, "slopes.length", slopes.length, n + " x " + m);
        for (double q : slopes) {
            require(Double.isFinite(q), "a slope", q, "a finite number");
        }
        double[] p = plan.dense();
        Equations system = new Equations(p, n, m, loop);
        double[] rowSlopes = new double[n];
        double[] right = new double[m];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                double pulled = slopes[i * m + j] * p[i * m + j];
                rowSlopes[i] += pulled;
                right[j] += pulled;
            }
        }
        double[] share = new double[n];
        Arrays.setAll(share, i -> system.rows[i] > 0 ? rowSlopes[i] / system.rows[i] : 0);
        Rows.add(-1, system.transposed(share), 0, right, 0, m);
        Solved solved = system.solve(right);
        double[] v = solved.v;
        double[] u = new double[n];
        double[] received = system.times(v);
        Arrays.setAll(u, i -> system.rows[i] > 0 ? (rowSlopes[i] - received[i]) / system.rows[i] : 0);
        double[] costs = new double[n * m];
        Arrays.setAll(costs, e -> p[e] * (u[e / m] + v[e % m] - slopes[e]) / epsilon);
        return new PlanGradient(
                costs,
                centred(u, system.rows),
                centred(v, system.columns),
                solved.residual,
                solved.steps,
                TransportResult.Status.of(solved.residual <= SMALL));
    }

    /** ∂L/∂x for the cost ‖x − y‖², n × d numbers. */
    public double[] points(Cloud x, Cloud y, Loop loop) {
        int m = targets.length;
        Plan weights = new Plan() {
            @Override
            public int rows() {
                return sources.length;
            }

            @Override
            public int columns() {
                return m;
            }

            @Override
            public void row(int row, double[] into) {
                System.arraycopy(costs, row * m, into, 0, m);
            }
        };
        return Envelope.points(x, y, weights, loop);
    }

    private static double[] centred(double[] values, double[] masses) {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < values.length; i++) {
            if (masses[i] > 0) {
                sum += values[i];
                count++;
            }
        }
        double[] centred = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            centred[i] = masses[i] > 0 ? values[i] - sum / count : 0;
        }
        return centred;
    }

    private record Solved(double[] v, double residual, long steps) {}

    /** {@code diag(Pᵀ1) − Pᵀ diag(1 / P1) P}: positive but for constants. */
    private static final class Equations {
        private final double[] p;
        private final int n;
        private final int m;
        private final Loop loop;
        private final double[] rows;
        private final double[] columns;

        Equations(double[] p, int n, int m, Loop loop) {
            this.p = p;
            this.n = n;
            this.m = m;
            this.loop = loop;
            double[] ones = new double[Math.max(n, m)];
            Arrays.fill(ones, 1);
            rows = times(ones);
            columns = transposed(ones);
        }

        double[] times(double[] v) {
            double[] product = new double[n];
            loop.each(Cloud.parts(n), part -> {
                for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                    product[i] = Rows.dot(p, i * m, v, 0, m);
                }
            });
            return product;
        }

        double[] transposed(double[] u) {
            double[][] sums = new double[Cloud.parts(n)][m];
            loop.each(sums.length, part -> {
                for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                    Rows.add(u[i], p, i * m, sums[part], 0, m);
                }
            });
            double[] product = new double[m];
            for (double[] part : sums) {
                Rows.add(1, part, 0, product, 0, m);
            }
            return product;
        }

        private double[] apply(double[] v) {
            double[] share = times(v);
            for (int i = 0; i < n; i++) {
                share[i] = rows[i] > 0 ? share[i] / rows[i] : 0;
            }
            double[] image = transposed(share);
            for (int j = 0; j < m; j++) {
                image[j] = columns[j] * v[j] - image[j];
            }
            return image;
        }

        /** Conjugate gradients, preconditioned by the columns' masses. */
        Solved solve(double[] right) {
            double[] v = new double[m];
            double[] r = right.clone();
            double[] z = divided(r);
            double[] direction = z.clone();
            double square = Rows.dot(r, 0, z, 0, m);
            double first = square;
            long steps = 0;
            while (steps < 10L * m && square > SMALL * SMALL * first) {
                double[] image = apply(direction);
                double curvature = Rows.dot(direction, 0, image, 0, m);
                if (!(curvature > 0)) {
                    break;
                }
                Rows.add(square / curvature, direction, 0, v, 0, m);
                Rows.add(-square / curvature, image, 0, r, 0, m);
                z = divided(r);
                double next = Rows.dot(r, 0, z, 0, m);
                for (int j = 0; j < m; j++) {
                    direction[j] = z[j] + next / square * direction[j];
                }
                square = next;
                steps++;
            }
            return new Solved(v, first == 0 ? 0 : Math.sqrt(square / first), steps);
        }

        /** {@code r / diag(Pᵀ1)}, without the part along constants that rounding brings in. */
        private double[] divided(double[] r) {
            double excess = Support.sum(r) / Support.sum(columns);
            double[] z = new double[m];
            for (int j = 0; j < m; j++) {
                z[j] = columns[j] > 0 ? r[j] / columns[j] - excess : 0;
            }
            return z;
        }
    }
}
