package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CloudProblemTest {
    private static Cloud random(Random random, int n, int dims, boolean holes) {
        double[] weights = random.doubles(n, .1, 1).toArray();
        for (int i = 1; holes && i < n; i += 5) {
            weights[i] = 0;
        }
        double total = Support.sum(weights);
        for (int i = 0; i < n; i++) {
            weights[i] /= total;
        }
        return new Cloud(random.doubles(n * dims).toArray(), dims, weights);
    }

    private static Sinkhorn settings(double epsilon, double tolerance, int sweeps) {
        return new Sinkhorn(epsilon, tolerance, sweeps, 1, Sinkhorn.Precision.DOUBLE);
    }

    @Test
    void streamedCostsGiveWhatKeptOnesDo() {
        Random random = new Random(1);
        int[][] shapes = {{1, 1, 1}, {1, 9, 2}, {70, 1, 3}, {65, 33, 1}, {130, 90, 20}, {2100, 40, 5}};
        for (int[] shape : shapes) {
            for (boolean holes : new boolean[] {false, true}) {
                Cloud x = random(random, shape[0], shape[2], holes);
                Cloud y = random(random, shape[1], shape[2], holes);
                Sinkhorn settings = settings(.05 * shape[2], 1e-9, 200);
                TransportResult kept = new TransportProblem(x.weights(), y.weights(), x.squaredDistances(y, Loop.HERE))
                        .solve(settings);
                TransportResult streamed = new CloudProblem(x, y).solve(settings, Loop.HERE);
                assertEquals(kept.iterations(), streamed.iterations());
                assertEquals(kept.status(), streamed.status());
                assertEquals(kept.objective(), streamed.objective(), 1e-11);
                assertEquals(kept.cost(), streamed.cost(), 1e-11);
                assertArrayEquals(kept.f(), streamed.f(), 1e-10);
                assertArrayEquals(kept.g(), streamed.g(), 1e-10);
                assertArrayEquals(kept.plan().dense(), streamed.plan().dense(), 1e-11);
                assertArrayEquals(
                        Envelope.points(x, y, kept.plan(), Loop.HERE),
                        Envelope.points(x, y, streamed.plan(), Loop.HERE),
                        1e-10);
                TransportResult warm = new CloudProblem(x, y).solve(settings, streamed.g(), Loop.HERE);
                assertTrue(!streamed.converged() || warm.iterations() <= 2);
            }
        }
    }

    @Test
    void scaledAndFarCloudsAreFinite() {
        Random random = new Random(2);
        Cloud x = random(random, 90, 3, false);
        double[] far = random(random, 80, 3, false).points();
        far[0] = 1e5;
        Cloud y = Cloud.of(far, 3);
        TransportResult r =
                new CloudProblem(x, y).solve(new Sinkhorn(1, 1e-6, 500, 4, Sinkhorn.Precision.DOUBLE), Loop.HERE);
        assertTrue(Double.isFinite(r.objective()) && Double.isFinite(r.marginalError()));
        assertTrue(!r.converged() || r.marginalError() <= 1.01e-6);
    }

    @Test
    void whoRunsTheRowsChangesNoBit() {
        Random random = new Random(3);
        Cloud x = random(random, 3000, 4, false);
        Cloud y = random(random, 150, 4, false);
        Loop many = (parts, body) -> IntStream.range(0, parts).parallel().forEach(body);
        TransportResult one = new CloudProblem(x, y).solve(settings(.05, 0, 15), Loop.HERE);
        TransportResult two = new CloudProblem(x, y).solve(settings(.05, 0, 15), many);
        assertArrayEquals(one.f(), two.f(), 0);
        assertArrayEquals(one.g(), two.g(), 0);
        assertEquals(one.cost(), two.cost(), 0);
    }

    @Test
    void divergencesOfLargeCloudsAreStreamed() {
        Random random = new Random(4);
        Cloud x = random(random, 80, 3, true);
        Cloud y = random(random, 60, 3, false);
        Divergence kept = Divergence.of(x, y, settings(.1, 1e-10, 500), Loop.HERE);
        Divergence streamed = Divergence.of(x, y, settings(.1, 1e-10, 500), 10, Loop.HERE);
        assertEquals(kept.value(), streamed.value(), 1e-11);
        assertArrayEquals(kept.pointGradient(Loop.HERE), streamed.pointGradient(Loop.HERE), 1e-9);
        assertArrayEquals(kept.massGradient(), streamed.massGradient(), 1e-9);
    }

    @Test
    void wrongInputIsRefused() {
        Cloud x = Cloud.of(new double[] {0, 1, 2, 3}, 2);
        assertThrows(IllegalArgumentException.class, () -> new CloudProblem(x, Cloud.of(new double[] {0, 1, 2}, 3)));
        assertThrows(
                IllegalArgumentException.class,
                () -> new CloudProblem(x, new Cloud(new double[] {0, 0}, 2, new double[] {2})));
        CloudProblem problem = new CloudProblem(x, x);
        assertThrows(
                IllegalArgumentException.class,
                () -> problem.solve(new Sinkhorn(1, 1e-4, 10, 1, Sinkhorn.Precision.SINGLE), Loop.HERE));
        assertThrows(
                IllegalArgumentException.class,
                () -> problem.solve(new Sinkhorn(1), new double[] {0, Double.NaN}, Loop.HERE));
    }
}
