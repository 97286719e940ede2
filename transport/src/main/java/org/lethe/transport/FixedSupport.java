package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.Arrays;
import java.util.List;

/**
 * The barycenter of measures on given points: only its masses are free.
 *
 * <p>Minimises {@code Σ_k λ_k min_P {⟨P, C_k⟩ − ε H(P)}} over the row sums a that all plans share, by iterative Bregman
 * projections (Benamou et al. 2015, section 3.2) in logarithms: with {@code K_k = exp(−C_k / ε)}, {@code v_k = b_k / K_kᵀu_k},
 * {@code a = Π_k (K_k v_k)^λ_k}, {@code u_k = a / K_k v_k}. With {@link Limits} a is the KL projection of that product onto them:
 * the corrections of Dykstra's algorithm cancel against u_k, so nothing else changes; a {@link Ball.Divergence} joins them
 * there. A {@link Ball.Transport} costs a bisection over its multiplier, some thirty barycenters that start where the last one
 * ended. The entropy blurs a by about √ε;
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
    private static final int BISECTIONS = 40;
    private static final double TIGHT = 1e-6; // a transport ball of which no more than this part is left is full

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
        return new Iteration(kernels(costs, masses), masses, loop).run(shares, shares, Within.ANYTHING, List.of());
    }

    /** The barycenter within limits. Infeasible limits are detected and reported before anything is solved. */
    public Barycenter barycenter(double[][] costs, double[][] masses, double[] shares, Limits limits, Loop loop) {
        int n = check(costs, masses, shares, limits);
        Limits.Projection inside = limits.project(new double[n], limits.noMultipliers());
        if (inside.status() == TransportResult.Status.INFEASIBLE) {
            return infeasible(inside);
        }
        return new Iteration(kernels(costs, masses), masses, loop).run(shares, shares, Within.of(limits), List.of());
    }

    /**
     * The barycenter within limits and a ball around reference masses.
     *
     * <p>A divergence ball is one more limit, and it is proved where no masses satisfy all limits. For a transport ball
     * the reference is a further measure; its share is bisected until the exact transport cost from it is at most the
     * radius. Entropy keeps masses some √ε from the reference, whatever the share. A ball too small for that ends as
     * STOPPED, with the missing amount as the violation; INFEASIBLE says that no masses at all lie in it. Where that
     * matters and the grid is small, {@link GridBarycenter} is exact.
     */
    public Barycenter barycenter(
            double[][] costs, double[][] masses, double[] shares, Limits limits, Ball ball, Loop loop) {
        int n = check(costs, masses, shares, limits);
        Limits.Projection inside = switch (ball) {
            case Ball.Divergence near -> {
                require(near.reference().length == n, "reference.length", near.reference().length, "" + n);
                yield near.nearest(limits);
            }
            case Ball.Transport near -> limits.project(new double[n], limits.noMultipliers());
        };
        if (inside.status() == TransportResult.Status.INFEASIBLE) {
            return infeasible(inside);
        }
        return switch (ball) {
            case Ball.Divergence near -> {
                double[] multipliers = limits.noMultipliers();
                Within within = q -> near.project(limits, q, inside, multipliers);
                yield new Iteration(kernels(costs, masses), masses, loop).run(shares, shares, within, List.of());
            }
            case Ball.Transport near -> {
                int m = near.reference().length;
                require(near.cost().length == (long) n * m, "ball cost.length", near.cost().length, n + " x " + m);
                double[][] allCosts = Arrays.copyOf(costs, costs.length + 1);
                double[][] allMasses = Arrays.copyOf(masses, masses.length + 1);
                allCosts[costs.length] = near.cost();
                allMasses[masses.length] = near.reference();
                yield bisect(new Iteration(kernels(allCosts, allMasses), allMasses, loop), shares, limits, near);
            }
        };
    }

    private static Barycenter bisect(Iteration iteration, double[] shares, Limits limits, Ball.Transport ball) {
        int count = shares.length;
        double[] own = Arrays.copyOf(shares, count + 1);
        Barycenter best = iteration.run(own, own, Within.of(limits), List.of());
        if (ball.of(best.weights) <= ball.radius()) {
            return best;
        }
        long sweeps = best.iterations;
        double low = 0;
        double high = 1;
        double share = 1; // the nearest masses first: if they miss the radius, all do
        double slack = Double.POSITIVE_INFINITY;
        for (int step = 0; step < BISECTIONS && slack > TIGHT * ball.radius(); step++) {
            double[] pulls = new double[count + 1];
            for (int k = 0; k < count; k++) {
                pulls[k] = (1 - share) * shares[k];
            }
            pulls[count] = share;
            Barycenter found = iteration.run(pulls, own, Within.of(limits), List.of());
            sweeps += found.iterations;
            double left = ball.radius() - ball.of(found.weights);
            if (left >= 0) {
                high = share;
                slack = left;
                best = found;
            } else if (share == 1) {
                return outside(found, ball.least() > ball.radius(), Math.max(-left, found.violation), sweeps);
            } else {
                low = share;
            }
            share = (low + high) / 2;
        }
        return new Barycenter(best.weights, best.cost, best.marginalError, best.violation, sweeps, best.status);
    }

    private static Barycenter outside(Barycenter nearest, boolean proved, double missed, long sweeps) {
        return new Barycenter(
                nearest.weights,
                proved ? Double.POSITIVE_INFINITY : nearest.cost,
                nearest.marginalError,
                missed,
                sweeps,
                proved ? TransportResult.Status.INFEASIBLE : TransportResult.Status.STOPPED);
    }

    private static Barycenter infeasible(Limits.Projection inside) {
        return new Barycenter(
                masses(inside.logs()), Double.POSITIVE_INFINITY, 0, inside.violation(), 0, inside.status());
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
        LogKernel[] kernels = new LogKernel[masses.length];
        Arrays.fill(kernels, LogKernel.Dense.of(cost, n, n, Entropic.LOG2_E / epsilon));
        return new Iteration(kernels, masses, loop).run(shares, shares, Within.ANYTHING, List.of(kernels[0]));
    }

    /**
     * The pixels of an image, row by row, with squared distances as costs.
     *
     * <p>Such costs are a sum over the axes, so the kernel is a product and needs no matrix of costs. A sweep costs 2 K
     * hw (h + w) exponentials instead of 2 K (hw)².
     *
     * @param height number of rows h
     * @param width number of columns w
     * @param step distance between neighbouring pixels
     */
    public record Raster(int height, int width, double step) {
        public Raster {
            require(height >= 1, "height", height, "at least 1");
            require(width >= 1, "width", width, "at least 1");
            require(step > 0 && Double.isFinite(step), "step", step, "more than 0, finite");
        }

        private LogKernel kernel(double epsilon) {
            return new LogKernel.Separable(axis(height, epsilon), axis(width, epsilon));
        }

        private LogKernel.Dense axis(int length, double epsilon) {
            double[] cost = new double[length * length];
            Arrays.setAll(cost, e -> Math.pow((e / length - e % length) * step, 2));
            return LogKernel.Dense.of(cost, length, length, Entropic.LOG2_E / epsilon);
        }
    }

    /** The barycenter of images: {@link #barycenter} for squared distances between pixels. */
    public Barycenter barycenter(Raster raster, double[][] images, double[] shares, Loop loop) {
        return images(raster, images, shares, loop).run(shares, shares, Within.ANYTHING, List.of());
    }

    /** The barycenter of images without the entropy's blur. */
    public Barycenter debiased(Raster raster, double[][] images, double[] shares, Loop loop) {
        Iteration iteration = images(raster, images, shares, loop);
        return iteration.run(shares, shares, Within.ANYTHING, List.of(iteration.kernels[0]));
    }

    private Iteration images(Raster raster, double[][] images, double[] shares, Loop loop) {
        check(images, shares);
        for (int k = 0; k < images.length; k++) {
            int pixels = Math.multiplyExact(raster.height, raster.width);
            require(images[k].length == pixels, "images[" + k + "].length", images[k].length, "" + pixels);
        }
        LogKernel[] kernels = new LogKernel[images.length];
        Arrays.fill(kernels, raster.kernel(epsilon));
        return new Iteration(kernels, images, loop);
    }

    private LogKernel[] kernels(double[][] costs, double[][] masses) {
        int n = costs[0].length / masses[0].length;
        LogKernel[] kernels = new LogKernel[masses.length];
        Arrays.setAll(kernels, k -> LogKernel.Dense.of(costs[k], n, masses[k].length, Entropic.LOG2_E / epsilon));
        return kernels;
    }

    /** The masses among those allowed that are nearest to 2^q. */
    private interface Within {
        Within ANYTHING = q -> new Limits.Projection(q, 0, TransportResult.Status.CONVERGED);

        Limits.Projection project(double[] q);

        /** Each projection starts from the multipliers of the last. */
        static Within of(Limits limits) {
            double[] multipliers = limits.noMultipliers();
            return limits.free() ? ANYTHING : q -> limits.project(q, multipliers);
        }
    }

    /** The sweeps, and what they have reached: another run goes on from there. */
    private final class Iteration {
        private final LogKernel[] kernels;
        private final LogKernel[] turned;
        private final double[][] logB;
        private final double[][] u;
        private final double[][] v;
        private final double[][] w;
        private final Loop loop;
        private final int n;

        Iteration(LogKernel[] kernels, double[][] masses, Loop loop) {
            this.kernels = kernels;
            this.loop = loop;
            n = kernels[0].rows();
            int count = kernels.length;
            turned = new LogKernel[count];
            logB = new double[count][];
            u = new double[count][n];
            v = new double[count][];
            w = new double[count][n];
            for (int k = 0; k < count; k++) {
                turned[k] = kernels[k].transposed();
                logB[k] = logs(masses[k]);
                v[k] = new double[masses[k].length];
            }
        }

        /**
         * Sweeps until the row errors are small.
         *
         * @param pulls the exponents λ of the sweeps
         * @param shares the weights of the costs that are reported
         * @param own the kernel between the barycenter's points, if its blur is to be taken out
         */
        Barycenter run(double[] pulls, double[] shares, Within within, List<LogKernel> own) {
            double[] d = new double[n];
            double[] smoothed = new double[n];
            double[] a = new double[n];
            double[] before = new double[n];
            double error = Double.POSITIVE_INFINITY;
            double violation = 0;
            boolean met = false;
            int sweep = 0;
            while (sweep < maxSweeps && !met) {
                a = new double[n];
                for (int k = 0; k < pulls.length; k++) {
                    turned[k].logSums(u[k], v[k], loop);
                    for (int j = 0; j < v[k].length; j++) {
                        v[k][j] = logB[k][j] - v[k][j];
                    }
                    kernels[k].logSums(v[k], w[k], loop);
                    Rows.add(pulls[k], w[k], 0, a, 0, n);
                }
                Rows.add(1, d, 0, a, 0, n);
                Limits.Projection nearest = within.project(a);
                a = nearest.logs();
                violation = nearest.violation();
                error = 0;
                for (int k = 0; k < pulls.length; k++) {
                    for (int i = 0; i < n; i++) {
                        error += pulls[k] * Math.abs(Math.pow(2, u[k][i] + w[k][i]) - Math.pow(2, a[i]));
                        u[k][i] = a[i] - w[k][i];
                    }
                }
                for (LogKernel grid : own) {
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
                met = sweep > 1 && error <= tolerance && nearest.status() == TransportResult.Status.CONVERGED;
            }
            double cost = 0;
            for (int k = 0; k < pulls.length; k++) {
                cost += shares[k] == 0 ? 0 : shares[k] * kernels[k].cost(u[k], v[k], loop) * epsilon / Entropic.LOG2_E;
            }
            return new Barycenter(masses(a), cost, error, violation, sweep, TransportResult.Status.of(met));
        }
    }

    private static int check(double[][] costs, double[][] masses, double[] shares, Limits limits) {
        check(costs, masses, shares);
        int n = costs[0].length / masses[0].length;
        require(limits.least().length == n, "limits", limits.least().length, "one per point, " + n);
        return n;
    }

    static void check(double[][] costs, double[][] masses, double[] shares) {
        check(masses, shares);
        require(costs.length == masses.length, "costs.length", costs.length, "one per measure, " + masses.length);
        for (int k = 0; k < masses.length; k++) {
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

    private static void check(double[][] masses, double[] shares) {
        require(masses.length >= 1, "number of measures", masses.length, "at least 1");
        require(shares.length == masses.length, "shares.length", shares.length, "one per measure, " + masses.length);
        require(
                Math.abs(TransportProblem.mass("shares", shares) - 1) <= 1e-8,
                "sum of shares",
                Support.sum(shares),
                "1");
        for (int k = 0; k < masses.length; k++) {
            double total = TransportProblem.mass("masses[" + k + "]", masses[k]);
            require(Math.abs(total - 1) <= 1e-8, "sum of masses[" + k + "]", total, "1");
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
}
