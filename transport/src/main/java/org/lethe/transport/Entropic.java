package org.lethe.transport;

import java.util.Arrays;
import org.lethe.numerics.Exp2;

/** The driver of {@link Sinkhorn}: levels of ε, sweeps, and the exact account of the result in doubles. */
final class Entropic {
    static final double LOG2_E = 1 / Math.log(2);
    private static final int SWEEPS_PER_LEVEL = 10;

    private final Support support;
    private final Loop loop;
    private final Sweep sweep;
    private final boolean safeRatios;
    private final double[] logA; // base 2, as are all potentials in here
    private final double[] logB;
    private final double[] f;
    private final double[] g;
    private final double[] h; // g + log b
    private final double[] errors; // of each block
    private long sweeps;

    private Entropic(Support support, Sinkhorn settings, Loop loop) {
        this.support = support;
        this.loop = loop;
        int n = support.a().length;
        int m = support.b().length;
        sweep = settings.precision() == Sinkhorn.Precision.SINGLE ? new Sweep.Floats(n, m) : new Sweep.Doubles(n, m);
        double smallest = Arrays.stream(support.a()).min().orElse(1);
        double largest = Arrays.stream(support.b()).max().orElse(1);
        safeRatios = largest / smallest < sweep.largestRatio();
        logA = new double[n];
        Arrays.setAll(logA, i -> Math.log(support.a()[i]) * LOG2_E);
        logB = new double[m];
        Arrays.setAll(logB, j -> Math.log(support.b()[j]) * LOG2_E);
        f = new double[n];
        g = new double[m];
        h = new double[m];
        errors = new double[sweep.blocks];
    }

    /** Solves from given potentials of the targets; {@code warm} leaves out the levels above the final ε. */
    static TransportResult solve(TransportProblem problem, Sinkhorn settings, double[] start, boolean warm, Loop loop) {
        double largest = problem.largestCost();
        double least = largest * (settings.precision() == Sinkhorn.Precision.SINGLE ? 1e-5 : 1e-12);
        TransportProblem.require(
                settings.epsilon() >= least,
                "epsilon",
                settings.epsilon(),
                "at least " + least + ", or rounding hides the answer");
        Support support = Support.of(problem);
        double[] g = start.clone();
        boolean converged = true;
        long sweeps = 0;
        if (support.rows().length > 0) {
            Entropic solver = new Entropic(support, settings, loop);
            for (int j = 0; j < solver.g.length; j++) {
                solver.g[j] = start[support.columns()[j]];
            }
            double epsilon =
                    warm || settings.scaling() == 1 ? settings.epsilon() : Math.max(settings.epsilon(), largest);
            while (epsilon > settings.epsilon()) {
                solver.level(epsilon, SWEEPS_PER_LEVEL, settings.tolerance());
                epsilon = Math.max(settings.epsilon(), epsilon / settings.scaling());
            }
            converged = solver.level(epsilon, settings.maxSweeps(), settings.tolerance());
            sweeps = solver.sweeps;
            for (int j = 0; j < solver.g.length; j++) {
                g[support.columns()[j]] = solver.g[j];
            }
            double[] f = new double[problem.rows()];
            for (int i = 0; i < solver.f.length; i++) {
                f[support.rows()[i]] = solver.f[i];
            }
            return account(problem, settings, f, g, sweeps, converged, loop);
        }
        return account(problem, settings, new double[problem.rows()], g, sweeps, converged, loop);
    }

    /** Sweeps at one ε; f and g come in and go out in the unit of the costs. */
    private boolean level(double epsilon, int most, double tolerance) {
        double factor = LOG2_E / epsilon;
        sweep.load(support.cost(), factor);
        for (int j = 0; j < g.length; j++) {
            g[j] *= factor;
        }
        double mass = 0;
        for (double w : support.a()) {
            mass += w;
        }
        setColumns();
        loop.each(sweep.blocks, block -> {
            for (int i = block * Sweep.BLOCK; i < Math.min(f.length, (block + 1) * Sweep.BLOCK); i++) {
                f[i] = -logSumOfRow(i);
            }
        });
        boolean met = false;
        for (int k = 0; k < most && !met; k++) {
            setColumns();
            loop.each(sweep.blocks, this::rows);
            double error = 0;
            for (double e : errors) {
                error += e;
            }
            loop.each((g.length + Sweep.BLOCK - 1) / Sweep.BLOCK, this::targets);
            sweeps++;
            // The first sweep of a level starts from fresh f, so its row error says nothing.
            met = k > 0 && error <= tolerance * mass;
        }
        for (int i = 0; i < f.length; i++) {
            f[i] /= factor;
        }
        for (int j = 0; j < g.length; j++) {
            g[j] /= factor;
        }
        return met;
    }

    private void setColumns() {
        for (int j = 0; j < h.length; j++) {
            h[j] = g[j] + logB[j];
        }
        sweep.columns(h);
    }

    private void rows(int block) {
        double error = 0;
        sweep.clear(block);
        for (int i = block * Sweep.BLOCK; i < Math.min(f.length, (block + 1) * Sweep.BLOCK); i++) {
            double a = support.a()[i];
            double sum = safeRatios ? sweep.row(i, f[i]) : 0;
            if (sum >= sweep.safe() && sum <= 1 / sweep.safe()) {
                error += a * Math.abs(sum - 1);
                f[i] -= Math.log(sum) * LOG2_E;
            } else {
                double before = f[i];
                f[i] = -logSumOfRow(i);
                error += a * Math.abs(Math.pow(2, Math.min(before - f[i], 1000)) - 1);
                sum = sweep.row(i, f[i]);
            }
            sweep.add(i, a / sum);
        }
        errors[block] = error;
    }

    private void targets(int part) {
        for (int j = part * Sweep.BLOCK; j < Math.min(g.length, (part + 1) * Sweep.BLOCK); j++) {
            double sum = 0;
            for (int block = 0; block < sweep.blocks; block++) {
                sum += sweep.column(block, j);
            }
            if (sum >= sweep.safe() && sum <= 1 / sweep.safe()) {
                g[j] -= Math.log(sum) * LOG2_E - logB[j];
            } else {
                g[j] = -logSumOfColumn(j);
            }
        }
    }

    private double logSumOfRow(int i) {
        double lift = sweep.lift(i);
        return Math.log(sweep.row(i, lift)) * LOG2_E - lift;
    }

    private double logSumOfColumn(int j) {
        double shift = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < f.length; i++) {
            shift = Math.max(shift, f[i] + logA[i] - sweep.at(i, j));
        }
        double sum = 0;
        for (int i = 0; i < f.length; i++) {
            sum += Exp2.of(f[i] + logA[i] - sweep.at(i, j) - shift);
        }
        return shift + Math.log(sum) * LOG2_E;
    }

    /** What the potentials are worth, whatever the sweeps believed; points without mass get the extension. */
    private static TransportResult account(
            TransportProblem problem, Sinkhorn settings, double[] f, double[] g, long sweeps, boolean met, Loop loop) {
        int n = problem.rows();
        int m = problem.columns();
        double[] a = problem.a();
        double[] b = problem.b();
        double[] cost = problem.cost();
        double epsilon = settings.epsilon();
        for (int i = 0; i < n; i++) {
            if (a[i] == 0) {
                double[] reduced = new double[m];
                for (int j = 0; j < m; j++) {
                    reduced[j] = (g[j] - cost[i * m + j]) / epsilon;
                }
                f[i] = -epsilon * logSum(reduced, b);
            }
        }
        for (int j = 0; j < m; j++) {
            if (b[j] == 0) {
                double[] reduced = new double[n];
                for (int i = 0; i < n; i++) {
                    reduced[i] = (f[i] - cost[i * m + j]) / epsilon;
                }
                g[j] = -epsilon * logSum(reduced, a);
            }
        }
        Plan plan = new Gibbs(problem, f, g, epsilon);
        int parts = Cloud.parts(n);
        double[][] columns = new double[parts][m];
        double[] rows = new double[n];
        double[] costs = new double[n];
        loop.each(parts, part -> {
            double[] row = new double[m];
            for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                plan.row(i, row);
                for (int j = 0; j < m; j++) {
                    rows[i] += row[j];
                    columns[part][j] += row[j];
                    costs[i] += row[j] * cost[i * m + j];
                }
            }
        });
        double[] sums = new double[m];
        for (double[] part : columns) {
            for (int j = 0; j < m; j++) {
                sums[j] += part[j];
            }
        }
        double moved = 0;
        double massA = 0;
        double massB = 0;
        double rowError = 0;
        double columnError = 0;
        double total = 0;
        double dual = 0;
        double excess = 0; // objective − dual = Σf(P1 − a) + Σg(Pᵀ1 − b)
        for (int i = 0; i < n; i++) {
            moved += rows[i];
            total += costs[i];
            massA += a[i];
            rowError += Math.abs(rows[i] - a[i]);
            dual += a[i] * f[i];
            excess += f[i] * (rows[i] - a[i]);
        }
        for (int j = 0; j < m; j++) {
            massB += b[j];
            columnError += Math.abs(sums[j] - b[j]);
            dual += b[j] * g[j];
            excess += g[j] * (sums[j] - b[j]);
        }
        dual -= epsilon * (moved - massA * massB);
        double unavoidable = 2 * Math.abs(massA - massB) + 1e-12 * massA;
        boolean converged = met && rowError + columnError <= settings.tolerance() * massA + unavoidable;
        return new TransportResult(plan, f, g, total, dual + excess, dual, rowError, columnError, sweeps, converged);
    }

    /** log Σ w exp(x), 0 where there is no weight at all. */
    private static double logSum(double[] x, double[] weights) {
        double shift = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < x.length; k++) {
            if (weights[k] > 0) {
                shift = Math.max(shift, x[k]);
            }
        }
        if (shift == Double.NEGATIVE_INFINITY) {
            return 0;
        }
        double sum = 0;
        for (int k = 0; k < x.length; k++) {
            if (weights[k] > 0) {
                sum += weights[k] * Math.exp(x[k] - shift);
            }
        }
        return shift + Math.log(sum);
    }

    /** The plan of two potentials, {@code a_i b_j exp((f_i + g_j − C_ij) / ε)}, never formed as a whole unless asked. */
    private record Gibbs(TransportProblem problem, double[] f, double[] g, double epsilon) implements Plan {
        @Override
        public int rows() {
            return problem.rows();
        }

        @Override
        public int columns() {
            return problem.columns();
        }

        @Override
        public void row(int row, double[] into) {
            Rows.gibbs(
                    problem.a()[row],
                    f[row],
                    LOG2_E / epsilon,
                    g,
                    problem.b(),
                    problem.cost(),
                    row * columns(),
                    columns(),
                    into);
        }
    }
}
