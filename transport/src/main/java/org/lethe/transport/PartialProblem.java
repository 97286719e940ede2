package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.Arrays;

/**
 * A given part of the mass to be moved at least cost, whichever part that is.
 *
 * <p>{@code min ⟨P, C⟩} over P ≥ 0 with rows at most a, columns at most b and a total of {@code mass} (Caffarelli and
 * McCann 2010). It is solved as the exact balanced problem with one more source and one more target that take the rest
 * at no cost (Chapel, Alaya and Gasso 2020). Choose it where a known share has no counterpart; where the share is not
 * known but a price for leaving mass behind is, {@link UnbalancedProblem}. Costs the exact problem.
 *
 * @param a mass of each source, n numbers of at least 0
 * @param b mass of each target, m numbers of at least 0
 * @param cost n × m costs of moving one unit, one row per source
 * @param mass what is moved, from 0 to the smaller total
 */
public record PartialProblem(double[] a, double[] b, double[] cost, double mass) {
    public PartialProblem {
        double most = Math.min(TransportProblem.mass("a", a), TransportProblem.mass("b", b));
        require(cost.length == (long) a.length * b.length, "cost.length", cost.length, a.length + " x " + b.length);
        for (int i = 0; i < cost.length; i++) {
            if (!Double.isFinite(cost[i])) {
                throw new IllegalArgumentException("cost[" + i / b.length + "][" + i % b.length + "] is " + cost[i]
                        + ", expected a finite number");
            }
        }
        require(mass >= 0 && mass <= most * (1 + 1e-12), "mass", mass, "from 0 to the smaller total, " + most);
    }

    /**
     * The solution, with potentials {@code f ≤ 0} and {@code g ≤ 0} for which {@code f + g + λ ≤ C}; the price λ of a further unit
     * is {@code (dual − ⟨a, f⟩ − ⟨b, g⟩) / mass}. Errors are what rows and columns have too much of.
     */
    public TransportResult exact() {
        int n = a.length;
        int m = b.length;
        double[] sources = Arrays.copyOf(a, n + 1);
        double[] targets = Arrays.copyOf(b, m + 1);
        sources[n] = Math.max(0, Support.sum(b) - mass);
        targets[m] = Math.max(0, Support.sum(a) - mass);
        double[] costs = new double[(n + 1) * (m + 1)];
        double largest = 0;
        for (int i = 0; i < n; i++) {
            System.arraycopy(cost, i * m, costs, i * (m + 1), m);
        }
        for (double c : cost) {
            largest = Math.max(largest, Math.abs(c));
        }
        costs[costs.length - 1] = largest == 0 ? 1 : 2 * largest; // dearer than what it would save
        TransportResult whole = new TransportProblem(sources, targets, costs).exact();
        double rest = whole.g()[m];
        double price = whole.f()[n] + rest;
        double[] f = Arrays.copyOf(whole.f(), n);
        double[] g = Arrays.copyOf(whole.g(), m);
        for (int i = 0; i < n; i++) {
            f[i] += rest;
        }
        for (int j = 0; j < m; j++) {
            g[j] += price - rest;
        }
        Plan.Sparse plan = inside((Plan.Sparse) whole.plan(), n, m);
        double paid = 0;
        double[] rows = new double[n];
        double[] columns = new double[m];
        for (int i = 0; i < n; i++) {
            for (int e = plan.starts()[i]; e < plan.starts()[i + 1]; e++) {
                int j = plan.targets()[e];
                paid += plan.masses()[e] * cost[i * m + j];
                rows[i] += plan.masses()[e];
                columns[j] += plan.masses()[e];
            }
        }
        return new TransportResult(
                plan,
                f,
                g,
                paid,
                paid,
                whole.dual(),
                excess(rows, a),
                excess(columns, b),
                whole.iterations(),
                whole.status());
    }

    private static double excess(double[] sums, double[] most) {
        double excess = 0;
        for (int i = 0; i < sums.length; i++) {
            excess += Math.max(0, sums[i] - most[i]);
        }
        return excess;
    }

    /** The plan without its last row and column. */
    private static Plan.Sparse inside(Plan.Sparse plan, int n, int m) {
        int[] starts = new int[n + 1];
        int[] targets = new int[plan.targets().length];
        double[] masses = new double[targets.length];
        int found = 0;
        for (int i = 0; i < n; i++) {
            for (int e = plan.starts()[i]; e < plan.starts()[i + 1]; e++) {
                if (plan.targets()[e] < m) {
                    targets[found] = plan.targets()[e];
                    masses[found++] = plan.masses()[e];
                }
            }
            starts[i + 1] = found;
        }
        return new Plan.Sparse(n, m, starts, Arrays.copyOf(targets, found), Arrays.copyOf(masses, found));
    }
}
