package org.lethe.transport;

import java.util.Arrays;
import org.lethe.numerics.Exp2;

/**
 * The driver of {@link Sinkhorn}: levels of ε, sweeps, and the exact account of the result in doubles.
 *
 * <p>One driver serves three problems, which differ in the length of a step. The step of balanced problems is {@code f
 * − log s}; unbalanced ones multiply it by {@code τ / (τ + ε)}. Symmetric ones, with f = g, take the mean of the old
 * and the new, so that columns need no sums.
 */
final class Entropic {
    static final double LOG2_E = 1 / Math.log(2);
    private static final int SWEEPS_PER_LEVEL = 10;
    private static final double FARTHEST_BEYOND = 20;
    private static final long WORTH_SHARING = 1 << 18;
    private static final double STEADY = 0.5; // over-relaxation waits until the error is below this part of the mass

    private final Support support;
    private final Costs costs; // of the support
    private final Sinkhorn settings;
    private final Loop loop;
    private final Marginals marginals;
    private final boolean symmetric;
    private final Sweep sweep;
    private final boolean safeRatios;
    private final double[] logA; // base 2, as are all potentials in here
    private final double[] logB;
    private final double[] f;
    private final double[] g;
    private final double[] h; // g + log b
    private final double[] errors; // of each block
    private double dampRows = 1;
    private double dampColumns = 1;
    private double omega = 1;
    private long sweeps;

    /** How strongly the marginals are asked for: infinite where they are constraints. */
    record Marginals(double rows, double columns) {
        static final Marginals EXACT = new Marginals(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

        boolean exact() {
            return rows == Double.POSITIVE_INFINITY && columns == Double.POSITIVE_INFINITY;
        }
    }

    private Entropic(
            Support support, Costs costs, Sinkhorn settings, Marginals marginals, boolean symmetric, Loop loop) {
        this.support = support;
        this.costs = costs;
        this.settings = settings;
        this.marginals = marginals;
        this.symmetric = symmetric;
        this.loop = loop;
        int n = support.a().length;
        int m = support.b().length;
        sweep = switch (costs) {
            case Costs.Squared squared -> new Sweep.Streamed(squared);
            case Costs.Matrix matrix ->
                switch (settings.precision()) {
                    case SINGLE -> new Sweep.Floats(n, m);
                    case DOUBLE -> new Sweep.Doubles(n, m);
                };
        };
        double smallest = Arrays.stream(support.a()).min().orElse(1);
        double largest = Arrays.stream(support.b()).max().orElse(1);
        // Penalties leave rows whose old potential is no safe shift.
        safeRatios = largest / smallest < sweep.largestRatio() && marginals.exact();
        logA = new double[n];
        Arrays.setAll(logA, i -> Math.log(support.a()[i]) * LOG2_E);
        logB = new double[m];
        Arrays.setAll(logB, j -> Math.log(support.b()[j]) * LOG2_E);
        f = new double[n];
        g = symmetric ? f : new double[m];
        h = new double[m];
        errors = new double[sweep.blocks];
    }

    /** Solves from given potentials of the targets; {@code warm} leaves out the levels above the final ε. */
    static TransportResult solve(TransportProblem problem, Sinkhorn settings, double[] start, boolean warm, Loop loop) {
        Costs costs = new Costs.Matrix(problem.cost(), problem.rows(), problem.columns());
        return solve(problem.a(), problem.b(), costs, settings, Marginals.EXACT, false, start, warm, loop);
    }

    /** The problem between two clouds, whose costs are never kept. */
    static TransportResult solve(Cloud x, Cloud y, Sinkhorn settings, double[] start, boolean warm, Loop loop) {
        Costs costs = Costs.Squared.of(x, y);
        return solve(x.weights(), y.weights(), costs, settings, Marginals.EXACT, false, start, warm, loop);
    }

    /** The problem of masses {@code a} with themselves, by costs that are symmetric. */
    static TransportResult symmetric(double[] a, Costs costs, Sinkhorn settings, Loop loop) {
        return solve(a, a, costs, settings, Marginals.EXACT, true, new double[a.length], false, loop);
    }

    /** The problem with penalties on the marginals. */
    static TransportResult unbalanced(
            double[] a, double[] b, double[] cost, Marginals marginals, Sinkhorn settings, Loop loop) {
        Costs costs = new Costs.Matrix(cost, a.length, b.length);
        return solve(a, b, costs, settings, marginals, false, new double[b.length], false, loop);
    }

    private static TransportResult solve(
            double[] a,
            double[] b,
            Costs costs,
            Sinkhorn settings,
            Marginals marginals,
            boolean symmetric,
            double[] start,
            boolean warm,
            Loop loop) {
        Support support = Support.masses(a, b, marginals.exact());
        double largest = costs.largest();
        double least = switch (settings.precision()) {
            case SINGLE -> largest * 1e-5;
            case DOUBLE -> largest * 1e-12;
        };
        TransportProblem.require(
                settings.epsilon() >= least,
                "epsilon",
                settings.epsilon(),
                "at least " + least + " in " + settings.precision() + ", or rounding hides the answer");
        double[] f = new double[a.length];
        double[] g = start.clone();
        boolean met = true;
        long sweeps = 0;
        if (support.rows().length > 0 && support.columns().length > 0) {
            Entropic solver = new Entropic(
                    support, costs.picked(support.rows(), support.columns()), settings, marginals, symmetric, loop);
            for (int j = 0; j < solver.g.length; j++) {
                solver.g[j] = start[support.columns()[j]];
            }
            double epsilon =
                    warm || settings.scaling() == 1 ? settings.epsilon() : Math.max(settings.epsilon(), largest);
            while (epsilon > settings.epsilon()) {
                solver.level(epsilon, SWEEPS_PER_LEVEL);
                epsilon = Math.max(settings.epsilon(), epsilon / settings.scaling());
            }
            met = solver.level(epsilon, settings.maxSweeps());
            sweeps = solver.sweeps;
            for (int j = 0; j < solver.g.length; j++) {
                g[support.columns()[j]] = solver.g[j];
            }
            for (int i = 0; i < solver.f.length; i++) {
                f[support.rows()[i]] = solver.f[i];
            }
        }
        return account(a, b, costs, settings, marginals, f, g, sweeps, met, loop);
    }

    /** Sweeps at one ε; f and g come in and go out in the unit of the costs. */
    private boolean level(double epsilon, int most) {
        double factor = LOG2_E / epsilon;
        sweep.load(costs, factor, loop);
        for (int j = 0; j < g.length; j++) {
            g[j] *= factor;
        }
        dampRows = damp(marginals.rows(), epsilon);
        dampColumns = damp(marginals.columns(), epsilon);
        double mass = Support.sum(support.a());
        setColumns();
        if (!symmetric) {
            loop.each(sweep.blocks, block -> {
                for (int i = block * sweep.block; i < Math.min(f.length, (block + 1) * sweep.block); i++) {
                    f[i] = -logSumOfRow(i) * dampRows;
                }
            });
        }
        boolean met = false;
        boolean plain = true; // whether the columns' last step was plain, so that only the rows can be off
        boolean finishing = settings.relaxation() == 1;
        boolean extrapolated = settings.memory() > 0 && marginals.exact() && !symmetric;
        Anderson anderson = new Anderson(settings.memory(), FARTHEST_BEYOND);
        double[] point = new double[0];
        double before = Double.POSITIVE_INFINITY;
        omega = 1;
        // Few sums take less time than handing them out.
        Loop wide = (long) sweep.blocks * g.length > WORTH_SHARING ? loop : Loop.HERE;
        for (int k = 0; k < most && !met; k++) {
            setColumns();
            if (extrapolated) {
                point = g.clone();
            }
            loop.each(sweep.blocks, this::rows);
            double error = 0;
            for (double e : errors) {
                error += e;
            }
            if (!symmetric) {
                wide.each((g.length + Sweep.BLOCK - 1) / Sweep.BLOCK, this::targets);
            }
            if (!marginals.exact()) {
                recentre(epsilon);
            }
            sweeps++;
            if (extrapolated) {
                // Rows are met, columns not yet: after the plain step it is the other way round, and no worse.
                error = columnError(point);
                met = error <= settings.tolerance() * mass;
                if (!met && k < most - 1) {
                    anderson.extrapolate(point, g, error);
                }
                continue;
            }
            // The first sweep of a level starts from fresh f, so its row error says nothing.
            boolean small = (k > 0 || symmetric) && error <= settings.tolerance() * mass;
            met = small && plain && omega == 1;
            plain = omega == 1;
            finishing |= small;
            omega = !finishing && error < before && error < STEADY * mass ? settings.relaxation() : 1;
            before = error;
        }
        for (int i = 0; i < f.length; i++) {
            f[i] /= factor;
        }
        if (!symmetric) {
            for (int j = 0; j < g.length; j++) {
                g[j] /= factor;
            }
        }
        return met;
    }

    private static double damp(double penalty, double epsilon) {
        return penalty == Double.POSITIVE_INFINITY ? 1 : penalty / (penalty + epsilon);
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
        for (int i = block * sweep.block; i < Math.min(f.length, (block + 1) * sweep.block); i++) {
            double a = support.a()[i];
            double old = f[i];
            double kept = old; // the potential at which the terms are kept
            double sum = safeRatios ? sweep.row(i, old) : 0;
            double ratio = sum; // of the row's mass to the one asked for
            double step;
            if (sum >= sweep.safe() && sum <= 1 / sweep.safe()) {
                step = Math.log(sum) * LOG2_E;
            } else {
                kept = -logSumOfRow(i);
                step = old - kept;
                ratio = Math.pow(2, Math.min(step, 1000));
                sum = sweep.row(i, kept);
            }
            if (symmetric) {
                error += a * Math.abs(ratio - 1);
                f[i] = old - step / 2;
                continue;
            }
            if (dampRows == 1 && omega == 1) {
                error += a * Math.abs(ratio - 1);
                f[i] = old - step;
                sweep.add(i, a / sum);
                continue;
            }
            double target = dampRows * (old - step);
            error += a * Math.abs(Math.pow(2, Math.min(old - target, 1000)) - 1);
            f[i] = target + beyond(target - old);
            sweep.add(i, a * Math.pow(2, f[i] - kept));
        }
        errors[block] = error;
    }

    private void targets(int part) {
        for (int j = part * Sweep.BLOCK; j < Math.min(g.length, (part + 1) * Sweep.BLOCK); j++) {
            double sum = 0;
            for (int block = 0; block < sweep.blocks; block++) {
                sum += sweep.column(block, j);
            }
            double target = sum >= sweep.safe() && sum <= 1 / sweep.safe()
                    ? g[j] - (Math.log(sum) * LOG2_E - logB[j])
                    : -logSumOfColumn(j);
            target *= dampColumns;
            g[j] = target + beyond(target - g[j]);
        }
    }

    /** Σ|Pᵀ1 − b| of new f and the targets' potentials before their step. */
    private double columnError(double[] before) {
        double error = 0;
        for (int j = 0; j < g.length; j++) {
            error += support.b()[j] * Math.abs(Math.pow(2, Math.min(before[j] - g[j], 1000)) - 1);
        }
        return error;
    }

    /** The part that over-relaxation adds to a step: bounded, so that no exponential can overflow because of it. */
    private double beyond(double step) {
        return Math.clamp((omega - 1) * step, -FARTHEST_BEYOND, FARTHEST_BEYOND);
    }

    /** Moves what one side can take from the other at once, which single steps do slowly where τ ≫ ε. */
    private void recentre(double epsilon) {
        double factor = LOG2_E / epsilon;
        double rows = asked(support.a(), f, marginals.rows() * factor);
        double columns = asked(support.b(), g, marginals.columns() * factor);
        double one = marginals.rows();
        double two = marginals.columns();
        double joint =
                one == Double.POSITIVE_INFINITY ? two : two == Double.POSITIVE_INFINITY ? one : one * two / (one + two);
        double shift = joint * factor * (Math.log(rows) - Math.log(columns));
        if (!Double.isFinite(shift)) {
            return; // a first sweep can be too far off to be weighed
        }
        for (int i = 0; i < f.length; i++) {
            f[i] += shift;
        }
        for (int j = 0; j < g.length; j++) {
            g[j] -= shift;
        }
    }

    /** ⟨a, exp(−f / τ)⟩: the mass that potentials ask for. */
    private static double asked(double[] weights, double[] potential, double penalty) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * (penalty == Double.POSITIVE_INFINITY ? 1 : Math.exp(-potential[i] / penalty));
        }
        return sum;
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

    /** The exact account of the potentials, independent of the sweeps; points without mass get the extension. */
    private static TransportResult account(
            double[] a,
            double[] b,
            Costs costs,
            Sinkhorn settings,
            Marginals marginals,
            double[] f,
            double[] g,
            long sweeps,
            boolean met,
            Loop loop) {
        int n = a.length;
        int m = b.length;
        double epsilon = settings.epsilon();
        for (int i = 0; i < n; i++) {
            if (a[i] == 0) {
                double[] reduced = new double[m];
                for (int j = 0; j < m; j++) {
                    reduced[j] = (g[j] - costs.at(i, j)) / epsilon;
                }
                f[i] = -epsilon * logSum(reduced, b) * damp(marginals.rows(), epsilon);
            }
        }
        for (int j = 0; j < m; j++) {
            if (b[j] == 0) {
                double[] reduced = new double[n];
                for (int i = 0; i < n; i++) {
                    reduced[i] = (f[i] - costs.at(i, j)) / epsilon;
                }
                g[j] = -epsilon * logSum(reduced, a) * damp(marginals.columns(), epsilon);
            }
        }
        Plan plan = new Gibbs(a, b, costs, f, g, epsilon);
        int block = costs.block();
        int parts = (n + block - 1) / block;
        double[][] columns = new double[parts][m];
        double[] rows = new double[n];
        double[] paid = new double[n];
        double[] ones = new double[m];
        Arrays.fill(ones, 1);
        loop.each(parts, part -> {
            double[] row = new double[m];
            double[] scratch = new double[Rows.padded(m)];
            for (int i = part * block; i < Math.min(n, (part + 1) * block); i++) {
                double[] cost = costs.row(i, scratch);
                int from = costs.start(i);
                Rows.gibbs(a[i], f[i], LOG2_E / epsilon, g, b, cost, from, m, row);
                rows[i] = Rows.dot(row, 0, ones, 0, m);
                paid[i] = Rows.dot(row, 0, cost, from, m);
                Rows.add(1, row, 0, columns[part], 0, m);
            }
        });
        double[] sums = new double[m];
        for (double[] part : columns) {
            for (int j = 0; j < m; j++) {
                sums[j] += part[j];
            }
        }
        double massA = Support.sum(a);
        double massB = Support.sum(b);
        double entropy = epsilon * (Support.sum(rows) - massA * massB);
        Side left = Side.of(a, rows, f, marginals.rows());
        Side right = Side.of(b, sums, g, marginals.columns());
        double dual = left.dual + right.dual - entropy;
        double objective = dual + left.excess + right.excess;
        double unavoidable = marginals.exact() ? 2 * Math.abs(massA - massB) + 1e-12 * massA : 1e-12 * massA;
        boolean converged =
                met && left.error + right.error <= settings.tolerance() * Math.max(massA, left.asked) + unavoidable;
        return new TransportResult(
                plan,
                f,
                g,
                Support.sum(paid),
                objective,
                dual,
                left.error,
                right.error,
                sweeps,
                TransportResult.Status.of(converged));
    }

    /**
     * One marginal's part in the account.
     *
     * @param dual ⟨a, f⟩, or −τ ⟨a, exp(−f / τ) − 1⟩
     * @param excess what the marginal adds to objective − dual
     * @param error the distance of the marginal to the one asked for
     * @param asked the mass asked for
     */
    private record Side(double dual, double excess, double error, double asked) {
        static Side of(double[] weights, double[] sums, double[] potential, double penalty) {
            boolean exact = penalty == Double.POSITIVE_INFINITY;
            double dual = 0;
            double excess = 0;
            double error = 0;
            double asked = 0;
            for (int i = 0; i < weights.length; i++) {
                double w = weights[i];
                double wanted = exact ? w : w * Math.exp(-potential[i] / penalty);
                double own = exact ? w * potential[i] : penalty * (w - wanted);
                double kl = exact || sums[i] == 0 ? 0 : sums[i] * Math.log(sums[i] / w);
                double price = exact ? 0 : penalty * (kl - sums[i] + w);
                dual += own;
                excess += (exact ? potential[i] * (sums[i] - w) : potential[i] * sums[i] + price - own);
                error += Math.abs(sums[i] - wanted);
                asked += wanted;
            }
            return new Side(dual, excess, error, asked);
        }
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
    private record Gibbs(double[] a, double[] b, Costs costs, double[] f, double[] g, double epsilon) implements Plan {
        @Override
        public int rows() {
            return a.length;
        }

        @Override
        public int columns() {
            return b.length;
        }

        @Override
        public void row(int row, double[] into) {
            int m = b.length;
            double[] cost = costs.row(row, new double[costs instanceof Costs.Squared ? Rows.padded(m) : 0]);
            Rows.gibbs(a[row], f[row], LOG2_E / epsilon, g, b, cost, costs.start(row), m, into);
        }
    }
}
