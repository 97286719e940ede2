package org.lethe.bench;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.transport.BalancedClustering;
import org.lethe.transport.Cloud;
import org.lethe.transport.FreeSupport;
import org.lethe.transport.Line;
import org.lethe.transport.Sinkhorn;
import org.lethe.transport.Sliced;
import org.lethe.transport.TransportProblem;

/**
 * Optimal transport against its bars: one thread unless it says two, median of rounds after a warm-up. On a shared machine the time the
 * thread ran says more than the time that passed, so both are printed; the bar is for an idle machine.
 */
public final class TransportBench {
    private TransportBench() {}

    /** Prints one line for each kind of work: seconds, the bar, and the fraction of the bar. */
    public static void main(String[] args) {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        TransportProblem small = plane(500);
        measure("exact transport 500 x 500", 0.04, rounds, () -> small.exact().cost());
        TransportProblem large = plane(2000);
        measure("exact transport 2000 x 2000", 0.9, rounds, () -> large.exact().cost());
        TransportProblem middle = plane(1000);
        double largest = Arrays.stream(middle.cost()).max().orElseThrow();
        double epsilon = 0.01 * largest;
        Sinkhorn single = new Sinkhorn(epsilon, 0, 100, 1, Sinkhorn.Precision.SINGLE);
        measure(
                "log Sinkhorn 1000 x 1000, 100 sweeps, floats",
                0.10,
                rounds,
                () -> middle.solve(single).cost());
        Sinkhorn twice = new Sinkhorn(epsilon, 0, 100, 1, Sinkhorn.Precision.DOUBLE);
        measure(
                "log Sinkhorn 1000 x 1000, 100 sweeps, doubles",
                0.12,
                rounds,
                () -> middle.solve(twice).cost());
        double[] x = normal("line x", 1_000_000);
        double[] y = normal("line y", 1_000_000);
        measure("W2 on a line, 10^6 points each", 0.15, rounds, () -> Line.of(x).power(Line.of(y), 2));
        Cloud left = Cloud.of(normal("left", 10_000 * 50), 50);
        Cloud right = Cloud.of(normal("right", 10_000 * 50), 50);
        try (Workers two = Workers.threads(2)) {
            measure(
                    "sliced 10^4 points, 50 dims, 200 directions, 2 thr.",
                    1.0,
                    rounds,
                    () -> new Sliced()
                            .distance(left, right, Keyed.seed(4), two::each)
                            .distance());
            List<Cloud> classes =
                    List.of(Cloud.of(normal("class 0", 1700 * 64), 64), Cloud.of(normal("class 1", 1700 * 64), 64));
            List<Cloud> moved = List.of(moved(classes.get(0), 0), moved(classes.get(1), 1));
            FreeSupport.Barycenter before = new FreeSupport(512).barycenter(classes, Keyed.seed(5), two::each);
            FreeSupport refresh = new FreeSupport(512).rounds(5);
            measure(
                    "free support, 2 x 1700 x 64 to 512, refresh, 2 thr.",
                    0.5,
                    rounds,
                    () -> refresh.refresh(moved, before, two::each).objective());
        }
        float[] points = new float[10_000 * 32];
        Keyed normal = Keyed.seed(1).of("points");
        for (int i = 0; i < points.length; i++) {
            points[i] = (float) Keyed.normal(normal.at(i));
        }
        measure(
                "balanced clustering 10000 x 10, 32 dims, 50 rounds",
                0.6,
                rounds,
                () -> new BalancedClustering(10, 50)
                        .cluster(points, 32, Keyed.seed(2))
                        .objective());
    }

    private static double[] normal(String purpose, int n) {
        Keyed random = Keyed.seed(6).of(purpose);
        double[] values = new double[n];
        Arrays.setAll(values, i -> Keyed.normal(random.at(i)));
        return values;
    }

    /** An epoch later: every number moved by a twentieth. */
    private static Cloud moved(Cloud cloud, int k) {
        double[] step = normal("step " + k, cloud.points().length);
        Arrays.setAll(step, e -> cloud.points()[e] + 0.05 * step[e]);
        return Cloud.of(step, cloud.dims());
    }

    /** Uniform weights on n random points of the unit square, to n others, by squared distance. */
    private static TransportProblem plane(int n) {
        Keyed random = Keyed.seed(3).of("plane");
        double[] weights = new double[n];
        Arrays.fill(weights, 1.0 / n);
        double[] cost = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double dx = Keyed.unit(random.at(i, 0)) - Keyed.unit(random.at(j, 1));
                double dy = Keyed.unit(random.at(i, 2)) - Keyed.unit(random.at(j, 3));
                cost[i * n + j] = dx * dx + dy * dy;
            }
        }
        return new TransportProblem(weights, weights, cost);
    }

    private static void measure(String work, double bar, int rounds, DoubleSupplier body) {
        double value = body.getAsDouble();
        long cold = System.nanoTime();
        for (int warm = 0; warm < 2 || warm < 20 && System.nanoTime() - cold < 1_000_000_000L; warm++) {
            value = body.getAsDouble();
        }
        var threads = ManagementFactory.getThreadMXBean();
        double[] seconds = new double[rounds];
        double[] ran = new double[rounds];
        for (int r = 0; r < rounds; r++) {
            long cpu = threads.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            value = body.getAsDouble();
            seconds[r] = (System.nanoTime() - start) * 1e-9;
            ran[r] = (threads.getCurrentThreadCpuTime() - cpu) * 1e-9;
        }
        Arrays.sort(seconds);
        Arrays.sort(ran);
        double median = seconds[rounds / 2];
        System.out.printf(
                Locale.ROOT,
                "%-52s %8.4f s  best %.4f  running %.4f  bar %.2f s  %3.0f %%  (value %.12g)%n",
                work,
                median,
                seconds[0],
                ran[rounds / 2],
                bar,
                100 * median / bar,
                value);
    }
}
