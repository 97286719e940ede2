package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DivergenceTest {
    private static final Cloud A = new Cloud(new double[] {0, 1, 2}, 1, new double[] {.5, .3, .2});
    private static final Cloud B = new Cloud(new double[] {0, 1, 2}, 1, new double[] {.2, .3, .5});

    private static Sinkhorn settings(double epsilon) {
        return new Sinkhorn(epsilon, 1e-12, 20_000, 4, Sinkhorn.Precision.DOUBLE);
    }

    private static Cloud random(long seed, int n, int d) {
        Random random = new Random(seed);
        double[] points = new double[n * d];
        Arrays.setAll(points, e -> random.nextGaussian());
        return new Cloud(
                points,
                d,
                TransportProblem.renormalised(random.doubles(n, .1, 1).toArray(), new double[] {1}, new double[n])
                        .a());
    }

    @Test
    void knownValue() {
        Divergence s = Divergence.of(A, B, settings(.5), Loop.HERE);
        assertTrue(s.converged());
        assertEquals(.4709818, s.value(), 5e-8);
    }

    @Test
    void itIsSymmetricAndZeroOnlyAtEqualClouds() {
        for (int seed = 1; seed < 6; seed++) {
            Cloud x = random(seed, 9, 2);
            Cloud y = random(seed + 10, 7, 2);
            for (double epsilon : new double[] {1, 10}) {
                double there = Divergence.of(x, y, settings(epsilon), Loop.HERE).value();
                assertEquals(
                        there, Divergence.of(y, x, settings(epsilon), Loop.HERE).value(), 1e-9);
                assertTrue(there > 1e-4);
                Divergence own = Divergence.of(x, x, settings(epsilon), Loop.HERE);
                assertTrue(
                        own.converged(),
                        "seed " + seed + " epsilon " + epsilon + " "
                                + own.between().status() + own.first().status());
                assertEquals(0, own.value(), 1e-9);
            }
        }
    }

    @Test
    void selfProblemIsTheGeneralOne() {
        Cloud x = random(21, 20, 3);
        double[] cost = x.squaredDistances(x, Loop.HERE);
        TransportResult general = new TransportProblem(x.weights(), x.weights(), cost).solve(settings(.5));
        TransportResult symmetric =
                Entropic.symmetric(x.weights(), new Costs.Matrix(cost, 20, 20), settings(.5), Loop.HERE);
        assertTrue(symmetric.converged());
        assertEquals(general.objective(), symmetric.objective(), 1e-10);
        assertArrayEquals(symmetric.f(), symmetric.g(), 0);
    }

    @Test
    void gradientsAreSlopes() {
        Cloud x = random(31, 6, 2);
        Cloud y = random(32, 5, 2);
        Sinkhorn settings = settings(.7);
        double[] slope = Divergence.of(x, y, settings, Loop.HERE).pointGradient(Loop.HERE);
        double[] masses = Divergence.of(x, y, settings, Loop.HERE).massGradient();
        double h = 1e-5;
        for (int e = 0; e < 12; e++) {
            double[] up = x.points().clone();
            double[] down = x.points().clone();
            up[e] += h;
            down[e] -= h;
            double found = (Divergence.of(new Cloud(up, 2, x.weights()), y, settings, Loop.HERE)
                                    .value()
                            - Divergence.of(new Cloud(down, 2, x.weights()), y, settings, Loop.HERE)
                                    .value())
                    / (2 * h);
            assertEquals(found, slope[e], 1e-6);
        }
        for (int i = 1; i < 6; i++) {
            double[] up = x.weights().clone();
            double[] down = x.weights().clone();
            up[i] += h;
            up[0] -= h;
            down[i] -= h;
            down[0] += h;
            double found = (Divergence.of(new Cloud(x.points(), 2, up), y, settings, Loop.HERE)
                                    .value()
                            - Divergence.of(new Cloud(x.points(), 2, down), y, settings, Loop.HERE)
                                    .value())
                    / (2 * h);
            assertEquals(found, masses[i] - masses[0], 1e-6);
        }
        for (double g : Divergence.of(x, x, settings, Loop.HERE).pointGradient(Loop.HERE)) {
            assertEquals(0, g, 1e-9);
        }
    }

    @Test
    void envelopeGradientsOfTheThreePointsAreSlopes() {
        TransportProblem p = TransportProblemTest.LP_A;
        Sinkhorn settings = settings(.5);
        TransportResult r = p.solve(settings);
        double h = 1e-5;
        double[] plan = Envelope.costs(r);
        for (int e = 0; e < 9; e++) {
            double[] up = p.cost().clone();
            double[] down = p.cost().clone();
            up[e] += h;
            down[e] -= h;
            double slope =
                    (new TransportProblem(p.a(), p.b(), up).solve(settings).objective()
                                    - new TransportProblem(p.a(), p.b(), down)
                                            .solve(settings)
                                            .objective())
                            / (2 * h);
            assertEquals(slope, plan[e], 1e-6 * Math.abs(slope) + 1e-10);
        }
        for (int i = 1; i < 3; i++) {
            double[] up = p.a().clone();
            double[] down = p.a().clone();
            up[i] += h;
            up[0] -= h;
            down[i] -= h;
            down[0] += h;
            double slope =
                    (new TransportProblem(up, p.b(), p.cost()).solve(settings).objective()
                                    - new TransportProblem(down, p.b(), p.cost())
                                            .solve(settings)
                                            .objective())
                            / (2 * h);
            double[] f = Envelope.sources(r);
            assertEquals(slope, f[i] - f[0], 1e-6 * Math.abs(slope));
        }
        for (int j = 1; j < 3; j++) {
            double[] up = p.b().clone();
            double[] down = p.b().clone();
            up[j] += h;
            up[0] -= h;
            down[j] -= h;
            down[0] += h;
            double slope =
                    (new TransportProblem(p.a(), up, p.cost()).solve(settings).objective()
                                    - new TransportProblem(p.a(), down, p.cost())
                                            .solve(settings)
                                            .objective())
                            / (2 * h);
            double[] g = Envelope.targets(r);
            assertEquals(slope, g[j] - g[0], 1e-6 * Math.abs(slope));
        }
    }

    @Test
    void permutingThePointsPermutesTheGradient() {
        Cloud x = random(41, 5, 2);
        Cloud y = random(42, 4, 2);
        double[] gradient = Divergence.of(x, y, settings(1), Loop.HERE).pointGradient(Loop.HERE);
        int[] order = {3, 0, 4, 1, 2};
        double[] points = new double[10];
        double[] weights = new double[5];
        for (int i = 0; i < 5; i++) {
            weights[i] = x.weights()[order[i]];
            System.arraycopy(x.points(), 2 * order[i], points, 2 * i, 2);
        }
        double[] turned = Divergence.of(new Cloud(points, 2, weights), y, settings(1), Loop.HERE)
                .pointGradient(Loop.HERE);
        for (int e = 0; e < 10; e++) {
            assertEquals(gradient[2 * order[e / 2] + e % 2], turned[e], 1e-10);
        }
    }
}
