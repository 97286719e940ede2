package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.numerics.Keyed;

/**
 * The barycenter of point clouds as S free points, and where it sends the points of each cloud.
 *
 * <p>Minimises {@code Σ_k λ_k W₂²(P_k, X)} over the positions X, by default of equal masses ({@link Steps} has more)
 * (Cuturi and Doucet 2014, algorithm 2; Álvarez-Esteban et al. 2016). A round finds the plan G^k of every cloud by the
 * costs ‖y − x‖² and then moves each support point to the mean of the mass it receives, {@code x_s ← Σ_k λ_k Σ_i G^k_is
 * y_i / b_s}. Neither step can raise the objective when plans are optimal. Every plan is rounded onto its marginals
 * (Altschuler et al. 2017) before it moves anything, so a plan that ran out of sweeps costs quality, never mass. The
 * minimum is local: it depends on the start.
 *
 * <p>The target of a point is its barycentric projection, {@code T_k(y_i) = Σ_s G^k_is x_s / a_i}: moving every cloud onto
 * its targets makes the clouds alike, and {@code 2 λ_k a_i (y_i − T_k(y_i))} is the gradient of the objective in y_i.
 *
 * <p>A round costs O(NSd) for distances and again for the means, and K plans: O(NS) exponentials a sweep, or an exact
 * solution. An entropy term draws targets towards the mean by an amount that grows with {@code epsilon}.
 *
 * @param points number of support points S
 * @param epsilon weight of the entropy term, as a part of the median squared distance between the points of a cloud and
 *     those of all clouds (raid 2.4 takes the costs to the support, which shift while it moves); exact plans where that is 0
 * @param rounds most rounds of plans and moves
 * @param sweeps most sweeps of one entropic plan
 * @param tolerance marginal error, as a part of the mass, at which an entropic plan is done
 * @param precision numbers of the sweeps
 */
public record FreeSupport(
        int points, double epsilon, int rounds, int sweeps, double tolerance, Sinkhorn.Precision precision) {
    private static final double STILL = 1e-4; // a move below this part of the spread is none (raid 2.3)
    private static final int MEMORY = 5; // 32 sweeps where plain steps take 53, at 1,700 × 64 to 512
    private static final double JITTER = 0.0316; // √1e-3
    private static final double LEAST_MASS = 1e-6;
    private static final int SAMPLED_PAIRS = 1 << 16;
    private static final long GOLDEN = 2654435769L; // 2³² over the golden ratio: steps that fill a ring evenly

    public FreeSupport {
        require(points >= 1, "points", points, "at least 1");
        require(epsilon >= 0 && Double.isFinite(epsilon), "epsilon", epsilon, "at least 0, finite");
        require(rounds >= 1, "rounds", rounds, "at least 1");
        require(sweeps >= 1, "sweeps", sweeps, "at least 1");
        require(tolerance >= 0, "tolerance", tolerance, "at least 0");
    }

    /** ε of one hundredth of the median cost, 20 rounds, 200 sweeps in floats to 1e-3, which rounding makes good. */
    public FreeSupport(int points) {
        this(points, 0.01, 20, 200, 1e-3, Sinkhorn.Precision.SINGLE);
    }

    /** Exact plans, 20 rounds. */
    public static FreeSupport exact(int points) {
        return new FreeSupport(points, 0, 20, 1, 0, Sinkhorn.Precision.DOUBLE);
    }

    /** The same with another limit of rounds: a warm refresh needs few. */
    public FreeSupport rounds(int most) {
        return new FreeSupport(points, epsilon, most, sweeps, tolerance, precision);
    }

    /**
     * A barycenter and the plans to it.
     *
     * @param support the S points and their masses
     * @param shares the weight λ_k of each cloud
     * @param transports the last plan of each cloud to the support, with potentials and marginal error
     * @param targets for each cloud its n_k × d targets T_k(y_i)
     * @param objectives Σ_k λ_k of the plans' objectives at the start of each round and after the last
     * @param epsilon the entropy weight of each cloud, in the unit of the costs
     * @param iterations pivots or sweeps of all plans of all rounds
     * @param converged whether the last round moved no point by more than 1e-4 of the clouds' spread
     */
    public record Barycenter(
            Cloud support,
            double[] shares,
            List<TransportResult> transports,
            double[][] targets,
            double[] objectives,
            double[] epsilon,
            long iterations,
            boolean converged) {

        /** The objective at the final support. */
        public double objective() {
            return objectives[objectives.length - 1];
        }

        /** Rounds of plans and moves that were taken. */
        public int rounds() {
            return objectives.length - 1;
        }

        /** The largest marginal error of a plan before it was rounded. */
        public double marginalError() {
            return transports.stream()
                    .mapToDouble(t -> t.rowError() + t.columnError())
                    .max()
                    .orElse(0);
        }

        /**
         * The targets of points outside cloud {@code k}: the entropic map {@code T(y) = Σ_s w_s x_s} with w_s
         * proportional to {@code exp((g_s − ‖y − x_s‖²) / ε)} (Pooladian and Niles-Weed 2021). On the cloud itself it
         * equals {@code targets} up to rounding. For exact plans it is the support point of least {@code ‖y − x_s‖² −
         * g_s}.
         */
        public double[] map(int k, Cloud outside, Loop loop) {
            int n = outside.size();
            int size = support.size();
            int d = support.dims();
            double[] cost = outside.squaredDistances(support, loop);
            double[] g = transports.get(k).g();
            double[] mapped = new double[n * d];
            loop.each(Cloud.parts(n), part -> {
                double[] row = new double[size];
                for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                    double least = RowMinimum.of(cost, i * size, g, 0, size);
                    if (epsilon[k] == 0) {
                        int s = RowMinimum.indexOf(least, cost, i * size, g, 0);
                        System.arraycopy(support.points(), s * d, mapped, i * d, d);
                        continue;
                    }
                    Rows.gibbs(1, least, Entropic.LOG2_E / epsilon[k], g, support.weights(), cost, i * size, size, row);
                    project(row, support, mapped, i * d);
                }
            });
            return mapped;
        }
    }

    /**
     * Further moves of a round, besides moving points to the means of the mass they receive.
     *
     * <p>Points are projected onto a region. The objective of a point is its squared distance to that mean, so the
     * projection is the best point of the region, and exact rounds still never raise the objective. Masses b are moved
     * by mirror descent on the support's potentials, {@code b_s ← b_s exp(−η Σ_k λ_k g_ks)} scaled to 1; a step that
     * raised the objective is taken back and η halved. Without the entropy's bias the objective is {@code Σ_k λ_k
     * OT_ε(P_k, X) − ½ OT_ε(X, X)}, that of the divergences but for a constant (Janati et al. 2020). A point then moves
     * to {@code x̄_s + x_s − q_s}, with q_s its mean under the plan of X to itself, so that it is not drawn inwards.
     * The problem of X to itself costs some ten sweeps of S²; its ε is the clouds' mean.
     *
     * @param region where the points may lie
     * @param rate η times the clouds' squared spread, 1 as a start, or 0 to keep the masses
     * @param debiased whether to take the entropy's bias out; exact plans have none
     */
    public record Steps(Region region, double rate, boolean debiased) {
        public Steps {
            require(rate >= 0 && Double.isFinite(rate), "rate", rate, "at least 0, finite");
        }

        /** Points anywhere, masses kept, the bias left in. */
        public static final Steps PLAIN = new Steps(new Region.Anywhere(), 0, false);
    }

    /** The best of the barycenters from several drawn starts, by the objective; the first of equal ones. */
    public Barycenter best(List<Cloud> clouds, int starts, Keyed random, Loop loop) {
        require(starts >= 1, "starts", starts, "at least 1");
        Barycenter best = barycenter(clouds, random.of(0), loop);
        for (int s = 1; s < starts; s++) {
            Barycenter other = barycenter(clouds, random.of(s), loop);
            best = other.objective() < best.objective() ? other : best;
        }
        return best;
    }

    /** The barycenter with equal shares from a drawn start. */
    public Barycenter barycenter(List<Cloud> clouds, Keyed random, Loop loop) {
        double[] shares = new double[clouds.size()];
        Arrays.fill(shares, 1.0 / shares.length);
        return barycenter(clouds, shares, start(clouds, random), loop);
    }

    /** The barycenter of clouds that moved a little, from the support and the potentials of the last one. */
    public Barycenter refresh(List<Cloud> clouds, Barycenter last, Loop loop) {
        require(clouds.size() == last.shares.length, "clouds.size", clouds.size(), "" + last.shares.length);
        require(last.support.size() == points, "support of the last barycenter", last.support.size(), "" + points);
        double[][] potentials = last.transports.stream().map(TransportResult::g).toArray(double[][]::new);
        return solve(clouds, last.shares, last.support, potentials, Steps.PLAIN, loop);
    }

    /**
     * The barycenter from a given support.
     *
     * @param shares the weight of each cloud, adding up to 1
     * @param start where the support points begin, and their masses
     */
    public Barycenter barycenter(List<Cloud> clouds, double[] shares, Cloud start, Loop loop) {
        return barycenter(clouds, shares, start, Steps.PLAIN, loop);
    }

    /** The barycenter from a given support, by other steps. */
    public Barycenter barycenter(List<Cloud> clouds, double[] shares, Cloud start, Steps steps, Loop loop) {
        require(start.size() == points, "start.size", start.size(), "" + points);
        return solve(clouds, shares, start, new double[clouds.size()][0], steps, loop);
    }

    /**
     * A start for the support: from each cloud in turn its points with the smallest keyed hashes, moved by normal numbers
     * of √0.001 of the spread. Whether one point was chosen changes no other point's number.
     */
    public Cloud start(List<Cloud> clouds, Keyed random) {
        int d = check(clouds);
        double jitter = JITTER * spread(clouds) / Math.sqrt(d);
        Keyed draw = random.of("free support start");
        Keyed noise = random.of("free support jitter");
        double[] support = new double[points * d];
        for (int k = 0; k < clouds.size(); k++) {
            Cloud cloud = clouds.get(k);
            Keyed ofCloud = draw.of(k);
            int[] order = IntStream.range(0, cloud.size())
                    .boxed()
                    .sorted((i, j) -> Long.compare(ofCloud.at(i), ofCloud.at(j)))
                    .mapToInt(Integer::intValue)
                    .toArray();
            for (int s = k; s < points; s += clouds.size()) {
                int from = order[s / clouds.size() % order.length];
                for (int c = 0; c < d; c++) {
                    support[s * d + c] = cloud.points()[from * d + c] + jitter * Keyed.normal(noise.at(s, c));
                }
            }
        }
        return Cloud.of(support, d);
    }

    private Barycenter solve(
            List<Cloud> clouds, double[] shares, Cloud start, double[][] potentials, Steps steps, Loop loop) {
        int d = check(clouds);
        require(start.dims() == d, "start.dims", start.dims(), "" + d);
        require(Math.abs(Support.sum(start.weights()) - 1) <= 1e-8, "mass of start", Support.sum(start.weights()), "1");
        for (double w : start.weights()) {
            require(w > 0, "a weight of start", w, "more than 0");
        }
        steps.region.check(d);
        require(shares.length == clouds.size(), "shares.length", shares.length, "one per cloud, " + clouds.size());
        double total = 0;
        for (int k = 0; k < shares.length; k++) {
            require(shares[k] >= 0, "shares[" + k + "]", shares[k], "0 or more");
            total += shares[k];
        }
        require(Math.abs(total - 1) <= 1e-8, "sum of shares", total, "1");
        double spread = spread(clouds);
        double still = STILL * spread;
        double[] absolute = new double[shares.length];
        double mean = 0;
        for (int k = 0; k < absolute.length; k++) {
            absolute[k] = epsilon == 0 ? 0 : epsilon * median(clouds, k);
            mean += shares[k] * absolute[k];
        }
        double own = steps.debiased ? mean : 0;
        double rate = spread == 0 ? 0 : steps.rate / (spread * spread);
        double[][] g = potentials.clone();
        double[] objectives = new double[rounds + 1];
        double[] weights = start.weights();
        Cloud support = start;
        long iterations = 0;
        boolean settled = false;
        int round = 0;
        while (true) {
            Around around = around(clouds, shares, support, absolute, own, g, loop);
            iterations += around.iterations();
            if (round > 0 && rate > 0 && around.objective > objectives[round - 1]) {
                support = new Cloud(support.points(), d, weights);
                rate /= 2;
                around = around(clouds, shares, support, absolute, own, g, loop);
                iterations += around.iterations();
            }
            weights = support.weights();
            objectives[round] = around.objective;
            double[][] plans = new double[shares.length][];
            for (int k = 0; k < shares.length; k++) {
                TransportResult transport = around.transports.get(k);
                g[k] = transport.g();
                plans[k] = dense(transport.plan(), loop);
                Plan.round(plans[k], clouds.get(k).normalised(), support.normalised(), loop);
            }
            if (settled || round == rounds) {
                double[][] targets = new double[shares.length][];
                for (int k = 0; k < shares.length; k++) {
                    targets[k] = targets(plans[k], clouds.get(k).size(), support, loop);
                }
                return new Barycenter(
                        support,
                        shares,
                        around.transports,
                        targets,
                        Arrays.copyOf(objectives, round + 1),
                        absolute,
                        iterations,
                        settled);
            }
            double[] moved = move(clouds, shares, plans, support, loop);
            if (own > 0) {
                double[] drawn = targets(dense(around.self.get(0).plan(), loop), points, support, loop);
                Rows.add(1, support.points(), 0, moved, 0, moved.length);
                Rows.add(-1, drawn, 0, moved, 0, moved.length);
            }
            for (int s = 0; s < points; s++) {
                steps.region.project(moved, s * d);
            }
            double[] masses = rate == 0 ? weights : descended(weights, around.slope(shares), rate);
            Cloud next = new Cloud(moved, d, masses);
            settled = largestMove(support, next) <= still && largestShift(weights, masses) <= STILL;
            support = next;
            round++;
        }
    }

    /** The plans between the clouds and one support, and that of the support to itself where its part is taken out. */
    private record Around(List<TransportResult> transports, List<TransportResult> self, double objective) {
        long iterations() {
            return transports.stream().mapToLong(TransportResult::iterations).sum();
        }

        /** ∂/∂b of the objective. */
        double[] slope(double[] shares) {
            double[] slope = new double[transports.get(0).g().length];
            for (int k = 0; k < shares.length; k++) {
                Rows.add(shares[k], transports.get(k).g(), 0, slope, 0, slope.length);
            }
            for (TransportResult own : self) {
                Rows.add(-1, own.g(), 0, slope, 0, slope.length);
            }
            return Envelope.centred(slope);
        }
    }

    private Around around(
            List<Cloud> clouds,
            double[] shares,
            Cloud support,
            double[] absolute,
            double own,
            double[][] g,
            Loop loop) {
        List<TransportResult> transports = new ArrayList<>();
        double objective = 0;
        for (int k = 0; k < shares.length; k++) {
            double[] cost = clouds.get(k).squaredDistances(support, loop);
            TransportProblem problem =
                    TransportProblem.renormalised(clouds.get(k).weights(), support.weights(), cost);
            TransportResult transport = transport(problem, absolute[k], g[k], loop);
            objective += shares[k] * transport.objective();
            transports.add(transport);
        }
        if (own == 0) {
            return new Around(List.copyOf(transports), List.of(), objective);
        }
        Costs costs = new Costs.Matrix(support.squaredDistances(support, loop), points, points);
        Sinkhorn settings = new Sinkhorn(own, tolerance, sweeps, 2, precision);
        TransportResult self = Entropic.symmetric(support.normalised(), costs, settings, loop);
        return new Around(List.copyOf(transports), List.of(self), objective - self.objective() / 2);
    }

    /** {@code b exp(−rate · slope)}, scaled to a sum of 1; none falls below a millionth of an equal share. */
    private static double[] descended(double[] weights, double[] slope, double rate) {
        double least = Arrays.stream(slope).min().orElse(0);
        double[] moved = new double[weights.length];
        for (int s = 0; s < moved.length; s++) {
            moved[s] = Math.max(weights[s] * Math.exp(-rate * (slope[s] - least)), LEAST_MASS / moved.length);
        }
        double total = Support.sum(moved);
        for (int s = 0; s < moved.length; s++) {
            moved[s] /= total;
        }
        return moved;
    }

    private static double largestShift(double[] before, double[] after) {
        double sum = 0;
        for (int s = 0; s < before.length; s++) {
            sum += Math.abs(after[s] - before[s]);
        }
        return sum;
    }

    private TransportResult transport(TransportProblem problem, double absolute, double[] g, Loop loop) {
        if (absolute == 0) {
            return problem.exact();
        }
        Sinkhorn settings = new Sinkhorn(absolute, tolerance, sweeps, 2, precision).memory(MEMORY);
        return g.length == 0 ? problem.solve(settings, loop) : problem.solve(settings, g, loop);
    }

    private double[] move(List<Cloud> clouds, double[] shares, double[][] plans, Cloud support, Loop loop) {
        int d = support.dims();
        double[] masses = support.normalised();
        double[] moved = new double[points * d];
        boolean even = true;
        for (double w : masses) {
            even &= w == masses[0];
        }
        double scale = even ? points : 1;
        boolean divided = !even;
        loop.each(Cloud.parts(points), part -> {
            int first = part * Cloud.BLOCK;
            int end = Math.min(points, first + Cloud.BLOCK);
            for (int k = 0; k < shares.length; k++) {
                Rows.mix(plans[k], points, first, end, clouds.get(k).points(), d, shares[k] * scale, moved);
            }
            for (int e = first * d; divided && e < end * d; e++) {
                moved[e] /= masses[e / d];
            }
        });
        return moved;
    }

    private static double[] targets(double[] plan, int n, Cloud support, Loop loop) {
        int d = support.dims();
        double[] targets = new double[n * d];
        loop.each(Cloud.parts(n), part -> {
            double[] row = new double[support.size()];
            for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                System.arraycopy(plan, i * row.length, row, 0, row.length);
                project(row, support, targets, i * d);
            }
        });
        return targets;
    }

    /** The mean of the support under one row of a plan. */
    private static void project(double[] row, Cloud support, double[] into, int at) {
        int d = support.dims();
        double mass = 0;
        for (double w : row) {
            mass += w;
        }
        for (int s = 0; s < row.length; s++) {
            if (row[s] != 0) {
                Rows.add(row[s] / mass, support.points(), s * d, into, at, d);
            }
        }
    }

    private static double[] dense(Plan plan, Loop loop) {
        int n = plan.rows();
        int m = plan.columns();
        double[] dense = new double[Math.multiplyExact(n, m)];
        loop.each(Cloud.parts(n), part -> {
            double[] row = new double[m];
            for (int i = part * Cloud.BLOCK; i < Math.min(n, (part + 1) * Cloud.BLOCK); i++) {
                plan.row(i, row);
                System.arraycopy(row, 0, dense, i * m, m);
            }
        });
        return dense;
    }

    private static double largestMove(Cloud before, Cloud after) {
        double largest = 0;
        for (int s = 0; s < after.size(); s++) {
            double squared = 0;
            for (int c = 0; c < after.dims(); c++) {
                double moved = after.points()[s * after.dims() + c] - before.points()[s * after.dims() + c];
                squared += moved * moved;
            }
            largest = Math.max(largest, squared);
        }
        return Math.sqrt(largest);
    }

    /** The median of 65,536 squared distances between points of a cloud and points of all clouds, at even steps. */
    private static double median(List<Cloud> clouds, int k) {
        int d = clouds.get(k).dims();
        double[] x = clouds.get(k).points();
        double[] sample = new double[SAMPLED_PAIRS];
        int from = 0;
        for (int e = 0; e < sample.length; e++) {
            double[] y = clouds.get(e % clouds.size()).points();
            int to = (int) (e * GOLDEN % (y.length / d)) * d;
            double squared = 0;
            for (int c = 0; c < d; c++) {
                double difference = x[from + c] - y[to + c];
                squared += difference * difference;
            }
            sample[e] = squared;
            from = from + d == x.length ? 0 : from + d;
        }
        Arrays.sort(sample);
        return sample[sample.length / 2];
    }

    /** The root of the mean squared distance of all points to their mean. */
    private static double spread(List<Cloud> clouds) {
        int d = clouds.get(0).dims();
        double[] sums = new double[d];
        double squares = 0;
        long n = 0;
        for (Cloud cloud : clouds) {
            n += cloud.size();
            for (int e = 0; e < cloud.points().length; e++) {
                sums[e % d] += cloud.points()[e];
            }
        }
        for (Cloud cloud : clouds) {
            for (int e = 0; e < cloud.points().length; e++) {
                double difference = cloud.points()[e] - sums[e % d] / n;
                squares += difference * difference;
            }
        }
        return Math.sqrt(squares / n);
    }

    private static int check(List<Cloud> clouds) {
        require(!clouds.isEmpty(), "clouds.size", 0, "at least 1");
        int d = clouds.get(0).dims();
        for (int k = 0; k < clouds.size(); k++) {
            require(
                    clouds.get(k).dims() == d,
                    "dims of cloud " + k,
                    clouds.get(k).dims(),
                    "" + d);
            for (double w : clouds.get(k).weights()) {
                require(w > 0, "a weight of cloud " + k, w, "more than 0");
            }
        }
        return d;
    }
}
