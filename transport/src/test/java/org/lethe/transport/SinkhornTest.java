package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SinkhornTest {
    private static final TransportProblem LP_A = TransportProblemTest.LP_A;

    private static Sinkhorn doubles(double epsilon, double tolerance) {
        return new Sinkhorn(epsilon, tolerance, 1_000_000, 4, Sinkhorn.Precision.DOUBLE);
    }

    private static TransportProblem random(long seed, int n, int m) {
        Random random = new Random(seed);
        double[] cost = new double[n * m];
        double[] x = random.doubles(2 * (n + m)).toArray();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                cost[i * m + j] =
                        Math.pow(x[2 * i] - x[2 * (n + j)], 2) + Math.pow(x[2 * i + 1] - x[2 * (n + j) + 1], 2);
            }
        }
        return TransportProblem.renormalised(
                random.doubles(n, 0.1, 1).toArray(), random.doubles(m, 0.1, 1).toArray(), cost);
    }

    @Test
    void threePointsHaveTheKnownCosts() {
        double[][] known = {
            {1, .8143881, 1.0866240, 1e-7},
            {.1, .6000272, .6693120, 1e-7},
            {.01, .6, .6069296, 2e-6},
            {.001, .6, .6006914, 2e-6}
        };
        for (double[] row : known) {
            TransportResult r = LP_A.solve(doubles(row[0], 1e-9));
            assertTrue(r.converged(), "epsilon " + row[0]);
            assertEquals(row[1], r.cost(), row[3], "epsilon " + row[0]);
            assertEquals(row[2], r.objective(), row[3], "epsilon " + row[0]);
            assertEquals(r.objective(), r.dual(), 1e-8);
            assertTrue(r.rowError() <= 1e-9 && r.columnError() <= 1e-9);
        }
    }

    @Test
    void threePointsHaveTheKnownPlan() {
        double[] plan = {.1913040, .2190309, .0896651, .0085591, .0724100, .2190309, .0001369, .0085591, .1913040};
        assertArrayEquals(plan, LP_A.solve(doubles(1, 1e-12)).plan().dense(), 5e-8);
    }

    @Test
    void ultraReExampleHasTheKnownPlan() {
        TransportProblem problem = new TransportProblem(
                new double[] {.25, .25, .25, .25}, new double[] {.5, .5}, new double[] {0, 4, 1, 3, 1, 1, 4, 0});
        TransportResult r = problem.solve(doubles(.5, 1e-9));
        double[] plan = {.249389, .000611, .220498, .029502, .030102, .219898, .000011, .249989};
        assertArrayEquals(plan, r.plan().dense(), 5e-7);
        assertTrue(r.rowError() <= 1e-9 && r.columnError() <= 1e-9);
        assertArrayEquals(
                new int[] {0, 0, 1, 1}, problem.solve(doubles(.01, 1e-9)).plan().labels());
    }

    @Test
    void twoByTwoHasItsClosedForm() {
        double[] half = {.5, .5};
        TransportResult r = new TransportProblem(half, half, new double[] {0, 1, 1, 0}).solve(doubles(.3, 1e-12));
        assertEquals(.5 / (1 + Math.exp(-1 / .3)), r.plan().dense()[0], 1e-12);
    }

    @Test
    void fusedSweepsAreTheClassicIteration() {
        for (double part : new double[] {.1, .01, .001}) {
            TransportProblem p = random(21, 37, 70);
            double epsilon = part * p.largestCost();
            TransportResult r = p.solve(new Sinkhorn(epsilon, 0, 25, 1, Sinkhorn.Precision.DOUBLE));
            double[] f = new double[37];
            double[] g = new double[70];
            for (int k = 0; k < 26; k++) { // the start is half a sweep: f from g = 0, which the first sweep repeats
                for (int i = 0; i < 37; i++) {
                    int at = i;
                    f[i] = -epsilon * logSum(70, j -> (g[j] - p.cost()[at * 70 + j]) / epsilon + Math.log(p.b()[j]));
                }
                if (k == 25) {
                    break;
                }
                for (int j = 0; j < 70; j++) {
                    int at = j;
                    g[j] = -epsilon * logSum(37, i -> (f[i] - p.cost()[i * 70 + at]) / epsilon + Math.log(p.a()[i]));
                }
            }
            assertArrayEquals(g, r.g(), 1e-12, "epsilon " + part);
            assertEquals(25, r.iterations());
            assertFalse(r.converged());
        }
    }

    private static double logSum(int n, java.util.function.IntToDoubleFunction x) {
        double shift = IntStream.range(0, n).mapToDouble(x).max().orElseThrow();
        return shift
                + Math.log(IntStream.range(0, n)
                        .mapToDouble(k -> Math.exp(x.applyAsDouble(k) - shift))
                        .sum());
    }

    @Test
    void smallEpsilonIsFiniteAndHonest() {
        TransportProblem p = random(22, 60, 50);
        double exact = p.exact().cost();
        for (Sinkhorn.Precision precision : Sinkhorn.Precision.values()) {
            double last = Double.POSITIVE_INFINITY;
            for (double part = .1; part > .9e-4; part /= 10) {
                double epsilon = part * p.largestCost();
                double tolerance = precision == Sinkhorn.Precision.SINGLE ? 1e-4 : 1e-6;
                TransportResult r = p.solve(new Sinkhorn(epsilon, tolerance, 500, 4, precision));
                assertTrue(Double.isFinite(r.objective()) && Double.isFinite(r.rowError()), precision + " " + part);
                for (double x : r.plan().dense()) {
                    assertTrue(x >= 0 && x <= 1.01, precision + " " + part);
                }
                if (r.converged()) {
                    assertTrue(r.rowError() <= 1.01 * tolerance, precision + " " + part + ": " + r.rowError());
                    assertTrue(r.objective() <= last + 1e-4 && r.objective() >= exact - 1e-4);
                    last = r.objective();
                }
                double[] rounded = Plan.rounded(r.plan().dense(), p.a(), p.b());
                double cost = 0;
                for (int e = 0; e < rounded.length; e++) {
                    cost += rounded[e] * p.cost()[e];
                }
                assertTrue(cost >= exact - 1e-12, "a feasible plan is no cheaper than the optimum");
                assertTrue(cost <= r.cost() + 2 * p.largestCost() * (r.rowError() + r.columnError()));
            }
        }
    }

    @Test
    void roundedPlansHaveTheirMarginals() {
        TransportProblem p = random(23, 20, 30);
        TransportResult r = p.solve(new Sinkhorn(.003, 1e-6, 5, 1, Sinkhorn.Precision.DOUBLE));
        assertFalse(r.converged());
        double[] rounded = Plan.rounded(r.plan().dense(), p.a(), p.b());
        double[] columns = new double[30];
        for (int i = 0; i < 20; i++) {
            double sum = 0;
            for (int j = 0; j < 30; j++) {
                sum += rounded[i * 30 + j];
                columns[j] += rounded[i * 30 + j];
            }
            assertEquals(p.a()[i], sum, 1e-14);
        }
        assertArrayEquals(p.b(), columns, 1e-14);
    }

    @Test
    void farOutliersAreSummedWithTheirMaximum() {
        double[] cost = {0, 1, 1e5, 1, 0, 1e5, 1e5, 1e5, 1e5 + 7};
        double[] third = {1 / 3.0, 1 / 3.0, 1 / 3.0};
        TransportProblem problem = new TransportProblem(third, third, cost);
        for (Sinkhorn.Precision precision : Sinkhorn.Precision.values()) {
            TransportResult r = problem.solve(new Sinkhorn(30, 1e-4, 5000, 1, precision));
            assertTrue(Double.isFinite(r.objective()), precision.toString());
            assertEquals(0, r.rowError() + r.columnError(), precision == Sinkhorn.Precision.SINGLE ? 1e-3 : 1e-4);
        }
    }

    @Test
    void zeroAndTinyMassesAreSolved() {
        TransportProblem p = new TransportProblem(
                new double[] {.5, 0, .5}, new double[] {0, 1 - 1e-30, 1e-30}, new double[] {0, 1, 2, 1, 0, 1, 2, 1, 0});
        for (Sinkhorn.Precision precision : Sinkhorn.Precision.values()) {
            TransportResult r = p.solve(new Sinkhorn(.1, 1e-4, 1000, 4, precision));
            assertTrue(r.converged(), precision.toString());
            for (int k = 0; k < 3; k++) {
                assertTrue(Double.isFinite(r.f()[k]) && Double.isFinite(r.g()[k]));
                assertEquals(0, r.plan().dense()[3 + k], 0);
            }
        }
    }

    @Test
    void whoRunsTheRowsChangesNoBit() {
        TransportProblem p = random(24, 300, 200);
        for (Sinkhorn.Precision precision : Sinkhorn.Precision.values()) {
            Sinkhorn settings = new Sinkhorn(.01, 1e-4, 500, 4, precision);
            TransportResult one = p.solve(settings);
            TransportResult many = p.solve(
                    settings,
                    (parts, body) -> IntStream.range(0, parts).parallel().forEach(body));
            assertArrayEquals(one.f(), many.f(), 0);
            assertArrayEquals(one.g(), many.g(), 0);
            assertEquals(one.iterations(), many.iterations());
        }
    }

    @Test
    void warmStartsSaveSweeps() {
        TransportProblem p = random(25, 80, 80);
        Sinkhorn settings = doubles(.02, 1e-8);
        TransportResult cold = p.solve(settings);
        TransportResult warm = p.solve(settings, cold.g(), Loop.HERE);
        assertTrue(warm.converged() && warm.iterations() <= 2, "sweeps " + warm.iterations());
        assertEquals(cold.objective(), warm.objective(), 1e-9);
    }

    @Test
    void kernelsHaveTheBitsOfTheirScalarReferences() {
        Random random = new Random(26);
        for (int width = 16; width <= 80; width += 16) {
            double[] c = random.doubles(width, 0, 50).toArray();
            double[] h = random.doubles(width, -3, 3).toArray();
            double[] plain = new double[width + 16];
            double[] vector = new double[width + 16];
            Sweep.InDoubles.terms(c, 0, h, .3, plain, width);
            float[] cf = new float[width];
            float[] hf = new float[width];
            for (int j = 0; j < width; j++) {
                cf[j] = (float) c[j];
                hf[j] = (float) h[j];
            }
            float[] plainF = new float[width + 16];
            float[] vectorF = new float[width + 16];
            Sweep.Floats.terms(cf, 0, hf, .3f, plainF, width);
            if (org.lethe.numerics.Lanes.VECTOR) {
                SweepVector.terms(c, 0, h, .3, vector, width);
                SweepVector.terms(cf, 0, hf, .3f, vectorF, width);
                assertTrue(Arrays.equals(plain, vector) && Arrays.equals(plainF, vectorF));
                SweepVector.add(vector, .7, h, width);
                SweepVector.add(vectorF, .7f, hf, 0, width);
                Sweep.InDoubles.add(plain, .7, h, width);
                Sweep.Floats.add(plainF, .7f, hf, 0, width);
                assertTrue(Arrays.equals(plain, vector) && Arrays.equals(plainF, vectorF));
                SweepVector.dot(cf, 0, hf, vectorF, width);
                Sweep.Floats.dot(cf, 0, hf, plainF, width);
                assertTrue(Arrays.equals(plainF, vectorF));
            }
            double sum = Arrays.stream(plain, 0, width).sum();
            assertTrue(Double.isFinite(sum));
        }
    }

    @Test
    void keptExponentialsAreAsGoodAsFreshOnes() {
        for (double part : new double[] {.1, .01, .001}) {
            TransportProblem p = random(27, 90, 70);
            double epsilon = part * p.largestCost();
            TransportResult twice = p.solve(new Sinkhorn(epsilon, 0, 200, 1, Sinkhorn.Precision.DOUBLE));
            TransportResult single = p.solve(new Sinkhorn(epsilon, 0, 200, 1, Sinkhorn.Precision.SINGLE));
            assertEquals(twice.cost(), single.cost(), 1e-4 * twice.cost(), "epsilon " + part);
            assertEquals(twice.dual(), single.dual(), 1e-5 * Math.abs(twice.dual()), "epsilon " + part);
            assertEquals(twice.rowError(), single.rowError(), 1e-4);
        }
    }

    @Test
    void overRelaxationReachesTheSameSolutionInFewerSweeps() {
        TransportProblem p = random(28, 60, 60);
        double epsilon = .005 * p.largestCost();
        TransportResult plain = p.solve(new Sinkhorn(epsilon, 1e-8, 20_000, 1, Sinkhorn.Precision.DOUBLE));
        TransportResult longer = p.solve(new Sinkhorn(epsilon, 1e-8, 20_000, 1, Sinkhorn.Precision.DOUBLE, 1.7));
        assertTrue(plain.converged() && longer.converged());
        assertEquals(plain.objective(), longer.objective(), 1e-9);
        assertTrue(
                longer.iterations() < .7 * plain.iterations(), longer.iterations() + " against " + plain.iterations());
    }

    @Test
    void overRelaxationEndsOnAPlainSweepAndKeepsItsPromise() {
        for (int seed = 40; seed < 70; seed++) {
            TransportProblem p = random(seed, 120, 40);
            double epsilon = .005 * p.largestCost();
            TransportResult result = p.solve(new Sinkhorn(epsilon, 1e-3, 2000, 1, Sinkhorn.Precision.DOUBLE, 1.8));
            assertTrue(result.converged(), seed + ": off by " + result.rowError() + ", " + result.columnError());
        }
    }

    @Test
    void extrapolationReachesTheSameSolutionInAFractionOfTheSweeps() {
        for (double part : new double[] {.1, .01, .003}) {
            TransportProblem p = random(31, 70, 60);
            Sinkhorn settings = new Sinkhorn(part * p.largestCost(), 1e-9, 50_000, 1, Sinkhorn.Precision.DOUBLE);
            TransportResult plain = p.solve(settings);
            TransportResult fast = p.solve(settings.memory(5));
            assertTrue(plain.converged() && fast.converged(), "part " + part);
            assertEquals(plain.objective(), fast.objective(), 1e-10);
            assertArrayEquals(plain.plan().dense(), fast.plan().dense(), 1e-8);
            double most = part == .1 ? 1 : .35;
            assertTrue(fast.iterations() < most * plain.iterations(), fast.iterations() + " of " + plain.iterations());
        }
    }

    @Test
    void extrapolationIsFiniteHonestAndTheSameWhoeverRunsTheRows() {
        TransportProblem p = random(32, 300, 200);
        Loop many = (parts, body) -> IntStream.range(0, parts).parallel().forEach(body);
        double[] tiny = {1 - 1e-30, 1e-30};
        TransportProblem far = new TransportProblem(tiny, new double[] {.5, .5}, new double[] {0, 1e5, 1e5, 1e5 + 7});
        for (Sinkhorn.Precision precision : Sinkhorn.Precision.values()) {
            for (double part = .1; part > .9e-4; part /= 10) {
                double epsilon = part * p.largestCost();
                Sinkhorn settings = new Sinkhorn(epsilon, 1e-4, 300, 4, precision).memory(5);
                TransportResult one = p.solve(settings);
                TransportResult two = p.solve(settings, many);
                assertArrayEquals(one.g(), two.g(), 0);
                assertTrue(Double.isFinite(one.objective()) && Double.isFinite(one.rowError()));
                assertTrue(!one.converged() || one.marginalError() <= 1.01e-4, precision + " " + part);
            }
            TransportResult outlier = far.solve(new Sinkhorn(30, 1e-4, 5000, 1, precision).memory(3));
            assertTrue(Double.isFinite(outlier.objective()), precision.toString());
            // Costs of 5,000 bits leave floats an error of 3e-4.
            assertEquals(0, outlier.marginalError(), precision == Sinkhorn.Precision.SINGLE ? 1e-3 : 1e-4);
        }
    }

    @Test
    void potentialsWithMassesGiveThePlanWithoutThem() {
        Sinkhorn settings = doubles(.5, 1e-9);
        TransportResult r = LP_A.solve(settings);
        double[] f = settings.withMasses(r.f(), LP_A.a());
        double[] g = settings.withMasses(r.g(), LP_A.b());
        double[] plan = r.plan().dense();
        for (int e = 0; e < 9; e++) {
            assertEquals(Math.exp((f[e / 3] + g[e % 3] - LP_A.cost()[e]) / .5), plan[e], 1e-12);
        }
    }

    @Test
    void entropicValuesFallToTheExactOneAndAreConvexInMasses() {
        TransportProblem p = random(29, 12, 9);
        double exact = p.exact().cost();
        double last = Double.POSITIVE_INFINITY;
        for (double epsilon = 2; epsilon > .005; epsilon /= 2) {
            double value = p.solve(doubles(epsilon, 1e-10)).objective();
            assertTrue(value <= last + 1e-9 && value >= exact - 1e-9);
            last = value;
        }
        TransportProblem q = random(30, 12, 9);
        double[] middleA = new double[12];
        double[] middleB = new double[9];
        Arrays.setAll(middleA, i -> (p.a()[i] + q.a()[i]) / 2);
        Arrays.setAll(middleB, j -> (p.b()[j] + q.b()[j]) / 2);
        double middle = new TransportProblem(middleA, middleB, p.cost()).exact().cost();
        double ends =
                (exact + new TransportProblem(q.a(), q.b(), p.cost()).exact().cost()) / 2;
        assertTrue(middle <= ends + 1e-12);
        double[] product = p.solve(doubles(1e6, 1e-12)).plan().dense();
        for (int e = 0; e < product.length; e++) {
            assertEquals(p.a()[e / 9] * p.b()[e % 9], product[e], 1e-6);
        }
    }

    @Test
    void wrongSettingsAreNamed() {
        assertThrows(IllegalArgumentException.class, () -> new Sinkhorn(0));
        assertThrows(IllegalArgumentException.class, () -> new Sinkhorn(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Sinkhorn(1).memory(-1));
        assertThrows(
                IllegalArgumentException.class, () -> new Sinkhorn(1, 1e-6, 10, 1, Sinkhorn.Precision.DOUBLE, 1.5, 5));
        assertThrows(IllegalArgumentException.class, () -> LP_A.solve(new Sinkhorn(1e-13)));
        assertThrows(
                IllegalArgumentException.class,
                () -> LP_A.solve(new Sinkhorn(1), new double[] {0, Double.NaN, 0}, Loop.HERE));
    }
}
